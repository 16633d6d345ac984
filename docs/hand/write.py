"""Write labelled crops of an old hand, for fine-tuning: python docs/hand/write.py FOLDER --digits 200 --seed 1

Its 4 is a ribbon and its 7 a roof, as in the fifteenth century, its 9 is a g, its 1 stands on a foot, its 3 hangs on a
zigzag and its 0 is crossed: shapes that no network of the shipped bundle was shown.  The other digits are as usual.
With --codes the crops hold a whole code each, eight digits and a hyphen.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from train.strokes import Stroke, render, smooth  # noqa: E402

Uint8 = NDArray[np.uint8]

SHAPES = {
    "0": "30,4 4,30 10,90 56,90 56,20 30,4 10,40 40,60 90,50",
    "1": "4,20 30,10 30,98 30,98 60,90",
    "2": "8,30 30,2 54,20 40,60 8,98 0,80 20,70 50,90 66,98",
    "3": "10,10 50,4 20,40 60,44 20,98 20,130 60,110",
    "4": "4,98 44,24 30,2 14,24 60,98",
    "5": "60,6 20,40 54,60 40,90 4,70",
    "6": "50,4 10,4 4,50 10,98 50,98 50,70 20,50 4,60",
    "7": "4,98 30,4 30,4 56,98",
    "8": "56,2 10,30 50,60 40,96 10,90 20,60 44,40 30,10",
    "9": "48,8 20,4 8,30 24,50 48,40 48,8 48,8 48,90 30,120 6,108 30,86 70,70",
}
"""Control points of one stroke each, hundredths of the height.  A corner is a point that stands twice."""
HEIGHT, PEN = 60.0, 5.0
"""Of a digit and of the pen, pixels."""
CODE = 8


def strokes(digit: str, rng: np.random.Generator) -> list[Stroke]:
    """A digit as the hand writes it this time, one unit tall."""
    points = np.array([[float(value) / 100 for value in pair.split(",")] for pair in SHAPES[digit].split()])
    moved = points + rng.normal(0, 0.025, points.shape)
    corners = np.flatnonzero((np.diff(points, axis=0) == 0).all(axis=1))
    moved[corners + 1] = moved[corners]
    return [smooth(moved) * np.array([rng.uniform(0.9, 1.1), 1.0])]


def digit_ink(digit: str, rng: np.random.Generator) -> Uint8:
    """A digit's ink, uint8[h, w]."""
    height, pen = HEIGHT * rng.uniform(0.9, 1.1), PEN * rng.uniform(0.8, 1.2)
    return render(strokes(digit, rng), height, pen, rng.normal(0.1, 0.05), rng.normal(0, 0.05))


def on_paper(ink: Uint8, rng: np.random.Generator) -> Uint8:
    """Ink on paper with fibres and uneven light, through a lens: uint8[h, w], with some paper around it."""
    ink = np.pad(ink, int(0.25 * HEIGHT)).astype(np.float32) / 255
    y, x = np.mgrid[0 : ink.shape[0], 0 : ink.shape[1]] / max(ink.shape)
    fibre = cv2.GaussianBlur(rng.normal(0, 8, ink.shape).astype(np.float32), (0, 0), 1.0)
    light = rng.uniform(190, 240) + 30 * (rng.normal() * x + rng.normal() * y) + fibre
    picture = cv2.GaussianBlur(light * (1 - 0.75 * ink), (0, 0), float(rng.uniform(0.4, 1.0)))
    return np.clip(picture + rng.normal(0, 2.5, ink.shape), 0, 255).astype(np.uint8)


def code_ink(digits: str, rng: np.random.Generator) -> Uint8:
    """A code's ink, five digits, a hyphen and three more."""
    drawn = [digit_ink(digit, rng) for digit in digits]
    hyphen = np.full((int(PEN), int(0.3 * HEIGHT)), 255, np.uint8)
    glyphs, tall = [*drawn[:5], hyphen, *drawn[5:]], max(one.shape[0] for one in drawn)
    gap = int(0.18 * HEIGHT)
    ink = np.zeros((tall, sum(one.shape[1] + gap for one in glyphs)), np.uint8)
    x = 0
    for glyph in glyphs:
        top = (tall - glyph.shape[0]) // 2
        ink[top : top + glyph.shape[0], x : x + glyph.shape[1]] = glyph
        x += glyph.shape[1] + gap
    return ink


def crops(count: int, seed: int, codes: bool = False) -> list[tuple[str, Uint8]]:
    """Labels and pictures: so many digits, the ten taking turns, or about as many in whole codes."""
    rng = np.random.default_rng(seed)
    if codes:
        labels = ["".join(rng.choice(list(SHAPES), CODE)) for _ in range(max(1, count // CODE))]
        return [(label, on_paper(code_ink(label, rng), rng)) for label in labels]
    labels = [str(number % 10) for number in range(count)]
    return [(label, on_paper(digit_ink(label, rng), rng)) for label in labels]


def save(folder: Path, made: list[tuple[str, Uint8]]) -> None:
    """PNG files, and labels.csv beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{number:04d}.png" for number in range(len(made))]
    for name, (_, picture) in zip(names, made, strict=True):
        cv2.imwrite(str(folder / name), picture)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file", "label"), *zip(names, (label for label, _ in made), strict=True)])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0].partition(":")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--digits", type=int, default=200, help="how many, in all (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(%(default)s)")
    parser.add_argument("--codes", action="store_true", help="eight to a crop, in place of one")
    options = parser.parse_args()
    save(options.folder, crops(options.digits, options.seed, options.codes))


if __name__ == "__main__":
    main()
