"""What is carried past without stopping (a belt): how far it went on between two looks.

Its ink, and nothing around it, since a table does not move, is looked for anywhere on the next small picture, by
cross-correlation; then everything that is known of it is moved along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from device.camera.shot import Shot, Size, map_box
from device.types import Box, Reading, shifted
from device.watch.envelope import Paper, find_paper, paper_box
from device.watch.lying import Code, Lying
from device.watch.writing import Writing, strokes

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float32]

HALF = 2
"""Pixels of the small picture to one that is compared."""
FOUND, FOUND_NEAR, SEEN = 0.6, 0.4, 0.3
"""Correlation from which on it is the same ink: anywhere, and where it is expected; and share of what was there that
has to be on the next picture."""
STEADY = 4
"""How far from where it is expected, compared pixels."""
ANOTHER = 0.5
"""Papers that share less than this of the smaller one are two."""
BORDER = 4
"""Pixels of the small picture: paper that comes so near to its border may go on beyond."""


def way(lying: Lying, small: Uint8) -> tuple[int, int] | None:
    """How far what is carried went on, across and down, in pixels of the small picture; None where its ink is not on
    this one."""
    writing = lying.writing
    if writing is None or writing.small.shape != small.shape:  # another region is watched
        return None
    was, now = _halved(strokes(writing.small)), _halved(strokes(small))
    was *= _where(writing, lying.paper, was.shape)
    if lying.way is not None and any(lying.way):  # a belt goes on as it went
        by = _likeliest(was, now, (lying.way[0] // HALF, lying.way[1] // HALF), (STEADY, STEADY))
        if _alike(was, now, *by) > FOUND_NEAR:
            return by[0] * HALF, by[1] * HALF
    by = _likeliest(was, now, (0, 0), (was.shape[1] // 2, was.shape[0] // 2))
    if _alike(was, now, *by) > FOUND:
        return by[0] * HALF, by[1] * HALF
    return lying.way if _is_where_expected(lying, find_paper(small)) else None


def _likeliest(was: Floats, now: Floats, about: tuple[int, int], reach: tuple[int, int]) -> tuple[int, int]:
    """How far ink seems to have gone, compared pixels: about so far, give or take a reach."""
    high, wide = was.shape
    across, down = (reach[k] + abs(about[k]) for k in (0, 1))
    around = cv2.copyMakeBorder(now, down, down, across, across, cv2.BORDER_CONSTANT, value=0)
    left, top = across + about[0] - reach[0], down + about[1] - reach[1]
    sought = around[top : top + high + 2 * reach[1], left : left + wide + 2 * reach[0]]
    _, _, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(sought, was, cv2.TM_CCORR))
    return about[0] + x - reach[0], about[1] + y - reach[1]


def _is_where_expected(lying: Lying, paper: Paper | None) -> bool:
    """Whether paper is where it would be if it went on as before."""
    if lying.way is None or not any(lying.way) or lying.paper is None or paper is None:
        return False
    return _overlaps(lying.paper.hull + np.array(lying.way, np.int32), paper.hull)


def _alike(was: Floats, now: Floats, across: int, down: int) -> float:
    """Correlation of ink with what is so far from where it was; 0 where too little of it would still be seen."""
    before, after = _shared(was, across, down), _shared(now, -across, -down)
    energy = float((before**2).sum())
    if energy == 0 or energy < SEEN * float((was**2).sum()):
        return 0.0
    after = after * (before != 0)
    return float((before * after).sum()) / float(np.sqrt(energy * max(float((after**2).sum()), 1e-6)))


def carry(lying: Lying, by: tuple[int, int], shot: Shot, thumb: Uint8) -> bool:
    """Move what is known of what lies there along, by so many pixels of the small picture; False, and nothing is moved,
    where the paper is another one's."""
    paper = find_paper(shot.small)
    if lying.paper is not None:
        here = lying.paper.hull + np.array(by, np.int32)
        if paper is None:
            paper = replace(lying.paper, hull=here)
        elif not _overlaps(here, paper.hull):
            return False
    across, down = on_full(by, shot)
    lying.track.carry(across, down)
    lying.settled = [_moved(code, across, down) for code in lying.settled]
    lying.guess = None if lying.guess is None else _moved(lying.guess, across, down)
    lying.paper, lying.paper_box = paper, None if paper is None else paper_box(paper, shot, (0, 0, *shot.size))
    inside = None if lying.paper_box is None else map_box(lying.paper_box, shot.size, shot.small_size)
    lying.thumb, lying.writing, lying.way = thumb, Writing.of(shot.small, inside), by
    lying.where = lying.writing.where
    return True


