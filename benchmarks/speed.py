"""Where the CPU time of a picture goes: each stage of the real pipeline under a stopwatch."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from benchmarks.cases import Case
from benchmarks.errors import BenchmarkError
from benchmarks.tables import markdown
from device import decode, reader, segment, sources
from device.model import Precision
from device.reader import Reader

STAGES: dict[str, tuple[tuple[Any, str], ...]] = {
    "decode image": (),  # a generator: timed where it is asked for its frame
    "find lines": ((reader, "to_grey"), (reader, "reduce"), (reader, "find_writing")),
    "glance": ((reader, "promises"),),
    "cut out": ((segment, "cut_out"),),
    "segment": ((reader, "line_ink"), (reader, "spans")),
    "glyphs": ((reader, "glyphs"),),
    "classify": ((Reader, "score"),),
    "decode lattice": ((decode.Decoder, "decode"),),
}
"""What each stage consists of, by the names under which the pipeline calls it."""
OTHER = "other"
"""What a picture takes beside them."""
WARM_UP = 2
"""Readings that are not counted."""


@dataclass
class Stopwatch:
    """CPU time of this process by stage; a stage within a stage counts once, for the inner one."""

    spent: dict[str, float] = field(default_factory=dict)
    _inside: list[float] = field(default_factory=list)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block."""
        self._inside.append(0.0)
        start = time.process_time()
        try:
            yield
        finally:
            took = time.process_time() - start
            self.spent[name] = self.spent.get(name, 0.0) + took - self._inside.pop()
            if self._inside:
                self._inside[-1] += took

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed as a part of a stage."""

        def call(*given: Any, **named: Any) -> Any:
            with self.stage(name):
                return function(*given, **named)

        return call


@contextlib.contextmanager
def watched(watch: Stopwatch) -> Iterator[None]:
    """Put every stage of the pipeline under the stopwatch while the block runs."""
    with contextlib.ExitStack() as stack:
        for stage, members in STAGES.items():
            for owner, name in members:
                function = getattr(owner, name, None)
                if function is None:
                    raise BenchmarkError(f"{owner.__name__} has no {name} any more: benchmarks/speed.py, STAGES")
                setattr(owner, name, watch.timed(stage, function))
                stack.callback(setattr, owner, name, function)
        yield


@dataclass(frozen=True, slots=True)
class Timing:
    """One picture's CPU times, medians of the repeats, milliseconds."""

    case: Case
    stages: dict[str, float]
    whole: float
    imdecode: float
    """cv2.imdecode of the same file to grey, in the same run."""

    @property
    def ratio(self) -> float:
        """The whole picture in units of its decoding: much the same on every machine."""
        return self.whole / self.imdecode

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "file": self.case.path.name,
            "kind": self.case.kind,
            "stages_ms": {name: round(ms, 4) for name, ms in self.stages.items()},
            "whole_ms": round(self.whole, 4),
            "imdecode_ms": round(self.imdecode, 4),
            "ratio": round(self.ratio, 2),
        }


def measure(opened: Reader, case: Case, repeats: int) -> Timing:
    """Read one picture again and again, its bare decoding in turn with it."""
    content = np.frombuffer(case.path.read_bytes(), np.uint8)
    runs, decodings = [], []
    for _ in range(WARM_UP + repeats):
        start = time.process_time()
        cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)
        decodings.append(1000 * (time.process_time() - start))
        runs.append(_once(opened, case))
    runs, decodings = runs[WARM_UP:], decodings[WARM_UP:]
    stages = {name: statistics.median(run[name] for run in runs) for name in (*STAGES, OTHER)}
    return Timing(
        case, stages, statistics.median(sum(run.values()) for run in runs), max(statistics.median(decodings), 1e-6)
    )


def _once(opened: Reader, case: Case) -> dict[str, float]:
    """CPU milliseconds of each stage, and of what is between them."""
    watch = Stopwatch()
    with watched(watch), watch.stage(OTHER):
        with watch.stage("decode image"):
            frame = next(sources.pages(case.path, first_only=True))
        opened.read(frame)
    return {name: 1000 * watch.spent.get(name, 0.0) for name in (*STAGES, OTHER)}


def run(cases: Sequence[Case], model: str | None, precision: Precision, repeats: int) -> list[Timing]:
    """Time every case, with one reader for each format and one thread."""
    readers: dict[str, Reader] = {}
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for case in cases:
            if case.format not in readers:
                readers[case.format] = Reader.load(model, case.format, precision=precision)
        return [measure(readers[case.format], case, repeats) for case in cases]
    finally:
        cv2.setNumThreads(threads)


def table(timings: Sequence[Timing]) -> str:
    """The Markdown table: a row for each kind, the mean over its pictures of their medians, CPU milliseconds."""
    rows = []
    for kind in dict.fromkeys(timing.case.kind for timing in timings):
        own = [timing for timing in timings if timing.case.kind == kind]
        figures = [statistics.fmean(timing.stages[name] for timing in own) for name in (*STAGES, OTHER)]
        figures += [statistics.fmean(timing.whole for timing in own), statistics.fmean(t.imdecode for t in own)]
        ratio = statistics.fmean(timing.ratio for timing in own)
        rows.append([kind, f"{len(own):,}", *(f"{figure:.2f}" for figure in figures), f"{ratio:.1f}"])
    return markdown(("kind", "n", *STAGES, OTHER, "whole", "imdecode", "ratio"), rows)
