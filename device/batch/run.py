"""Read a pile into a file of pages, going on where an earlier run was stopped."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from device import __version__
from device.batch import journal, ray_crew, tables
from device.batch.crew import Crew
from device.batch.journal import Answer, Counts, Journal
from device.batch.pile import listing
from device.batch.progress import Progress
from device.batch.ray_crew import RayCrew
from device.batch.ray_lap import card_hash
from device.batch.worker import Settings
from device.errors import PostreadError, UsageError


@dataclass(frozen=True, slots=True)
class Work:
    """What to read, how, and where to."""

    sources: Sequence[str]
    out: Path
    settings: Settings
    workers: int | None
    """None for as many as there are processors."""
    timeout: float
    """Seconds that one page may take."""
    overwrite: bool = False
    restart: bool = False
    address: str | None = None
    """A Ray cluster's; None to read with this machine's own processes."""


def run(work: Work) -> Counts:
    """Read the pile; `work.out` is there when this returns, or as it was before.

    Raises UsageError where the output is there already or the journal is another pile's, PostreadError else.
    """
    tables.check(work.out)
    if work.address is not None:
        ray_crew.check(work.address)
    path = Path(f"{work.out}.journal")
    options = _fingerprint(work.settings)
    with Journal(path, anew=work.restart) as log:
        if work.out.exists() and log.is_new and not work.overwrite:
            raise UsageError(f"{work.out}: is already there; give --out another name, or --overwrite")
        _say(log.begin(options, listing(work.sources)))
        if log.counts.done:
            _say(f"{path}: going on after {log.counts.done:,} of {log.counts.pages:,} pages")
        try:
            _read(work, log)
        except KeyboardInterrupt:
            _say(f"{path}: {log.counts.done:,} of {log.counts.pages:,} pages are kept; the same command goes on")
            raise
        tables.write(work.out, log.lines())
        journal.remove(path)  # while nobody else can have it
    return log.counts


def _read(work: Work, log: Journal) -> None:
    progress = Progress()
    for answer in chain(log.broken(), _answers(work, log)):
        log.record(answer)
        if answer.error is not None:
            progress.clear()
            _say(answer.error)
        progress.show(log.counts)
    progress.clear()
    log.commit()


def _answers(work: Work, log: Journal) -> Iterator[Answer]:
    """Read what is left."""
    left = log.counts.pages - log.counts.done
    if left:
        with _crew(work, left) as crew:
            yield from crew.read(log.pending())


def _crew(work: Work, left: int) -> Crew | RayCrew:
    """No more workers than there are pages."""
    if work.address is None:
        return Crew(work.settings, min(work.workers or cores(), left), work.timeout)
    workers = work.workers if work.workers is None else min(work.workers, left)
    return RayCrew(work.settings, workers, work.timeout, work.address)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _fingerprint(settings: Settings) -> dict[str, Any]:
    """What decides what is read: two runs with the same may share a journal."""
    known = None if settings.known is None else " ".join(sorted(settings.known))
    return {
        "postread": __version__,
        "model": card_hash(settings),
        "precision": settings.precision,
        "runtime": settings.runtime,
        "format": settings.format,
        "known": None if known is None else hashlib.sha256(known.encode()).hexdigest(),
        "orientation": settings.orientation,
        "max-pixels": settings.max_pixels,
    }


def _say(text: str | None) -> None:
    if text:
        print(f"postread: {PostreadError(text)}", file=sys.stderr)
