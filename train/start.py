"""What fine-tuning goes on from: a trained network, and labelled crops of what it should read better.

Crops alone would make a network forget the rest.  So it is shown what it was trained on beside them, and there it is
to give the logits that it gave before ("Dark Experience for General Continual Learning", Buzzega, Boschini, Porrello,
Abati, Calderara, NeurIPS 2020): nothing but the crops moves its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from train.data import Glyphs, Mnist, Shown
from train.evaluate import evaluate, logits_of

TEN = 10
"""Classes that are digits."""
PART = 8
"""One crop to so many glyphs of what the network knows."""
KEEP = 0.5
"""Weight of a change of the logits there, squared, beside the crops' cross-entropy."""
CHOOSING = 2000
"""Glyphs of what the network knows that help to choose the epoch, and as many of the held-out crops, over and over."""


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A network, and crops in two parts."""

    network: keras.Model
    crops: Glyphs
    held_out: Glyphs
    """Those that choose the epoch, and are not trained on."""
    data: dict[str, Any]
    """Of the crops, for the record."""
    base: dict[str, Any]
    """Of the network, for the record."""

    def taught(self, known: tf.data.Dataset, crops: tf.data.Dataset) -> tf.data.Dataset:
        """Batches of both in one, with what `Taught` wants: (pixels, labels) twice → (pixels, targets)."""

        def together(
            known: tuple[tf.Tensor, tf.Tensor], crops: tuple[tf.Tensor, tf.Tensor]
        ) -> tuple[tf.Tensor, tf.Tensor]:
            targets = tf.concat([self._kept(known[0]), self._learnt(crops[1])], axis=0)
            return tf.concat([known[0], crops[0]], axis=0), targets

        return tf.data.Dataset.zip((known, crops)).map(together)

    def choosing(self, known: Shown) -> tuple[tf.Tensor, tf.Tensor]:
        """What the epoch is chosen by: pixels and targets, both parts of one size."""
        each = np.linspace(0, len(known) - 1, min(CHOOSING, len(known))).astype(np.int64)
        pixels = known[each].pixels[..., None].astype(np.float32)
        again = np.resize(np.arange(len(self.held_out)), len(each))
        crops = self.held_out[again]
        targets = tf.concat([self._kept(pixels), self._learnt(crops.labels)], axis=0)
        return tf.concat([pixels, crops.pixels[..., None].astype(np.float32)], axis=0), targets

    def results(self, tuned: keras.Model, mnist: Mnist) -> dict[str, float]:
        """Errors of both networks: on the held-out crops, and on MNIST's test digits the older one's."""
        return {
            "crops_error_before": digit_error(self.network, self.held_out),
            "crops_error": digit_error(tuned, self.held_out),
            "test_error_before": digit_error(self.network, mnist.test),
        }

    def _kept(self, pixels: tf.Tensor) -> tf.Tensor:
        """Targets of what is to be answered as before: the logits, and 0."""
        logits = self.network(pixels, training=False)
        return tf.concat([logits, tf.zeros((tf.shape(logits)[0], 1))], axis=1)

    def _learnt(self, labels: tf.Tensor) -> tf.Tensor:
        """Targets of crops: one for the label, and 1."""
        shares = tf.one_hot(labels, self.network.output_shape[-1])
        return tf.concat([shares, tf.ones((tf.shape(shares)[0], 1))], axis=1)


class Taught(keras.losses.Loss):
    """Cross-entropy of what is to be learnt, squared change of the logits of what is to stay.

    Targets are float32[N, classes + 1]: shares of the classes and 1, or logits and 0.
    """

    def call(self, targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """float32[N, classes] logits → float32[N]."""
        told, learnt = targets[:, :-1], targets[:, -1]
        cross = -tf.reduce_sum(told * tf.nn.log_softmax(logits), axis=1)
        change = tf.reduce_mean((told - logits) ** 2, axis=1)
        return learnt * cross + (1 - learnt) * KEEP * change


def accuracy(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Whether the likeliest class is the label, or that of before: float32[N], 1 or 0."""
    return tf.cast(tf.argmax(targets[:, :-1], axis=1) == tf.argmax(logits, axis=1), tf.float32)


def digit_error(network: keras.Model, digits: Shown) -> float:
    """Share of digits that a network's first ten outputs have wrong."""
    return evaluate(logits_of(network, digits)[:, :TEN], digits.labels).error
