"""One number that makes softmax honest: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHARPEST, FLATTEST = 0.1, 100.0
"""The temperature is looked for between these, which lie well beyond every limit of the gate."""
STEPS = 60
"""Halvings of that interval; double precision is used up after about 50."""


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """The temperature T whose softmax(logits / T) makes float32[N, K] logits' uint8[N] labels likeliest.

    The likelihood has one peak in 1/T; its slope is zero there and is searched by halving.
    """
    values = logits.astype(np.float64)
    true = values[np.arange(len(labels)), labels]
    sharp, flat = 1 / SHARPEST, 1 / FLATTEST
    for _ in range(STEPS):
        middle = (sharp + flat) / 2
        powers = np.exp(middle * (values - values.max(axis=1, keepdims=True)))
        expected = (powers * values).sum(axis=1) / powers.sum(axis=1)
        # The slope of the log-likelihood: true logits above the expected ones ask for a sharper softmax.
        sharp, flat = (sharp, middle) if true.sum() > expected.sum() else (middle, flat)
    return round(2 / (sharp + flat), 4)
