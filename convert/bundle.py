"""A training run becomes a bundle: converted, calibrated, compared, and only then put where the device finds it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras

from convert import calibrate, quantize
from convert.card import CLASSES, accuracy, card, made_by
from convert.errors import ConversionError
from convert.parity import Parity, measure
from convert.temperature import fit_temperature
from device.model import Bundle
from train.data import Mnist
from train.errors import ExistsError
from train.evaluate import logits_of
from train.files import write_atomically, write_json
from train.runs import Run


def targets(out: Path, name: str) -> tuple[Path, Path, Path, Path]:
    """A bundle's files, the card last, so that a card never stands beside files that are not its own for long."""
    ends = ("-int8.tflite", "-float32.tflite", ".keras", ".json")
    return tuple(out / f"{name}{end}" for end in ends)  # type: ignore[return-value]


def refuse_to_overwrite(out: Path, name: str, force: bool) -> None:
    """Raise an ExistsError that names what is in the way."""
    there = [path.name for path in targets(out, name) if path.exists()]
    if there and not force:
        raise ExistsError(f"{out} has {', '.join(there)} already; choose another --name, or overwrite with --force")


def make_bundle(
    run: Run, name: str, out: Path, mnist: Mnist, command: str, force: bool = False, held_out: Run | None = None
) -> Parity:
    """Convert a run into the bundle `out/name`; nothing is written unless the parity holds.

    held_out: a run of the same recipe that held digits out, for the temperature of one that did not.
    """
    refuse_to_overwrite(out, name, force)
    _same_digits(run, mnist)
    honest = _honest(run, held_out)
    temperature = temperature_of(honest, mnist)
    model = _open_model(run)
    int8 = quantize.to_int8(model, calibrate.representative(mnist.train))
    float32 = quantize.to_float32(model)
    described = card(name, int8, float32, temperature, made_by(name, run, honest, mnist, command))
    with tempfile.TemporaryDirectory(prefix="postread-bundle-") as folder:
        draft = Path(folder)
        _write(draft, name, int8, float32, described, run)
        parity = measure(Bundle.load(draft / f"{name}.json"), mnist.test)
        parity.require()
    _write(out, name, int8, float32, described | {"accuracy": accuracy(parity)}, run)
    return parity


def temperature_of(run: Run, mnist: Mnist) -> float:
    """Fit the temperature on the digits that the run held out; 1, which changes nothing, if there were none.

    Fitted on digits the network was trained on it would come out too small, and the device too sure.
    """
    count = run.record["recipe"]["validation"]
    if not count:
        return 1.0
    held_out = mnist.train[-count:]
    return fit_temperature(logits_of(_open_model(run), held_out), held_out.labels)


def _honest(run: Run, held_out: Run | None) -> Run:
    """The run whose held-out digits calibrate: the one named, if it differs from the first in nothing else."""
    if held_out is None:
        return run
    ours, theirs = (one.record["recipe"] | {"validation": 0} for one in (run, held_out))
    if ours != theirs or held_out.record["data"]["sha256"] != run.record["data"]["sha256"]:
        raise ConversionError(f"{held_out.folder} was trained by another recipe than {run.folder}")
    return held_out


def _write(out: Path, name: str, int8: bytes, float32: bytes, described: dict[str, object], run: Run) -> None:
    *networks, card_file = targets(out, name)
    for path, content in zip(networks, (int8, float32, run.model_file.read_bytes()), strict=True):
        write_atomically(path, content)
    write_json(card_file, described)


def _same_digits(run: Run, mnist: Mnist) -> None:
    """Calibrate and compare on the data set that the network was trained on, and on no other."""
    if run.record["data"]["sha256"] != mnist.sha256():
        raise ConversionError(f"{run.folder} was trained on other digits than these; give the same --data FILE")


def _open_model(run: Run) -> keras.Model:
    try:
        model = keras.models.load_model(run.model_file, compile=False)
    except (OSError, ValueError, TypeError) as error:
        raise ConversionError(f"{run.model_file} is not a Keras model: {error}") from error
    if model.output_shape[-1] != len(CLASSES):
        raise ConversionError(f"{run.model_file} has {model.output_shape[-1]} classes, the digits are {len(CLASSES)}")
    return model
