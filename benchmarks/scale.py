"""What a hundred million pages a day would take: from a page's measured cost to cores, gigabytes and a bill."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks import machine, pile
from benchmarks.cases import Case
from benchmarks.errors import BenchmarkError
from benchmarks.tables import markdown
from device.batch import tables
from device.batch.journal import Answer, Journal, Task
from device.batch.pile import Source
from device.batch.ray_crew import LOCAL, RayCrew
from device.batch.worker import Settings

DAY = 86_400
JOURNALLED = 20_000
"""Pages that the journal and the table are measured on."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What the reader knows better: nothing of it was measured."""

    pages: float
    """A day."""
    core_hour: float
    """Price of one processor for an hour."""
    requests: float
    """Price of a million reads from object storage."""
    busy: float
    """Share of a core's time that is spent on pages: the rest is laps that end, nodes that come and go."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Here, CPU milliseconds a page unless said otherwise; the least of three for each page."""

    pages: int
    page: float
    """Everything that a worker does."""
    imdecode: float
    """Of which bare decoding."""
    kilobytes: float
    """Of a page's file."""
    driver: float | None
    """The driver on Ray: laying out laps, handing out, collecting.  None: Ray was left out."""
    journal: float
    """The driver, either engine: recording a page, and laying its row down in CSV in the end."""
    journal_bytes: float
    """A page's share of the journal."""

    @property
    def rate(self) -> float:
        """Pages a core second."""
        return 1000 / self.page

    @property
    def most(self) -> float | None:
        """Pages a second at which the driver, which is one process, has no time left."""
        return None if self.driver is None else 1000 / (self.driver + self.journal)


def measure(cases: Sequence[Case], told: Settings, sample: int, ray_pages: int) -> Measured:
    """ray_pages: how many to read on a local Ray cluster; 0 leaves it out."""
    costs = pile.costs(pile.sample(cases, sample), told)
    journal, journal_bytes = _journal(cases[0])
    return Measured(
        pages=len(costs),
        page=statistics.fmean(one.page for one in costs),
        imdecode=statistics.fmean(one.imdecode for one in costs),
        kilobytes=statistics.fmean(one.case.path.stat().st_size for one in costs) / 1000,
        driver=_driver(told, ray_pages) if ray_pages else None,
        journal=journal,
        journal_bytes=journal_bytes,
    )


def _driver(told: Settings, pages: int) -> float:
    """CPU milliseconds a page of this process, while a cluster of this machine reads so many.

    They are small and white, since the driver never sees a page, and many, since a lap begins with a second of work.
    """
    with tempfile.TemporaryDirectory(prefix="postread-scale-") as scratch:
        path = Path(scratch) / "white.png"
        cv2.imwrite(str(path), np.full((60, 100), 255, np.uint8))
        tasks = (Task(number, str(path), 0, None, None) for number in range(pages))
        with RayCrew(told, None, pile.TIMEOUT, LOCAL) as crew:
            start = time.process_time()
            for answer in crew.read(tasks):
                if answer.error:
                    raise BenchmarkError(answer.error)
            return 1000 * (time.process_time() - start) / pages


def _journal(case: Case) -> tuple[float, float]:
    """CPU milliseconds a page of a journal and its table, and the journal's bytes a page."""
    line = (
        f'{{"schema": 1, "source": "{case.path}", "page": 0, "pages": 1, "readings": [{{"code": "01310-100", '
        '"digits": "01310100", "format": "cep", "confidence": 0.98, "accepted": true, "reason": null, "detail": null, '
        '"known": null, "box": [1, 2, 300, 40], "quad": [[1, 2], [301, 2], [301, 42], [1, 42]], "digit_boxes": '
        f'{[[1, 2, 30, 40]] * 8}, "digit_confidences": {[0.987654321] * 8}}}], "error": null}}'
    )
    with tempfile.TemporaryDirectory(prefix="postread-scale-") as scratch:
        folder = Path(scratch)
        with Journal(folder / "journal") as log:
            start = time.process_time()
            log.begin({}, _sources(case))
            for number in range(JOURNALLED):
                log.record(Answer(number, 0, 1, line, True, None))
            log.commit()
            tables.write(folder / "pages.csv", log.lines())
            spent = time.process_time() - start
        return 1000 * spent / JOURNALLED, (folder / "journal").stat().st_size / JOURNALLED


def _sources(case: Case) -> Iterator[Source]:
    for number in range(JOURNALLED):
        yield Source(f"{case.path}-{number}", "1 1")


def measured_table(found: Measured) -> str:
    """What was measured, in Markdown."""
    rows = [
        ["a page on one core, CPU", f"{found.page:.1f} ms"],
        ["pages a core second", f"{found.rate:.1f}"],
        ["of which bare decoding (`cv2.imdecode`, grey)", f"{100 * found.imdecode / found.page:.0f} %"],
        ["a page's file", f"{found.kilobytes:.0f} KB"],
        ["driver: the journal and a row of CSV, CPU a page", f"{found.journal:.2f} ms"],
        ["a page's share of the journal", f"{found.journal_bytes / 1000:.1f} KB"],
    ]
    if found.driver is not None and found.most is not None:
        rows.insert(4, ["driver: laps, handing out, collecting on Ray, CPU a page", f"{found.driver:.2f} ms"])
        rows.append(["pages a second that one driver keeps up with", f"{found.most:,.0f}"])
    facts = machine.facts()
    named = ", ".join(f"{name} {facts[name]}" for name in ("python", "opencv-python-headless", "ai-edge-litert"))
    about = f"{found.pages} pages, the least of {pile.ROUNDS}, on {facts['board']}; {named}."
    return f"{markdown(('measured', ''), rows, 1)}\n\n{about}"


def cluster_table(found: Measured, assumed: Assumed) -> str:
    """What follows for so many pages a day, in Markdown."""
    rate = assumed.pages / DAY
    cores = rate / found.rate / assumed.busy
    bill = cores * 24 * assumed.core_hour
    reads = assumed.pages / 1e6 * assumed.requests
    rows = [
        ["pages a second", f"{rate:,.0f}", f"{assumed.pages:,.0f} pages / {DAY:,} s"],
        ["cores", f"{cores:,.0f}", f"pages a second / {found.rate:.1f} / {assumed.busy:.0%} busy"],
        ["read from storage", f"{rate * found.kilobytes / 1e6:.2f} GB/s", f"pages a second x {found.kilobytes:.0f} KB"],
        ["each core reads", f"{rate * found.kilobytes / 1e3 / cores:.2f} MB/s", ""],
        ["journal of a day", f"{assumed.pages * found.journal_bytes / 1e9:,.0f} GB", "on the driver's disk"],
        ["cores, a day", f"{bill:,.0f}", f"cores x 24 h x {assumed.core_hour:g}"],
        ["reads from storage, a day", f"{reads:,.0f}", f"pages x {assumed.requests:g} a million"],
        ["a million pages", f"{(bill + reads) / assumed.pages * 1e6:.2f}", "both"],
    ]
    if found.most is not None:
        drivers = rate / found.most
        rows.insert(5, ["drivers", f"{drivers:.2f}", f"pages a second / {found.most:,.0f}; a pile each when over 1"])
    return markdown(("for that", "", "how"), rows, 1)


def record(found: Measured, assumed: Assumed) -> dict[str, Any]:
    """As JSON."""
    return {"measured": asdict(found), "assumed": asdict(assumed), "machine": machine.facts()}
