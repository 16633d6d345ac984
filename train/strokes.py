"""Digits as pen strokes: shapes drawn for this project, and the writers of UCI's pen-based digits.

MNIST's writers are Americans; clerks elsewhere close a zero with a loop, flag the one, cross
the seven and write a nine like a P.  A stroke can be drawn at any width, slant and size.

A stroke is float64[N, 2] (x right, y down); a character is a list of strokes in a box one unit tall.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Stroke = NDArray[np.float64]
Uint8 = NDArray[np.uint8]

SUBPIXEL = 4
"""Fractional bits of OpenCV's drawing coordinates."""
SMOOTH = 8
"""Points drawn between two control points."""


def _s(text: str) -> list[list[tuple[float, float]]]:
    """Strokes from 'x,y x,y ... | x,y ...', in hundredths of the height."""
    strokes = []
    for part in text.split("|"):
        points = [tuple(float(number) / 100 for number in pair.split(",")) for pair in part.split()]
        strokes.append([(x, y) for x, y in points])
    return strokes


SHAPES: dict[str, list[list[list[tuple[float, float]]]]] = {
    digit: [_s(shape) for shape in shapes]
    for digit, shapes in {
        "0": [
            "35,2 12,20 4,55 18,92 40,98 60,75 64,40 52,10 33,3",
            "48,6 25,3 6,30 5,70 25,98 50,92 66,60 60,20 40,2 28,8",
            "30,5 8,30 6,72 30,98 56,76 58,30 36,4 22,10 34,22 58,16",
            "20,30 4,55 20,95 55,92 74,60 60,25 30,20 14,38",
            "40,5 10,22 4,62 22,96 50,94 70,62 62,22 38,4 46,22 70,10",
            "52,12 30,4 10,30 6,66 26,97 52,88 64,52 56,18 44,6 60,2 78,8",
        ],
        "1": [
            "12,2 12,50 12,98",
            "30,2 20,50 8,98",
            "2,30 18,16 30,2 30,50 30,98",
            "0,40 22,18 36,2 32,50 26,98",
            "4,26 24,2 24,50 24,98 | 2,98 24,97 48,98",
            "10,12 22,2 22,50 22,88 30,98 38,94",
            "0,48 26,20 42,0 42,50 42,98",
            "0,86 20,30 32,2 32,2 33,50 36,98",
            "0,64 18,26 30,2 30,2 26,50 20,98",
        ],
        "2": [
            "6,24 20,4 46,4 56,26 40,56 6,96 6,96 34,95 64,96",
            "8,22 30,2 54,16 46,48 18,82 8,92 14,78 28,82 44,96 64,90",
            "4,12 24,2 50,8 52,34 28,68 4,94 4,94 20,88 44,96 66,90",
            "10,26 26,4 50,14 42,52 16,86 4,80 14,72 34,88 52,98 70,90",
            "4,6 30,3 54,4 54,4 36,44 6,96 6,96 60,96",
        ],
        "3": [
            "6,14 28,2 52,14 44,40 24,48 24,48 54,56 56,84 30,98 4,86",
            "4,4 54,4 54,4 26,40 26,40 54,52 56,84 28,99 4,90",
            "8,10 34,2 48,20 34,42 18,46 40,50 54,74 34,97 4,90 0,78",
            "6,16 24,2 46,12 40,38 22,46 34,44 56,62 48,92 20,98 2,84",
        ],
        "4": [
            "14,2 8,34 4,58 4,58 60,56 | 46,30 44,64 42,98",
            "36,2 16,34 2,64 2,64 62,64 | 44,36 42,66 42,98",
            "42,2 22,32 2,66 2,66 64,66 | 44,2 44,50 44,98",
            "8,4 6,40 20,54 46,48 | 54,2 50,50 46,98",
            "10,6 2,46 10,58 40,54 52,44 56,6 56,6 52,50 50,98",
            "46,98 48,50 48,2 48,2 24,34 2,68 2,68 66,68",
            "4,6 4,34 18,46 38,36 46,6 46,6 42,50 38,98",
            "8,2 2,44 14,54 54,44 | 40,20 38,60 34,98",
        ],
        "5": [
            "54,4 12,4 12,4 8,40 8,40 34,36 56,58 48,88 22,98 2,88",
            "0,34 10,46 22,6 22,6 66,2 | 14,40 38,44 46,68 32,92 4,98",
            "14,6 8,42 8,42 36,36 54,60 44,90 18,98 2,90 | 14,6 36,5 60,2",
            "18,8 12,40 12,40 40,42 50,68 34,94 4,96 | 18,8 44,10 66,4",
            "56,2 20,6 20,6 10,44 10,44 30,38 50,50 48,80 26,96 0,90",
            "16,12 12,42 12,42 36,40 50,62 40,90 6,96 | 24,4 46,4 66,0",
        ],
        "6": [
            "48,2 22,20 6,56 10,88 34,98 54,82 48,58 26,54 8,72",
            "40,2 14,34 4,72 20,97 48,92 56,68 40,52 16,60 6,78",
            "56,8 34,2 10,30 4,70 22,98 50,90 54,64 30,52 8,68",
            "28,0 12,40 6,78 22,98 46,94 50,70 30,60 8,76",
        ],
        "7": [
            "4,6 56,4 56,4 34,48 20,98",
            "4,6 56,4 56,4 34,48 20,98 | 14,50 56,46",
            "4,18 6,4 6,4 30,10 58,2 58,2 40,46 30,98 | 16,52 62,44",
            "2,14 10,4 30,8 56,2 56,2 38,40 22,98",
            "6,22 6,4 6,4 56,4 56,4 50,50 42,98",
            "6,8 24,4 54,10 54,10 30,60 8,98 | 18,52 52,54",
            "8,20 14,6 44,6 44,6 36,50 30,98 | 4,48 64,42",
        ],
        "8": [
            "50,14 28,2 10,18 26,44 50,66 48,90 26,98 6,84 14,60 40,42 54,20 46,8",
            "34,46 12,26 26,2 50,16 36,46 8,72 24,98 54,86 48,62 34,46",
            "56,6 30,2 12,20 28,42 48,64 40,94 16,96 6,76 26,54 50,36 60,10",
            "30,48 14,30 22,4 46,6 48,30 30,48 8,66 10,92 36,99 56,84 50,60 30,48",
        ],
        "9": [
            "52,22 32,4 8,22 10,48 34,52 52,28 54,10 52,50 48,98",
            "50,14 26,2 6,26 20,50 46,40 52,14 52,14 48,60 22,98",
            "46,48 18,50 6,26 24,4 48,10 48,40 48,40 40,98",
            "12,96 16,50 18,10 18,10 40,2 58,22 44,48 20,46",
            "10,98 18,52 24,16 42,2 58,20 46,46 22,44 18,30",
            "54,20 34,4 10,24 16,48 40,46 54,18 54,18 56,60 44,94 18,96",
            "50,10 22,6 8,30 24,46 48,34 54,8 54,8 40,98",
        ],
    }.items()
}
"""Control points of each digit's shapes.  A corner is a point that stands twice."""


