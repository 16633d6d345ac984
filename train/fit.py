"""Training: a recipe and digits in, a network and its history out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from device.pixels import CANVAS, canvas
from train.augment import Warp, distort, elastic_fields
from train.data import Digits
from train.lenet5 import Activation, Pooling, lenet5

Uint8 = NDArray[np.uint8]
History = dict[str, list[float]]
"""Each figure's name and its value after every epoch."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides how a training goes, besides the digits."""

    seed: int = 1998
    epochs: int = 30
    batch: int = 128
    rate: float = 2e-3
    """Adam's first step size; it falls to zero along half a cosine."""
    patience: int = 10
    """Epochs without a better validation loss before training stops."""
    validation: int = 10_000
    """Digits held out, MNIST's last training digits; 0 trains on all of them and stops when the epochs are over."""
    activation: Activation = "relu"
    pooling: Pooling = "max"
    warped: float = 0.9
    """Share of samples that are distorted; 0 trains on MNIST as it is."""
    calm_epochs: int = 3
    """Last epochs, in which the network settles on digits closer to real ones."""
    calm_warped: float = 0.5
    """Share of samples that are distorted then."""
    warp: Warp = field(default_factory=Warp)


def final(recipe: Recipe) -> Recipe:
    """The same recipe for all digits, once nothing is left to choose."""
    return replace(recipe, validation=0)


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow, and ask TensorFlow for the same bits every time."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def split(digits: Digits, recipe: Recipe) -> tuple[Digits, Digits | None]:
    """Set the last digits aside for validation."""
    if not recipe.validation:
        return digits, None
    return digits[: -recipe.validation], digits[-recipe.validation :]


def train(recipe: Recipe, digits: Digits, checkpoint: Path) -> tuple[keras.Model, History]:
    """Train a fresh network on the digits; the best epoch's weights, or with no validation the last one's.

    checkpoint: where the best network so far is kept while training goes on (a .keras file).
    """
    seed_everything(recipe.seed)
    part, held_out = split(digits, recipe)
    model = lenet5(10, recipe.activation, recipe.pooling)
    steps = -(-len(part) // recipe.batch)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(recipe.rate, steps * recipe.epochs)),
        # Categorical cross-entropy of the softmax of the logits, for labels that are numbers and not one-hot.
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    with redirect_stdout(sys.stderr):  # Keras draws its progress bar on stdout, which is for results
        history = model.fit(
            feed(part, recipe),
            epochs=recipe.epochs,
            steps_per_epoch=steps,
            validation_data=_tensors(held_out) if held_out else None,
            validation_batch_size=1000,
            callbacks=_callbacks(recipe, checkpoint),
            shuffle=False,
            verbose=1 if sys.stderr.isatty() else 2,
        )
    return model, {name: [float(value) for value in values] for name, values in history.history.items()}


def feed(digits: Digits, recipe: Recipe) -> tf.data.Dataset:
    """Endless batches (float32[B, 32, 32, 1] pixels to 255, int64[B] labels), each epoch newly shuffled and warped."""
    batch = batches(digits, recipe)

    def numbered(index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pixels, labels = tf.numpy_function(batch, [index], (tf.float32, tf.int64))
        return tf.ensure_shape(pixels, (None, CANVAS, CANVAS, 1)), tf.ensure_shape(labels, (None,))

    return tf.data.Dataset.counter().map(numbered).prefetch(4)


def batches(digits: Digits, recipe: Recipe) -> Callable[[int], tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Give the function from a batch's number, counted through all epochs, to its pixels and labels.

    A batch depends on the seed and its number alone, whatever was drawn before it.
    """
    pixels, labels = canvas(digits.images), digits.labels.astype(np.int64)
    fields = elastic_fields(recipe.warp, np.random.default_rng(recipe.seed))
    steps = -(-len(digits) // recipe.batch)

    def batch(index: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        epoch, step = divmod(int(index), steps)
        order = np.random.default_rng((recipe.seed, epoch)).permutation(len(labels))
        chosen = order[step * recipe.batch : (step + 1) * recipe.batch]
        share = recipe.warped if epoch < recipe.epochs - recipe.calm_epochs else min(recipe.warped, recipe.calm_warped)
        rng = np.random.default_rng((recipe.seed, epoch, step))
        warped = distort(pixels[chosen], recipe.warp, fields, share, rng)
        return warped[..., None].astype(np.float32), labels[chosen]

    return batch


def _tensors(digits: Digits) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    return canvas(digits.images)[..., None].astype(np.float32), digits.labels.astype(np.int64)


def _callbacks(recipe: Recipe, checkpoint: Path) -> list[keras.callbacks.Callback]:
    """Keep and restore the best epoch, where there is a validation set to tell which it is."""
    if not recipe.validation:
        return []
    return [
        keras.callbacks.ModelCheckpoint(str(checkpoint), monitor="val_loss", save_best_only=True),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=recipe.patience, restore_best_weights=True),
    ]
