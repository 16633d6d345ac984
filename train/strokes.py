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

from train.letters import LETTERS
from train.shapes import SHAPES

Stroke = NDArray[np.float64]
Uint8 = NDArray[np.uint8]

SUBPIXEL = 4
"""Fractional bits of OpenCV's drawing coordinates."""
SMOOTH = 8
"""Points drawn between two control points."""


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
