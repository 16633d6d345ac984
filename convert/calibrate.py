"""The representative set: digits from which the converter learns the range of every tensor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from device.pixels import canvas
from train.data import Digits

PER_CLASS = 100
"""Digits of each class; the ranges no longer move with more."""
SEED = 1998


def representative(digits: Digits, per_class: int = PER_CLASS, seed: int = SEED) -> NDArray[np.uint8]:
    """Draw as many different digits of each class, one class after the other: uint8[10 * per_class, 32, 32]."""
    rng = np.random.default_rng(seed)
    chosen = [
        rng.choice(np.flatnonzero(digits.labels == label), per_class, replace=False)
        for label in np.unique(digits.labels)
    ]
    return canvas(digits.images[np.stack(chosen, axis=1).ravel()])
