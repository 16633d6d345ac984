"""One look of a camera: a small grey picture at once, the full one, or a part of it, when it is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from device.ink import to_grey
from device.types import Box

Uint8 = NDArray[np.uint8]
Size = tuple[int, int]
"""Width, height, pixels."""

SMALL_WIDTH = 640
"""The small picture is about this wide, pixels: a code that can be read is still seen as a line on it."""

GLIMPSE = 8
"""Of so many pixels across and down one is enough to see whether anything happens at all."""


def map_box(box: Box, of: Size, to: Size) -> Box:
    """A box on a picture of one size, on the same picture at another: rounded outwards, clipped, 1 pixel at least."""
    x, y, width, height = box
    across, down = to[0] / of[0], to[1] / of[1]
    left, top = min(max(math.floor(x * across), 0), to[0] - 1), min(max(math.floor(y * down), 0), to[1] - 1)
    right = min(max(math.ceil((x + width) * across), left + 1), to[0])
    bottom = min(max(math.ceil((y + height) * down), top + 1), to[1])
    return left, top, right - left, bottom - top


def small_size(size: Size) -> Size:
    """The small picture's size for a full one: of its aspect, even sides, never larger than it."""
    width, height = size
    scale = min(1.0, SMALL_WIDTH / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What a camera saw at one moment."""

    see: Uint8 | Callable[[], Uint8]
    """The small picture, or what makes it when it is looked at."""
    size: Size
    """Of the full picture."""
    take: Callable[[Box], Uint8]
    """A part of the full picture, uint8[h, w] grey or uint8[h, w, 3] BGR; a copy or read-only."""
    time: float = 0.0
    """Monotonic clock, seconds."""
    number: int = 0
    """Counted by the source, from 0; numbers are missing where frames were not taken in time."""
    origin: tuple[int, int] = (0, 0)
    """Where its upper left corner lies on the camera's own picture, when it is a part of that."""

    glimpse: Uint8 | None = None
    """uint8[h, w]: single pixels of it, GLIMPSE apart, as the camera gave them; None: of the small picture."""

    @property
    def small(self) -> Uint8:
        """uint8[h, w] grey, full range, of the full picture's aspect: what changes, where the code is, is it sharp."""
        if callable(self.see):
            object.__setattr__(self, "see", self.see())  # made once
        return cast(Uint8, self.see)

    @property
    def small_size(self) -> Size:
        return self.small.shape[1], self.small.shape[0]

    def full(self, box: Box | None = None) -> Uint8:
        """The full picture, or the part inside a box on it."""
        return self.take((0, 0, *self.size) if box is None else box)


def shot_of(picture: Uint8, time: float, number: int) -> Shot:
    """A shot of a picture that is there in full: uint8[H, W] or BGR uint8[H, W, 3]."""
    size = picture.shape[1], picture.shape[0]

    def see() -> Uint8:
        return np.asarray(cv2.resize(to_grey(picture), small_size(size), interpolation=cv2.INTER_AREA), np.uint8)

    few = picture[::GLIMPSE, ::GLIMPSE]
    glimpse = np.ascontiguousarray(few if few.ndim == 2 else few[..., 1])
    return Shot(see, size, lambda box: part(picture, box), time, number, glimpse=glimpse)


def part(picture: Uint8, box: Box) -> Uint8:
    x, y, width, height = box
    return picture[y : y + height, x : x + width]


def turned(shot: Shot, degrees: int) -> Shot:
    """The shot, turned clockwise by 0, 90, 180 or 270 degrees."""
    if degrees == 0:
        return shot
    times = -degrees // 90
    width, height = shot.size

    def take(box: Box) -> Uint8:
        return np.ascontiguousarray(np.rot90(shot.take(_before(box, shot.size, degrees)), times))

    size = (width, height) if degrees == 180 else (height, width)

    def see() -> Uint8:
        return np.ascontiguousarray(np.rot90(shot.small, times))

    return replace(shot, see=see, size=size, take=take)


def _before(box: Box, size: Size, degrees: int) -> Box:
    """Where a box on the turned picture lies on the one of that size before it was turned."""
    x, y, width, height = box
    if degrees == 90:
        return y, size[1] - x - width, height, width
    if degrees == 180:
        return size[0] - x - width, size[1] - y - height, width, height
    return size[0] - y - height, x, height, width


def cropped(shot: Shot, box: Box) -> Shot:
    """The part of a shot inside a box on its full picture, as a shot of its own."""
    x, y, width, height = map_box(box, shot.size, shot.small_size)
    # the box around whole pixels of the small picture, so that both show the same part
    left, top, across, down = map_box((x, y, width, height), shot.small_size, shot.size)

    def take(inner: Box) -> Uint8:
        return shot.take((left + inner[0], top + inner[1], inner[2], inner[3]))

    small = np.ascontiguousarray(shot.small[y : y + height, x : x + width])
    return replace(shot, see=small, size=(across, down), take=take, origin=(left, top))
