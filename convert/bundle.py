"""Training runs become a bundle: converted, calibrated, compared, and only then put where the device finds it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras

from convert import calibrate, files, forms, quantize
from convert.card import Converted, accuracy, card, made_by
from convert.errors import ConversionError
from convert.forms import FormParity, Pair
from convert.parity.compare import Compared, compare_bundle
from convert.source import CLASSES, Source, of_run
from convert.temperature import fit_temperature
from device.model import Bundle
from train.data import Glyphs, Mnist
from train.evaluate import logits_of
from train.recipe import DIGIT, DIGIT_OR_NOT
from train.runs import Run

KNOWN_DIGITS = 5000
"""On which the temperature is fitted of a network that held none out."""

NOTHING: Mapping[str, Glyphs] = {}


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
    others: a digit-or-not run, by whose network the device reads lines; with it, maybe, runs of other roles.
    graph: of all networks; None is fast for those that have a fast graph, and plain for others.
    """
    files.refuse_to_overwrite(out, name, force)
    _require_role(run, DIGIT)
    _same_digits(run, mnist)
    honest = _honest(run, held_out)
    networks = [convert(of_run(run), calibrate.representative(mnist.train), calibrate.PER_CLASS, graph)]
    left: dict[str, Glyphs] = {}
    for other in _in_order(others):
        converted, left[other.role] = _convert_rendered(other, mnist, graph)
        networks.append(converted)
    recipe = honest.record["recipe"]
    calibration = {"held_out": recipe["validation"], "training": honest.record["command"], **_taught(honest)}
    told = {"seed": run.record["seed"], "temperature": calibration}
    described = card(name, networks, temperature_of(honest, mnist), made_by(name, networks, mnist, command) | told)
    return ship(name, out, networks, _with_decoder(run, described), mnist, left)


def _taught(run: Run) -> dict[str, str]:
    """What trained a run's teacher, if it had one."""
    teacher = run.record["data"].get("teacher")
    return {} if teacher is None else {"teacher": teacher["command"]}


def ship(
    name: str,
    out: Path,
    networks: Sequence[Converted],
    described: dict[str, Any],
    mnist: Mnist,
    left: Mapping[str, Glyphs] = NOTHING,
) -> Compared:
    """Compare a bundle's networks and write its files; nothing is written unless the parity holds.

    described: the card.  left: glyphs to compare each role's network of rendered lines on.
    """
    compared = replace(_compare(name, networks, described, mnist, left), forms=_forms(networks, mnist, left))
    compared.require()
    card_file = out / f"{name}.json"
    files.write(out, name, networks, files.keep_decoder(card_file, described) | {"accuracy": accuracy(compared)})
    return compared


def convert(source: Source, representative: quantize.Uint8, per_class: int, graph: quantize.Form | None) -> Converted:
    """Convert to the graph asked for; if that is the fast one, also to the plain one that it must equal."""
    form = quantize.form_of(source.model, graph)
    shipped = _pair(source.model, representative, form)
    plain = _pair(source.model, representative, "plain") if form == "fast" else None
    return Converted(source, shipped.int8, shipped.float32, per_class, form, plain)


def _pair(model: keras.Model, representative: quantize.Uint8, form: quantize.Form) -> Pair:
    return Pair(quantize.to_int8(model, representative, form), quantize.to_float32(model, form))


def _with_decoder(run: Run, described: dict[str, Any]) -> dict[str, Any]:
    """The card of a fine-tuned network has the decoder of the bundle it comes from: it answers nearly as that did."""
    if run.base is None:
        return described
    taken = {"taken_from": run.base["bundle"]}
    made_by = described["made_by"] | {"temperature": taken}
    return described | {"decoder": run.base["decoder"] | taken, "made_by": made_by}


def temperature_of(run: Run, mnist: Mnist) -> float:
    """The temperature of a run's network."""
    return temperature(of_run(run).model, mnist, run.record["recipe"]["validation"])


