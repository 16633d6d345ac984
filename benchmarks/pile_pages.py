"""A pile of envelopes as a 300-dpi scanner leaves it: C6 and DL, half of them by hand, JPEG files and their truth."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.envelopes import addressed, cep
from benchmarks.errors import BenchmarkError
from benchmarks.render import unseen_digits, writers
from device.model import Bundle
from train import data
from train.workers import spread
from train.writers import Hands

Uint8 = NDArray[np.uint8]

OURS = 0x0B1E5
"""First word of every seed here; nothing else uses it."""
DPI = 300
INCH = 25.4
SIZES = {"c6": (162, 114), "dl": (220, 110)}
"""Width and height of an envelope, millimetres (ISO 269)."""
WRITING = {"envhand": True, "envprint": False}
"""Whether the addressee is written by hand, by the kind as `benchmarks.cases` calls it."""
JPEG_QUALITY = 75, 93
SENSOR_NOISE = 1.5, 4.0
"""Standard deviation of a scanner's noise, grey levels, on top of what the paper and lens have."""


def render(folder: Path, count: int, seed: int, workers: int, fonts: Path) -> list[Case]:
    """Write so many pages and their truth.csv; those of a count begin like those of a larger one.

    fonts: the folder of the typefaces' wheels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for done, case in enumerate(spread(_page, range(count), _begin, (folder, seed, fonts), workers), start=1):
        out.append(case)
        if done % 500 == 0:
            print(f"rendered {done:,} of {count:,} envelopes", file=sys.stderr)
    cases.write(folder, out)
    return out


def _begin(folder: Path, seed: int, fonts: Path) -> tuple[Path, int, Hands]:
    digits, _ = unseen_digits(Bundle.load(), data.load(None))
    return folder, seed, writers(digits, fonts)


def _page(state: tuple[Path, int, Hands], number: int) -> Case:
    folder, seed, hands = state
    rng = np.random.default_rng((OURS, seed, number))
    size, kind = list(SIZES)[number % 2], list(WRITING)[number // 2 % 2]
    width, height = (round(side / INCH * DPI) for side in SIZES[size])
    code = cep(rng)
    picture = _noisy(addressed(hands, code, WRITING[kind], (width, height), rng), rng)
    path = folder / f"{number:05d}-{size}.jpg"
    if not cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*JPEG_QUALITY))]):
        raise BenchmarkError(f"{path}: cannot be written")
    return Case(path.resolve(), kind, code, "cep")


def _noisy(page: Uint8, rng: np.random.Generator) -> Uint8:
    noise = rng.normal(0, rng.uniform(*SENSOR_NOISE), page.shape).astype(np.float32)
    return np.clip(np.rint(page + noise), 0, 255).astype(np.uint8)
