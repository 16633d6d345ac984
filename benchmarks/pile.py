"""What a pile of scans costs: a page beside its bare decoding, two workers beside one, and a worker's memory."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.cases import Case
from benchmarks.errors import BenchmarkError
from benchmarks.tables import markdown
from device.batch.books import Books
from device.batch.crew import Crew
from device.batch.journal import Task
from device.batch.worker import Settings, answers
from device.model import Precision
from device.reader import Reader
from device.sources import MAX_PIXELS

ROUNDS = 3
"""Of which the fastest counts: what else the machine does only ever adds."""
LOOKED_AT = (500, 1_000, 2_000, 5_000, 10_000, 20_000)
"""Pages after which memory is looked at, and at the end."""
TIMEOUT = 600.0
"""Seconds that a page may take here, where the machine may be busy."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU time of one page, milliseconds."""

    case: Case
    page: float
    """Everything that a worker does for it: opening, decoding, reading, writing its line."""
    imdecode: float
    """cv2.imdecode of its bytes to grey, in turn with it."""


@dataclass(frozen=True, slots=True)
class Run:
    """A pile read by some workers."""

    workers: int
    pages: int
    seconds: float
    """From the first answer to the last: what loading takes is left out."""
    handing: float
    """CPU time of handing out and collecting, milliseconds a page: what no further worker takes over."""
    peaks: dict[int, list[float]]
    """Greatest memory of each worker so far, MiB, by the pages that had been read."""

    @property
    def rate(self) -> float:
        """Pages a second."""
        return (self.pages - 1) / self.seconds


def settings(model: str | None, precision: Precision) -> Settings:
    return Settings(model, "cep", precision, "auto", 1, None, 0, MAX_PIXELS)


def costs(cases: Sequence[Case], told: Settings) -> list[Cost]:
    """Read pages in this process, the bare decoding of each in turn with it, on one thread."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        reader = told.reader()
        return [_cost(reader, number, case) for number, case in enumerate(cases)]
    finally:
        cv2.setNumThreads(threads)


def _cost(reader: Reader, number: int, case: Case) -> Cost:
    content = np.fromfile(case.path, np.uint8)
    pages, decodings = [], []
    for _ in range(ROUNDS):
        start = time.process_time()
        cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)
        between = time.process_time()
        (answer,) = answers(reader, Task(number, str(case.path), 0, None, None), Books(MAX_PIXELS))
        pages.append(time.process_time() - between)
        decodings.append(between - start)
        if answer.error:
            raise BenchmarkError(answer.error)
    return Cost(case, 1000 * min(pages), 1000 * min(decodings))


def run(cases: Sequence[Case], told: Settings, workers: int, pages: int) -> Run:
    """Have workers read so many pages, the pile again from its start where it is smaller."""
    peaks: dict[int, list[float]] = {}
    with Crew(told, workers, TIMEOUT) as crew:
        start, own = 0.0, time.process_time()
        for done, answer in enumerate(crew.read(_tasks(cases, pages)), start=1):
            start = start or time.monotonic()
            if answer.error:
                raise BenchmarkError(answer.error)
            if done in LOOKED_AT or done == pages:
                peaks[done] = sorted(filter(None, map(_peak, crew.pids())))
        handing = 1000 * (time.process_time() - own) / pages
        return Run(workers, pages, time.monotonic() - start, handing, peaks)


def _tasks(cases: Sequence[Case], pages: int) -> Iterator[Task]:
    for number in range(pages):
        yield Task(number, str(cases[number % len(cases)].path), 0, None, None)


def _peak(pid: int) -> float:
    """VmHWM, MiB; 0 when it has gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def sample(cases: Sequence[Case], most: int) -> list[Case]:
    """So many of them, one drawn by lot out of each equal part of the pile: kinds and sizes take turns in it, and every
    twentieth page might be of one kind."""
    ends = np.linspace(0, len(cases), min(most, len(cases)) + 1).astype(int)
    drawn = np.random.default_rng(len(cases)).integers(ends[:-1], ends[1:])
    return [cases[number] for number in drawn]


def tables(found: Sequence[Cost], runs: Sequence[Run]) -> str:
    """Two Markdown tables."""
    kinds = list(dict.fromkeys(cost.case.kind for cost in found))
    rows = []
    for kind in [*kinds, "all"]:
        own = [cost for cost in found if kind in (cost.case.kind, "all")]
        page, bare = (statistics.fmean(getattr(cost, name) for cost in own) for name in ("page", "imdecode"))
        rows.append([kind, f"{len(own):,}", f"{page:.1f}", f"{bare:.1f}", f"{page / bare:.2f}"])
    parts = [markdown(("kind", "n", "page, ms", "imdecode, ms", "ratio"), rows)] if found else []
    if runs:
        head = ("workers", "pages", "pages a second", "times the first", "handing out, ms", "peak of a worker, MiB")
        parts.append(markdown(head, [_run_row(one, runs[0]) for one in runs]))
    return "\n\n".join(parts)


def _run_row(one: Run, first: Run) -> list[str]:
    peaks = "; ".join(f"{max(peak):.0f} at {pages:,}" for pages, peak in one.peaks.items() if peak)
    return [
        f"{one.workers}",
        f"{one.pages:,}",
        f"{one.rate:.2f}",
        f"{one.rate / first.rate:.2f}",
        f"{one.handing:.2f}",
        peaks,
    ]


def record(found: Sequence[Cost], runs: Sequence[Run]) -> dict[str, Any]:
    """As JSON."""
    costs = [{"file": one.case.path.name, "kind": one.case.kind, "page_ms": one.page, "imdecode_ms": one.imdecode}
             for one in found]  # fmt: skip
    return {"costs": costs, "runs": [asdict(one) for one in runs]}