def temperature(model: keras.Model, mnist: Mnist, held_out: int) -> float:
    """Fit the temperature on so many of the last training digits, which the network was not trained on.

    Fitted on digits that it was trained on it comes out too small, and the device too sure.  So where none were held
    out it is fitted on those, as a lower bound, and is 1 at least, which changes nothing.
    """
    digits = mnist.train[-(held_out or KNOWN_DIGITS) :]
    found = fit_temperature(logits_of(model, digits), digits.labels)
    return found if held_out else max(1.0, found)


def _in_order(others: Sequence[Run]) -> list[Run]:
    """The digit-or-not run, and after it those of other roles, in the order in which cards name them."""
    order = list(CLASSES)
    chosen = sorted(others, key=lambda run: order.index(run.role))
    for run, role in zip(chosen[:1], (DIGIT_OR_NOT,), strict=False):
        _require_role(run, role)
    for run, other in pairwise(chosen):
        if run.role == other.role:
            raise ConversionError(f"{run.folder} and {other.folder} are both runs of the role {run.role}; give one")
    return chosen


def _convert_rendered(run: Run, mnist: Mnist, graph: quantize.Form | None) -> tuple[Converted, Glyphs]:
    """A network of rendered lines, and the held-out glyphs that its ranges do not come from."""
    _same_digits(run, mnist)
    classes = len(CLASSES[run.role])
    shown, left = calibrate.apart(run.held_out(), classes)
    return convert(of_run(run), shown.pixels, len(shown) // classes, graph), left


def _forms(networks: Sequence[Converted], mnist: Mnist, left: Mapping[str, Glyphs]) -> tuple[FormParity, ...]:
    """Each fast network beside its plain one: on MNIST's test digits, those of rendered lines on their glyphs too."""
    found = []
    for one in networks:
        if one.plain is not None:
            role = one.source.role
            shown = [mnist.test, left[role]] if role in left else [mnist.test]
            pair = Pair(one.int8, one.float32)
            found += [forms.compare(role, one.plain, pair, glyphs.pixels) for glyphs in shown]
    return tuple(found)


def _compare(
    name: str, networks: Sequence[Converted], described: dict[str, Any], mnist: Mnist, left: Mapping[str, Glyphs]
) -> Compared:
    """Open the bundle as the device does, from a folder of its own, and compare its networks."""
    with tempfile.TemporaryDirectory(prefix="postread-bundle-") as folder:
        draft = Path(folder)
        files.write(draft, name, networks, described)
        models = {one.source.role: one.source.model for one in networks}
        return compare_bundle(Bundle.load(draft / f"{name}.json"), mnist, left, models)


def _honest(run: Run, held_out: Run | None) -> Run:
    """The run whose held-out digits calibrate: the one named, if it differs from the first in nothing else."""
    if held_out is None:
        return run
    if run.base is not None:
        kept = f"keeps the temperature and the decoder of the bundle {run.base['bundle']}"
        raise ConversionError(f"{run.folder} was fine-tuned and {kept}; leave --held-out out")
    if not held_out.record["recipe"]["validation"]:
        raise ConversionError(f"{held_out.folder} holds no digits out; train it without --final")
    ours, theirs = (one.record["recipe"] | {"validation": 0} for one in (run, held_out))
    if ours != theirs or held_out.record["data"]["sha256"] != run.record["data"]["sha256"]:
        raise ConversionError(f"{held_out.folder} was trained by another recipe than {run.folder}")
    return held_out


def _same_digits(run: Run, mnist: Mnist) -> None:
    """Calibrate and compare on the data set that the network was trained on, and on no other."""
    data = run.record["data"]
    if data.get("sha256", data.get("mnist")) != mnist.sha256():
        raise ConversionError(f"{run.folder} was trained on other digits than these; give the same --data FILE")


def _require_role(run: Run, role: str) -> None:
    if run.role != role:
        raise ConversionError(f"{run.folder} is a run of the role {run.role}, {role} is wanted")
