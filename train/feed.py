"""What a network is shown: digits or glyphs in batches, distorted and worn anew in every epoch."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from device.pixels import CANVAS
from train.augment import distort, elastic_fields, wear
from train.data import Glyphs, Shown
from train.recipe import Recipe

Batch = tuple[NDArray[np.float32], NDArray[np.int64]]
VALIDATION_BATCH = 1000
"""Held-out glyphs in one forward pass."""


def feed(shown: Shown, recipe: Recipe) -> tf.data.Dataset:
    """Endless batches (float32[B, 32, 32, 1] pixels to 255, int64[B] labels), each epoch newly shuffled and warped."""
    return _dataset(tf.data.Dataset.counter(), batches(shown, recipe))


def in_order(shown: Shown) -> tf.data.Dataset:
    """All glyphs as they are, once, in batches as above."""
    pixels, labels = shown.pixels, shown.labels.astype(np.int64)

    def batch(index: int) -> Batch:
        part = slice(int(index) * VALIDATION_BATCH, (int(index) + 1) * VALIDATION_BATCH)
        return pixels[part, ..., None].astype(np.float32), labels[part]

    return _dataset(tf.data.Dataset.range(-(-len(labels) // VALIDATION_BATCH)), batch)


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
