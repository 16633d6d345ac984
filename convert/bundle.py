"""Training runs become a bundle: converted, calibrated, compared, and only then put where the device finds it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from convert import calibrate, forms, quantize
from convert.card import CLASSES, Converted, accuracy, card, made_by, stem
from convert.errors import ConversionError
from convert.forms import FormParity, Pair
from convert.parity.compare import Compared, compare_bundle
from convert.temperature import fit_temperature
from device.model import Bundle
from train.data import Glyphs, Mnist
from train.errors import ExistsError
from train.evaluate import logits_of
from train.files import write_atomically, write_json
from train.recipe import DIGIT, DIGIT_OR_NOT, LENET5, WHICH_DIGIT
from train.runs import Run

ENDS = ("-int8.tflite", "-float32.tflite", ".keras")
"""Of the files of each network."""


def targets(out: Path, name: str) -> list[Path]:
    """All files that a bundle may have, the card last, so that it stands beside files not its own only for a moment."""
    files = [out / f"{stem(name, role)}{end}" for role in CLASSES for end in ENDS]
    return [*files, out / f"{name}.json"]


def refuse_to_overwrite(out: Path, name: str, force: bool) -> None:
    """Raise an ExistsError that names what is in the way."""
    there = [path.name for path in targets(out, name) if path.exists()]
    if there and not force:
        raise ExistsError(f"{out} has {', '.join(there)} already; choose another --name, or overwrite with --force")


def make_bundle(
    run: Run,
    name: str,
    out: Path,
    mnist: Mnist,
    command: str,
    force: bool = False,
    held_out: Run | None = None,
    others: Sequence[Run] = (),
    graph: quantize.Form | None = None,
) -> Compared:
    """Convert a run, or several, into the bundle `out/name`; nothing is written unless the parity holds.

    held_out: a run of the same recipe that held digits out, for the temperature of one that did not.
    others: a digit-or-not run, by whose network the device reads lines; with it, maybe, a which-digit run.
    graph: of all networks; None is fast for those that have a fast graph, and plain for others.
    """
    refuse_to_overwrite(out, name, force)
    _require_role(run, DIGIT)
    _require_arch(run)
    _same_digits(run, mnist)
    honest = _honest(run, held_out)
    networks, left = [_convert(run, calibrate.representative(mnist.train), calibrate.PER_CLASS, graph)], None
    for other in _in_order(others):
        converted, its = _convert_rendered(other, mnist, graph)
        networks.append(converted)
        left = left or its
    described = card(name, networks, temperature_of(honest, mnist), made_by(name, networks, honest, mnist, command))
    compared = replace(_compare(name, networks, described, mnist, left), forms=_forms(networks, mnist, left))
    compared.require()
    _write(out, name, networks, _keep_decoder(out / f"{name}.json", described) | {"accuracy": accuracy(compared)})
    return compared


def temperature_of(run: Run, mnist: Mnist) -> float:
    """Fit the temperature on the digits that the run held out; 1, which changes nothing, if there were none.

    Fitted on digits the network was trained on it would come out too small, and the device too sure.
    """
    count = run.record["recipe"]["validation"]
    if not count:
        return 1.0
    held_out = mnist.train[-count:]
    return fit_temperature(logits_of(open_model(run), held_out), held_out.labels)


def open_model(run: Run) -> keras.Model:
    """The run's Keras network, with the classes of its role."""
    try:
        model = keras.models.load_model(run.model_file, compile=False)
    except (OSError, ValueError, TypeError) as error:
        raise ConversionError(f"{run.model_file} is not a Keras model: {error}") from error
    found, wanted = model.output_shape[-1], len(CLASSES[run.role])
    if found != wanted:
        raise ConversionError(f"{run.model_file} has {found} classes, the role {run.role} has {wanted}")
    return model


def _convert(run: Run, representative: quantize.Uint8, per_class: int, graph: quantize.Form | None) -> Converted:
    """Convert to the graph asked for; if that is the fast one, also to the plain one that it must equal."""
    model = open_model(run)
    form = quantize.form_of(model, graph)
    shipped = _pair(model, representative, form)
    plain = _pair(model, representative, "plain") if form == "fast" else None
    return Converted(run, shipped.int8, shipped.float32, per_class, form, plain)


