"""Spans → glyphs: the soft ink of each run of pieces, as the networks are shown it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from device.pixels import normalise_tight
from device.segment import MOST_PIECES, LineInk, Spans
from device.surroundings import among

Uint8 = NDArray[np.uint8]
Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

WALL = 3
"""Ink beyond a cut that still belongs to both sides, pixels: about the thickness of a stroke."""
FAR = 1 << 30
"""Beyond any strip, pixels."""


def glyphs(ink: LineInk, found: Spans) -> Uint8:
    """The networks' input for each span, uint8[S, 2, 32, 32]: alone (`device.model.VIEWS`), its own ink and nothing of
    its neighbours, and among them.

    Where a cut goes through ink both sides get the wall: two zeros that touch share it.
    """
    first = found.first + len(ink.boxes) * _walled(ink, found)  # the patches' second half has walls
    last = first + found.last - found.first
    patches = _patches(ink, first, last)
    corners = np.array([patch.corners for patch in patches], np.int32).reshape(-1, 4)
    around = _over(np.minimum, corners, first, last)
    drawn = _drawn(patches, ink.soft.shape, first, last, around)
    alone = normalise_tight(drawn, len(first), ink.text_height)
    boxes = around * np.array([1, 1, -1, -1], np.int32)
    return np.stack([alone.pixels, among(ink.soft, ink.labels, found.first, found.last, boxes, alone)], axis=1)


def _walled(ink: LineInk, found: Spans) -> NDArray[np.bool_]:
    """Which spans are made of patches with walls, bool[S]: those that end in a cut, and those that hold all the pieces
    of their components, where a wall has nowhere to go and makes no difference."""
    number = np.arange(len(ink.boxes), dtype=np.int32)
    start, stop = (np.zeros(ink.components.max(initial=0) + 1, np.int32) for _ in range(2))
    start[ink.components[::-1]], stop[ink.components] = number[::-1], number  # the last to be written stays
    whole = _over(np.minimum, start[ink.components], found.first, found.last) >= found.first
    whole &= _over(np.maximum, stop[ink.components], found.first, found.last) <= found.last
    return np.asarray(whole | _cut_off(ink, found))


@dataclass(frozen=True, slots=True, eq=False)
class _Patch:
    """What a piece puts into the glyphs that it is a part of."""

    corners: tuple[int, int, int, int]
    """Left, top, -right, -bottom on the strip: the least of several are those of all of them."""
    place: tuple[slice, slice]
    """Rows and columns of the strip."""
    soft: Floats
    """float32[h, w]: its soft ink, nothing of its neighbours'."""


NOTHING = _Patch((FAR, FAR, FAR, FAR), (slice(0), slice(0)), np.zeros((0, 0), np.float32))


def _patches(ink: LineInk, first: Ints, last: Ints) -> list[_Patch]:
    """Of each piece, first without walls and then with them, as far as one of the runs from first to last has it."""
    count = len(ink.boxes)
    ends = np.bincount(first, minlength=2 * count + 1) - np.bincount(last + 1, minlength=2 * count + 1)
    wanted = np.cumsum(ends)[:-1] > 0
    cut = (np.bincount(ink.components, minlength=1) > 1)[ink.components]
    near = ink.boxes + np.array([-WALL - 1, -WALL - 1, 2 * WALL + 2, 2 * WALL + 2], np.int32)
    near[:, 2:] += near[:, :2]
    near = np.maximum(near, 0)
    out = [NOTHING] * (2 * count)
    for start in (start for half in (0, count) for start in range(half, half + count, 8)):
        pieces = np.arange(start % count, min(start % count + 8, count))
        which = np.flatnonzero(wanted[start : start + len(pieces)]).tolist()
        if not which:
            continue
        left = int(near[pieces, 0].min())
        columns = np.s_[left : int(near[pieces, 2].max())]
        bits = np.zeros(count + 1, np.uint8)  # of each label: one bit for each of these eight pieces
        bits[pieces + 1] = 1 << np.arange(len(pieces))
        own = bits.take(ink.labels[:, columns])
        if start >= count and cut[pieces].any():
            inked = np.negative(ink.labels[:, columns] > 0, dtype=np.uint8)
            for _ in range(WALL):  # grows along the ink only, and so never across a gap
                own = _grown(own) & inked
        own, soft = _grown(own), ink.soft[:, columns]
        for n in which:
            out[start + n] = _patch(soft, own, 1 << n, near[pieces[n]].tolist(), left)
    return out


def _grown(bits: Uint8) -> Uint8:
    """Each bit of uint8[h, w] grown by one pixel to all sides, corners too."""
    wider = bits.copy()
    wider[:, 1:] |= bits[:, :-1]
    wider[:, :-1] |= bits[:, 1:]
    out = wider.copy()
    out[1:] |= wider[:-1]
    out[:-1] |= wider[1:]
    return out


def _patch(soft: Uint8, bits: Uint8, bit: int, near: list[int], start: int) -> _Patch:
    """What has the bit on a part of a strip that starts at a column.  near: left, top, right and bottom."""
    left, top, right, bottom = near
    window = np.s_[top:bottom, left - start : right - start]
    own = cv2.copyTo(soft[window], bits[window] & bit)
    x, y, width, height = cv2.boundingRect(own)
    if not width:
        return NOTHING
    tight = own[y : y + height, x : x + width].astype(np.float32)
    left, top = left + x, top + y
    right, bottom = left + width, top + height
    return _Patch((left, top, -right, -bottom), np.s_[top:bottom, left:right], tight)


def _drawn(patches: list[_Patch], shape: tuple[int, ...], first: Ints, last: Ints, around: Ints) -> Iterator[Floats]:
    """The soft ink of each run of patches, float32[h, w]: windows of one strip, good until the next one is drawn."""
    strip = np.zeros(shape, np.float32)
    begun = done = low = high = 0
    for start, stop, (left, top, right, bottom) in zip(first.tolist(), last.tolist(), around.tolist(), strict=True):
        if start != begun or stop < done - 1:
            strip[:, low:high] = 0
            begun = done = start
        for patch in patches[done : stop + 1]:
            place = strip[patch.place]
            np.maximum(place, patch.soft, out=place)
        done, low, high = stop + 1, left, -right
        yield strip[top:-bottom, left:-right]


def _over(reduction: np.ufunc, values: Ints, first: Ints, last: Ints) -> Ints:
    """The least or greatest of each run of rows: int32[N, ...] → int32[S, ...]."""
    if not len(first):
        return values[:0]
    ends = np.stack([first, last + 1], axis=1).ravel()
    return np.asarray(reduction.reduceat(np.concatenate([values, values[-1:]]), ends)[::2], np.int32)


def _cut_off(ink: LineInk, found: Spans) -> NDArray[np.bool_]:
    """Which spans end in a cut: a neighbouring piece outside belongs to the same component.  bool[S]."""
    component = np.concatenate([[-1], ink.components, [-2]])
    before, after = component[found.first], component[found.last + 2]
    out = np.zeros(len(found.first), bool)
    for step in range(MOST_PIECES):
        member = component[np.minimum(found.first + step, found.last) + 1]
        out |= (member == before) | (member == after)
    return out
