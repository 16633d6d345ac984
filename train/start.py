"""What fine-tuning goes on from: a trained network, and labelled crops of what it should read better.

Crops alone would make a network forget the rest.  So it is shown what it was trained on beside them, and there it is
to give the logits that it gave before ("Dark Experience for General Continual Learning", Buzzega, Boschini, Porrello,
Abati, Calderara, NeurIPS 2020): nothing but the crops moves its weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from train.data import Glyphs, Mnist, Shown
from train.evaluate import evaluate, logits_of
from train.feed import VALIDATION_BATCH, feed
from train.guide import Guide
from train.recipe import Recipe

TEN = 10
"""Classes that are digits."""
PART = 8
"""One crop to so many glyphs of what the network knows."""
KEEP = 0.5
"""Weight of a change of the logits there, squared, beside the crops' cross-entropy."""
CHOOSING = 2000
"""Glyphs of what the network knows that help to choose the epoch, and as many of the held-out crops, over and over."""


@dataclass(frozen=True, slots=True, eq=False)
class Start(Guide):
    """A network, and crops in two parts."""

    network: keras.Model
    crops: Glyphs
    held_out: Glyphs
    """Those that choose the epoch, and are not trained on."""
    data: dict[str, Any]
    """Of the crops, for the record."""
    base: dict[str, Any]
    """Of the network, for the record."""

    @property
    def loss_name(self) -> str:
        """As `Guide` has it."""
        return "Cross-entropy of crops, change of what is known"

    @property
    def loss(self) -> keras.losses.Loss:
        """As `Guide` has it."""
        return Taught()

    def accuracy(self, targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Of the label, or of what was the likeliest class before."""
        return tf.cast(tf.argmax(targets[:, :-1], axis=1) == tf.argmax(logits, axis=1), tf.float32)

    def begin(self, model: keras.Model) -> None:
        """Training goes on from the network as it is."""
        model.set_weights(self.network.get_weights())

    def lessons(self, part: Shown, recipe: Recipe) -> tf.data.Dataset:
        """What it knows and a batch of crops, in one; crops are never calmer, since their epochs are short."""
        crops = replace(recipe, batch=max(1, recipe.batch // PART), calm_warped=recipe.warped)
        return tf.data.Dataset.zip((feed(part, recipe), feed(self.crops, crops))).map(self._together)

    def choosing(self, held_out: Shown) -> tf.data.Dataset:
        """Some of what it knows and as many held-out crops."""
        each = np.linspace(0, len(held_out) - 1, min(CHOOSING, len(held_out))).astype(np.int64)
        again = np.resize(np.arange(len(self.held_out)), len(each))
        both = self._together(_batch(held_out[each]), _batch(self.held_out[again]))
        return tf.data.Dataset.from_tensor_slices(both).batch(VALIDATION_BATCH)

    def results(self, model: keras.Model, mnist: Mnist) -> dict[str, float]:
        """Errors of both networks: on the held-out crops, and on MNIST's test digits the older one's."""
        return {
            "crops_error_before": digit_error(self.network, self.held_out),
            "crops_error": digit_error(model, self.held_out),
            "test_error_before": digit_error(self.network, mnist.test),
        }

    def told(self, data: dict[str, Any]) -> dict[str, Any]:
        """The crops, among what was trained on, and the network it comes from."""
        return {"data": data | {"crops": self.data}, "base": self.base}

    def _together(
        self, known: tuple[tf.Tensor, tf.Tensor], crops: tuple[tf.Tensor, tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Pixels and labels of both → pixels and targets, as `Taught` wants them."""
        targets = tf.concat([self._kept(known[0]), self._learnt(crops[1])], axis=0)
        return tf.concat([known[0], crops[0]], axis=0), targets

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


def _batch(shown: Shown) -> tuple[tf.Tensor, tf.Tensor]:
    """All of it as a network takes it: float32[N, 32, 32, 1], and the labels."""
    return shown.pixels[..., None].astype(np.float32), shown.labels


def digit_error(network: keras.Model, digits: Shown) -> float:
    """Share of digits that a network's first ten outputs have wrong."""
    return evaluate(logits_of(network, digits)[:, :TEN], digits.labels).error
