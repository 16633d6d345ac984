"""Fine-tuning: a bundle's networks go on learning from labelled crops, among what they were trained on before."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from device.model import Bundle
from device.provenance import Origin, origins
from device.reader import Reader
from train import rendered, runs, typefaces
from train.augment import Warp, Wear
from train.crops import Cut, cut, listed
from train.data import Mnist
from train.errors import DataError, RunError
from train.files import sha256
from train.recipe import DIGIT, Recipe, fine
from train.start import Start

FEWEST = 20
"""Digits that are worth it."""
HELD_OUT = 5
"""One crop of so many is not trained on, and chooses the epoch."""
HELD_OUT_SCENES = 400
"""Lines that are held out; with fewer some digit is so rare that the ranges of int8 are told too badly."""
SHOWN_SKIPPED = 10
"""Crops that are named when they cannot be used; of more the number is told."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What lines are rendered of, so that a network of rendered lines does not forget them."""

    pendigits: Path | None
    fonts: Path | None
    scenes: int
    kept: Path
    """The folder in which glyphs outlast the training."""
    workers: int


def fine_tune(
    bundle: Bundle,
    folder: Path,
    mnist: Mnist,
    given: dict[str, Any],
    replay: Replay,
    into: Path,
    command: str,
    force: bool = False,
) -> dict[str, dict[str, Any]]:
    """Fine-tune every network of a bundle with the crops of a folder; the records of their runs, by role.

    given: what the recipe is to differ in.  into: the run folder of the first network; the others add their role.
    """
    for role in origins(bundle):
        runs.refuse_to_overwrite(runs.beside(into, role), force)
    rendered.check_pendigits(replay.pendigits)
    fonts = typefaces.provide(replay.fonts) if set(origins(bundle)) - {DIGIT} else []
    networks = {role: network_of(origin) for role, origin in origins(bundle).items()}
    made = _cut(bundle, folder)
    parts = _parts(made, int(given.get("seed", fine(Recipe()).seed)))
    for role in networks:  # what is stopped half-way leaves no network of an older fine-tuning beside a new one
        runs.clear(runs.beside(into, role))
    records = {}
    for role, origin in origins(bundle).items():
        print(f"{role}: {len(parts[0]):,} digits to train with, {len(parts[1]):,} to choose by", file=sys.stderr)
        recipe = replace(fine(_recipe(origin.recipe)), **given)
        start = _start(bundle, origin, networks[role], made, parts)
        target = runs.beside(into, role)
        if role == DIGIT:
            records[role] = runs.make_run(target, recipe, mnist, command, force, start)
        else:
            shown = _rendered(mnist, replay, fonts, recipe, role)
            records[role] = runs.make_rendered_run(target, recipe, shown, mnist, command, force, start)
    return records


def table(records: dict[str, dict[str, Any]]) -> str:
    """What became of each network, for people."""
    width = max(map(len, ("network", *records)))
    rows = [f"{'network':<{width}}  held-out crops wrong   MNIST's test digits wrong"]
    for role, record in records.items():
        found = record["results"]
        crops, digits = (f"{found[f'{name}_before']:.2%} → {found[name]:.2%}" for name in ("crops_error", "test_error"))
        rows.append(f"{role:<{width}}  {crops:<20}   {digits}")
    return "\n".join(rows)


def _cut(bundle: Bundle, folder: Path) -> Cut:
    """The crops' glyphs; what cannot be used is named on stderr."""
    made = cut(listed(folder), Reader.load(bundle.path, "digits"))
    for reason in made.skipped[:SHOWN_SKIPPED]:
        print(f"skipped: {reason}", file=sys.stderr)
    if len(made.skipped) > SHOWN_SKIPPED:
        print(f"skipped: {len(made.skipped) - SHOWN_SKIPPED} more", file=sys.stderr)
    count = len(made.labels)
    if count < FEWEST:
        raise DataError(f"{folder} has {count} digits that can be used, at least {FEWEST} are wanted")
    return made


def _parts(made: Cut, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of the glyphs to train with and to choose by; those of one crop stay together.

    A crop's own bytes decide where it goes, so that it goes there again when others have come: a network that has been
    fine-tuned before was not trained on what it is judged by.
    """
    lots = [hashlib.sha256(f"{seed} {sha256(crop.path)}".encode()).digest() for crop in made.used]
    order = sorted(range(len(lots)), key=lots.__getitem__)
    count = sum(int.from_bytes(lot[:8]) * HELD_OUT < 1 << 64 for lot in lots)
    chosen = np.isin(made.owners, order[: min(max(1, count), max(1, len(order) // 2))])
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def _start(
    bundle: Bundle, origin: Origin, network: keras.Model, made: Cut, parts: Sequence[NDArray[np.int64]]
) -> Start:
    train, held_out = parts
    glyphs = made.glyphs(origin.role)
    data = {
        "pictures": len(made.used),
        "skipped": len(made.skipped),
        "training": len(train),
        "held_out": len(held_out),
        "sha256": made.sha256(),
    }
    base: dict[str, Any] = {"bundle": bundle.name, "keras_sha256": origin.keras_sha256}
    if origin.role == DIGIT:  # the first of a bundle, and what goes with it
        others = [network.role for network in bundle.networks if network.role != DIGIT]
        base |= {"decoder": dict(bundle.decoder), "beside": others}
    return Start(network, glyphs[train], glyphs[held_out], data, base)


def network_of(origin: Origin) -> keras.Model:
    """The Keras network that a bundle's was converted from.  Raises RunError where it is not there."""
    path = origin.keras
    if not path.is_file():
        raise RunError(f"{path} is not there: training goes on from Keras networks, which only a checkout has")
    if sha256(path) != origin.keras_sha256:
        raise RunError(f"{path} is not the network that the card describes (its sha256 differs); restore the bundle")
    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{path} is not a Keras model: {error}") from error


def _recipe(told: Any) -> Recipe:
    """A card's recipe; what it does not tell is as recipes have it."""
    known = {field.name for field in fields(Recipe)}
    given = {name: value for name, value in told.items() if name in known}
    return Recipe(**given | {"warp": Warp(**told.get("warp", {})), "wear": _wear(told.get("wear", {}))})


def _wear(told: dict[str, Any]) -> Wear:
    return Wear(**{name: tuple(value) if isinstance(value, list) else value for name, value in told.items()})


def _rendered(mnist: Mnist, replay: Replay, fonts: Path, recipe: Recipe, role: str) -> rendered.Sets:
    """Rendered glyphs, of which more are held out than training would: conversion needs them."""
    made = replay.scenes, replay.kept, False, replay.workers, role
    shown = rendered.sets(mnist, replay.pendigits, fonts, recipe.seed, *made)
    writers = rendered.Supplies(mnist.train[-rendered.HELD_OUT_DIGITS :], replay.pendigits, fonts)
    files = rendered.shards(writers, recipe.seed + 1, HELD_OUT_SCENES, replay.kept, replay.workers)
    held_out = rendered.gather(files, role)
    counts = {"scenes": HELD_OUT_SCENES, "glyphs": len(held_out)}
    told = {name: shown.record[name] | {"held_out": count} for name, count in counts.items()}
    return replace(shown, held_out=held_out, record=shown.record | told)
