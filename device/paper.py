"""White paper to draw on: sheets of words, set below one another."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Uint8 = NDArray[np.uint8]
Colour = tuple[int, int, int]
"""Blue, green, red."""

TEXT, CAPTION, FAINT = (60, 50, 45), (120, 110, 100), (165, 160, 155)
PAPER = (255, 255, 255)
BORDER = 28
"""Around a whole sheet, pixels."""


def blank(width: int, height: int) -> Uint8:
    return np.full((height, width, 3), 255, np.uint8)


def stack(panels: Sequence[Uint8]) -> Uint8:
    """Panels below one another on white, with a border."""
    width = max(panel.shape[1] for panel in panels)
    wide = [cv2.copyMakeBorder(p, 0, 0, 0, width - p.shape[1], cv2.BORDER_CONSTANT, value=PAPER) for p in panels]
    sheet = cv2.copyMakeBorder(np.concatenate(wide), *(BORDER,) * 4, cv2.BORDER_CONSTANT, value=PAPER)
    return np.asarray(sheet, np.uint8)


def heading(text: str, colour: Colour, width: int, size: float = 0.75) -> Uint8:
    sheet = blank(width, 44)
    put(sheet, text, 0, 26, colour, size)
    return sheet


def caption(text: str, width: int) -> Uint8:
    sheet = blank(width, 52)
    put(sheet, text, 0, 36, CAPTION, 0.7)
    return sheet


def words(lines: Sequence[str], width: int) -> Uint8:
    sheet = blank(width, 32 * len(lines) + 8)
    for row, text in enumerate(lines):
        put(sheet, text, 0, 24 + 32 * row, TEXT, 0.7)
    return sheet


def put(sheet: Uint8, text: str, x: int, y: int, colour: Colour, size: float) -> None:
    """OpenCV's own typeface, which has ASCII only; x, y: left end of the base line."""
    plain = text.encode("ascii", "replace").decode()
    thick = 2 if size > 0.8 else 1
    cv2.putText(sheet, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, colour, thick, cv2.LINE_AA)


def centred(sheet: Uint8, text: str, x: int, y: int, colour: Colour, size: float) -> None:
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    put(sheet, text, x - width // 2, y, colour, size)
