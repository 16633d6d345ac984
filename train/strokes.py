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
            "0,96 22,90 6,60 14,16 40,2 64,22 66,62 48,92 78,96",
            "78,6 56,44 34,90 12,88 4,54 18,14 38,18 58,58 80,94",
            "84,6 40,3 10,24 4,66 26,98 54,82 58,40 36,4",
            "34,0 14,20 4,60 22,98 52,90 62,50 44,14 20,16",
            "30,4 4,40 14,92 50,94 66,50 46,6 18,10 8,30",
            "40,10 4,40 30,96 80,80 84,30 44,8",
            "62,14 40,2 10,24 4,66 24,98 52,88 66,50 56,14",
            "44,16 30,2 8,30 4,70 24,98 48,88 58,54 50,22",
            "20,8 50,2 70,30 60,80 28,98 4,70 8,30 30,6 60,10",
            "10,30 30,4 56,18 56,70 30,98 6,74 10,34 44,4 90,0",
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
            "0,92 24,4 24,4 36,98",
            "2,66 28,0 28,0 30,98",
            "36,2 20,48 0,98",
            "2,2 14,50 26,98",
            "12,2 12,98 | 0,98 28,97",
            "20,2 17,24 14,60 2,96",
            "4,64 24,34 32,6 24,0 17,26 18,98",
            "0,36 26,4 26,4 18,98",
            "6,20 26,0 22,50 20,97 | 4,97 40,96",
            "0,74 22,30 36,0 30,50 26,98",
            "6,30 28,2 24,50 16,98 10,90",
        ],
        "2": [
            "6,24 20,4 46,4 56,26 40,56 6,96 6,96 34,95 64,96",
            "8,22 30,2 54,16 46,48 18,82 8,92 14,78 28,82 44,96 64,90",
            "4,12 24,2 50,8 52,34 28,68 4,94 4,94 20,88 44,96 66,90",
            "10,26 26,4 50,14 42,52 16,86 4,80 14,72 34,88 52,98 70,90",
            "4,6 30,3 54,4 54,4 36,44 6,96 6,96 60,96",
            "30,30 16,26 14,10 34,2 52,16 44,44 18,82 6,96 6,96 36,92 64,96",
            "18,28 12,12 30,2 52,12 48,40 24,76 8,92 4,80 18,76 36,92 68,92",
            "8,14 28,2 50,12 44,40 22,90 22,90 46,94",
            "6,8 52,6 52,6 6,94 6,94 60,96",
            "26,26 34,15 22,8 12,20 24,34 46,24 50,40 24,80 6,96 6,96 60,94",
            "10,20 34,2 56,20 40,54 12,84 2,96 16,84 34,90 52,98 74,84",
            "34,22 22,28 10,18 20,4 42,4 50,20 38,50 10,92 10,92 60,94",
            "28,32 12,24 18,4 44,2 54,22 40,50 16,74 4,92 18,94 26,80 44,90 66,88",
            "8,20 30,2 54,14 48,44 12,96 12,96 30,84 64,98",
        ],
        "3": [
            "6,14 28,2 52,14 44,40 24,48 24,48 54,56 56,84 30,98 4,86",
            "4,4 54,4 54,4 26,40 26,40 54,52 56,84 28,99 4,90",
            "8,10 34,2 48,20 34,42 18,46 40,50 54,74 34,97 4,90 0,78",
            "6,16 24,2 46,12 40,38 22,46 34,44 56,62 48,92 20,98 2,84",
            "6,6 48,4 48,4 22,40 22,40 50,60 40,94 4,94",
            "8,12 30,2 46,18 26,42 17,40 26,36 50,60 40,96 6,90",
            "10,4 44,6 40,30 20,42 20,42 52,62 36,98 0,84",
            "12,18 32,2 50,16 36,40 24,46 48,50 56,74 30,98 4,90 6,76 20,84",
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
            "10,4 6,50 6,50 44,46 | 48,2 40,98",
            "20,0 4,52 4,52 56,50 | 40,24 30,98",
            "6,4 8,40 26,48 46,34 50,4 50,4 44,60 34,98",
            "14,8 6,50 24,52 48,44 | 46,28 42,64 44,98",
            "30,2 4,60 4,60 60,58 | 50,10 36,98",
            "28,2 14,30 6,56 30,56 56,50 | 40,34 34,98",
            "6,10 4,44 24,50 46,40 | 50,10 42,60 40,98",
        ],
        "5": [
            "54,4 12,4 12,4 8,40 8,40 34,36 56,58 48,88 22,98 2,88",
            "0,34 10,46 22,6 22,6 66,2 | 14,40 38,44 46,68 32,92 4,98",
            "14,6 8,42 8,42 36,36 54,60 44,90 18,98 2,90 | 14,6 36,5 60,2",
            "18,8 12,40 12,40 40,42 50,68 34,94 4,96 | 18,8 44,10 66,4",
            "56,2 20,6 20,6 10,44 10,44 30,38 50,50 48,80 26,96 0,90",
            "16,12 12,42 12,42 36,40 50,62 40,90 6,96 | 24,4 46,4 66,0",
            "72,2 30,6 30,6 22,44 22,44 36,52 32,84 2,98",
            "56,8 30,4 12,20 20,42 44,56 44,82 20,98 0,90",
            "60,4 16,6 14,44 14,44 50,50 46,92 4,92",
            "18,20 14,46 14,46 38,44 50,66 36,94 4,96 | 26,8 68,2",
            "60,6 22,4 22,4 16,46 30,44 40,66 20,94 0,88",
            "20,14 12,48 30,42 48,58 40,90 10,98 | 22,12 50,8",
            "60,4 24,8 24,8 14,40 14,40 32,46 28,72 4,98",
            "76,0 34,10 34,10 20,46 20,46 40,58 24,90 2,94",
            "10,10 16,46 16,46 36,42 50,64 36,92 8,94 | 14,12 54,4",
        ],
        "6": [
            "48,2 22,20 6,56 10,88 34,98 54,82 48,58 26,54 8,72",
            "40,2 14,34 4,72 20,97 48,92 56,68 40,52 16,60 6,78",
            "56,8 34,2 10,30 4,70 22,98 50,90 54,64 30,52 8,68",
            "28,0 12,40 6,78 22,98 46,94 50,70 30,60 8,76",
            "20,0 12,40 10,96 10,96 34,98 50,82 40,62 14,70",
            "40,4 12,30 6,80 24,98 48,86 44,66 20,66",
            "46,10 22,8 6,40 10,86 36,96 52,76 36,60 18,72",
            "44,0 18,40 8,80 20,98 36,88 34,68 16,70 6,84",
            "22,2 6,50 8,86 30,98 52,80 34,62 8,80",
        ],
        "7": [
            "4,6 56,4 56,4 34,48 20,98",
            "4,6 56,4 56,4 34,48 20,98 | 14,50 56,46",
            "4,18 6,4 6,4 30,10 58,2 58,2 40,46 30,98 | 16,52 62,44",
            "2,14 10,4 30,8 56,2 56,2 38,40 22,98",
            "6,22 6,4 6,4 56,4 56,4 50,50 42,98",
            "6,8 24,4 54,10 54,10 30,60 8,98 | 18,52 52,54",
            "8,20 14,6 44,6 44,6 36,50 30,98 | 4,48 64,42",
            "4,14 30,10 42,4 42,4 30,50 24,98 | 6,46 54,42",
            "10,20 8,8 30,10 54,2 54,2 36,40 22,80 8,96 | 12,50 56,44",
            "2,20 10,6 24,12 30,24 54,2 54,2 38,34 22,98 | 14,54 50,50",
            "4,16 16,4 40,6 50,10 44,30 24,70 18,98 | 10,52 48,46",
            "4,24 6,6 20,14 54,4 54,4 40,30 28,60 22,98 | 14,56 52,50",
            "8,10 50,4 50,4 26,98 | 0,56 62,46",
            "0,8 60,2 60,2 30,98",
            "4,10 44,8 44,8 34,50 34,98 | 12,46 58,46",
            "4,22 10,12 40,8 40,8 30,98 | 2,54 56,44",
            "8,6 12,16 44,8 44,8 28,96 | 4,44 52,50",
            "2,14 20,4 36,14 54,4 54,4 34,44 26,98 | 10,60 54,48",
            "0,6 10,14 50,6 50,6 22,98 | 14,44 58,52",
        ],
        "8": [
            "50,14 28,2 10,18 26,44 50,66 48,90 26,98 6,84 14,60 40,42 54,20 46,8",
            "34,46 12,26 26,2 50,16 36,46 8,72 24,98 54,86 48,62 34,46",
            "56,6 30,2 12,20 28,42 48,64 40,94 16,96 6,76 26,54 50,36 60,10",
            "30,48 14,30 22,4 46,6 48,30 30,48 8,66 10,92 36,99 56,84 50,60 30,48",
            "54,6 40,24 16,44 6,74 22,98 46,88 48,64 24,42 12,20 24,4 42,8",
            "48,10 20,4 12,24 34,46 52,70 36,96 10,90 12,66 36,44 58,12",
            "34,20 22,10 30,0 42,10 30,26 8,60 20,96 48,90 46,56 28,26",
            "24,44 8,24 28,2 48,20 30,44 10,70 24,98 52,86 44,58 24,44",
            "46,16 26,2 10,16 24,40 44,58 42,88 20,98 4,80 18,58 44,36 60,8",
            "30,46 10,28 24,4 46,14 40,38 12,62 10,90 32,98 46,76 36,56 24,46",
        ],
        "9": [
            "52,22 32,4 8,22 10,48 34,52 52,28 54,10 52,50 48,98",
            "50,14 26,2 6,26 20,50 46,40 52,14 52,14 48,60 22,98",
            "46,48 18,50 6,26 24,4 48,10 48,40 48,40 40,98",
            "12,96 16,50 18,10 18,10 40,2 58,22 44,48 20,46",
            "10,98 18,52 24,16 42,2 58,20 46,46 22,44 18,30",
            "54,20 34,4 10,24 16,48 40,46 54,18 54,18 56,60 44,94 18,96",
            "50,10 22,6 8,30 24,46 48,34 54,8 54,8 40,98",
            "22,62 34,44 54,20 44,2 22,4 14,24 30,46 36,70 30,98",
            "50,12 24,4 10,26 26,46 50,30 52,10 54,60 44,94 22,98 8,84",
            "52,10 46,2 14,8 8,30 26,44 48,34 54,14 44,98",
            "36,46 14,36 14,10 38,2 54,18 40,44 28,62 26,98",
            "16,98 18,50 22,14 22,14 48,4 58,26 40,44 20,40",
            "46,4 20,2 8,24 24,44 48,30 50,6 46,98",
            "8,62 30,42 50,18 36,2 14,12 14,32 40,40 52,24 50,60 40,98",
            "34,50 18,44 12,20 30,2 50,14 46,36 28,54 24,78 34,98",
            "18,56 40,40 54,18 38,2 18,10 18,34 34,52 38,76 26,98 10,96",
            "12,98 14,40 16,6 16,6 40,2 56,20 44,42 18,46",
            "20,98 24,60 22,24 34,4 54,12 54,34 36,48 22,40",
            "44,50 22,52 10,30 22,6 46,4 56,24 46,48 30,66 18,98",
            "30,44 12,34 16,8 42,2 56,20 46,44 30,48 34,70 44,98",
            "10,50 30,52 52,34 50,8 26,2 10,20 26,40 44,40 40,70 30,98",
        ],
    }.items()
}
"""Control points of each digit's shapes.  A corner is a point that stands twice."""


