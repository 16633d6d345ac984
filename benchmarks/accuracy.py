"""Readers side by side on the same pictures: what they get right, how well they know it, and what it costs."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.cases import Case
from benchmarks.child import Child
from benchmarks.errors import BenchmarkError
from benchmarks.readers import Reader
from benchmarks.scores import Answer, Outcome, Summary, judge, summarise
from benchmarks.tables import markdown, percent

EVERY = "all"
"""The row of all kinds together."""
SAID = 10
"""How often it is said how far a reader is."""


@dataclass(frozen=True, slots=True)
class Row:
    """One reader on one kind."""

    kind: str
    reader: str
    summary: Summary
    cpu_ms: float
    """CPU time a picture, milliseconds, all threads."""
    peak_mib: float
    """Greatest resident memory while it read them, MiB; over all kinds that of loading too."""

    def record(self) -> dict[str, Any]:
        """As JSON."""
        costs = {"cpu_ms": round(self.cpu_ms, 3), "peak_mib": round(self.peak_mib, 1)}
        return {"kind": self.kind, "reader": self.reader, **asdict(self.summary), **costs}


@dataclass(frozen=True, slots=True)
class Result:
    """All that one reader did."""

    rows: list[Row]
    answers: list[tuple[Case, Answer]]


@dataclass(frozen=True, slots=True)
class _Part:
    """One kind's pictures as one process read them."""

    kind: str
    answers: list[tuple[Case, Answer]]
    cpu: float
    peak: float


def run(readers: Sequence[Reader], cases: Sequence[Case], timeout: float) -> tuple[dict[str, Result], list[str]]:
    """Have each reader read every case it takes, one reader after the other.

    What one made is not lost when another ends on the way: those come as lines beside the results.
    """
    results, failures = {}, []
    for reader in readers:
        try:
            results[reader.name] = read(reader, [case for case in cases if reader.takes(case)], timeout)
        except BenchmarkError as error:
            failures.append(str(error))
    return results, failures


def read(reader: Reader, cases: Sequence[Case], timeout: float) -> Result:
    """Have a reader read some cases: a process for each group, the first picture once more to warm it up."""
    parts: list[_Part] = []
    loading = 0.0
    total, done = len(cases), 0
    for group in _distinct(reader.group(case) for case in cases):
        members = [case for case in cases if reader.group(case) == group]
        with Child(reader.name, reader.command(members[0].format), timeout) as child:
            reader.ask(child, members[0])
            loading = max(loading, child.cost().peak)
            for kind in _distinct(case.kind for case in members):
                part = _read_kind(reader, child, kind, [case for case in members if case.kind == kind])
                parts.append(part)
                before, done = done, done + len(part.answers)
                if done * SAID // total > before * SAID // total:
                    print(f"{reader.name}: {done:,} of {total:,} pictures", file=sys.stderr)
    kinds = _distinct(case.kind for case in cases)
    rows = [_row(kind, reader, [part for part in parts if part.kind == kind]) for kind in kinds]
    if len(kinds) > 1:
        rows.append(_row(EVERY, reader, parts, loading))
    return Result(rows, [answer for part in parts for answer in part.answers])


def _read_kind(reader: Reader, child: Child, kind: str, cases: Sequence[Case]) -> _Part:
    child.forget_peak()
    before = child.cost()
    answers = [(case, reader.ask(child, case)) for case in cases]
    after = child.cost()
    return _Part(kind, answers, after.cpu - before.cpu, after.peak)


def _row(kind: str, reader: Reader, parts: Sequence[_Part], loading: float = 0.0) -> Row:
    outcomes: list[Outcome] = [judge(case, answer) for part in parts for case, answer in part.answers]
    cpu = 1000 * math.fsum(part.cpu for part in parts) / max(len(outcomes), 1)
    return Row(kind, reader.name, summarise(outcomes), cpu, max([loading, *(part.peak for part in parts)]))


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


HEAD = (
    "kind",
    "reader",
    "n",
    "codes right % (95 %)",
    "right % at 80 % coverage",
    "accepted %",
    "false reads",
    "calibration error, points",
    "CPU ms an image",
    "peak MiB",
)


def table(results: dict[str, Result]) -> str:
    """The Markdown table: kinds as they come, the readers of each below one another, all kinds at the end."""
    rows = [row for result in results.values() for row in result.rows]
    kinds = [kind for kind in _distinct(row.kind for row in rows) if kind != EVERY]
    return markdown(HEAD, [_cells(row) for kind in [*kinds, EVERY] for row in rows if row.kind == kind])


def _cells(row: Row) -> list[str]:
    one = row.summary
    interval = "" if one.low is None else f" ({percent(one.low)}–{percent(one.high)})"
    return [
        row.kind,
        row.reader,
        f"{one.n:,}",
        percent(one.right) + interval,
        percent(one.right_at_coverage),
        percent(one.accepted),
        f"{one.false_reads:,}",
        percent(one.ece),
        f"{row.cpu_ms:.1f}",
        f"{row.peak_mib:.0f}",
    ]


def record(results: dict[str, Result]) -> dict[str, Any]:
    """As JSON: every row, and every answer beside its truth."""
    answers = [
        {"reader": name, "file": case.path.name, "kind": case.kind, "truth": case.text, **asdict(answer)}
        for name, result in results.items()
        for case, answer in result.answers
    ]
    return {"rows": [row.record() for result in results.values() for row in result.rows], "answers": answers}
