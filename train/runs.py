"""The run folder: what a training leaves behind."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from train import fit, pictures
from train.data import Glyphs, Mnist, Shown
from train.errors import ExistsError, RunError
from train.evaluate import Evaluation, evaluate, logits_of
from train.feed import first_batch
from train.files import json_bytes, sha256, write_json
from train.guide import Guide, Labels
from train.networks.registry import NETWORKS, build
from train.pieces import NOT_A_DIGIT
from train.recipe import DIGIT, LENET5, RECIPES, Recipe
from train.rendered import Sets, load, save
from train.start import digit_error

RUN_SCHEMA = 1
MODEL, RECORD = "model.keras", "run.json"
CURVES, CONFUSION, MISTAKES = "curves.png", "confusion.png", "mistakes.png"
SHOWN = "digits.png"
"""The first digits that the network was shown, distorted as they were."""
HELD_OUT = "held-out.npz"
"""The rendered glyphs that a network of eleven classes was validated on; conversion calibrates and compares on them."""
FILES = (RECORD, MODEL, SHOWN, CURVES, CONFUSION, MISTAKES, HELD_OUT)
"""All that a run folder may have; a folder without the record, which comes last, is no finished run."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A finished training, opened again."""

    folder: Path
    record: dict[str, Any]

    @property
    def model_file(self) -> Path:
        """The Keras network."""
        return self.folder / MODEL

    @property
    def role(self) -> str:
        """As `device.model.ROLES` has it."""
        return str(self.record.get("role", DIGIT))

    @property
    def arch(self) -> str:
        """The network's name in `train.networks.registry`."""
        return str(self.record["recipe"].get("arch", LENET5))

    @property
    def base(self) -> dict[str, Any] | None:
        """Of a fine-tuned network: the bundle that it comes from, its network there, and its decoder."""
        base: dict[str, Any] | None = self.record.get("base")
        return base

    def beside(self) -> list[Run]:
        """The runs of the networks that were fine-tuned with this one, the first of its bundle.  Raises RunError."""
        runs = [open_run(beside(self.folder, role)) for role in (self.base or {}).get("beside", [])]
        for run in runs:
            if run._crops != self._crops:
                raise RunError(
                    f"{run.folder} was fine-tuned on other crops than {self.folder}; do it again with --force"
                )
        return runs

    @property
    def _crops(self) -> str | None:
        """The hash of what it was fine-tuned on."""
        crops: str | None = self.record["data"].get("crops", {}).get("sha256")
        return crops

    def network(self) -> keras.Model:
        """Open the Keras network; its own layers are registered, since training is imported above."""
        try:
            return keras.models.load_model(self.model_file, compile=False)
        except (OSError, ValueError, TypeError) as error:
            raise RunError(f"{self.model_file} is not a Keras model: {error}") from error

    def held_out(self) -> Glyphs:
        """The glyphs of a run on rendered lines that its network was not trained on."""
        path = self.folder / HELD_OUT
        if self.role == DIGIT:
            raise RunError(f"{self.folder} is a run of the role {self.role}, one on rendered lines is wanted")
        if not path.is_file():
            raise RunError(f"{self.folder} is not a finished run: it has no {HELD_OUT}")
        if sha256(path) != self.record["data"]["held_out_sha256"]:
            raise RunError(f"{path} is not the file that {RECORD} describes (its sha256 differs)")
        return load(path)


def make_run(
    folder: Path, recipe: Recipe, mnist: Mnist, command: str, force: bool = False, guide: Guide | None = None
) -> dict[str, Any]:
    """Train on MNIST, test, and leave a run folder; returns the record.

    guide: what training goes by; without one, labels alone.
    """
    by = guide or Labels(recipe.rubbish)
    part, held_out = fit.split(mnist.train, recipe)
    model, training = _train(folder, recipe, part, held_out, force, by)
    tested = evaluate(logits_of(model, mnist.test), mnist.test.labels)
    _draw(folder, recipe, training.history, tested, mnist.test, "test digits", by)
    validated = evaluate(logits_of(model, held_out), held_out.labels).error if held_out else None
    results = {"validation_error": validated, "test_error": tested.error} | by.results(model, mnist)
    return _leave(folder, DIGIT, recipe, command, _data(mnist, recipe), results, training, by)


def make_rendered_run(
    folder: Path,
    recipe: Recipe,
    shown: Sets,
    mnist: Mnist,
    command: str,
    force: bool = False,
    guide: Guide | None = None,
) -> dict[str, Any]:
    """Train on rendered glyphs, test, and leave a run folder with the held-out ones; returns the record.

    guide: as above.
    """
    by = guide or Labels(recipe.rubbish)
    model, training = _train(folder, recipe, shown.part, shown.held_out, force, by)
    save(folder / HELD_OUT, shown.held_out.pixels, shown.held_out.labels)
    tested = evaluate(logits_of(model, shown.held_out), shown.held_out.labels)
    _draw(folder, recipe, training.history, tested, shown.held_out, "held-out glyphs", by)
    is_digit = shown.held_out.labels < NOT_A_DIGIT
    wrong, taken = tested.predicted != shown.held_out.labels, tested.predicted < NOT_A_DIGIT
    results = {
        "validation_error": _share(wrong[is_digit]),
        "not_digits_taken": _share(taken[~is_digit]),
        "test_error": digit_error(model, mnist.test),
        **by.results(model, mnist),
    }
    data = shown.record | {"held_out_sha256": sha256(folder / HELD_OUT)}
    return _leave(folder, shown.role, recipe, command, data, results, training, by)


