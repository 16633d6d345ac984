"""How good a table is, held against a list of what stands on its pages."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any

from device.answers import Line
from device.batch.edits import aligned
from device.batch.rows import Row, flat
from device.batch.tables import unguarded
from device.errors import UsageError

NAMES, CODES = ("source", "file"), ("code", "text", "digits")
"""What the columns of a list may be called; `page` is one more, 0 where there is none."""
Z95 = 1.959964
"""Standard deviations of a two-sided interval of 95 %."""
SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
"""Of the pages that are refused, in the table; the curve has every one."""
WORST = 20

Truth = Mapping[tuple[str, int], str]
"""Digits by source and page; empty where no code stands on it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One page and its truth."""

    source: str
    page: int
    truth: str
    read: str
    """Digits of the reading, accepted or not."""
    confidence: float
    """0 without a reading."""
    accepted: bool
    error: str | None

    @property
    def right(self) -> bool:
        return bool(self.read) and self.read == self.truth


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, and Wilson's 95 % interval of the share."""

    hits: int
    of: int
    share: float | None
    low: float | None
    high: float | None

    @classmethod
    def count(cls, hits: int, of: int) -> Share:
        if not of:
            return cls(hits, of, None, None, None)
        return cls(hits, of, hits / of, *wilson(hits, of))


@dataclass(frozen=True, slots=True)
class Point:
    """What the accepted pages are worth when only those as sure as this are accepted."""

    confidence: float
    """The least that is accepted."""
    refused: float
    """Share of all pages."""
    errors: Share
    """Of the accepted ones."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a table."""

    pages: int
    right: Share
    """Pages with a code that was read wholly right and accepted, of those with a code."""
    errors: Share
    """Wrong ones among the accepted: the post office's figure."""
    refused: Share
    """Pages with a code on which none was accepted; unreadable files among them."""
    unreadable: int
    without_code: int
    false_reads: int
    """Pages without a code on which one was accepted."""
    curve: Sequence[Point]
    confusion: Mapping[tuple[str, str], int]
    """How often a digit (first) was read as another (second), of all readings."""
    worst: Sequence[Judged]
    """Accepted and wrong, the surest first."""
    unknown: int
    """Pages that the list says nothing of."""
    unread: Sequence[str]
    """Sources of the list that are not in the table."""

    def record(self) -> dict[str, Any]:
        """As JSON."""
        plain = asdict(self)
        confusion = [{"is": a, "read": b, "count": n} for (a, b), n in sorted(self.confusion.items())]
        return {"schema": 1, **plain, "confusion": confusion}


def read_truth(path: Path) -> Truth:
    """The list: CSV with source (or file), code (or text, or digits), and page where files have several.

    Raises UsageError.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file, strict=True)
            name, code = (_column(path, rows.fieldnames or (), names) for names in (NAMES, CODES))
            return {
                (unguarded(row[name]), int(row.get("page") or 0)): "".join(filter(str.isdigit, row[code]))
                for row in rows
            }
    except OSError as error:
        raise UsageError(f"--truth {path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error, TypeError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"--truth {path}: not CSV in UTF-8 with a page's number in `page` ({error})") from error


def _column(path: Path, there: Iterable[str], names: Sequence[str]) -> str:
    for name in names:
        if name in there:
            return name
    raise UsageError(f"--truth {path}: no column is called {' or '.join(names)}")


def judge(lines: Iterable[Line], truth: Truth) -> Report:
    """Hold a table against its truth.  A source is found by its name as given, else by its last part."""
    by_name = _by_name(truth)
    found: list[Judged] = []
    used, unknown = set(), 0
    for row in map(flat, lines):
        key = (row.source, row.page)
        key = key if key in truth else by_name.get((PurePath(row.source).name, row.page), key)
        if key in truth:
            used.add(key)
            found.append(_judged(row, truth[key]))
        else:
            unknown += 1
    unread = sorted({source for source, _ in truth.keys() - used})
    return _report(found, unknown, unread)


def _by_name(truth: Truth) -> dict[tuple[str, int], tuple[str, int]]:
    """Sources by the last part of their names, where that tells them apart."""
    names = Counter((PurePath(source).name, page) for source, page in truth)
    return {name: (source, page) for source, page in truth if names[name := (PurePath(source).name, page)] == 1}


def _judged(row: Row, truth: str) -> Judged:
    read = (row.digits or "").replace(" ", "")
    return Judged(row.source, row.page, truth, read, row.confidence or 0.0, row.accepted, row.error)


def _report(found: Sequence[Judged], unknown: int, unread: Sequence[str]) -> Report:
    coded = [one for one in found if one.truth]
    accepted = [one for one in found if one.accepted]
    wrong = [one for one in accepted if not one.right]
    return Report(
        pages=len(found),
        right=Share.count(sum(one.right and one.accepted for one in coded), len(coded)),
        errors=Share.count(len(wrong), len(accepted)),
        refused=Share.count(sum(not one.accepted for one in coded), len(coded)),
        unreadable=sum(one.error is not None for one in found),
        without_code=len(found) - len(coded),
        false_reads=sum(not one.truth for one in wrong),
        curve=curve(found),
        confusion=confusion(coded),
        worst=sorted(wrong, key=lambda one: -one.confidence)[:WORST],
        unknown=unknown,
        unread=unread,
    )


def wilson(hits: int, of: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share, of > 0."""
    share, square = hits / of, z * z / of
    middle = share + square / 2
    half = z * math.sqrt(share * (1 - share) / of + square / (4 * of))
    low, high = (middle - half) / (1 + square), (middle + half) / (1 + square)
    return min(share, max(0.0, low)), max(share, min(1.0, high))


def curve(found: Sequence[Judged]) -> list[Point]:
    """Error against reject: every reading, the surest first, one confidence after the other taken for the threshold.

    A page without a reading cannot be accepted whatever the threshold.
    """
    readings = sorted((one for one in found if one.read), key=lambda one: -one.confidence)
    points, wrong = [], 0
    for number, one in enumerate(readings, start=1):
        wrong += not one.right
        if number == len(readings) or readings[number].confidence < one.confidence:
            points.append(Point(one.confidence, 1 - number / len(found), Share.count(wrong, number)))
    return points


def at(points: Sequence[Point], refused: float) -> Point | None:
    """The point of the curve where no more than this share is refused, and the most of it; None where none is."""
    return next((point for point in points if point.refused <= refused + 1e-12), None)


def at_shares(points: Sequence[Point]) -> list[Point]:
    """The curve at `SHARES`, each of its points once."""
    return list(dict.fromkeys(point for point in (at(points, share) for share in SHARES) if point is not None))


def confusion(coded: Sequence[Judged]) -> Counter[tuple[str, str]]:
    """What each digit was read as, of readings that have much in common with the truth; `NONE` for none."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in coded:
        pairs = aligned(one.truth, one.read)
        if one.read and 2 * sum(a == b for a, b in pairs) >= len(pairs):
            counts.update(pairs)
    return counts
