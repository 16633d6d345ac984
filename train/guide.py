"""What a training goes by: labels alone, or besides them a network (`train.start`, `train.distil`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from train.data import Mnist, Shown
from train.feed import feed, in_order
from train.networks.loss import MapCriterion
from train.recipe import Recipe


class Guide:
    """What is asked of it, in the order in which a training asks, and what most of them answer."""

    @property
    def loss_name(self) -> str:
        """For people, on the curves."""
        raise NotImplementedError

    @property
    def loss(self) -> keras.losses.Loss:
        """What training makes small: of targets and logits."""
        raise NotImplementedError

    def accuracy(self, targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Whether the likeliest class is the right one: float32[N], 1 or 0."""
        raise NotImplementedError

    def begin(self, model: keras.Model) -> None:
        """Set the new network's weights, where they are not to be drawn by lot."""

    def lessons(self, part: Shown, recipe: Recipe) -> tf.data.Dataset:
        """Endless batches of pixels, float32[B, 32, 32, 1] to 255, and the loss's targets."""
        raise NotImplementedError

    def choosing(self, held_out: Shown) -> tf.data.Dataset:
        """The same once, of what the epoch is chosen by."""
        raise NotImplementedError

    def results(self, model: keras.Model, mnist: Mnist) -> dict[str, float]:
        """Figures of the trained network besides those of every training, for the record."""
        return {}

    def told(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the record tells of it: "data", which it is given and adds to, and what else there is."""
        return {"data": data}


@dataclass(frozen=True, slots=True)
class Labels(Guide):
    """Labels alone."""

    rubbish: float | None = None
    """The constant of the maximum a posteriori criterion; None for cross-entropy."""

    @property
    def loss_name(self) -> str:
        """As `Guide` has it."""
        return "Cross-entropy" if self.rubbish is None else "Maximum a posteriori criterion"

    @property
    def loss(self) -> keras.losses.Loss:
        """Of numbers of classes, not one-hot."""
        if self.rubbish is not None:
            return MapCriterion(self.rubbish)
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # of the softmax of the logits

    def accuracy(self, targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """As `Guide` has it."""
        return keras.metrics.sparse_categorical_accuracy(targets, logits)

    def lessons(self, part: Shown, recipe: Recipe) -> tf.data.Dataset:
        """As `Guide` has it."""
        return feed(part, recipe)

    def choosing(self, held_out: Shown) -> tf.data.Dataset:
        """As `Guide` has it."""
        return in_order(held_out)
