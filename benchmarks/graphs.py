"""The fast graph's time beside the plain one's: the same weights, in turns, in one process, on one thread."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.other_form import Contents, form
from benchmarks.tables import markdown
from device.classify import find_runtime
from device.model import Bundle
from device.pixels import CANVAS

BATCHES = (8, 48)
"""Glyphs in one invoke: few, and as many as a line has spans."""
FORMS = ("plain", "fast")
"""Of a graph, as the card has them."""
WARM_UP = 20
"""Invokes that are not counted."""


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


def both(first: Bundle, second: Bundle) -> tuple[Bundle, Bundle]:
    """Of two bundles the plain one and the fast one; either may come first."""
    forms = [form(first), form(second)]
    if set(forms) != set(FORMS):
        raise BenchmarkError(f"the bundles have {' and '.join(forms)} graphs, one of each form is wanted")
    return (first, second) if forms[0] == "plain" else (second, first)


def table(timings: Sequence[Timing]) -> str:
    """The Markdown table, microseconds a glyph."""
    rows = [[one.role, f"{one.batch}", f"{one.plain:.2f}", f"{one.fast:.2f}", f"{one.ratio:.3f}"] for one in timings]
    return markdown(("network", "batch", "plain, µs a glyph", "fast, µs a glyph", "ratio"), rows)
