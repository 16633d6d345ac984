"""Training: a recipe and digits or glyphs in, a network and its history out."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path

import keras
import tensorflow as tf

from train.data import Digits, Shown
from train.guide import Guide, Labels
from train.networks.registry import build
from train.recipe import Recipe

History = dict[str, list[float]]
"""Each figure's name and its value after every epoch."""


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
    recipe: Recipe, part: Shown, held_out: Shown | None, checkpoint: Path, guide: Guide | None = None
) -> tuple[keras.Model, History]:
    """Train a network on one part; the epoch's weights that suit the other best, or with no other the last ones.

    checkpoint: where the best network so far is kept while training goes on (a .keras file).
    guide: what it goes by; without one, labels alone.
    """
    seed_everything(recipe.seed)
    by = guide or Labels(recipe.rubbish)
    model = build(recipe)
    by.begin(model)
    steps = -(-len(part) // recipe.batch)
    model.compile(optimizer=keras.optimizers.Adam(_rate(recipe, steps)), loss=by.loss, metrics=[by.accuracy])
    with redirect_stdout(sys.stderr):  # Keras draws its progress bar on stdout, which is for results
        history = model.fit(
            by.lessons(part, recipe),
            epochs=recipe.epochs,
            steps_per_epoch=steps,
            validation_data=by.choosing(held_out) if held_out else None,
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


def _callbacks(recipe: Recipe, checkpoint: Path) -> list[keras.callbacks.Callback]:
    """Keep and restore the best epoch, as a validation set tells which it is."""
    return [
        keras.callbacks.ModelCheckpoint(str(checkpoint), monitor="val_loss", save_best_only=True),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=recipe.patience, restore_best_weights=True),
    ]
