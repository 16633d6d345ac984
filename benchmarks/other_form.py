"""The shipped networks in the other form, plain for fast and fast for plain, made from the .keras files beside them.

An int8 network gets the scales, zero points and constants of the shipped one, whatever set they were found on, so that
both forms differ in C1 and S2 and in nothing else.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError
from device.model import Bundle, Precision

PRECISIONS: tuple[Precision, ...] = ("int8", "float32")
PER_CLASS = 2
"""Digits the converter is shown; the ranges that it finds on them are replaced."""

Contents = Mapping[str, bytes]
"""Networks of one form, by role."""


def form(bundle: Bundle) -> str:
    """Of a bundle's graphs: plain or fast."""
    return bundle.network("digit").graph


def contents(bundle: Bundle, precision: Precision) -> Contents:
    """A bundle's networks, by role."""
    return {network.role: network.file(precision).read() for network in bundle.networks}


def made(bundle: Bundle, precision: Precision, data: Path | None) -> Contents:
    """A bundle's networks in the other form, by role.  Raises BenchmarkError where nothing can be converted."""
    try:
        import keras

        from convert import calibrate, quantize, ranges
        from train.data import load
    except ImportError as error:
        raise BenchmarkError(f"nothing can be converted here ({error}): give a bundle --against") from error

    wanted: quantize.Form = "plain" if form(bundle) == "fast" else "fast"
    origins, found = bundle.card["made_by"], {}
    shown = calibrate.representative(load(data).train, PER_CLASS) if precision == "int8" else None
    for role, shipped in contents(bundle, precision).items():
        file = bundle.path.parent / origins.get(role, origins)["keras"]["file"]
        try:
            model = keras.models.load_model(file, compile=False)
        except (OSError, ValueError) as error:
            raise BenchmarkError(f"{file}: cannot be converted from ({error}): give a bundle --against") from error
        form_ = quantize.form_of(model, wanted)
        if shown is None:
            found[role] = quantize.to_float32(model, form_)
        else:
            found[role] = ranges.adopt(quantize.to_int8(model, shown, form_), shipped, math.inf)
    return found


def written(bundle: Bundle, data: Path | None, folder: Path) -> Bundle:
    """The bundle in its other form, in a folder, with a card of its own."""
    from train.files import write_json

    card = dict(bundle.card)
    every = {precision: made(bundle, precision, data) for precision in PRECISIONS}
    wanted = "plain" if form(bundle) == "fast" else "fast"
    card["networks"] = [
        {**one, "graph": wanted}
        | {precision: _file(folder, one[precision], every[precision][one["role"]]) for precision in PRECISIONS}
        for one in card["networks"]
    ]
    write_json(folder / bundle.path.name, card)
    return Bundle.load(folder / bundle.path.name)


def _file(folder: Path, said: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    """Write a network; what the card says of it: its ends are those of the shipped one."""
    (folder / said["file"]).write_bytes(content)
    return {**said, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