def beside(folder: Path, role: str) -> Path:
    """Where, beside the run of a bundle's first network, that of another role's lies."""
    return folder if role == DIGIT else folder.with_name(f"{folder.name}-{role}")


def open_run(folder: Path) -> Run:
    """Open a run folder for the next step; a RunError names what is missing, or is not as a training leaves it."""
    for name in (RECORD, MODEL):
        if not (folder / name).is_file():
            raise RunError(f"{folder} is not a finished run: it has no {name}")
    try:
        record = json.loads((folder / RECORD).read_bytes())
    except ValueError as error:
        raise RunError(f"{folder / RECORD} is not JSON: {error}") from error
    if not isinstance(record, dict) or record.get("run_schema") != RUN_SCHEMA:
        raise RunError(f"{folder / RECORD} is not a record of run schema {RUN_SCHEMA}")
    if wrong := next(_wrong(record), None):
        raise RunError(f"{folder / RECORD} is damaged: {wrong}; train the run again")
    return Run(folder, record)


def _wrong(record: dict[str, Any]) -> Iterator[str]:
    """What of a record is not as a training leaves it, the first thing first."""
    for name, kind in {"command": str, "seed": int, "versions": dict, "data": dict, "recipe": dict}.items():
        if not isinstance(record.get(name), kind):
            yield f"it has no {name}"
    role, recipe, data = record.get("role", DIGIT), record["recipe"], record["data"]
    if role not in list(RECIPES):
        yield f"its role is {role!r}, there are {', '.join(RECIPES)}"
    if (arch := recipe.get("arch", LENET5)) not in list(NETWORKS):
        yield f"its network is {arch!r}, there are {', '.join(NETWORKS)}"
    if type(held_out := recipe.get("validation")) is not int or held_out < 0:
        yield f"its recipe holds {held_out!r} digits out"
    hashes = {"MNIST": data.get("sha256", data.get("mnist"))}
    hashes |= {} if role == DIGIT else {HELD_OUT: data.get("held_out_sha256")}
    yield from (f"it has no sha256 of {name}" for name, digest in hashes.items() if not isinstance(digest, str))
    yield from _wrong_base(record.get("base"))


def _wrong_base(base: Any) -> Iterator[str]:
    """The same of what a fine-tuned network comes from; only the first of a bundle has its decoder."""
    if base is None:
        return
    if not isinstance(base, dict) or not all(isinstance(base.get(name), str) for name in ("bundle", "keras_sha256")):
        yield "it does not tell what it was fine-tuned from"
        return
    roles = base.get("beside", [])
    if not isinstance(roles, list) or not all(role in list(RECIPES) for role in roles):
        yield f"it was fine-tuned beside {roles!r}, there are {', '.join(RECIPES)}"
    if not isinstance(base.get("decoder", {}), dict):
        yield "it has no decoder"


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


def clear(folder: Path) -> None:
    """Make the folder, or remove an older run's files from it, and nothing else that may lie there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (folder / name).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, eq=False)
class _Training:
    history: fit.History
    seconds: float
    """Of wall clock."""


def _train(
    folder: Path, recipe: Recipe, part: Shown, held_out: Shown | None, force: bool, by: Guide
) -> tuple[keras.Model, _Training]:
    """Train into a folder that holds no older run."""
    refuse_to_overwrite(folder, force)
    clear(folder)
    begun = time.monotonic()
    model, history = fit.train(recipe, part, held_out, folder / MODEL, by)
    training = _Training(history, round(time.monotonic() - begun, 1))
    _without_optimizer(model, recipe).save(folder / MODEL)
    pictures.draw_digits(folder / SHOWN, first_batch(part, recipe))
    return model, training


def _draw(
    folder: Path,
    recipe: Recipe,
    history: fit.History,
    tested: Evaluation,
    shown: Shown,
    what: str,
    by: Guide,
) -> None:
    pictures.draw_curves(folder / CURVES, history, recipe.warped > 0, by.loss_name)
    pictures.draw_confusion(folder / CONFUSION, tested, what)
    pictures.draw_mistakes(folder / MISTAKES, shown, tested)


def _leave(
    folder: Path,
    role: str,
    recipe: Recipe,
    command: str,
    data: dict[str, Any],
    results: dict[str, float | None],
    training: _Training,
    by: Guide,
) -> dict[str, Any]:
    """Write the record, which makes it a finished run."""
    record = {
        "run_schema": RUN_SCHEMA,
        "role": role,
        "command": command,
        "seed": recipe.seed,
        "versions": versions(),
        "recipe": _plain(asdict(recipe)),
        "results": results | {"seconds": training.seconds},
        "history": training.history,
        **by.told(data),
    }
    write_json(folder / RECORD, record)
    return record


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """As it comes back from JSON, which has no tuples."""
    given: dict[str, Any] = json.loads(json_bytes(told))
    return given


def _without_optimizer(model: keras.Model, recipe: Recipe) -> keras.Model:
    """The same network, never compiled: saved in a third of the bytes."""
    bare = build(recipe)
    bare.set_weights(model.get_weights())
    return bare


def _data(mnist: Mnist, recipe: Recipe) -> dict[str, Any]:
    return {
        "name": "MNIST",
        "sha256": mnist.sha256(),
        "training": len(mnist.train) - recipe.validation,
        "validation": recipe.validation,
        "test": len(mnist.test),
    }


def _share(these: NDArray[np.bool_]) -> float | None:
    """Share of true ones; none of nothing."""
    return float(these.mean()) if len(these) else None
