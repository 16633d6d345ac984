"""Why nothing is read, in a slug a person's language can be found for."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from device.lines import Line, find_faint, find_writing

Uint8 = NDArray[np.uint8]

WHY = ("too-dark", "glare", "blurred", "too-small", "nothing-code-like", "not-sure", "source-lost", "not-stored")
"""Every reason why help is needed (closed list; translated and counted)."""
DARK = 45.0
"""The brightest twentieth of a picture that can be read is brighter than this."""
GLARING = 0.12
"""Share of the paper that is burnt out to the last level, in one bright spot."""
LEAST_SHARPNESS = 0.10
"""Steepest edges of ink, as a share of the paper's brightness from one pixel of the small picture to the next."""
LEAST_TEXT = 6.0
"""Height of a line's letters on the small picture, pixels."""
LETTERS = 3.0
"""A line is so many times as long as it is high, at least."""
MANY_LETTERS = 6
"""Faint ink is writing where so many letters stand in a row: specks and the grain of paper do not."""


def sharpness(small: Uint8) -> float:
    """How steep the steepest edges of a small picture are: 0 to about 1; it falls as focus is lost."""
    blurred = cv2.GaussianBlur(small, (3, 3), 0)  # noise has the steepest edges of all
    across, down = (np.abs(cv2.Sobel(blurred, cv2.CV_16S, *axis, ksize=3)) for axis in ((1, 0), (0, 1)))
    steep = np.maximum(across, down)[::2, ::2].ravel()
    nth = int(0.995 * (steep.size - 1))
    return float(np.partition(steep, nth)[nth]) / (4 * max(brightness(small), 16.0))


def brightness(small: Uint8) -> float:
    """How bright the brightest twentieth of a small picture is, the paper where there is any: 0 to 255."""
    return float(np.percentile(small[::4, ::4], 95))


def text_lines(small: Uint8) -> list[Line]:
    """The lines on a small picture that may be writing."""
    writing = find_writing(small)
    lines = [line for line in writing.lines if line.width > LETTERS * line.text_height]
    if lines:
        return lines
    faint = find_faint(writing)
    return [] if faint is None else [line for line in faint.lines if len(line.members) >= MANY_LETTERS]


def why_nothing(small: Uint8, found: bool) -> str:
    """What a person should see to first.  found: something like a code was seen."""
    if brightness(small) < DARK:
        return "too-dark"
    if glare(small) > GLARING:
        return "glare"
    lines = text_lines(small)
    if lines and sharpness(small) < LEAST_SHARPNESS:
        return "blurred"
    if found:
        return "not-sure"
    if lines and max(line.text_height for line in lines) < LEAST_TEXT:
        return "too-small"
    return "nothing-code-like"


def glare(small: Uint8) -> float:
    """Share of the paper that a burnt-out spot covers; paper that is evenly white to its edges has none."""
    burnt = small >= 253
    if burnt.mean() < GLARING / 4:
        return 0.0
    paper = small > 0.6 * float(np.percentile(small[::4, ::4], 90))
    share = float(burnt.sum() / max(paper.sum(), 1))
    return share if share < 0.9 else 0.0
