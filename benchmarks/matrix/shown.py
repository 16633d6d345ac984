"""What every cell is shown: digits, glyphs, pictures and the networks, in a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.cases import Case
from device.model import Bundle
from device.pixels import MARGIN

DIGITS = 2000
"""Of MNIST's test digits, the first."""
GLYPHS = 500
"""Cut to any size from 1x1 to LARGEST, some with another's ink beside them, some on a line of known height."""
LARGEST = 180
"""Side of a glyph, pixels."""
SEED = 1998

Uint8 = NDArray[np.uint8]


def prepare(folder: Path, bundles: Sequence[Bundle], digits: Uint8, pictures: Sequence[Case]) -> None:
    """Write it into a folder.

    bundles: of one form each; pictures are read by the first.  digits: uint8[N, 32, 32].
    """
    inside = digits[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    np.savez(folder / "shown.npz", digits=inside, **_glyphs(inside))
    task = {
        "bundles": [str(bundle.path.resolve()) for bundle in bundles],
        "pictures": [[str(case.path.resolve()), case.format] for case in pictures],
    }
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")


def _glyphs(digits: Uint8) -> dict[str, NDArray[np.generic]]:
    """Digits as they might stand on a page, scaled each way by its own factor; the grey of their edges is kept.

    They are made once, here: OpenCV's scaling is not the same to the byte everywhere.
    """
    rng = np.random.default_rng(SEED)
    shapes = np.exp(rng.uniform(0, np.log(LARGEST), (GLYPHS, 2))).astype(np.int64)
    chosen = rng.integers(0, len(digits), GLYPHS)
    inks = [
        cv2.resize(digits[k], (int(width), int(height)), interpolation=cv2.INTER_AREA)
        for k, (height, width) in zip(chosen, shapes, strict=True)
    ]
    masks = [rng.random(ink.shape) < rng.choice((0.8, 1.0)) for ink in inks]
    line_heights = np.where(rng.random(GLYPHS) < 0.5, 0.0, rng.uniform(5, 2 * LARGEST, GLYPHS))
    flat = {"inks": np.concatenate([ink.ravel() for ink in inks]), "masks": np.concatenate([m.ravel() for m in masks])}
    return {**flat, "shapes": shapes, "line_heights": line_heights}
