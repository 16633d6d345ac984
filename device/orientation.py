"""Which way up a page is: quarter turns, and what was found on a turned page brought back to the page's own pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from device.errors import UsageError
from device.ink import reduce
from device.lines import SEARCH_PIXELS, find_lines
from device.types import Box, Point, Reading

Uint8 = NDArray[np.uint8]

Turn = Literal[0, 90, 180, 270]
"""Degrees that a page is turned by, clockwise, before it is read."""
Orientation = Literal["auto", 0, 90, 180, 270]
ROTATIONS: dict[Turn, int] = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
LONG = 2.0
"""Lines at least this many times as wide as high tell which way the writing runs."""

DARK = 110
"""A page whose median is below this may hold light writing on dark."""


@dataclass(frozen=True, slots=True)
class View:
    """A way to look at a page."""

    turn: Turn = 0
    inverted: bool = False
    """Light writing on dark paper, made dark on light."""

    def apply(self, image: Uint8) -> Uint8:
        """The page uint8[H, W] or uint8[H, W, 3] as it is looked at; the page itself where nothing is to be done."""
        turned = np.asarray(cv2.rotate(image, ROTATIONS[self.turn]), np.uint8) if self.turn else image
        return np.asarray(cv2.bitwise_not(turned), np.uint8) if self.inverted else turned

    def point(self, point: Point, size: tuple[int, int]) -> Point:
        """Where a pixel of the turned page lies on the page; size: width and height of the page."""
        u, v = point
        right, bottom = size[0] - 1, size[1] - 1
        return {0: (u, v), 90: (v, bottom - u), 180: (right - u, bottom - v), 270: (right - v, u)}[self.turn]

    def box(self, box: Box, size: tuple[int, int]) -> Box:
        """The box on the page that holds the same pixels as a box on the turned page."""
        x, y, width, height = box
        a, b = self.point((x, y), size), self.point((x + width - 1, y + height - 1), size)
        left, top = min(a[0], b[0]), min(a[1], b[1])
        return left, top, abs(a[0] - b[0]) + 1, abs(a[1] - b[1]) + 1

    def back(self, reading: Reading, size: tuple[int, int]) -> Reading:
        """A reading of the turned page, in the page's own pixels; its corners still start at the line's upper left."""
        if not self.turn:
            return reading
        a, b, c, d = (self.point(corner, size) for corner in reading.quad)
        digit_boxes = tuple(self.box(box, size) for box in reading.digit_boxes)
        return replace(reading, box=self.box(reading.box, size), quad=(a, b, c, d), digit_boxes=digit_boxes)


def parse_orientation(text: str | int) -> Orientation:
    """An orientation from an option or argument.  Raises UsageError."""
    for value in get_args(Orientation):
        if str(value) == str(text):
            found: Orientation = value
            return found
    raise UsageError(f"orientation {text!r}: give auto, 0, 90, 180 or 270 (degrees clockwise)")


def read_turned(
    page: Uint8, orientation: Orientation, postal: bool, read_view: Callable[[View], list[Reading]]
) -> list[Reading]:
    """The readings of a grey page seen as `orientation` says; for ``auto`` the first of `stages` that gives a code.

    Of the views of a stage the one with the surest accepted reading counts.  When all are in vain, what the first one
    gave stays, of those that are not inverted.
    """
    if orientation != "auto":
        return read_view(View(orientation))
    in_vain: list[list[Reading]] = []
    for stage in stages(page, postal):
        found = [read_view(view) for view in stage]
        best = max(found, key=_sureness)
        if _sureness(best):
            return best
        in_vain += found if not stage[0].inverted else []
    return in_vain[0]


def stages(page: Uint8, postal: bool) -> list[tuple[View, ...]]:
    """Which views are tried, and in which order: along the writing first; on a dark page each inverted before it is
    taken as it is, since the noise of dark paper costs much and dim paper, inverted, shows nothing.

    A line of digits may hold any number of them, and letters on their side look like ones and zeros: across the
    writing only postal codes are looked for.
    """
    small, _ = reduce(page, SEARCH_PIXELS)
    shades = (True, False) if np.median(small) < DARK else (False,)
    # always both ways up: digits that stand on their head read as other digits, less surely
    turns: list[tuple[Turn, ...]] = [(0, 180), (90, 270)]
    runs = (_across(View(inverted=inverted).apply(small)) for inverted in shades)
    if next((across for across in runs if across), 0) > 0:
        turns.reverse()
    if not postal:
        turns = [stage for stage in turns if (stage == (90, 270)) == (turns[0] == (90, 270))]
    return [tuple(View(turn, inverted) for turn in stage) for stage in turns for inverted in shades]


def _across(small: Uint8) -> float:
    """Which way the writing on a reduced page runs: above 0 up or down, below 0 as it should, 0 where there is none.

    Lines are counted with the square of their length, on the page on its side less on the page as it is.
    """
    upright, turned = (
        sum(line.width**2 for line in find_lines(picture) if line.width > LONG * line.height)
        for picture in (small, View(90).apply(small))
    )
    return turned - upright


def _sureness(readings: list[Reading]) -> float:
    """Confidence of the surest accepted reading; 0 without one."""
    return max((reading.confidence for reading in readings if reading.accepted), default=0.0)
