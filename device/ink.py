"""Frame → ink: how much darker than the paper around it each pixel is.

A soft map (255 = as dark as the pen gets here) feeds the network; a binary one only finds
and cuts.  The paper's brightness is estimated around every pixel, so that shadows, folds
and tints do not matter, and the pen's contrast is measured, so that faint ink counts as ink.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.exact import scaled, shares

Uint8 = NDArray[np.uint8]

FAINTEST_INK = 18
"""Contrast (0..255 of the paper's brightness) below which nothing is ink, whatever Otsu says."""
FAINTEST_WRITING = 10
"""The same on a line that is known to hold faint writing: its strokes are broken at more."""
LOWER = (0.6, 0.7, 0.8, 0.9)
"""Faint strokes are kept whole by a threshold below Otsu's, these shares of it, ..."""
GROWTH = 1.25
"""... as long as that does not let the paper in: the ink grows by no more than this."""
SHARPEST = 0.9
"""Share of the pixels near ink that are less steep than those by which sharpness is told."""
FULL_EDGE = 1000.0
"""Sobel's gradient where paper becomes full ink from one pixel to the next."""
BROAD = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
"""A broad stroke is wider than this on a strip, where digits are 40 pixels tall."""
BOLD = 0.7
"""So much of the ink's contrast is in broad strokes where hairlines are looked for, as a share."""
RAISE = 3.5
"""Contrast that a hairline gains, for each of its own."""
GRAIN = 3.0
"""Thin things on paper, as its fibres, have a contrast; one has to have so many times as much to be a hairline."""
PEN_SHARE = 0.25
"""Part of the way from threshold to nothing that still counts as the soft edge of a stroke."""


def to_grey(image: Uint8) -> Uint8:
    """uint8[H, W] or BGR uint8[H, W, 3] → uint8[H, W]."""
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def reduce(grey: Uint8, max_pixels: int) -> tuple[Uint8, float]:
    """The picture at no more than max_pixels, and its scale (reduced / full, at most 1)."""
    scale = min(1.0, (max_pixels / grey.size) ** 0.5)
    if scale == 1.0:
        return grey, 1.0
    size = max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))
    return scaled(grey, size), scale


def contrast(grey: Uint8, window: int) -> Uint8:
    """How much darker than the paper each pixel is: uint8[H, W], 255 = black on white.

    window: pixels, wider than two strokes.  The paper is the local median; it is taken on a
    reduced copy, since it changes slowly and a median is what costs most.
    """
    height, width = grey.shape
    step = max(1, window // 10)
    small = scaled(grey, (max(1, width // step), max(1, height // step)))
    kernel = min(window // step | 1, 255)
    paper = scaled(np.asarray(cv2.medianBlur(small, kernel), np.uint8), (width, height))
    return shares(np.asarray(cv2.subtract(paper, grey), np.uint8), paper)


def threshold(contrast_map: Uint8, faintest: int = FAINTEST_INK) -> int:
    """The least contrast that is ink: Otsu's (1979), or a lower one where the paper is clean enough for it.

    faintest: contrast below which nothing is ink.
    """
    level, inked = cv2.threshold(contrast_map, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    otsu, most = int(level), GROWTH * cv2.countNonZero(inked)
    for share in LOWER:
        lower = int(share * otsu)
        if lower >= faintest and cv2.countNonZero(over(contrast_map, lower)) <= most:
            return lower
    return max(otsu, faintest)


def with_hairlines(contrast_map: Uint8, least: int) -> Uint8:
    """A strip's contrast map uint8[h, w] in which hairlines beside broad strokes are as dark as those, nearly.

    A lens makes a stroke the fainter the thinner it is, and takes the bar from a bold 4 before its stem is any paler:
    what is left is a 1.  Where most of the ink is broad, what an opening takes away (thinner than `BROAD`) and stands
    out from what it takes from the paper is raised.  The map itself comes back where strokes are thin throughout.
    least: contrast from which on there is ink.
    """
    inked = over(contrast_map, least)
    broad = cv2.morphologyEx(contrast_map, cv2.MORPH_OPEN, BROAD)
    dark, paper = cv2.mean(contrast_map, inked)[0], 1 - inked
    if cv2.mean(broad, inked)[0] <= BOLD * dark:
        return contrast_map
    thin = cv2.subtract(contrast_map, broad)
    grain = int(GRAIN * cv2.mean(thin, paper)[0])
    raised = cv2.convertScaleAbs(np.maximum(thin, np.uint8(min(grain, 255))), alpha=RAISE, beta=-RAISE * grain)
    darker = np.minimum(np.asarray(cv2.add(contrast_map, raised), np.uint8), np.uint8(dark))
    after = np.maximum(contrast_map, darker)
    kept = reaching(over(after, least), inked > 0)  # a speck that touches no stroke stays one of the paper's
    return np.asarray(np.where(kept > 0, after, contrast_map), np.uint8)


def over(contrast_map: Uint8, least: int) -> Uint8:
    """The binary ink: uint8[H, W], 1 where there is more contrast than that."""
    return np.asarray(cv2.threshold(contrast_map, least, 1, cv2.THRESH_BINARY)[1], np.uint8)


def components(binary: Uint8) -> tuple[int, NDArray[Any], NDArray[np.int32], NDArray[np.float64]]:
    """What `cv2.connectedComponentsWithStats` gives of ink uint8[H, W], corners joined; where that little ink can have
    no more components, the labels have 16 bits, and take a third of the time."""
    kind = cv2.CV_16U if cv2.countNonZero(binary) < 1 << 16 else cv2.CV_32S
    count, labels, stats, centres = cv2.connectedComponentsWithStats(binary, connectivity=8, ltype=kind)
    return count, np.asarray(labels), np.asarray(stats, np.int32), np.asarray(centres, np.float64)


def reaching(binary: Uint8, places: NDArray[np.bool_]) -> Uint8:
    """The components of ink uint8[h, w] (0 or 1), corners joined, that reach any of the places bool[h, w]."""
    count, labels = cv2.connectedComponents(binary, connectivity=8)
    kept = np.bincount(labels[places], minlength=count) > 0
    kept[0] = False
    return np.asarray(kept[labels], np.uint8)


def soften(contrast_map: Uint8, least: int) -> Uint8:
    """The soft ink map: 255 where the pen pressed as it does on average, 0 well below the threshold."""
    ink = contrast_map[contrast_map > least]
    full = float(ink.mean()) if ink.size else 255.0
    floor = PEN_SHARE * least
    gain = 255.0 / max(full - floor, 1.0)
    return np.asarray(
        cv2.convertScaleAbs(np.maximum(contrast_map, np.uint8(floor)), alpha=gain, beta=-gain * int(floor))
    )


def sharpness(soft: Uint8, inked: Uint8) -> float:
    """How sharp the edges of soft ink uint8[h, w] are near its pixels inked uint8[h, w]: about 1 where a stroke begins
    from one pixel to the next, towards 0 the more it is blurred (or the larger a small picture was drawn)."""
    across, down = (cv2.Sobel(soft, cv2.CV_16S, *axis).astype(np.int32) for axis in ((1, 0), (0, 1)))
    near = (across * across + down * down)[cv2.dilate(inked, np.ones((3, 3), np.uint8)) > 0]
    if not near.size:
        return 0.0
    nth = int(SHARPEST * (near.size - 1))
    return float(np.sqrt(np.partition(near, nth)[nth])) / FULL_EDGE
