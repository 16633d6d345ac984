"""Ruled lines and boxes: taken out of a strip's ink without cutting the digits that cross them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.ink import reaching

Uint8 = NDArray[np.uint8]

LONG = 1.6
"""A horizontal run of this many text heights is a ruled line, not a stroke."""
TALL = 1.25
"""A vertical run of this many text heights is the wall of a box, not a one."""
THICKEST = 0.16
"""Greatest thickness of a printed line, in text heights."""
SURELY = 5.0
"""A run of this many text heights is a ruled line however thick it is; a shorter one may be the tops of zeros that
were written in one stroke, unless it is thinner than the pen, ..."""
THIN = 1.0
"""... by this factor at least."""
HIGH = 1.9
"""A vertical run of this many text heights is a wall however thick it is, and wherever it ends."""
BEYOND = 2
"""Ink that is so much thicker than the line itself is a stroke on it, pixels."""


def remove_rules(binary: Uint8, text_height: float) -> tuple[Uint8, Uint8]:
    """The binary ink uint8[h, w] (0 or 1) without long thin runs, and those that stood upright, uint8[h, w]."""
    thickest = max(2, round(THICKEST * text_height))
    nothing = np.zeros_like(binary)
    across = _rules(binary, nothing, 1, round(LONG * text_height), round(SURELY * text_height), thickest)
    # a wall stands between two lines; a one that stands on a line, taller than what is written beside it, is no wall
    standing, lines = np.ascontiguousarray(binary.T), cv2.dilate(across, np.ones((7, 7), np.uint8)).T
    down = _rules(
        standing, np.asarray(lines, np.uint8), 2, round(TALL * text_height), round(HIGH * text_height), thickest
    )
    down = down.T
    left = np.asarray(binary & ~(across | down) & 1, np.uint8)
    return (_without_crumbs(left, across | down) if left.any() and (across.any() or down.any()) else left), down


def _rules(binary: Uint8, others: Uint8, held: int, length: int, surely: int, thickest: int) -> Uint8:
    """The pixels of horizontal lines that no stroke crosses there.

    The line may lean a little: it is looked for in ink that was thickened by two pixels up and down.
    others: where other lines are; held: of a line shorter than `surely`, how many ends must meet them, or the edge.
    """
    if length > binary.shape[1]:
        return np.zeros_like(binary)
    thick = cv2.dilate(binary, np.ones((5, 1), np.uint8))
    run = np.ones((1, length), np.uint8)
    within = cv2.erode(thick, run)
    if not cv2.countNonZero(within):
        return np.zeros_like(binary)
    found = cv2.dilate(within, run)
    line = np.asarray(cv2.dilate(found, np.ones((3, 3), np.uint8)), np.uint8) & binary
    out = np.zeros_like(binary)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
    pen = _pen(cv2.subtract(binary, line)) if (boxes[1:count, cv2.CC_STAT_WIDTH] < surely).any() else 0.0
    for number in range(1, count):
        x, y, width, height = (int(value) for value in boxes[number, :4])
        rows, columns = slice(max(0, y - 1), y + height + 1), slice(x, x + width)
        near = cv2.dilate((labels[rows, columns] == number).astype(np.uint8), np.ones((3, 1), np.uint8))
        here = np.asarray(line[rows, columns] & np.asarray(near, np.uint8), np.uint8)
        thickness = _thickness(here)
        left = x <= BEYOND or bool(others[rows, x : x + 3].any())
        right = x + width >= binary.shape[1] - BEYOND or bool(others[rows, x + width - 3 : x + width].any())
        if width < surely and left + right < held and thickness > THIN * pen:
            continue
        # where a stroke crosses or runs along, ink goes on beyond the line's own thickness
        kernel = np.ones((min(thickness, thickest) + BEYOND, 1), np.uint8)
        crossed = cv2.morphologyEx(np.ascontiguousarray(binary[:, columns]), cv2.MORPH_OPEN, kernel)[rows]
        out[rows, columns] |= here & (1 - np.asarray(crossed, np.uint8))
    return out


def _without_crumbs(ink: Uint8, lines: Uint8) -> Uint8:
    """Ink without what lies on a line that was taken out and nowhere else: the line's own thicker places."""
    return reaching(ink, np.asarray(cv2.dilate(lines, np.ones((3, 3), np.uint8))) == 0)


def _pen(ink: NDArray[Any]) -> float:
    """How thick the strokes of ink uint8[h, w] (0 or 1) are: the median length of its level runs, pixels."""
    steps = np.diff(np.pad(ink.astype(np.int8) & 1, ((0, 0), (1, 1))), axis=1).ravel()
    runs = np.flatnonzero(steps < 0) - np.flatnonzero(steps > 0)
    return float(np.median(runs)) if len(runs) else 0.0


def _thickness(line: Uint8) -> int:
    """Of a line uint8[h, w] that strokes cross: what it is in most columns, pixels."""
    columns = line.sum(axis=0)
    return int(np.median(columns[columns > 0])) if columns.any() else 0
