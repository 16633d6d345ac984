"""Frames: printed boxes around writing on a reduced picture, and the rows that they make up on a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float64]

LEAST = 12.5, 10.0
"""Height and width that a frame exceeds, pixels of the reduced picture."""
THIN, THICK = 0.3, 0.62
"""Ink of a frame, as a share of its size, is less than the first if its walls are thin, and than the second anyhow."""
HELD = 0.25
"""Height of what stands in a frame, as a share of the frame's, at least."""
LADDER = 2.2
"""A frame this much wider than high may be a row of boxes with common walls, ..."""
HOLE = 0.4
"""... if there is more than one place in it of this share of its height with its ink all around."""
RECTANGULAR = 0.86
"""Share of the least rectangle around it that a frame covers, its inside included."""
ALIKE = 0.14
"""Boxes of one row are of one size, but for this share."""
BESIDE = 0.6
"""Gap between boxes of one row at most, in heights."""
ROW = 3
"""Boxes that make up a form's row, at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The frames among a picture's components."""

    stats: Floats
    """float64[F, 5]: x, y, width, height, area of each."""
    row: NDArray[np.intp]
    """intp[F]: the row that each is in, named after one of its frames, ..."""
    form: NDArray[np.bool_]
    """bool[F]: ... and whether that is a row of boxes for a digit each."""
    angle: Floats
    """float64[F]: radians, clockwise, of a row of boxes with common walls; 0 of others."""
    places: NDArray[np.int64]
    """int64[F]: boxes in each, about; a digit that goes through its box parts it in two."""

    def around(self, stats: Floats) -> NDArray[np.intp]:
        """The row of the frames that each component float64[N, 5] stands in, -1 for none: intp[N]."""
        out = np.full(len(stats), -1)
        x, y = stats[:, 0] + stats[:, 2] / 2, stats[:, 1] + stats[:, 3] / 2
        left, top, width, height = self.stats.T[:4]
        for k in np.argsort(-width * height):  # the smallest frame around a component is its own
            within = (np.abs(x - left[k] - width[k] / 2) < width[k] / 2) & (
                np.abs(y - top[k] - height[k] / 2) < height[k] / 2
            )
            out[within] = self.row[k]
        return out


def framing(stats: Floats, labels: NDArray[Any], number: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which components float64[N, 5] are boxes around others, or around what touches them: bool[N].

    labels, number: the picture's labels [h, w], and the one of each component.
    """
    width, height, area = stats.T[2:5]
    hollow = (area < THICK * width * height) & (height > LEAST[0]) & (width > LEAST[1])
    thin = hollow & (area < THIN * width * height)
    tall = hollow & (height >= np.median(height)) if len(height) else hollow
    asked = np.flatnonzero(thin | tall)
    out = np.zeros(len(stats), bool)
    holding = _holding(stats, asked)
    out[asked[holding & thin[asked]]] = True
    thick = asked[~thin[asked] & (holding | (width[asked] > LADDER * height[asked]))]
    for k in thick.tolist():
        out[k] = _rectangular(_outline(stats[k], labels, int(number[k])))
    sure = np.flatnonzero(out)
    if len(sure):  # and the boxes beside them in which something touches the walls
        rest = np.flatnonzero(tall & ~out)
        out[rest] = (_beside(stats[rest], stats[sure]) & _alike(stats[rest], stats[sure])).any(axis=1)
    return out


def _holding(stats: Floats, asked: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether something of a digit's size lies within each of the components that are asked about."""
    left, top, width, height = stats.T[:4]
    right, bottom = left + width, top + height
    own = asked[:, None]
    within = (left > left[own]) & (right < right[own]) & (top > top[own]) & (bottom < bottom[own])
    return np.asarray((within & (height > HELD * height[own])).any(axis=1))


def _own(box: Floats, labels: NDArray[Any], number: int) -> Uint8:
    """A component's own pixels, uint8[h, w]."""
    x, y, width, height = box[:4].astype(int).tolist()
    return np.asarray(labels[y : y + height, x : x + width] == number, np.uint8)


def _outline(box: Floats, labels: NDArray[Any], number: int) -> NDArray[np.int32]:
    """The points int32[P, 1, 2] around a component."""
    found, _ = cv2.findContours(_own(box, labels, number), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(found, key=len), np.int32)


def _rectangular(outline: NDArray[np.int32]) -> bool:
    """Whether a component, filled, is a rectangle, whichever way it lies."""
    across, down = cv2.minAreaRect(outline)[1]
    return bool(cv2.contourArea(outline) > RECTANGULAR * max(across * down, 1.0))


def _lean(outline: NDArray[np.int32]) -> float:
    """The angle of a rectangle that is wider than high, radians, clockwise."""
    _, (across, down), angle = cv2.minAreaRect(outline)
    return float(np.deg2rad((angle if across > down else angle - 90) % 180 + 90) % np.pi - np.pi / 2)


def _places(box: Floats, labels: NDArray[Any], number: int) -> int:
    """How many places of nearly its height a frame's ink goes around: one, or more if it has walls inside."""
    own = _own(box, labels, number)
    found, tree = cv2.findContours(own, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    holes = [one for one, (*_, parent) in zip(found, tree[0], strict=True) if parent >= 0]
    return sum(cv2.boundingRect(hole)[3] > HOLE * own.shape[0] for hole in holes)


def _beside(one: Floats, other: Floats) -> NDArray[np.bool_]:
    """Whether boxes float64[A, 5] and float64[B, 5] stand side by side: bool[A, B]."""
    left, top, width, height = (column[:, None] for column in one.T[:4])
    x, y, across, down = other.T[:4]
    taller, lower = np.maximum(height, down), np.minimum(height, down)
    gap = np.maximum(left, x) - np.minimum(left + width, x + across)
    level = np.abs(top + height / 2 - (y + down / 2)) < 0.4 * taller
    return np.asarray((gap < BESIDE * taller) & (lower > 0.6 * taller) & level)


def _alike(one: Floats, other: Floats) -> NDArray[np.bool_]:
    """Whether boxes are of one size: bool[A, B]."""
    ratio = one[:, None, 2:4] / other[None, :, 2:4]
    return np.asarray((np.abs(ratio - 1) < ALIKE).all(axis=2))


def frames(stats: Floats, labels: NDArray[Any], number: NDArray[np.intp]) -> Frames:
    """The rows that frames float64[F, 5] make up; labels and numbers as above."""
    row = np.arange(len(stats))
    for a, b in np.argwhere(np.triu(_beside(stats, stats), 1)):
        row[row == row[b]] = row[a]
    count, ladder = np.bincount(row, minlength=len(row)), stats[:, 2] > LADDER * stats[:, 3]
    places = np.ones(len(stats), np.int64)
    for k in np.flatnonzero(ladder).tolist():
        places[k] = _places(stats[k], labels, int(number[k]))
    ladder &= places > 1
    middle = np.array([np.median(stats[row == one, 2:4], axis=0) for one in row]).reshape(-1, 2)
    alike = (np.abs(stats[:, 2:4] / np.maximum(middle, 1) - 1) < 2 * ALIKE).all(axis=1)
    odd = np.bincount(row[~alike], minlength=len(row)) > 0.25 * count
    form = ((count >= ROW) & ~odd)[row] | (np.bincount(row[ladder], minlength=len(row)) > 0)[row]
    angle = np.zeros(len(stats))
    for k in np.flatnonzero(ladder & form).tolist():
        angle[k] = _lean(_outline(stats[k], labels, int(number[k])))
    return Frames(stats, row, form, angle, places)
