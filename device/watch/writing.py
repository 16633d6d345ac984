"""Whether it is the same writing: told on the small picture, letter by letter, where a thumbnail shows only lines.

What lies there may be taken away and replaced by an envelope of the same form, another line of which is a little longer
or shorter.  So the ink itself is compared: small pieces of what was there are looked for where they were, or as far on
as the code was moved, by normalised cross-correlation, which light and shadow do not change.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from device.types import Box
from device.watch.scene import TILES

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float32]
Point = tuple[float, float]

IN_PLACE, MOVED = (16, 16), (48, 16)
"""Width and height of a piece, pixels of the small picture: a letter where nothing should have moved, some letters,
which are nowhere else by chance, where they have to be looked for."""
ADDRESS = 8
"""Heights of a code that its address reaches above or below it: four lines."""
CREPT = 2
"""Pixels that it is looked for around its place though nothing should have moved: vibration."""
SLACK, TURNED = 4, 0.05
"""Pixels around the place that is expected after a movement, and as much more with each pixel from the code: what is
pushed also turns a little."""
ALONG = 25
"""Pixels along a line whose mean is taken off: that a line is darker than its paper is no sign of what stands on it."""
INKED, NOISES = 8.0, 2.5
"""Standard deviation of what is left in a piece that holds ink: grey levels, and times that of the middle piece."""
FOUND = 0.75
"""Correlation from which on a piece shows the same ink."""
FEWEST = 4
"""Of fewer pieces nothing is concluded."""


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """The ink of what came to rest."""

    small: Uint8
    """The small picture, uint8[h, w]."""
    where: NDArray[np.bool_]
    """The thumbnail's blocks, bool[12, 20], that hold writing."""

    def share_in_place(self, small: Uint8) -> float:
        """Share of its pieces that are where they were, on another small picture."""
        return self._share(small, IN_PLACE, (0, 0, *self.small.shape[::-1]), (0.0, 0.0), None)

    def share_moved(self, small: Uint8, code: Box, by: Point) -> float:
        """Share of the pieces of a code's address, its lines and what is beside them, that moved with the code: it lay
        in this box, and is so many pixels further on another small picture."""
        x, y, width, height = code
        address = x - width, y - ADDRESS * height, 3 * width, (2 * ADDRESS + 1) * height
        return self._share(small, MOVED, address, by, (x + width / 2, y + height / 2))

    def _share(self, small: Uint8, piece: tuple[int, int], inside: Box, by: Point, middle: Point | None) -> float:
        if small.shape != self.small.shape:  # another region is watched
            return 1.0
        was, now = strokes(self.small), strokes(small)
        places = self._pieces(was, piece, inside)
        if len(places) < FEWEST:
            return 1.0
        found = [correlation(was, now, place, piece, by, middle) > FOUND for place in places]
        return sum(found) / len(found)

    def _pieces(self, was: Floats, piece: tuple[int, int], inside: Box) -> list[tuple[int, int]]:
        """Upper left corners of those that hold ink."""
        wide, high = piece
        left, top = max(0, inside[0]), max(0, inside[1])
        least = max(INKED, NOISES * float(np.median(_deviations(was, IN_PLACE))))
        part = was[top : inside[1] + inside[3], left : inside[0] + inside[2]]
        inked = np.argwhere(_deviations(part, piece) > least)
        corners = [(left + int(column) * wide, top + int(row) * high) for row, column in inked]
        return [corner for corner in corners if self._is_written(corner, piece)]

    def _is_written(self, corner: tuple[int, int], piece: tuple[int, int]) -> bool:
        height, width = self.small.shape
        across = int((corner[0] + piece[0] / 2) * TILES[0] / width)
        down = int((corner[1] + piece[1] / 2) * TILES[1] / height)
        return bool(self.where[min(down, TILES[1] - 1), min(across, TILES[0] - 1)])


def strokes(small: Uint8) -> Floats:
    """What differs from its surroundings along the line."""
    grey = small.astype(np.float32)
    return np.asarray(grey - cv2.blur(grey, (ALONG, 1)), np.float32)


def _deviations(strokes: Floats, piece: tuple[int, int]) -> Floats:
    """Standard deviation of each piece."""
    wide, high = piece
    rows, columns = strokes.shape[0] // high, strokes.shape[1] // wide
    tiles = strokes[: rows * high, : columns * wide].reshape(rows, high, columns, wide)
    return np.asarray(tiles.std(axis=(1, 3)), np.float32)


def correlation(
    was: Floats, now: Floats, corner: tuple[int, int], piece: tuple[int, int], by: Point, middle: Point | None
) -> float:
    """The best one of a piece around the place where it is expected; one that has left the picture has none."""
    (x, y), (wide, high) = corner, piece
    slack = CREPT
    if middle is not None:
        slack = round(SLACK + TURNED * float(np.hypot(x + wide / 2 - middle[0], y + high / 2 - middle[1])))
    left, top = round(x + by[0]) - slack, round(y + by[1]) - slack
    around = now[max(0, top) : max(0, top + high + 2 * slack), max(0, left) : max(0, left + wide + 2 * slack)]
    if around.shape[0] < high or around.shape[1] < wide:
        return 0.0
    found = cv2.matchTemplate(around, was[y : y + high, x : x + wide], cv2.TM_CCOEFF_NORMED)
    return float(found.max())
