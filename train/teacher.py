"""A run's network, opened to teach another one."""

from __future__ import annotations

from typing import Any

from train.data import Mnist
from train.distil import SOFTNESS, Teacher
from train.errors import RunError
from train.files import sha256
from train.recipe import DIGIT, Recipe
from train.runs import Run


def teacher(run: Run, recipe: Recipe, mnist: Mnist) -> Teacher:
    """Open it.  Raises RunError where it was trained on other digits, or on some that the recipe holds out."""
    if run.role != DIGIT:
        raise RunError(f"{run.folder} is a run of the role {run.role}, a teacher has the role {DIGIT}")
    if run.record["data"]["sha256"] != mnist.sha256():
        raise RunError(f"{run.folder} was trained on other digits than these; train the teacher on the same")
    theirs, ours = run.record["recipe"]["validation"], recipe.validation
    if theirs < ours:
        raise RunError(
            f"{run.folder} was trained on digits that are to be held out here (it held out {theirs:,}, here {ours:,} "
            "are); train the teacher without --final, or this network with it"
        )
    return Teacher(run.network(), _told(run))


def _told(run: Run) -> dict[str, Any]:
    """Of the teacher, for the taught network's record."""
    told = {name: run.record[name] for name in ("command", "recipe", "versions", "results")}
    named = {"run": run.folder.name, "keras_sha256": sha256(run.model_file), "softness": SOFTNESS}
    return named | told
