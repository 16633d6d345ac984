"""Strips: lines of writing cut out of the full picture, upright and at one height."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device.exact import Warp, scaled
from device.lines import Line, extremes
from device.types import Box, Point

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float64]

TEXT_HEIGHT = 40
"""Height of a line's digits once it is cut out, pixels."""
MARGIN = 0.45
"""Paper kept around a line, as a share of its height."""
LONGEST = 40
"""Longest line, in heights."""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A line cut out of the full picture, upright, its digits about `TEXT_HEIGHT` tall."""

    grey: Uint8
    """uint8[h, w]"""
    to_frame: Floats
    """float64[2, 3]: strip x, y, 1 → frame x, y."""
    frame_size: tuple[int, int]
    """Width, height of the frame: what boxes are clipped to."""

    @property
    def scale(self) -> float:
        """Pixels of the frame to one of the strip's."""
        return math.hypot(*self.to_frame[:, 0].tolist())

    def box(self, x: float, y: float, width: float, height: float) -> Box:
        """The upright box on the frame around a box on the strip."""
        return self._clipped([extremes(along) for along in self._map(x, y, width, height).T])

    def box_of(self, ink: NDArray[np.bool_], x: int, y: int) -> Box:
        """The upright box on the frame around ink bool[h, w], whose left upper corner lies at x, y on the strip."""
        rows = np.flatnonzero(ink.any(axis=1))
        if not len(rows):
            return self.box(x, y, ink.shape[1], ink.shape[0])
        own = ink[rows]
        ends = x + np.concatenate([own.argmax(axis=1), ink.shape[1] - own[:, ::-1].argmax(axis=1)])
        edges = np.concatenate([rows, rows]) + y
        every = np.concatenate([ends, ends]), np.concatenate([edges, edges + 1])
        limits = [extremes(a * every[0] + b * every[1] + c) for a, b, c in self.to_frame.tolist()]
        return self._clipped(limits)

    def _clipped(self, limits: Sequence[tuple[float, float]]) -> Box:
        """The box of whole pixels between the least and greatest x and y."""
        low, high = [], []
        for (least, greatest), size in zip(limits, self.frame_size, strict=True):
            low.append(min(max(math.floor(least), 0), size - 1))
            high.append(min(max(math.ceil(greatest), low[-1] + 1), size))
        return low[0], low[1], high[0] - low[0], high[1] - low[1]

    def quad(self, x: float, y: float, width: float, height: float) -> tuple[Point, Point, Point, Point]:
        """The four corners on the frame of a box on the strip, clockwise from its upper left."""
        limits = np.array(self.frame_size) - 1
        a, b, c, d = (
            (int(px), int(py)) for px, py in np.clip(np.rint(self._map(x, y, width, height)), 0, limits).astype(int)
        )
        return a, b, c, d

    def _map(self, x: float, y: float, width: float, height: float) -> Floats:
        corners = np.array([(x, y, 1), (x + width, y, 1), (x + width, y + height, 1), (x, y + height, 1)])
        return np.asarray(corners @ self.to_frame.T, np.float64)


def cut_out(grey: Uint8, small: Uint8, scale: float, line: Line) -> Strip:
    """Cut a line out of the full picture, upright, its digits `TEXT_HEIGHT` tall.

    grey, small: the full picture and the reduced one it was found on; scale: small / full.
    The reduced one serves where it has pixels enough.
    """
    picture, factor = (small, 1.0) if scale == 1.0 or line.text_height >= 1.2 * TEXT_HEIGHT else (grey, 1 / scale)
    size = TEXT_HEIGHT / (line.text_height * factor)  # strip / picture
    margin = MARGIN * line.text_height
    width = min(line.width, LONGEST * line.text_height) + 2 * margin
    height = min(line.height, 2.2 * line.text_height) + 2 * margin
    out = max(8, round(width * factor * size)), max(8, round(height * factor * size))
    cos, sin = np.cos(line.angle) / size, np.sin(line.angle) / size
    centre = (np.array(line.centre) + 0.5) * factor - 0.5
    to_picture = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
    to_picture[:, 2] = centre - to_picture[:, :2] @ ((np.array(out) - 1) / 2)
    strip = _warp(picture, to_picture, out, size)
    to_frame = to_picture.copy()
    if picture is small and scale != 1.0:
        to_frame = to_picture / scale
        to_frame[:, 2] += 0.5 / scale - 0.5
    return Strip(strip, to_frame, (grey.shape[1], grey.shape[0]))


def _warp(picture: Uint8, to_picture: Floats, out: tuple[int, int], size: float) -> Uint8:
    """Sample the picture; one that is to shrink is first averaged down, so that no stroke falls between samples."""
    corners = np.array([(0, 0, 1), (out[0], 0, 1), (0, out[1], 1), (out[0], out[1], 1)]) @ to_picture.T
    low = np.clip(np.floor(corners.min(axis=0)).astype(int) - 2, 0, np.array(picture.shape[::-1]) - 1)
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 3, low + 1, picture.shape[::-1])
    part = picture[low[1] : high[1], low[0] : high[0]]
    matrix = to_picture.copy()
    matrix[:, 2] -= low
    if size < 0.75:
        new = max(1, round(part.shape[1] * size)), max(1, round(part.shape[0] * size))
        ratio = np.array([new[0] / part.shape[1], new[1] / part.shape[0]])
        part = scaled(part, new)
        matrix *= ratio[:, None]
        matrix[:, 2] += 0.5 * ratio - 0.5
    paper = float(np.median(part[::2, ::2]))  # beyond the picture's edge
    return Warp(matrix, out)(part, paper)
