"""The boxes of a form: where they are on a line, and which spans are all that stands in one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from device.lattice import Scores
    from device.segment import LineInk, Spans

Uint8 = NDArray[np.uint8]
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

WALL = 1.0
"""A wall is at least this many text heights high, ..."""
BESIDE = 2
"""... in columns this near to one another: a wall may lean a little, pixels."""
NARROWEST, WIDEST = 0.6, 4.0
"""Width of a box, in text heights; what is narrower lies between two boxes that stand apart."""
ALIKE = 0.15
"""Boxes of one row are as wide as their median, but for this share."""
FEWEST = 3
"""Boxes in a row at least: two ones and a rule make up two."""
SPECK = 0.25
"""What is smaller than this in a box, text heights, is not what was written into it."""
SOLE = 2.5
"""Log odds of digit that a span gains as all that stands in a box, and loses where it reaches from one into another."""


def walls(down: Uint8, text_height: float) -> Floats:
    """Where the walls of boxes stand, float64[W], columns from left to right.

    down: uint8[h, w], what was found to be upright rules.
    """
    if not down.any():
        return np.zeros(0)
    inked = np.pad(down > 0, ((0, 0), (BESIDE, BESIDE)))
    width = down.shape[1]
    near = np.logical_or.reduce([inked[:, k : k + width] for k in range(2 * BESIDE + 1)])
    tall = np.diff(np.pad((near.sum(axis=0) >= WALL * text_height).astype(np.int8), 1))
    return np.asarray((np.flatnonzero(tall > 0) + np.flatnonzero(tall < 0) - 1) / 2, np.float64)


def boxes_between(walls: Floats, text_height: float) -> Floats:
    """The boxes of a row, float64[B, 2]: columns of the left and the right wall of each; none where that is no row."""
    pairs = np.stack([walls[:-1], walls[1:]], axis=1) / text_height
    width = pairs[:, 1] - pairs[:, 0]
    pairs, width = pairs[width >= NARROWEST], width[width >= NARROWEST]
    if len(width) < FEWEST:
        return np.zeros((0, 2))
    alike = np.abs(width / np.median(width) - 1) <= ALIKE
    if alike.sum() < max(FEWEST, 0.7 * len(width)) or np.median(width) > WIDEST:
        return np.zeros((0, 2))
    return np.asarray(pairs[alike] * text_height, np.float64)


def numbered(boxes: Floats, x: Floats) -> Ints:
    """Of each x float64[P]: 1 + the number of the box float64[B, 2] that it lies in, or 0."""
    if not len(boxes):
        return np.zeros(len(x), np.int32)
    at = np.searchsorted(boxes[:, 0], x, side="right")
    return np.where((at > 0) & (x < boxes[np.maximum(at - 1, 0), 1]), at, 0).astype(np.int32)


def in_cells(scores: Scores, ink: LineInk, found: Spans) -> Scores:
    """The networks' opinion of each span, and what the boxes of a form make of it."""
    filled = filling(ink, found)
    return replace(scores, odds=scores.odds + SOLE * filled) if filled.any() else scores


def filling(ink: LineInk, found: Spans) -> Floats:
    """Of each span, float64[S]: 1 where it is all that stands in a box, -1 where it reaches from one into another."""
    if ink.cells is None or not ink.cells.any():
        return np.zeros(len(found.first))
    large = np.flatnonzero(np.maximum(ink.boxes[:, 2], ink.boxes[:, 3]) >= SPECK * ink.text_height)
    start, stop = np.searchsorted(large, found.first), np.searchsorted(large, found.last, side="right")
    own = np.append(ink.cells[large], 0)
    first, last = own[start], own[np.maximum(stop - 1, 0)]
    alone = (first > 0) & (first == last) & (stop - start == np.bincount(own)[first])
    return np.where(stop > start, alone * 1.0 - (first != last), 0.0)
