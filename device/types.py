"""The nouns of the pipeline: frame → glyph → digit → reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""x, y, width, height: integer pixels of the frame, clipped to it."""

Point = tuple[int, int]
"""x, y: integer pixels of the frame."""


def covers(box: Box, other: Box, share: float) -> bool:
    """Whether a box covers so much of another."""
    left, top = max(box[0], other[0]), max(box[1], other[1])
    right, bottom = min(box[0] + box[2], other[0] + other[2]), min(box[1] + box[3], other[1] + other[3])
    return max(0, right - left) * max(0, bottom - top) >= share * other[2] * other[3]


def around(boxes: Sequence[Box]) -> Box:
    """The box around boxes, of which there is one at least."""
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return left, top, right - left, bottom - top


def shifted(box: Box, across: int, down: int) -> Box:
    """A box so many pixels further on."""
    return box[0] + across, box[1] + down, box[2], box[3]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture as it came from its source, after EXIF rotation and before anything else."""

    image: NDArray[np.uint8]
    """uint8[H, W] grey or uint8[H, W, 3] in the order blue, green, red."""
    source: str = ""
    """Where it came from, as the user named it."""
    page: int = 0
    """Which page of the source, from 0."""
    pages: int = 1
    """How many pages the source has."""


@dataclass(frozen=True, slots=True, eq=False)
class Glyph:
    """A piece of ink that may be a digit."""

    pixels: NDArray[np.uint8]
    """uint8[32, 32], the network's input (see `device.pixels`)."""
    box: Box
    """Where it lies on the frame."""


@dataclass(frozen=True, slots=True)
class Digit:
    """A glyph with the network's opinion of it."""

    value: int
    """0 to 9."""
    confidence: float
    """Probability that the glyph is this digit, 0 to 1."""
    box: Box


@dataclass(frozen=True, slots=True)
class Reading:
    """A line of digits, taken for a code or turned down."""

    code: str
    """The code as its country writes it: ``01310-100``."""
    digits: str
    """Its digits alone: ``01310100``."""
    format: str
    """The format's name: ``cep``, ``digits``, …"""
    confidence: float
    """Calibrated probability that this is the code asked for, wholly right."""
    accepted: bool
    reason: str | None
    """Why it was turned down, one of `device.decode.REASONS`; None when accepted."""
    detail: str | None
    """The reason in words, with figures; may change between versions."""
    known: bool | None
    """Is the code in the list of known codes; None without a list."""
    box: Box
    """Upright box around all digits."""
    quad: tuple[Point, Point, Point, Point]
    """The line's corners, clockwise from its upper left."""
    digit_boxes: tuple[Box, ...]
    digit_confidences: tuple[float, ...]
    digit_scores: tuple[tuple[float, ...], ...]
    """Log probability of 0 to 9 for each digit, for who reads the same code several times; not in the line of JSON."""

    def moved(self, across: int, down: int) -> Reading:
        """The same, so many pixels further on."""
        first, second, third, fourth = ((x + across, y + down) for x, y in self.quad)
        return replace(
            self,
            box=shifted(self.box, across, down),
            quad=(first, second, third, fourth),
            digit_boxes=tuple(shifted(box, across, down) for box in self.digit_boxes),
        )

    def plain(self) -> dict[str, Any]:
        """As it stands in a line of JSON."""
        line = asdict(self)
        del line["digit_scores"]
        return line
