"""The representative set: digits or glyphs from which the converter learns the range of every tensor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convert.errors import ConversionError
from train.data import Glyphs, Shown

PER_CLASS = 100
"""Digits of each class; the ranges no longer move with more."""
SEED = 1998


def representative(shown: Shown, per_class: int = PER_CLASS, seed: int = SEED) -> NDArray[np.uint8]:
    """Draw as many different digits of each class, the classes taking turns: uint8[classes * per_class, 32, 32]."""
    return shown.pixels[draw(shown.labels, per_class, seed)]


def draw(labels: NDArray[np.uint8], per_class: int = PER_CLASS, seed: int = SEED) -> NDArray[np.int64]:
    """Numbers of as many of each class that uint8[N] labels have: int64[classes * per_class]."""
    rng = np.random.default_rng(seed)
    chosen = [rng.choice(np.flatnonzero(labels == label), per_class, replace=False) for label in np.unique(labels)]
    return np.stack(chosen, axis=1).ravel()


def apart(glyphs: Glyphs, classes: int) -> tuple[Glyphs, Glyphs]:
    """Part held-out glyphs: a representative set, at most half of any class, and the others, to compare on."""
    counts = np.bincount(glyphs.labels, minlength=classes)
    per_class = min(PER_CLASS, int(counts.min()) // 2)
    if not per_class:
        raise ConversionError(f"the held-out glyphs are too few of some class ({counts.min()}); train on more --scenes")
    chosen = draw(glyphs.labels, per_class)
    return glyphs[chosen], glyphs[np.setdiff1d(np.arange(len(glyphs)), chosen)]
