"""Distillation: a network learns from what another one makes of each digit, and not from labels alone.

After "Distilling the Knowledge in a Neural Network", Hinton, Vinyals, Dean, 2015.  The teacher is asked about the very
picture that the network is shown, distorted and worn as it is, so that a 1 that became nearly a 7 is taught as both
("Knowledge Distillation: A Good Teacher is Patient and Consistent", Beyer et al., CVPR 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from train.data import Shown
from train.feed import feed, in_order
from train.guide import Guide
from train.recipe import Recipe

SOFTNESS = 3.0
"""The temperature by which both networks' logits are divided, so that what is unlikely is taught too."""


@dataclass(frozen=True, slots=True, eq=False)
class Teacher(Guide):
    """A trained network that teaches another one."""

    network: keras.Model
    record: dict[str, Any]
    """Of the run it comes from, for the taught network's."""

    @property
    def loss_name(self) -> str:
        """As `Guide` has it."""
        return "Divergence from the teacher"

    @property
    def loss(self) -> keras.losses.Loss:
        """As `Guide` has it."""
        return Distilled()

    def accuracy(self, targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Of the label and not of the teacher."""
        return tf.cast(tf.argmax(logits, axis=1) == tf.cast(targets[:, -1], tf.int64), tf.float32)

    def lessons(self, part: Shown, recipe: Recipe) -> tf.data.Dataset:
        """As `Guide` has it."""
        return feed(part, recipe).map(self._asked)

    def choosing(self, held_out: Shown) -> tf.data.Dataset:
        """As `Guide` has it; the teacher is asked once for all epochs."""
        return in_order(held_out).map(self._asked).cache()

    def told(self, data: dict[str, Any]) -> dict[str, Any]:
        """The teacher's run, among what was trained on."""
        return {"data": data | {"teacher": self.record}}

    def _asked(self, pixels: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        logits = self.network(pixels, training=False)
        return pixels, tf.concat([logits, tf.cast(labels, tf.float32)[:, None]], axis=1)


class Distilled(keras.losses.Loss):
    """How far a network's soft answer is from its teacher's: the Kullback-Leibler divergence, times the square of the
    temperature, which makes its gradients as large as plain ones (Hinton 2015, section 2).

    Targets are float32[N, classes + 1]: the teacher's logits, and the label, which is only for the accuracy.
    """

    def call(self, targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """float32[N, classes] logits → float32[N]."""
        theirs = tf.nn.log_softmax(targets[:, :-1] / SOFTNESS)
        apart = theirs - tf.nn.log_softmax(logits / SOFTNESS)
        return SOFTNESS**2 * tf.reduce_sum(tf.exp(theirs) * apart, axis=1)
