"""Ink → glyphs: the connected components of a line, sorted into digits and what is too small to be one."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from device.ink import contrast, soften, threshold
from device.lines import TEXT_HEIGHT, Strip
from device.pixels import normalise

Uint8 = NDArray[np.uint8]

WINDOW = 45
"""Window of the paper's brightness on a strip, pixels: a little more than a digit's height."""
HALO = np.ones((3, 3), np.uint8)
"""A glyph takes the soft edge of its strokes with it: its binary pixels, grown by one."""
SMALLEST_HEIGHT = 0.42
"""Least height of a digit, as a share of the line's; what is smaller is a dot, a comma, a hyphen, a speck."""
SMALLEST_AREA = 12
OVERLAP = 0.6
"""Two components of which one covers this share of the other's width are one digit in two strokes."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A part of a line's ink, on the strip."""

    x: int
    y: int
    width: int
    height: int
    labels: tuple[int, ...]
    """The components that it is made of."""
    area: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True, eq=False)
class LineInk:
    """A strip's ink, and the pieces it falls into, left to right."""

    soft: Uint8
    labels: NDArray[np.int32]
    pieces: tuple[Piece, ...]
    text_height: float
    """Height of its digits on the strip, pixels."""


def segment(strip: Strip) -> LineInk:
    """The pieces of a line, left to right."""
    map_ = contrast(strip.grey, WINDOW)
    least = threshold(map_)
    binary = (map_ > least).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    pieces = [
        Piece(int(x), int(y), int(w), int(h), (k,), int(area))
        for k, (x, y, w, h, area) in enumerate(stats[1:count], start=1)
        if area >= SMALLEST_AREA and w < 8 * max(h, 8) and _inside(y, h, binary.shape[0])
    ]
    text_height = _text_height(pieces)
    pieces = sorted(_joined(pieces, text_height), key=lambda piece: piece.x + piece.width / 2)
    return LineInk(soften(map_, least), np.asarray(labels, np.int32), tuple(pieces), text_height)


def glyph_pixels(ink: LineInk, piece: Piece) -> Uint8:
    """The network's input for a piece: uint8[32, 32], its own ink and nothing of its neighbours."""
    top, left = max(piece.y - 1, 0), max(piece.x - 1, 0)
    window = np.s_[top : piece.y + piece.height + 1, left : piece.right + 1]
    own = np.isin(ink.labels[window], piece.labels)
    mask = cv2.dilate(own.view(np.uint8), HALO).view(np.bool_)
    return normalise(ink.soft[window], mask, ink.text_height)


def is_digit_sized(piece: Piece, text_height: float) -> bool:
    return piece.height >= SMALLEST_HEIGHT * text_height


def _inside(y: int, height: int, rows: int) -> bool:
    """Neighbouring lines reach into a strip's margin; they touch its edge and hardly enter."""
    return not ((y == 0 or y + height == rows) and height < 0.3 * rows)


def _text_height(pieces: list[Piece]) -> float:
    heights = [piece.height for piece in pieces if piece.height > 0.3 * TEXT_HEIGHT]
    return float(np.quantile(heights, 0.7)) if heights else float(TEXT_HEIGHT)


def _joined(pieces: list[Piece], text_height: float) -> list[Piece]:
    """Put strokes that lie over one another together: a five and its hat."""
    out: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.x):
        if out and _one_digit(out[-1], piece, text_height):
            out[-1] = _union(out[-1], piece)
        else:
            out.append(piece)
    return out


def _one_digit(a: Piece, b: Piece, text_height: float) -> bool:
    overlap = min(a.right, b.right) - max(a.x, b.x)
    together = max(a.y + a.height, b.y + b.height) - min(a.y, b.y)
    wide = max(a.right, b.right) - min(a.x, b.x)
    return overlap > OVERLAP * min(a.width, b.width) and together < 1.35 * text_height and wide < 1.3 * text_height


def _union(a: Piece, b: Piece) -> Piece:
    x, y = min(a.x, b.x), min(a.y, b.y)
    width, height = max(a.right, b.right) - x, max(a.y + a.height, b.y + b.height) - y
    return Piece(x, y, width, height, a.labels + b.labels, a.area + b.area)