LETTERS: dict[str, list[list[list[tuple[float, float]]]]] = {
    letter: [_s(shape) for shape in shapes]
    for letter, shapes in {
        "A": ["0,98 30,2 30,2 58,98 | 12,62 48,62", "2,98 4,40 30,4 54,40 56,98 | 4,58 56,58"],
        "C": ["60,18 36,2 8,30 6,68 34,98 62,82", "54,10 22,8 4,50 24,92 56,92"],
        "E": ["56,4 8,4 8,4 8,96 8,96 58,96 | 8,50 46,50", "52,12 20,6 10,28 34,46 8,70 26,96 56,86"],
        "F": ["10,2 10,98 | 10,4 58,4 | 10,48 46,48", "2,10 64,4 | 30,8 26,60 8,96 | 8,50 48,48"],
        "H": ["8,2 8,98 | 56,2 56,98 | 8,50 56,50"],
        "K": ["8,2 8,98 | 56,4 10,54 10,54 58,98", "10,2 8,98 | 60,6 30,46 10,56 34,60 64,96"],
        "L": ["10,2 10,96 10,96 58,96", "30,2 16,40 12,90 4,96 20,88 36,96 60,92"],
        "M": ["4,98 8,2 8,2 36,70 36,70 64,2 64,2 68,98", "2,98 14,4 24,60 36,60 50,4 60,60 64,98"],
        "N": ["6,98 8,2 8,2 52,98 52,98 54,2", "2,98 10,4 30,50 50,96 58,2"],
        "R": ["10,2 10,98 | 10,4 44,6 52,26 40,46 10,50 | 26,50 58,98", "8,98 12,6 44,4 50,28 14,48 36,58 60,98"],
        "T": ["0,4 64,4 | 32,4 32,98", "4,12 20,4 66,6 | 36,6 32,60 20,96"],
        "U": ["6,2 6,70 28,98 52,74 54,2", "4,6 10,2 8,70 30,96 50,70 56,2 54,80 66,96"],
        "V": ["2,2 28,98 28,98 56,2"],
        "W": ["0,2 16,98 16,98 36,30 36,30 56,98 56,98 72,2", "0,4 8,80 24,94 36,40 44,84 60,92 70,4"],
        "X": ["4,2 56,98 | 56,2 2,98", "4,8 16,4 36,60 56,96 | 58,4 4,96"],
        "Y": ["2,2 28,48 | 58,2 28,50 26,98", "4,4 8,34 28,46 50,4 50,4 44,70 24,120 8,112"],
        "c": ["44,14 24,2 6,34 10,80 30,98 50,84"],
        "d": ["44,50 20,44 4,66 14,94 36,90 46,60 | 48,0 46,96", "42,52 16,46 6,76 24,98 44,70 50,0 46,80 58,98"],
        "f": ["44,6 30,0 22,20 20,98 | 4,42 42,42", "40,10 30,0 22,30 18,90 12,120 20,100 | 6,50 40,46"],
        "h": ["8,0 8,98 | 8,62 26,44 42,58 42,98", "12,96 18,40 28,4 14,10 10,96 10,96 28,52 42,60 42,90 54,96"],
        "k": ["8,0 8,98 | 40,44 10,72 10,72 44,98"],
        "m": [
            "4,96 4,10 4,30 20,4 34,30 34,96 | 34,30 52,4 66,30 66,96",
            "0,40 8,20 10,96 20,20 34,24 36,96 48,20 60,24 62,96 72,90",
        ],
        "n": ["6,96 6,6 6,34 26,6 46,30 46,96", "0,30 10,10 12,96 12,96 28,14 44,24 46,90 58,96"],
        "r": ["8,4 8,96 | 8,40 20,8 42,8", "2,80 14,20 20,10 24,24 44,20 40,80 54,96"],
        "t": ["20,0 20,80 30,97 46,90 | 2,30 42,30", "18,0 16,98 | 0,36 36,34"],
        "u": ["4,6 4,70 20,96 42,76 44,6 | 44,6 46,96", "0,30 8,8 8,76 24,94 40,60 44,8 44,80 56,96"],
        "v": ["2,6 22,96 22,96 44,6", "2,20 8,6 20,94 36,40 40,6 56,12"],
        "w": ["0,6 14,96 14,96 30,30 30,30 46,96 46,96 60,6", "2,10 4,80 18,94 30,50 36,86 54,80 58,8"],
        "x": ["2,6 46,96 | 46,6 2,96", "0,20 12,10 26,60 40,94 54,84 | 50,10 4,94"],
        "y": ["4,6 24,66 | 48,6 10,130", "4,6 8,56 24,64 44,10 44,10 40,96 20,130 4,110"],
        "ee": ["4,60 34,40 24,4 6,50 20,92 44,70 60,50 74,40 64,4 46,50 60,92 86,70"],
        "in": ["4,10 6,80 18,96 28,20 30,96 44,20 56,30 58,96 70,90"],
        "la": ["4,80 30,30 28,2 14,40 16,92 34,84 60,40 40,44 36,80 52,92 64,50 64,88 78,92"],
        "~~": ["2,50 20,10 36,60 54,12 70,60 88,14 104,50", "2,40 14,80 26,20 40,86 54,16 66,84 80,30"],
    }.items()
}
"""Letters that nobody takes for a digit, and runs of running hand."""


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


