"""A glance at a page's lines: what promises a code on each, so that few of them need be cut up.

Components go as they are found on the reduced picture, small and aslant, through one network in one batch.  That is
too little to read by, and enough to tell a line of words (wherever a code might stand there are clear letters) and to
look first where a code is likely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.lines import Line, Writing
from device.pixels import normalise_all
from device.strips import MARGIN

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float64]

LOW = 0.45
"""A component less high than this, in heights of the line, tells nothing: a hyphen, a small zero, a part of a digit."""
SPECK = 0.25
"""One less high than this is no digit, and a code may pass over it."""
WIDE = 1.0
"""A component wider than this, in heights, may be several digits that touch: it tells nothing either."""
NARROWEST = 0.4
"""Width of the digits in a component that holds several, in heights."""
TIGHTEST = 0.3
"""Least width of a line that holds a code, in heights for each digit."""
DOUBT = 1.0
"""Log odds against a digit that say nothing yet; what they are beyond that is held against the line, ..."""
CLEARLY = 6.0
"""... up to this for each component, ..."""
MOST_AGAINST = 9.0
"""... and this for as many neighbours as hold a code: one of them may be no digit at all."""
MOST_FOR = 4.0
"""Log odds for a digit beyond this promise nothing more."""
HALO = np.ones((3, 3), np.uint8)
"""Ink takes its soft edge with it."""


def promises(writing: Writing, length: int, odds: Callable[[Uint8], Floats]) -> Floats:
    """What speaks for a code of so many digits on each line, log odds for each digit: float64[lines].

    -inf where none can stand, inf where nobody can tell.
    odds: log odds float64[N] of digit against not a digit of glyphs uint8[N, 32, 32].
    """
    drawn = np.zeros(len(writing.stats), bool)
    drawn[writing.drawn] = True
    out, asked = np.full(len(writing.lines), -np.inf), {}
    for number, line in enumerate(writing.lines):
        if line.width < TIGHTEST * length * line.text_height:
            continue
        row = _Row.of(writing, line)
        if drawn.take(_window(writing.labels, line)).any():
            out[number] = np.inf
        elif row.digits.sum() >= length:
            asked[number] = row
    told = odds(normalise_all([ink for row in asked.values() for ink in _inks(writing, row)]))
    ends = np.cumsum([row.telling.sum() for row in asked.values()])
    for (number, row), its in zip(asked.items(), np.split(told, ends[:-1]), strict=False):
        if row.best_run(np.clip(its + DOUBT, -CLEARLY, 0), length) >= -MOST_AGAINST:
            out[number] = row.best_run(np.clip(its, -CLEARLY, MOST_FOR), length) / length
    return out


def _window(labels: NDArray[Any], line: Line) -> NDArray[Any]:
    """The part of a picture around a line.  What is drawn there may have digits hanging on it, which are no components
    of the line's: nobody can tell what they are."""
    cos, sin, more = abs(np.cos(line.angle)), abs(np.sin(line.angle)), MARGIN * line.text_height
    across, down = (line.width * cos + line.height * sin) / 2, (line.width * sin + line.height * cos) / 2
    x, y = line.centre
    left, top = max(0, int(x - across - more)), max(0, int(y - down - more))
    return labels[top : int(y + down + more) + 1, left : int(x + across + more) + 1]


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """The components of a line, left to right."""

    members: NDArray[np.intp]
    """intp[N]: rows of `Writing.stats`."""
    digits: NDArray[np.int64]
    """int64[N]: how many digits each may be, at most."""
    telling: NDArray[np.bool_]
    """bool[N]: which are one character or less, and tall enough to tell what."""

    @classmethod
    def of(cls, writing: Writing, line: Line) -> _Row:
        stats = writing.stats[line.members]
        order = np.argsort(2 * stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH], kind="stable")
        width, height = stats[order, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].T / line.text_height
        digits = np.where(height < SPECK, 0, np.maximum(width / NARROWEST, 1)).astype(np.int64)
        return cls(line.members[order], digits, (height >= LOW) & (width <= WIDE))

    def best_run(self, values: Floats, length: int) -> float:
        """The greatest sum of values, one for each component that tells, over neighbours that may be so many digits."""
        each = np.zeros(len(self.members))
        each[self.telling] = values
        so_far, many = (np.concatenate([[0], np.cumsum(one)]) for one in (each, self.digits))
        end = np.searchsorted(many, many + length)
        start = np.flatnonzero(end < len(many))
        return float((so_far[end[start]] - so_far[start]).max())


def _inks(writing: Writing, row: _Row) -> Iterator[Uint8]:
    """The ink of each component that tells, and nothing of its neighbours': uint8[h, w]."""
    for number in row.members[row.telling].tolist():
        x, y, width, height = writing.stats[number, :4].tolist()
        window = np.s_[max(0, y - 1) : y + height + 1, max(0, x - 1) : x + width + 1]
        own = cv2.dilate((writing.labels[window] == number).view(np.uint8), HALO)
        yield np.asarray(cv2.copyTo(writing.contrast[window], own), np.uint8)