def on_full(by: tuple[int, int], shot: Shot) -> tuple[int, int]:
    """A way on the small picture in pixels of the full one."""
    across, down = (round(one * shot.size[k] / shot.small_size[k]) for k, one in enumerate(by))
    return across, down


def has_passed(lying: Lying, shot: Shot) -> bool:
    """Whether the code that was announced has left the picture."""
    box = lying.settled[-1].box if lying.settled else None
    return box is not None and not is_seen(box, shot.size)


def in_view(lying: Lying, standing: Sequence[Reading], shot: Shot) -> bool:
    """Whether no more of the envelope is to come that could hold another code: all of it is in the picture, or the
    likeliest reading is past the middle."""
    if lying.paper is not None:
        x, y, width, height = cv2.boundingRect(lying.paper.hull)
        wide, high = shot.small_size
        if x > BORDER and y > BORDER and x + width < wide - BORDER and y + height < high - BORDER:
            return True
    if not standing:
        return False
    box = standing[0].box
    middle = [box[k] + box[k + 2] / 2 - shot.size[k] / 2 for k in (0, 1)]
    across, down = lying.way or (0, 0)
    return middle[0] * across + middle[1] * down > 0


def whole(readings: Sequence[Reading], shot: Shot) -> list[Reading]:
    """Those that the picture's border does not cut."""
    wide, high = shot.size

    def inside(box: Box) -> bool:
        x, y, width, height = box
        return min(x, y) > height // 2 and x + width < wide - height // 2 and y + height < high - height // 2

    return [reading for reading in readings if inside(reading.box)]


def is_seen(box: Box, size: Size) -> bool:
    """Whether some of a box is on a picture of that size."""
    x, y, width, height = box
    return x < size[0] and y < size[1] and x + width > 0 and y + height > 0


def _halved(picture: Floats) -> Floats:
    size = max(1, picture.shape[1] // HALF), max(1, picture.shape[0] // HALF)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)


def _where(writing: Writing, paper: Paper | None, shape: tuple[int, ...]) -> Floats:
    """1 where there is writing on the paper, else 0: float32[h, w]."""
    size = shape[1], shape[0]
    lines = cv2.resize(writing.where.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)
    if paper is None:
        return np.asarray(lines, np.float32)
    inside = np.zeros(shape, np.float32)
    cv2.fillConvexPoly(inside, paper.hull // HALF, 1.0)
    return np.asarray(lines * inside, np.float32)


def _shared(picture: Floats, across: int, down: int) -> Floats:
    """The part of a picture that is still on it when it is moved so far."""
    high, wide = picture.shape
    return picture[max(0, -down) : high - max(0, down), max(0, -across) : wide - max(0, across)]


def _overlaps(one: NDArray[np.int32], other: NDArray[np.int32]) -> bool:
    """Whether two outlines may be one paper's, of which more or less is in view."""
    a, b = (np.array(cv2.boundingRect(hull)) for hull in (one, other))
    shared = np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - np.maximum(a[:2], b[:2])
    return bool(np.prod(np.maximum(shared, 0)) >= ANOTHER * min(np.prod(a[2:]), np.prod(b[2:])))


def _moved(code: Code, across: int, down: int) -> Code:
    return code if code.box is None else replace(code, box=shifted(code.box, across, down))