def drawn(character: str, rng: np.random.Generator, wobble: float = 0.03) -> list[Stroke]:
    """One of a digit's or letter's shapes, its control points moved a little and its proportions changed."""
    shapes = SHAPES[character] if character in SHAPES else LETTERS[character]
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


def zeros(count: int, rng: np.random.Generator) -> list[list[Stroke]]:
    """Zeros that the pen wrote without leaving the paper, as at the end of an amount: the strokes of each.

    All of them lie in one box, one unit tall; a zero's strokes are its loop and half of the way from and to its
    neighbours.
    """
    width, lean = float(rng.uniform(0.4, 0.95)), float(rng.normal(0, 0.15))
    pace = width * float(rng.uniform(0.85, 1.5))  # below 1 the loops overlap
    over = float(rng.uniform(0.0, 0.25))  # how far a loop goes on beyond its beginning, turns
    dip = float(rng.uniform(-0.05, 0.2))
    below = rng.random() < 0.2  # the pen comes and leaves along the line, not along the top
    turns = 2 * np.pi * (np.linspace(0, 1 + over, 30) - over / 2)
    out: list[list[Stroke]] = []
    for k in range(count):
        own = np.exp(rng.normal(0, 0.08, 2))
        angle = turns + float(rng.normal(0, 0.15))
        x = k * pace * float(np.exp(rng.normal(0, 0.02))) - own[0] * width / 2 * np.sin(angle)
        y = 0.5 - own[1] * 0.5 * np.cos(angle)
        loop = np.stack([x + lean * (0.5 - y), y], axis=1)
        if out:
            start, end = out[-1][0][-1], loop[0]
            middle = (start + end) / 2 + np.array([0.0, dip])
            way = _curve(np.stack([start, middle, end]))
            half = len(way) // 2 + 1
            out[-1].append(way[:half])
            out.append([loop, way[half - 1 :]])
        else:
            out.append([loop])
    if rng.random() < 0.4:  # a tail where the pen leaves
        last = out[-1][0][-1]
        out[-1].append(np.stack([last, last + np.array([rng.uniform(0.1, 0.5), rng.uniform(-0.15, 0.15)])]))
    if below:
        out = [[stroke * np.array([1.0, -1.0]) + np.array([0.0, 1.0]) for stroke in one] for one in out]
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
    return place(strokes, height, pen, slant, turn)[0]


def place(
    strokes: list[Stroke], height: float, pen: float, slant: float = 0.0, turn: float = 0.0
) -> tuple[Uint8, tuple[float, float]]:
    """As `render`, and where the ink's left upper corner lies: x and y, pixels from the strokes' origin."""
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
    ink = np.asarray(cv2.resize(canvas, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA), np.uint8)
    return ink, (float(low[0]), float(low[1]))
