"""Rendered glyphs for the network that also knows what is no digit: made once, by several processes, and kept.

The scenes of one shard are seeded by the shard's number, so that the number of workers does
not matter.  Shards lie in a folder named after all they depend on.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL
from numpy.typing import NDArray

from device.model import ROLES, VIEWS
from device.pixels import CANVAS, PIXELS_VERSION, canvas
from train import typefaces
from train.data import Digits, Glyphs, Mnist
from train.errors import DataError
from train.files import json_bytes, sha256, write_atomically
from train.pieces import NOT_A_DIGIT, examples
from train.recipe import DIGIT_OR_NOT
from train.strokes import read_pendigits
from train.workers import spread
from train.writers import Hands

Uint8 = NDArray[np.uint8]

SHARD = 200
"""Scenes in one file of glyphs."""
SAID = 20
"""How often it is said how far the rendering is."""
HELD_OUT = 0.04
"""Share of the scenes that validate; they are made beside the others, from seeds of their own."""
HELD_OUT_DIGITS = 10_000
"""MNIST's last training digits: the held-out scenes are written with them, and the others are not."""
RENDERERS = (
    *(
        f"device/{name}.py"
        for name in (
            *("ink", "frames", "lines", "strips", "rules", "cells", "slant", "cuts", "segment", "glyphs", "pixels"),
            "surroundings",
            "exact",
            "model",
        )
    ),
    *(
        f"train/{name}.py"
        for name in (
            "strings",
            "texts",
            "writers",
            "paper",
            "shapes",
            "letters",
            "strokes",
            "pieces",
            "typefaces",
            "rendered",
            "data",
        )
    ),
)
"""The source files that decide what a glyph looks like and what it is called."""


@dataclass(frozen=True, slots=True, eq=False)
class Supplies:
    """What hands are made of; a worker gets it and makes its own."""

    digits: Digits
    pendigits: Path | None
    """UCI's pen digits in UNIPEN text, an extra."""
    fonts: Path
    """A folder of the typefaces' packages."""

    def record(self) -> dict[str, Any]:
        """Hashes of all of it."""
        return {
            "mnist": hashlib.sha256(self.digits.images.tobytes() + self.digits.labels.tobytes()).hexdigest(),
            "pendigits": sha256(self.pendigits) if self.pendigits else None,
            "fonts": typefaces.record(self.fonts),
        }


def hands(supplies: Supplies) -> Hands:
    """Open the supplies."""
    pens = read_pendigits(supplies.pendigits) if supplies.pendigits else []
    labels = supplies.digits.labels.astype(np.int64)
    return Hands(supplies.digits.images, labels, pens, typefaces.load(supplies.fonts))


def check_pendigits(path: Path | None) -> None:
    """Raise a DataError unless the file holds all ten digits as pen strokes."""
    if path is None:
        return
    if not path.is_file():
        raise DataError(f"{path}: no such file" if not path.exists() else f"{path}: not a file")
    try:
        there = {label for label, _ in read_pendigits(path)}
    except (ValueError, IndexError) as error:
        raise DataError(f"{path}: not UCI's pen digits in UNIPEN text ({error})") from error
    if missing := sorted(set("0123456789") - there):
        raise DataError(f"{path}: not UCI's pendigits-orig file, it has no digit {' '.join(missing)}")


@dataclass(frozen=True, slots=True, eq=False)
class Sets:
    """What a network of eleven classes is trained and validated on."""

    part: Glyphs
    """Rendered glyphs, and MNIST's training digits after them."""
    held_out: Glyphs
    """Rendered glyphs of other scenes."""
    record: dict[str, Any]
    """Where all of it comes from."""
    role: str
    """Of the network."""


