"""The boxes of a form: where they are on a line, and which spans are all that stands in one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.ink import reaching
from device.strips import MARGIN

if TYPE_CHECKING:
    from device.lattice import Scores
    from device.segment import LineInk, Spans

Uint8 = NDArray[np.uint8]
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Outline = NDArray[Any]
"""int32[P, 1, 2]: points, x and y."""

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
LEAST_HOLE = 0.3
"""Least width and height of a box's inside, or of what a digit leaves of it, in text heights."""
NEXT = 0.85, 1.7
"""From one box's middle to the next one's it is this many widths of their insides."""
SLIVER = 5
"""What reaches less far than this into a box, pixels, is a rough edge of its wall."""
UNEVEN = 0.35
"""Insides of boxes in a row are of one size, but for this share: a digit's ink takes of it."""
HALF = 0.5
"""A span with a smaller share of a box's ink is a part of what was written there, or beside it."""
SOLE = 2.5
"""Log odds of digit that a span gains as all that stands in a box, and loses where it is the lesser part of that or
reaches from one into another."""


@dataclass(frozen=True, slots=True, eq=False)
class Interiors:
    """What the boxes of a row leave free on a strip."""

    mask: Uint8
    """uint8[h, w]: 1 inside of a box."""
    boxes: Floats
    """float64[B, 2]: columns of the left and the right wall of each."""


def interiors(binary: Uint8, margin: float) -> Interiors | None:
    """The insides of a row of boxes, of a strip's ink uint8[h, w] (0 or 1): what ink goes all around.

    A digit that touches its walls leaves a dent in its box or parts it in two, and one whose ink runs along all of a
    wall leaves none: that one is where the others' distance says.  None where these are no row.
    margin: paper left and right of the row, pixels.
    """
    found, tree = cv2.findContours(binary, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    holes = [np.asarray(one) for one, (*_, parent) in zip(found, tree[0], strict=True) if parent >= 0] if found else []
    hulls, rects = _grouped(holes, LEAST_HOLE * margin / MARGIN)
    if len(rects) < FEWEST:
        return None
    off = np.abs(rects[:, 2:] / np.median(rects[:, 2:], axis=0) - 1).max(axis=1)
    good: NDArray[np.bool_] = off < UNEVEN
    if good.sum() < FEWEST or np.median(rects[:, 3]) < margin / MARGIN:  # loops of zeros, in a frame that is broken
        return None
    return _completed(binary, [hull for hull, one in zip(hulls, good, strict=True) if one], rects[good], margin)


def _grouped(holes: list[Outline], least: float) -> tuple[list[Outline], Floats]:
    """The holes that lie one above the other put together, and the rectangles float64[B, 4] around them, left to right.

    least: width and height of a hole that counts, pixels.
    """
    rects = np.array([cv2.boundingRect(one) for one in holes], np.float64).reshape(-1, 4)
    hulls: list[Outline] = []
    ends: list[tuple[float, float]] = []
    for k in np.argsort(rects[:, 0], kind="stable").tolist():
        left, _, width, height = rects[k].tolist()
        if min(width, height) < least:
            continue
        low, high = ends[-1] if ends else (left, left)
        if min(high, left + width) - max(low, left) > 0.5 * min(high - low, width):
            hulls[-1], ends[-1] = np.concatenate([hulls[-1], holes[k]]), (low, max(high, left + width))
        else:
            hulls.append(holes[k])
            ends.append((left, left + width))
    return hulls, np.array([cv2.boundingRect(hull) for hull in hulls], np.float64).reshape(-1, 4)


def _completed(binary: Uint8, hulls: list[Outline], rects: Floats, margin: float) -> Interiors | None:
    """The boxes that were found, and those between and beside them that were not."""
    middle = rects[:, 0] + rects[:, 2] / 2
    steps, width = np.diff(middle), float(np.median(rects[:, 2]))
    next_ = steps[(steps > NEXT[0] * width) & (steps < NEXT[1] * width)]
    if not len(next_):
        return None
    pace = float(np.median(next_))
    at = np.rint((middle - middle[0]) / pace)
    if np.abs(middle - middle[0] - at * pace).max() > 0.25 * pace or len(np.unique(at)) < len(at):
        return None
    before = int((middle[0] - margin) / pace)
    after = int((binary.shape[1] - margin - middle[-1]) / pace)
    places = np.arange(-before, int(at[-1]) + after + 1)
    missing = np.setdiff1d(places, at)
    if len(missing) > len(at):
        return None
    mask, outlines, columns = np.zeros_like(binary), [], []
    for place in places.tolist():
        nearest = int(np.abs(at - place).argmin())
        moved = hulls[nearest] + np.array([round((place - at[nearest]) * pace), 0])
        hull = cv2.convexHull(moved.astype(np.int32))
        cv2.fillConvexPoly(mask, hull, 1)
        outlines.append(hull)
        columns.append((float(hull[:, 0, 0].min()), float(hull[:, 0, 0].max() + 1)))
    cv2.polylines(mask, outlines, True, 0)  # a hole's outline is the first ink around it
    return Interiors(mask, np.array(columns))


def within(binary: Uint8, mask: Uint8) -> Uint8:
    """The ink uint8[h, w] (0 or 1) inside of boxes, less what lies along their walls and nowhere else: rough edges."""
    deep = cv2.erode(mask, np.ones((2 * SLIVER - 1, 2 * SLIVER - 1), np.uint8))
    return reaching(binary & mask, np.asarray(deep) > 0)


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
    """Of each span, float64[S]: 1 where it is all that stands in a box, -1 where it is the lesser part of that or
    reaches from one box into another."""
    if ink.cells is None or not ink.cells.any():
        return np.zeros(len(found.first))
    large = np.flatnonzero(np.maximum(ink.boxes[:, 2], ink.boxes[:, 3]) >= SPECK * ink.text_height)
    start, stop = np.searchsorted(large, found.first), np.searchsorted(large, found.last, side="right")
    own = np.append(ink.cells[large], 0)
    first, last = own[start], own[np.maximum(stop - 1, 0)]
    alone = (first > 0) & (first == last) & (stop - start == np.bincount(own)[first])
    whole = np.bincount(ink.cells, ink.areas)
    area = np.concatenate([[0], np.cumsum(ink.areas)])
    lesser = (first > 0) & (area[found.last + 1] - area[found.first] < HALF * whole[first])
    return np.where(stop > start, alone * 1.0 - ((first != last) | (lesser & ~alone)), 0.0)
