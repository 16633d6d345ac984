"""How good a network is on digits it is shown: the error, the confusions, the worst mistakes."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from train.data import Shown

BATCH = 1000
"""Digits in one forward pass; more gain nothing."""

Float32 = NDArray[np.float32]
Uint8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What a network made of some digits."""

    error: float
    """Share of digits read wrongly, 0 to 1."""
    confusion: NDArray[np.int64]
    """int64[classes, classes]: how many of a row's digit were taken for the column's."""
    predicted: NDArray[np.int64]
    """int64[N], the class of each digit's largest logit."""
    confidence: Float32
    """float32[N], softmax of that logit."""
    mistakes: NDArray[np.int64]
    """int64[M], numbers of the digits read wrongly, the least excusable first (least softmax of the true class)."""


def logits_of(model: keras.Model, shown: Shown) -> Float32:
    """Run the Keras network: float32[N, classes]."""
    pixels = shown.pixels
    batches = (pixels[i : i + BATCH, ..., None].astype(np.float32) for i in range(0, len(pixels), BATCH))
    return np.concatenate([np.asarray(model(batch, training=False)) for batch in batches])


def evaluate(logits: Float32, labels: Uint8) -> Evaluation:
    """Compare float32[N, classes] logits with uint8[N] labels."""
    predicted = logits.argmax(axis=1)
    confusion = np.zeros((logits.shape[1],) * 2, np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    share = softmax(logits)
    each = np.arange(len(labels))
    wrong = np.flatnonzero(predicted != labels)
    mistakes = wrong[np.argsort(share[wrong, labels[wrong]], kind="stable")]
    return Evaluation(len(wrong) / len(labels), confusion, predicted, share[each, predicted], mistakes)


def softmax(logits: Float32) -> Float32:
    """Shares of one along the last axis, float32[N, classes]."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
