"""Show every cell the same, and judge what it answers."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import other_form
from benchmarks.cases import Case
from benchmarks.matrix import shown
from benchmarks.matrix.cells import REFERENCE, Cell
from benchmarks.matrix.verdict import Verdict, compare
from device.model import Bundle
from train import data

AT_A_TIME = 2
"""Cells; each has one thread."""


def run(
    bundle: Bundle,
    other: Bundle | None,
    pictures: Sequence[Case],
    digits: int,
    mnist: Path | None,
    cells: Sequence[Cell],
) -> list[Verdict]:
    """The verdicts on the cells, the reference first.

    other: the bundle in its other form; made here where there is none.  digits: of MNIST's test set, the first ones.
    """
    for cell in cells:
        cell.command()  # what is missing is told before anything is asked
    with tempfile.TemporaryDirectory(prefix="postread-matrix-") as name:
        folder = Path(name)
        other = other or other_form.written(bundle, mnist, folder)
        shown.prepare(folder, [bundle, other], data.load(mnist).test.pixels[:digits], pictures)
        reference = REFERENCE.answers(folder)
        found = [compare(REFERENCE, reference, reference)]
        others = [cell for cell in cells if cell != REFERENCE]
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            answers = pool.map(lambda cell: _asked(cell, folder), others)
            found += [compare(cell, reference, its) for cell, its in zip(others, answers, strict=True)]
    return found


def _asked(cell: Cell, folder: Path) -> dict[str, Any]:
    start = time.monotonic()
    answers = cell.answers(folder)
    print(f"{cell.name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    return answers
