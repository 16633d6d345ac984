"""Training: a recipe and digits or glyphs in, a network and its history out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from device.pixels import CANVAS
from train.augment import distort, elastic_fields, wear
from train.data import Digits, Glyphs, Shown
from train.distil import Distilled, Teacher
from train.distil import accuracy as accuracy_of_labels
from train.networks.loss import MapCriterion
from train.networks.registry import build
from train.recipe import Recipe
from train.start import PART, Start, Taught, accuracy

Batch = tuple[NDArray[np.float32], NDArray[np.int64]]
History = dict[str, list[float]]
"""Each figure's name and its value after every epoch."""
VALIDATION_BATCH = 1000
"""Held-out glyphs in one forward pass."""


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow, and ask TensorFlow for the same bits every time."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def split(digits: Digits, recipe: Recipe) -> tuple[Digits, Digits | None]:
    """Set the last digits aside for validation."""
    if not recipe.validation:
        return digits, None
    return digits[: -recipe.validation], digits[-recipe.validation :]


def train(
    recipe: Recipe, part: Shown, held_out: Shown | None, checkpoint: Path, by: Start | Teacher | None = None
) -> tuple[keras.Model, History]:
    """Train a network on one part; the epoch's weights that suit the other best, or with no other the last ones.

    checkpoint: where the best network so far is kept while training goes on (a .keras file).
    by: a network of the same layers and crops, with which training goes on; or one that teaches the new one.
    """
    seed_everything(recipe.seed)
    model = build(recipe)
    if isinstance(by, Start):
        model.set_weights(by.network.get_weights())
    steps = -(-len(part) // recipe.batch)
    loss, metric = _loss(recipe, by)
    model.compile(optimizer=keras.optimizers.Adam(_rate(recipe, steps)), loss=loss, metrics=[metric])
    with redirect_stdout(sys.stderr):  # Keras draws its progress bar on stdout, which is for results
        history = model.fit(
            _lessons(part, recipe, by),
            epochs=recipe.epochs,
            steps_per_epoch=steps,
            validation_data=_validation(held_out, by) if held_out else None,
            callbacks=_callbacks(recipe, checkpoint) if held_out and recipe.keep_best else [],
            shuffle=False,
            verbose=1 if sys.stderr.isatty() else 2,
        )
    return model, {name: [float(value) for value in values] for name, values in history.history.items()}


def _rate(recipe: Recipe, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Adam's step size; steps: in an epoch."""
    if not recipe.cosine:
        return recipe.rate
    return keras.optimizers.schedules.CosineDecay(recipe.rate, steps * recipe.epochs)


def _loss(recipe: Recipe, by: Start | Teacher | None) -> tuple[keras.losses.Loss, str | Callable[..., tf.Tensor]]:
    """What training makes small, and the accuracy that goes with its targets."""
    if by is not None:
        return (Taught(), accuracy) if isinstance(by, Start) else (Distilled(), accuracy_of_labels)
    if recipe.rubbish is not None:
        return MapCriterion(recipe.rubbish), "accuracy"
    # Categorical cross-entropy of the softmax of the logits, for labels that are numbers and not one-hot.
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True), "accuracy"


def _lessons(part: Shown, recipe: Recipe, by: Start | Teacher | None) -> tf.data.Dataset:
    """Endless batches of pixels and what `_loss` wants."""
    shown = feed(part, recipe)
    if isinstance(by, Start):
        return by.taught(shown, _crops(by, recipe))
    return shown if by is None else by.taught(shown)


def feed(shown: Shown, recipe: Recipe) -> tf.data.Dataset:
    """Endless batches (float32[B, 32, 32, 1] pixels to 255, int64[B] labels), each epoch newly shuffled and warped."""
    return _dataset(tf.data.Dataset.counter(), batches(shown, recipe))


def _validation(held_out: Shown, by: Start | Teacher | None) -> tf.data.Dataset:
    """Batches of what the epoch is chosen by."""
    if by is None:
        return _in_order(held_out)
    if isinstance(by, Teacher):
        return by.taught(_in_order(held_out)).cache()  # the teacher is asked once
    return tf.data.Dataset.from_tensor_slices(by.choosing(held_out)).batch(VALIDATION_BATCH)


def _in_order(shown: Shown) -> tf.data.Dataset:
    """All glyphs as they are, once, in batches as above."""
    pixels, labels = shown.pixels, shown.labels.astype(np.int64)

    def batch(index: int) -> Batch:
        part = slice(int(index) * VALIDATION_BATCH, (int(index) + 1) * VALIDATION_BATCH)
        return pixels[part, ..., None].astype(np.float32), labels[part]

    return _dataset(tf.data.Dataset.range(-(-len(labels) // VALIDATION_BATCH)), batch)


def _crops(start: Start, recipe: Recipe) -> tf.data.Dataset:
    """Endless batches of crops, to go with `feed`'s: as distorted, and never calmer, since their epochs are short."""
    return feed(start.crops, replace(recipe, batch=max(1, recipe.batch // PART), calm_warped=recipe.warped))


def _dataset(numbers: tf.data.Dataset, batch: Callable[[int], Batch]) -> tf.data.Dataset:
    def numbered(index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pixels, labels = tf.numpy_function(batch, [index], (tf.float32, tf.int64))
        return tf.ensure_shape(pixels, (None, CANVAS, CANVAS, 1)), tf.ensure_shape(labels, (None,))

    return numbers.map(numbered).prefetch(4)


def batches(shown: Shown, recipe: Recipe) -> Callable[[int], Batch]:
    """Give the function from a batch's number, counted through all epochs, to its pixels and labels.

    A batch depends on the seed and its number alone, whatever was drawn before it.
    """
    pixels, labels = shown.pixels, shown.labels.astype(np.int64)
    fields = elastic_fields(recipe.warp, np.random.default_rng(recipe.seed))
    steps = -(-len(labels) // recipe.batch)

    @lru_cache(maxsize=1)
    def order(epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng((recipe.seed, epoch)).permutation(len(labels))

    def batch(index: int) -> Batch:
        epoch, step = divmod(int(index), steps)
        chosen = order(epoch)[step * recipe.batch : (step + 1) * recipe.batch]
        share = recipe.warped if epoch < recipe.epochs - recipe.calm_epochs else min(recipe.warped, recipe.calm_warped)
        rng = np.random.default_rng((recipe.seed, epoch, step))
        warped = distort(pixels[chosen], recipe.warp, fields, share, rng)
        seen = wear(warped, recipe.wear, recipe.worn, rng)
        return seen[..., None].astype(np.float32), labels[chosen]

    return batch


def first_batch(shown: Shown, recipe: Recipe) -> Glyphs:
    """What the network sees first, distorted as it sees it."""
    pixels, labels = batches(shown, recipe)(0)
    return Glyphs(pixels[..., 0].astype(np.uint8), labels.astype(np.uint8))


def _callbacks(recipe: Recipe, checkpoint: Path) -> list[keras.callbacks.Callback]:
    """Keep and restore the best epoch, as a validation set tells which it is."""
    return [
        keras.callbacks.ModelCheckpoint(str(checkpoint), monitor="val_loss", save_best_only=True),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=recipe.patience, restore_best_weights=True),
    ]
