"""What a bundle's network is converted from: a training run's, or one of a file that somebody brings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from convert.errors import ConversionError
from device.model import DIGITS
from train.errors import RunError
from train.recipe import DIGIT, DIGIT_OR_NOT, DIGIT_OR_NOT_ALONE, WHICH_DIGIT
from train.runs import Run

NOT = "not"
"""The eleventh class."""
CLASSES = {
    DIGIT: DIGITS,
    DIGIT_OR_NOT: (*DIGITS, NOT),
    WHICH_DIGIT: DIGITS,
    DIGIT_OR_NOT_ALONE: (*DIGITS, NOT),
}
"""Of a network, by its role."""

BROUGHT = "keras"
"""What cards call a network that is none of the project's."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A trained Keras network."""

    role: str
    arch: str
    """Its name among the networks that can be trained, or BROUGHT."""
    model: keras.Model
    """float32[N, 32, 32, 1], pixels 0 to 255 → float32[N, classes] logits."""
    file: Path
    """Where it was opened; the bundle has a copy."""
    origin: dict[str, Any]
    """How it came about, for the card."""

    @property
    def suffix(self) -> str:
        """Of the copy."""
        return ".keras" if self.file.suffix == ".keras" else ".h5"


def of_run(run: Run) -> Source:
    """The network of a training run, with the classes of its role."""
    try:
        model = run.network()
    except RunError as error:
        raise ConversionError(str(error)) from error
    found, wanted = model.output_shape[-1], len(CLASSES[run.role])
    if found != wanted:
        raise ConversionError(f"{run.model_file} has {found} classes, the role {run.role} has {wanted}")
    record = run.record
    training = {"command": record["command"], "versions": record["versions"], "data": record["data"]}
    origin = {"recipe": record["recipe"], "training": training}
    if run.base is not None:
        origin["base"] = {name: run.base[name] for name in ("bundle", "keras_sha256")}
    return Source(run.role, run.arch, model, run.model_file, origin)