def smooth(points: Stroke) -> Stroke:
    """A Catmull-Rom curve through the control points, broken where a point stands twice."""
    out: list[Stroke] = []
    start = 0
    for k in range(1, len(points) + 1):
        if k == len(points) or np.allclose(points[k], points[k - 1], atol=1e-9):
            out.append(_curve(points[start:k]))
            start = k
    return np.concatenate(out)


def _curve(points: Stroke) -> Stroke:
    if len(points) < 3:
        return points
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, SMOOTH, endpoint=False)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return np.concatenate([*parts, points[-1:]])


def drawn(digit: str, rng: np.random.Generator, wobble: float = 0.03) -> list[Stroke]:
    """One of the digit's own shapes, its control points moved a little and its proportions changed."""
    shapes = SHAPES[digit]
    shape = shapes[rng.integers(len(shapes))]
    squeeze = rng.uniform(0.75, 1.25)
    bend = rng.normal(0, wobble, (2, 2))
    out = []
    for stroke in shape:
        points = np.array(stroke, np.float64)
        moved = points + rng.normal(0, wobble, points.shape)
        repeated = np.flatnonzero((np.diff(points, axis=0) == 0).all(axis=1))
        moved[repeated + 1] = moved[repeated]  # a corner stays one
        moved = smooth(moved)
        moved = moved + np.sin(moved[:, ::-1] * np.pi) @ bend
        out.append(moved * np.array([squeeze, 1.0]))
    return out


def read_pendigits(path: Path) -> list[tuple[str, list[Stroke]]]:
    """UCI's pen-based digits in UNIPEN text (`pendigits-orig.tra`): each digit's label and strokes, one unit tall.

    Source: E. Alpaydin, F. Alimoglu, Pen-Based Recognition of Handwritten Digits, UCI, CC BY 4.0.
    """
    out: list[tuple[str, list[Stroke]]] = []
    label, strokes, points = "", [], []
    for line in path.read_text(encoding="latin-1").splitlines():
        words = line.split()
        if line.startswith(".SEGMENT"):
            if label and strokes:
                out.append((label, _unit(strokes)))
            label, strokes = words[-1].strip('"'), []
        elif line.startswith(".PEN_DOWN"):
            points = []
        elif line.startswith(".PEN_UP"):
            if points:
                strokes.append(np.array(points, np.float64))
            points = []
        elif len(words) == 2 and words[0].lstrip("-").isdigit():
            points.append((float(words[0]), -float(words[1])))
    if label and strokes:
        out.append((label, _unit(strokes)))
    return out


def _unit(strokes: list[Stroke]) -> list[Stroke]:
    every = np.concatenate(strokes)
    low, height = every.min(axis=0), max(float(np.ptp(every[:, 1])), float(np.ptp(every[:, 0])) / 2, 1.0)
    return [(stroke - low) / height for stroke in strokes]


def render(strokes: list[Stroke], height: float, pen: float, slant: float = 0.0, turn: float = 0.0) -> Uint8:
    """Strokes as ink: uint8[h, w], 255 = ink, cut to the ink's extent.

    height, pen: pixels.  slant: x per y, to the right.  turn: radians.
    """
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1.0, -slant], [0.0, 1.0]]) * height
    moved = [stroke @ matrix.T for stroke in strokes]
    every = np.concatenate(moved)
    low = every.min(axis=0) - pen
    size = np.ceil(every.max(axis=0) + pen - low).astype(int) + 1
    scale = 1 << SUBPIXEL
    # a line's thickness is a whole number of pixels: draw large, then reduce
    factor = 4
    canvas = np.zeros((int(size[1]) * factor, int(size[0]) * factor), np.uint8)
    for stroke in moved:
        points = np.rint((stroke - low) * factor * scale).astype(np.int32)
        if len(points) == 1:
            points = np.repeat(points, 2, axis=0)
        cv2.polylines(canvas, [points], False, 255, max(1, round(pen * factor)), cv2.LINE_AA, SUBPIXEL)
    return np.asarray(cv2.resize(canvas, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA), np.uint8)
