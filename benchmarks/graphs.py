"""The fast graph's time beside the plain one's: the same weights, in turns, in one process, on one thread."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.tables import markdown
from device.classify import find_runtime
from device.model import Bundle, Precision
from device.pixels import CANVAS

BATCHES = (8, 48)
"""Glyphs in one invoke: few, and as many as a line has spans."""
FORMS = ("plain", "fast")
"""Of a graph, as the card has them."""
WARM_UP = 20
"""Invokes that are not counted."""

Contents = Mapping[str, bytes]
"""Networks of one form, by role."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Both graphs' shortest invokes of one network."""

    role: str
    batch: int
    plain: float
    """Microseconds of wall clock a glyph."""
    fast: float

    @property
    def ratio(self) -> float:
        """The fast graph in units of the plain one: differs less from machine to machine than the times do."""
        return self.fast / self.plain

    def record(self) -> dict[str, Any]:
        """As JSON."""
        times = {"plain_us": round(self.plain, 3), "fast_us": round(self.fast, 3)}
        return {"role": self.role, "batch": self.batch, **times, "ratio": round(self.ratio, 4)}


def run(plain: Contents, fast: Contents, batches: Sequence[int], rounds: int) -> list[Timing]:
    """Time the networks that both have."""
    timings = []
    for role in plain:
        for batch in batches if role in fast else ():
            seconds = shortest([opened(content[role], batch) for content in (plain, fast)], rounds)
            timings.append(Timing(role, batch, *(1e6 * one / batch for one in seconds)))
    return timings


def shortest(interpreters: Sequence[Any], rounds: int) -> list[float]:
    """Seconds of each one's shortest invoke; they take turns, so that what disturbs one disturbs all.

    Whatever else the machine does can only add to an invoke: the least of many is its own time.
    """
    found = [float("inf")] * len(interpreters)
    for turn in range(WARM_UP + rounds):
        for i, interpreter in enumerate(interpreters):
            start = time.perf_counter()
            interpreter.invoke()
            took = time.perf_counter() - start
            if turn >= WARM_UP:
                found[i] = min(found[i], took)
    return found


def opened(content: bytes, batch: int) -> Any:
    """An interpreter on one thread, with as many glyphs of noise before it; what they show makes no difference."""
    interpreter = find_runtime()[1](model_content=content, num_threads=1)
    first = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(first["index"], (batch, CANVAS, CANVAS, 1))
    interpreter.allocate_tensors()
    noise = np.random.default_rng(1).integers(-128, 128, (batch, CANVAS, CANVAS, 1), np.int8)
    interpreter.set_tensor(first["index"], noise.astype(first["dtype"]))
    return interpreter


def both(first: Bundle, second: Bundle, precision: Precision) -> tuple[Contents, Contents]:
    """The networks of two bundles, the plain ones and the fast ones; either bundle may come first."""
    forms = [form(first), form(second)]
    if set(forms) != set(FORMS):
        raise BenchmarkError(f"the bundles have {' and '.join(forms)} graphs, one of each form is wanted")
    plain, fast = (contents((first, second)[forms.index(one)], precision) for one in FORMS)
    return plain, fast


def with_converted(bundle: Bundle, precision: Precision, data: Path | None) -> tuple[Contents, Contents]:
    """The networks of a bundle, and the same converted here to the other form, from the .keras files beside it.

    All are given ranges of MNIST's training digits: those of the digit network, and any will do for a stopwatch.
    """
    try:
        import keras

        from convert import calibrate, quantize
        from train.data import load
    except ImportError as error:
        raise BenchmarkError(f"nothing can be converted here ({error}): give a bundle --against") from error

    there, pixels, made = contents(bundle, precision), calibrate.representative(load(data).train), {}
    other: quantize.Form = "plain" if form(bundle) == "fast" else "fast"
    origins = bundle.card["made_by"]
    for role in there:
        file = bundle.path.parent / origins.get(role, origins)["keras"]["file"]
        model = keras.models.load_model(file, compile=False)
        wanted = quantize.form_of(model, other)
        int8 = precision == "int8"
        made[role] = quantize.to_int8(model, pixels, wanted) if int8 else quantize.to_float32(model, wanted)
    return (made, there) if other == "plain" else (there, made)


def form(bundle: Bundle) -> str:
    """Of a bundle's graphs: plain or fast."""
    return bundle.network("digit").graph


def contents(bundle: Bundle, precision: Precision) -> Contents:
    """A bundle's networks, by role."""
    return {network.role: network.file(precision).read() for network in bundle.networks}


def table(timings: Sequence[Timing]) -> str:
    """The Markdown table, microseconds a glyph."""
    rows = [[one.role, f"{one.batch}", f"{one.plain:.2f}", f"{one.fast:.2f}", f"{one.ratio:.3f}"] for one in timings]
    return markdown(("network", "batch", "plain, µs a glyph", "fast, µs a glyph", "ratio"), rows)
