"""Ruled lines and boxes: taken out of a strip's ink without cutting the digits that cross them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Uint8 = NDArray[np.uint8]

LONG = 1.6
"""A horizontal run of this many text heights is a ruled line, not a stroke."""
TALL = 1.25
"""A vertical run of this many text heights is the wall of a box, not a one."""
THICKEST = 0.16
"""Greatest thickness of a printed line, in text heights."""


def remove_rules(binary: Uint8, text_height: float) -> Uint8:
    """The binary ink uint8[h, w] (0 or 1) without long thin runs."""
    thickest = max(2, round(THICKEST * text_height))
    across = _rules(binary, round(LONG * text_height), thickest)
    down = _rules(np.ascontiguousarray(binary.T), round(TALL * text_height), thickest).T
    return np.asarray(binary & ~(across | down) & 1, np.uint8)


def _rules(binary: Uint8, length: int, thickest: int) -> Uint8:
    """The pixels of horizontal lines that no stroke crosses there.

    The line may lean a little: it is looked for in ink that was thickened by two pixels up and down.
    """
    if length > binary.shape[1]:
        return np.zeros_like(binary)
    thick = cv2.dilate(binary, np.ones((5, 1), np.uint8))
    found = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    if not found.any():
        return np.zeros_like(binary)
    line = np.asarray(cv2.dilate(found, np.ones((3, 3), np.uint8)), np.uint8) & binary
    # where a stroke crosses, ink goes on beyond the line's own thickness
    crossed = cv2.morphologyEx(binary, cv2.MORPH_OPEN, np.ones((thickest + 2, 1), np.uint8))
    return np.asarray(line & (1 - np.asarray(crossed, np.uint8)), np.uint8)
