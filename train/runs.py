"""The run folder: what a training leaves behind."""

from __future__ import annotations

import json
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf

from train import fit, pictures
from train.data import Mnist
from train.errors import ExistsError, RunError
from train.evaluate import Evaluation, evaluate, logits_of
from train.files import write_json
from train.lenet5 import lenet5

RUN_SCHEMA = 1
MODEL, RECORD = "model.keras", "run.json"
CURVES, CONFUSION, MISTAKES = "curves.png", "confusion.png", "mistakes.png"
FILES = (RECORD, MODEL, CURVES, CONFUSION, MISTAKES)
"""All of a run folder; a folder without the record, which comes last, is no finished run."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A finished training, opened again."""

    folder: Path
    record: dict[str, Any]

    @property
    def model_file(self) -> Path:
        """The Keras network."""
        return self.folder / MODEL


def make_run(folder: Path, recipe: fit.Recipe, mnist: Mnist, command: str, force: bool = False) -> dict[str, Any]:
    """Train, test, and leave a run folder; returns the record."""
    refuse_to_overwrite(folder, force)
    _clear(folder)
    start = time.monotonic()
    model, history = fit.train(recipe, mnist.train, folder / MODEL)
    seconds = time.monotonic() - start
    _without_optimizer(model, recipe).save(folder / MODEL)
    tested = evaluate(logits_of(model, mnist.test), mnist.test.labels)
    pictures.draw_curves(folder / CURVES, history)
    pictures.draw_confusion(folder / CONFUSION, tested)
    pictures.draw_mistakes(folder / MISTAKES, mnist.test, tested)
    record = {
        "run_schema": RUN_SCHEMA,
        "command": command,
        "seed": recipe.seed,
        "versions": versions(),
        "data": _data(mnist, recipe),
        "recipe": asdict(recipe),
        "results": _results(model, recipe, mnist, tested) | {"seconds": round(seconds, 1)},
        "history": history,
    }
    write_json(folder / RECORD, record)
    return record


def open_run(folder: Path) -> Run:
    """Open a run folder for the next step; a RunError names what is missing."""
    for name in (RECORD, MODEL):
        if not (folder / name).is_file():
            raise RunError(f"{folder} is not a finished run: it has no {name}")
    try:
        record = json.loads((folder / RECORD).read_bytes())
    except ValueError as error:
        raise RunError(f"{folder / RECORD} is not JSON: {error}") from error
    if not isinstance(record, dict) or record.get("run_schema") != RUN_SCHEMA:
        raise RunError(f"{folder / RECORD} is not a record of run schema {RUN_SCHEMA}")
    return Run(folder, record)


def versions() -> dict[str, str]:
    """What the figures depend on besides the code."""
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }


def refuse_to_overwrite(folder: Path, force: bool) -> None:
    """Raise an ExistsError if something is in the way."""
    if folder.exists() and not folder.is_dir():
        raise ExistsError(f"{folder} is not a folder")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise ExistsError(f"{folder} is there already; choose another --name, or overwrite it with --force")


def _clear(folder: Path) -> None:
    """Make the folder, or remove an older run's files from it, and nothing else that may lie there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (folder / name).unlink(missing_ok=True)


def _without_optimizer(model: keras.Model, recipe: fit.Recipe) -> keras.Model:
    """The same network, never compiled: saved in a third of the bytes."""
    bare = lenet5(10, recipe.activation, recipe.pooling)
    bare.set_weights(model.get_weights())
    return bare


def _data(mnist: Mnist, recipe: fit.Recipe) -> dict[str, Any]:
    return {
        "name": "MNIST",
        "sha256": mnist.sha256(),
        "training": len(mnist.train) - recipe.validation,
        "validation": recipe.validation,
        "test": len(mnist.test),
    }


def _results(model: keras.Model, recipe: fit.Recipe, mnist: Mnist, tested: Evaluation) -> dict[str, float | None]:
    """Errors as shares; there is no validation error when all digits were trained on."""
    _, held_out = fit.split(mnist.train, recipe)
    validated = evaluate(logits_of(model, held_out), held_out.labels).error if held_out else None
    return {"validation_error": validated, "test_error": tested.error}