def sets(
    mnist: Mnist,
    pendigits: Path | None,
    fonts: Path,
    seed: int,
    scenes: int,
    kept: Path,
    final: bool = False,
    workers: int = 1,
    role: str = DIGIT_OR_NOT,
) -> Sets:
    """Render so many scenes, a share of them to validate with.

    final: write with all of MNIST's training digits.  kept: the folder in which glyphs outlast the training.
    role: of the network, which decides its classes and how it looks at a glyph.
    """
    shown = mnist.train if final else mnist.train[:-HELD_OUT_DIGITS]
    validating = max(1, round(HELD_OUT * scenes))
    numbers = {"training": scenes - validating, "held_out": validating}
    supplies = [Supplies(digits, pendigits, fonts) for digits in (shown, mnist.train[-HELD_OUT_DIGITS:])]
    seeds = _seed(seed, 0), _seed(seed, 1)
    files = [
        shards(one, own, count, kept, workers)
        for one, own, count in zip(supplies, seeds, numbers.values(), strict=True)
    ]
    part, held_out = gather(files[0], role, shown), gather(files[1], role)
    if not (held_out.labels < NOT_A_DIGIT).any():
        raise DataError(f"the {validating} lines that are held out have no digit; give more --scenes")
    known = supplies[0].record()
    record = {
        "mnist": mnist.sha256(),
        "mnist_digits": len(shown),
        "pendigits": known["pendigits"],
        "fonts": known["fonts"],
        "scenes": numbers,
        "glyphs": {"training": len(part) - len(shown), "held_out": len(held_out)},
    }
    return Sets(part, held_out, record, role)


def save(path: Path, pixels: Uint8, labels: Uint8) -> None:
    """Keep glyphs, uint8[N, 2, 32, 32] or as one network looks at them uint8[N, 32, 32], in a file of their own."""
    file = io.BytesIO()
    np.savez_compressed(file, pixels=pixels, labels=labels)
    write_atomically(path, file.getvalue())


def load(path: Path) -> Glyphs:
    """Glyphs that were kept as one network looks at them."""
    return Glyphs(_array(path, "pixels"), _array(path, "labels"))


@dataclass(frozen=True, slots=True)
class Task:
    """One shard: its number, how many scenes, their seed, and the file it goes into."""

    scenes: int
    seed: int
    path: Path


def shards(supplies: Supplies, seed: int, scenes: int, kept: Path, workers: int) -> list[Path]:
    """Files of the glyphs of so many scenes; what lies below `kept` already is not made again."""
    folder = kept / key(supplies, seed)
    tasks = []
    for number, first in enumerate(range(0, scenes, SHARD)):
        count = min(SHARD, scenes - first)
        tasks.append(Task(count, _seed(seed, number), folder / f"{number:04d}-{count}.npz"))
    missing = [task for task in tasks if not task.path.is_file()]
    made, total = 0, sum(task.scenes for task in missing)
    for task, _ in zip(missing, spread(_make, missing, hands, (supplies,), workers), strict=True):
        made += task.scenes
        if made * SAID // total > (made - task.scenes) * SAID // total:
            print(f"rendered {made:,} of {total:,} scenes", file=sys.stderr)
    return [task.path for task in tasks]


def key(supplies: Supplies, seed: int) -> str:
    """The name of all that a shard depends on, besides its number."""
    root = Path(__file__).resolve().parents[1]
    depends = {
        "seed": seed,
        "supplies": supplies.record(),
        "pixels_version": PIXELS_VERSION,
        "sources": {name: sha256(root / name) for name in RENDERERS},
        "versions": {"opencv": cv2.__version__, "pillow": PIL.__version__},
    }
    return hashlib.sha256(json_bytes(depends)).hexdigest()[:16]


def _seed(seed: int, number: int) -> int:
    """A seed of 64 bits for a shard, which no other shard or run has by chance."""
    return int(np.random.SeedSequence((seed, number)).generate_state(1, np.uint64)[0])


def _make(writers: Hands, task: Task) -> None:
    save(task.path, *examples(writers, task.seed, task.scenes))


def gather(files: Sequence[Path], role: str = DIGIT_OR_NOT, extra: Digits | None = None) -> Glyphs:
    """All glyphs of some shards that a role's network is for, as it looks at them, and MNIST digits, in one array."""
    labels = [_array(file, "labels") for file in files]
    kept = [here < ROLES[role] for here in labels]
    labels = [here[these] for here, these in zip(labels, kept, strict=True)]
    labels += [extra.labels] if extra is not None else []
    pixels = np.empty((sum(map(len, labels)), CANVAS, CANVAS), np.uint8)
    at = 0
    for file, these, here in zip(files, kept, labels, strict=False):
        pixels[at : at + len(here)] = _array(file, "pixels")[:, VIEWS[role]][these]
        at += len(here)
    if extra is not None:
        pixels[at:] = canvas(extra.images)
    return Glyphs(pixels, np.concatenate(labels))


def _array(file: Path, name: str) -> Uint8:
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            return np.asarray(arrays[name])
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{file}: damaged ({error}); remove it, and give the command again") from error
