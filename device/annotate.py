"""The picture with what was read drawn on it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from device.errors import InputError
from device.types import Frame, Reading

ACCEPTED, REFUSED = (60, 150, 30), (40, 90, 220)
"""Blue, green, red."""
LARGEST = 25_000_000
"""Pixels; a larger frame is drawn reduced, so that its copy and the file's bytes fit beside it."""


def annotate(frame: Frame, readings: Sequence[Reading]) -> NDArray[np.uint8]:
    """A copy of the frame, uint8[H, W, 3], with boxes, digits and codes; reduced to `LARGEST` where it is larger."""
    height, width = frame.image.shape[:2]
    scale = min(1.0, (LARGEST / (height * width)) ** 0.5)
    size = max(1, int(width * scale)), max(1, int(height * scale))
    image = frame.image if scale == 1.0 else cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
    picture = np.array(image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
    unit = max(picture.shape[:2]) / 1000
    found = any(reading.accepted for reading in readings)
    for reading in reversed(readings):  # the accepted one last, on top
        colour = ACCEPTED if reading.accepted else REFUSED
        thick = max(1, round(2 * unit))
        cv2.polylines(
            picture, [np.rint(np.array(reading.quad) * scale).astype(np.int32)], True, colour, thick, cv2.LINE_AA
        )
        if found and not reading.accepted:
            continue  # an outline is enough for what was passed over
        label = reading.code if reading.accepted else f"? {reading.reason}"
        _label(
            picture, f"{label} {reading.confidence:.2f}", [round(side * scale) for side in reading.box], unit, colour
        )
        for digit, box in zip(reading.digits, reading.digit_boxes, strict=True):
            x, y, width, height = (round(side * scale) for side in box)
            cv2.rectangle(picture, (x, y), (x + width, y + height), colour, max(1, thick // 2), cv2.LINE_AA)
            _write(picture, digit, x + width // 3, y + height + round(24 * unit), 0.8 * unit, colour)
    return picture


@dataclass(slots=True)
class Names:
    """Names for pictures in a folder: one of its own for every page of every source, and never an input's."""

    folder: Path
    inputs: Sequence[str] | None
    """What will be read; None where that is not known beforehand, and nothing that is there may be overwritten."""
    owners: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Source and page that a name was given to."""

    def paths(self, frame: Frame, endings: Sequence[str]) -> list[Path]:
        """Where to write the pictures of a frame: a/1.png → FOLDER/1ENDING, and b/1.png → FOLDER/1-2ENDING."""
        owner = frame.source, frame.page
        plain = Path(frame.source).stem + (f"-page{frame.page}" if frame.pages > 1 else "")
        for number in count(1):
            name = plain if number == 1 else f"{plain}-{number}"
            paths = [self.folder / f"{name}{ending}" for ending in endings]
            if self.owners.get(name) == owner or (name not in self.owners and not any(map(self._is_input, paths))):
                self.owners[name] = owner
                return paths
        raise AssertionError  # never: there is always another number

    def _is_input(self, path: Path) -> bool:
        try:
            if self.inputs is None:
                return os.path.lexists(path)
            return path.exists() and any(path.samefile(input) for input in self.inputs if Path(input).exists())
        except (OSError, ValueError):  # writing to it will say what is wrong
            return False


def save(names: Names, frame: Frame, readings: Sequence[Reading]) -> Path:
    """Write the annotated frame; the path it went to."""
    (path,) = names.paths(frame, ["-read.png"])
    write(path, annotate(frame, readings))
    return path


def write(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture as PNG, and its folder where there is none.  Raises InputError."""
    ok, data = cv2.imencode(".png", picture)
    if not ok:
        raise InputError(f"{path}: the annotated picture cannot be encoded")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise InputError(f"{path}: the annotated picture cannot be written ({error.strerror})") from error


def _label(
    picture: NDArray[np.uint8], text: str, box: Sequence[int], unit: float, colour: tuple[int, int, int]
) -> None:
    """Beside the box where there is room, else above it."""
    x, y, width, height = box
    (length, tall), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.8 * unit, max(1, round(1.6 * unit)))
    right = x + width + round(14 * unit)
    if right + length < picture.shape[1]:
        _write(picture, text, right, y + (height + tall) // 2, 0.8 * unit, colour)
    else:
        _write(picture, text, x, y - round(14 * unit), 0.8 * unit, colour)


def _write(picture: NDArray[np.uint8], text: str, x: int, y: int, size: float, colour: tuple[int, int, int]) -> None:
    """Text on a white shadow, inside the picture."""
    (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, max(1, round(2 * size)))
    x = max(0, min(x, picture.shape[1] - width - 1))
    y = max(height + 1, min(y, picture.shape[0] - base - 1))
    for ink, thick in (((255, 255, 255), max(3, round(6 * size))), (colour, max(1, round(2 * size)))):
        cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, ink, thick, cv2.LINE_AA)