def _pair(model: keras.Model, representative: quantize.Uint8, form: quantize.Form) -> Pair:
    return Pair(quantize.to_int8(model, representative, form), quantize.to_float32(model, form))


def _in_order(others: Sequence[Run]) -> list[Run]:
    """The digit-or-not run, and after it a which-digit run if there is one."""
    for run, role in zip(others, (DIGIT_OR_NOT, WHICH_DIGIT), strict=False):
        _require_role(run, role)
    if len(others) > 2:
        raise ConversionError(f"{others[2].folder} is one run too many: a bundle has three networks at most")
    return list(others)


def _convert_rendered(run: Run, mnist: Mnist, graph: quantize.Form | None) -> tuple[Converted, Glyphs]:
    """A network of rendered lines, and the held-out glyphs that its ranges do not come from."""
    _same_digits(run, mnist)
    classes = len(CLASSES[run.role])
    shown, left = calibrate.apart(run.held_out(), classes)
    return _convert(run, shown.pixels, len(shown) // classes, graph), left


def _forms(networks: Sequence[Converted], mnist: Mnist, left: Glyphs | None) -> tuple[FormParity, ...]:
    """Each fast network beside its plain one: on MNIST's test digits, the second one on rendered glyphs too."""
    found = []
    for one in networks:
        if one.plain is not None:
            shown = [mnist.test, left] if left and one.run.role != DIGIT else [mnist.test]
            pair = Pair(one.int8, one.float32)
            found += [forms.compare(one.run.role, one.plain, pair, glyphs.pixels) for glyphs in shown]
    return tuple(found)


def _compare(
    name: str, networks: Sequence[Converted], described: dict[str, Any], mnist: Mnist, left: Glyphs | None
) -> Compared:
    """Open the bundle as the device does, from a folder of its own, and compare its networks."""
    with tempfile.TemporaryDirectory(prefix="postread-bundle-") as folder:
        draft = Path(folder)
        _write(draft, name, networks, described)
        models = {one.run.role: open_model(one.run) for one in networks}
        return compare_bundle(Bundle.load(draft / f"{name}.json"), mnist, left, models)


def _keep_decoder(older: Path, described: dict[str, Any]) -> dict[str, Any]:
    """A decoder that was fitted to these very networks stays."""
    try:
        card = json.loads(older.read_bytes())
        same = _hashes(card) == _hashes(described) and "fitted" in card["decoder"]
    except (OSError, ValueError, KeyError, TypeError):
        return described
    return described | {"decoder": card["decoder"]} if same else described


def _hashes(card: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["role"], one["int8"]["sha256"], one["float32"]["sha256"]) for one in card["networks"]]


def _honest(run: Run, held_out: Run | None) -> Run:
    """The run whose held-out digits calibrate: the one named, if it differs from the first in nothing else."""
    if held_out is None:
        return run
    ours, theirs = (one.record["recipe"] | {"validation": 0} for one in (run, held_out))
    if ours != theirs or held_out.record["data"]["sha256"] != run.record["data"]["sha256"]:
        raise ConversionError(f"{held_out.folder} was trained by another recipe than {run.folder}")
    return held_out


def _write(out: Path, name: str, networks: Sequence[Converted], described: dict[str, Any]) -> None:
    """Write the files of each network, remove those of one that is no longer there, and write the card last."""
    *files, card_file = targets(out, name)
    contents = [content for one in networks for content in (one.int8, one.float32, one.run.model_file.read_bytes())]
    for path, content in zip(files, contents, strict=False):
        write_atomically(path, content)
    for path in files[len(contents) :]:
        path.unlink(missing_ok=True)
    write_json(card_file, described)


def _same_digits(run: Run, mnist: Mnist) -> None:
    """Calibrate and compare on the data set that the network was trained on, and on no other."""
    data = run.record["data"]
    if data.get("sha256", data.get("mnist")) != mnist.sha256():
        raise ConversionError(f"{run.folder} was trained on other digits than these; give the same --data FILE")


def _require_role(run: Run, role: str) -> None:
    if run.role != role:
        raise ConversionError(f"{run.folder} is a run of the role {run.role}, {role} is wanted")


def _require_arch(run: Run) -> None:
    if run.arch != LENET5:
        raise ConversionError(f"{run.folder} is a run of {run.arch}: so far only {LENET5} can be converted")
