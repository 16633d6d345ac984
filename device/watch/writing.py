"""Whether it is the same writing: told on the small picture, letter by letter, where a thumbnail shows only lines.

What lies there may be taken away and replaced by an envelope of the same form, another line of which is a little longer
or shorter.  So the ink itself is compared: small pieces of what was there are looked for where they were, or as far on
as the code was moved, by normalised cross-correlation, which light and shadow do not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from device.lines import Line
from device.types import Box
from device.watch.scene import TILES
from device.watch.trouble import text_lines

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float32]
Point = tuple[float, float]
Size = tuple[int, int]

IN_PLACE, MOVED = (16, 16), (48, 16)
"""Width and height of a piece, pixels of the small picture: a letter where nothing should have moved, some letters,
which are nowhere else by chance, where they have to be looked for."""
ADDRESS = 6
"""Heights of a code that its address reaches above or below it: three lines."""
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
MOST = 0.5
"""Of the pieces that can be seen so many are found, as a share, when it is the same writing."""
FEWEST = 4
"""Of fewer pieces nothing is concluded."""


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """The ink of what came to rest."""

    small: Uint8
    """The small picture, uint8[h, w]."""
    where: NDArray[np.bool_]
    """The thumbnail's blocks, bool[12, 20], that hold writing."""

    @classmethod
    def of(cls, small: Uint8, inside: Box | None = None) -> Writing:
        """What is written on a small picture, or inside a box on it."""
        size = small.shape[1], small.shape[0]
        x, y, width, height = inside or (0, 0, *size)
        return cls(np.array(small), blocks(text_lines(small[y : y + height, x : x + width]), size, (x, y)))

    def is_in_place(self, small: Uint8, code: Box | None) -> bool:
        """Whether every piece is where it was, on another small picture.

        code: the address of the code in this box alone; None: all that is written.
        """
        return all(self._found(Writing(small, self.where), IN_PLACE, code))

    def is_alike(self, now: Writing, code: Box | None) -> bool:
        """Whether most of what can be seen of it is where it was; what a hand covers tells nothing."""
        return mostly(self._found(now, IN_PLACE, code, seen=True))

    def went_along(self, now: Writing, code: Box, by: Point) -> bool:
        """Whether most of a code's address, of what can be seen of it, moved with the code, by so many pixels."""
        return mostly(self._found(now, MOVED, code, by, seen=True))

    def _found(
        self, now: Writing, piece: Size, code: Box | None, by: Point | None = None, seen: bool = False
    ) -> list[bool]:
        """Of each piece whether it is found; seen: of those alone in whose place there is writing now."""
        if now.small.shape != self.small.shape:  # another region is watched
            return []
        was, other = strokes(self.small), strokes(now.small)
        least, least_now = faintest(was), faintest(other)
        out = []
        for corner in self._pieces(was, piece, code, least):
            slack, (x, y) = CREPT, corner
            if by is not None and code is not None:
                slack = round(SLACK + TURNED * distance(corner, piece, code))
                x, y = round(x + by[0]), round(y + by[1])
            there = part_of(other, (x, y), piece, 0)
            if seen and not (there.size and there.std() > least_now and now.holds((x, y), piece)):
                continue
            sought = part_of(other, (x, y), piece, slack)
            out.append(correlation(sought, part_of(was, corner, piece, 0)) > FOUND)
        return out

    def _pieces(self, was: Floats, piece: Size, code: Box | None, least: float) -> list[tuple[int, int]]:
        """Upper left corners of those that hold ink."""
        wide, high = piece
        left, top, width, height = (0, 0, was.shape[1], was.shape[0]) if code is None else address_of(code)
        inside = was[max(0, top) : top + height, max(0, left) : left + width]
        rows, columns = inside.shape[0] // high, inside.shape[1] // wide
        tiles = inside[: rows * high, : columns * wide].reshape(rows, high, columns, wide)
        inked = np.argwhere(tiles.std(axis=(1, 3)) > least)
        corners = [(max(0, left) + int(column) * wide, max(0, top) + int(row) * high) for row, column in inked]
        return [corner for corner in corners if self.holds(corner, piece)]

    def holds(self, corner: tuple[int, int], piece: Size) -> bool:
        """Whether a piece lies where lines are."""
        height, width = self.small.shape
        across = int((corner[0] + piece[0] / 2) * TILES[0] / width)
        down = int((corner[1] + piece[1] / 2) * TILES[1] / height)
        return 0 <= across < TILES[0] and 0 <= down < TILES[1] and bool(self.where[down, across])


def blocks(lines: Sequence[Line], size: tuple[int, int], origin: tuple[int, int] = (0, 0)) -> NDArray[np.bool_]:
    """The thumbnail's blocks in which lines on a picture of that size lie: bool[12, 20]; all of them without lines.

    origin: of the part of it that the lines were found on.
    """
    out = np.zeros(TILES[::-1], bool)
    for line in lines:
        (x, y), (wide, high) = np.add(line.centre, origin), size
        left, right = ((x + side * line.width / 2) / wide * TILES[0] for side in (-1, 1))
        top, bottom = ((y + side * line.height / 2) / high * TILES[1] for side in (-1, 1))
        out[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1] = True
    return out if out.any() else ~out


def mostly(found: list[bool]) -> bool:
    return len(found) < FEWEST or sum(found) > MOST * len(found)


def address_of(code: Box) -> Box:
    """Around a code: the lines above and below it, which begin or end elsewhere."""
    x, y, width, height = code
    return x - width, y - ADDRESS * height, 3 * width, (2 * ADDRESS + 1) * height


def distance(corner: tuple[int, int], piece: Size, code: Box) -> float:
    """Between a piece's middle and a code's."""
    across = corner[0] + piece[0] / 2 - code[0] - code[2] / 2
    return float(np.hypot(across, corner[1] + piece[1] / 2 - code[1] - code[3] / 2))


def strokes(small: Uint8) -> Floats:
    """What differs from its surroundings along the line."""
    grey = small.astype(np.float32)
    return np.asarray(grey - cv2.blur(grey, (ALONG, 1)), np.float32)


def faintest(strokes: Floats) -> float:
    """Standard deviation from which on a piece holds ink."""
    wide, high = IN_PLACE
    rows, columns = strokes.shape[0] // high, strokes.shape[1] // wide
    tiles = strokes[: rows * high, : columns * wide].reshape(rows, high, columns, wide)
    return max(INKED, NOISES * float(np.median(tiles.std(axis=(1, 3)))))


def part_of(strokes: Floats, corner: tuple[int, int], piece: Size, slack: int) -> Floats:
    """A piece with so many pixels around it, as far as they are on the picture."""
    (x, y), (wide, high) = corner, piece
    return strokes[max(0, y - slack) : max(0, y + high + slack), max(0, x - slack) : max(0, x + wide + slack)]


def correlation(sought: Floats, piece: Floats) -> float:
    """The best one of a piece anywhere in a part; none where that is smaller, over the picture's edge."""
    if sought.shape[0] < piece.shape[0] or sought.shape[1] < piece.shape[1]:
        return 0.0
    return float(cv2.matchTemplate(sought, piece, cv2.TM_CCOEFF_NORMED).max())
