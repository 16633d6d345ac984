"""Files of pages, by their ending: JSON lines, CSV, Parquet, SQLite.  Written whole or not at all, and read again."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from device.answers import Line
from device.batch.rows import COLUMNS, Row, flat, line
from device.batch.whole import whole
from device.errors import InputError, UsageError
from device.types import Box

Item = TypeVar("Item")

FORMULA = re.compile(r"(?:(?<=[;,|\t\r\n])|\A)(?=['=+\-@\t\r\n＝＋－＠])")
"""Where a spreadsheet would begin to take a text for a formula, whichever separator it believes in."""
QUOTED = re.compile(r"(?:(?<=[;,|\t\r\n])|\A)'")
"""The quote that `FORMULA` was given, and each that was there before has one more."""
GROUP = 8192
"""Rows that are held at a time."""
COLUMN_TYPES = "source TEXT, page INTEGER, code TEXT, digits TEXT, format TEXT, confidence REAL, accepted INTEGER, \
reason TEXT, known INTEGER, box TEXT, error TEXT"


def guarded(text: str) -> str:
    """A text that no spreadsheet runs."""
    return FORMULA.sub("'", text)


def unguarded(text: str) -> str:
    """The text that was guarded."""
    return QUOTED.sub("", text)


def check(path: Path) -> None:
    """Raises UsageError for an ending that is not known, PostreadError where a package is missing."""
    _kind(path)
    if path.suffix.lower() == ".parquet":
        _arrow()


def read(path: Path) -> Iterator[Line]:
    """The pages of a file that `write` wrote.  Raises InputError."""
    try:
        yield from _kind(path).read(path)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, KeyError, TypeError, sqlite3.Error, csv.Error) as error:
        raise InputError(f"{path}: not a table that postread batch wrote ({error})") from error


def write(path: Path, lines: Iterable[str]) -> None:
    """Write pages, given as JSON, beside the target and put them in its place.  Raises InputError."""
    kind = _kind(path)
    with whole(path) as beside:
        try:
            kind.write(beside, lines)
        except sqlite3.OperationalError as error:
            raise InputError(f"{path}: cannot be written ({error})") from error


# ── JSON lines ──


def _write_json(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{text}\n" for text in lines)


def _read_json(path: Path) -> Iterator[Line]:
    with path.open(encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            flat(line)  # fails where something is missing
            yield line


# ── CSV ──


def _write_csv(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)  # ends lines as RFC 4180 does, and so quotes either half of an end in a name
        writer.writerow(COLUMNS)
        writer.writerows(map(_cell, _values(row)) for row in _rows(lines))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return guarded(value) if isinstance(value, str) else repr(value)


def _read_csv(path: Path) -> Iterator[Line]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, strict=True)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise ValueError(f"its first line is not {','.join(COLUMNS)}")
        for cells in rows:
            values = {name: unguarded(cells[name]) or None for name in COLUMNS}
            page, confidence = int(cells["page"]), values["confidence"]
            known = {None: None, "true": 1, "false": 0}[values["known"]]
            accepted = {"true": 1, "false": 0}[cells["accepted"]]
            told = {**values, "page": page, "accepted": accepted, "known": known, "source": values["source"] or ""}
            yield line(_row(told | {"confidence": None if confidence is None else float(confidence)}))


# ── SQLite ──


def _write_sqlite(path: Path, lines: Iterable[str]) -> None:
    with closing(sqlite3.connect(path)) as table, table:
        table.execute(f"CREATE TABLE pages ({COLUMN_TYPES})")
        table.executemany(f"INSERT INTO pages VALUES ({', '.join('?' * len(COLUMNS))})", map(_values, _rows(lines)))


def _read_sqlite(path: Path) -> Iterator[Line]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as table:
        table.row_factory = sqlite3.Row
        for row in table.execute("SELECT * FROM pages ORDER BY rowid"):
            yield line(_row(dict(row)))


# ── Parquet ──


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise InputError("Parquet needs pyarrow: pip install 'postread[parquet]'") from error
    return pyarrow, parquet


def _schema(arrow: Any) -> Any:
    types = {
        **dict.fromkeys(COLUMNS, arrow.string()),
        "page": arrow.int64(),
        "confidence": arrow.float64(),
        "accepted": arrow.bool_(),
        "known": arrow.bool_(),
        "box": arrow.list_(arrow.int32()),
    }
    return arrow.schema([(name, types[name]) for name in COLUMNS])


def _write_parquet(path: Path, lines: Iterable[str]) -> None:
    arrow, parquet = _arrow()
    schema = _schema(arrow)
    with parquet.ParquetWriter(path, schema) as writer:
        for rows in _groups(_rows(lines)):
            columns = {name: [getattr(row, name) for row in rows] for name in COLUMNS}
            writer.write_table(arrow.table(columns, schema))


def _read_parquet(path: Path) -> Iterator[Line]:
    _, parquet = _arrow()
    with parquet.ParquetFile(path) as file:
        for group in file.iter_batches(GROUP):
            for told in group.to_pylist():
                yield line(_row(told))


# ── Rows ──


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    return (flat(json.loads(text)) for text in lines)


def _values(row: Row) -> tuple[object, ...]:
    """Its columns, where a box has to be one cell."""
    values = {name: getattr(row, name) for name in COLUMNS}
    return tuple(({**values, "box": None if row.box is None else " ".join(map(str, row.box))}).values())


def _row(told: dict[str, Any]) -> Row:
    """A row from its columns, as any table gives them."""
    box, known = told["box"], told["known"]
    return Row(
        **{name: told[name] for name in COLUMNS if name not in ("accepted", "known", "box")},
        accepted=bool(told["accepted"]),
        known=None if known is None else bool(known),
        box=None if box is None else _box(box),
    )


def _box(told: Any) -> Box:
    x, y, width, height = map(int, told.split() if isinstance(told, str) else told)
    return x, y, width, height


def _groups(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while group := list(islice(rest, GROUP)):
        yield group


@dataclass(frozen=True, slots=True)
class _Kind:
    read: Callable[[Path], Iterator[Line]]
    write: Callable[[Path, Iterable[str]], None]


_SQLITE = _Kind(_read_sqlite, _write_sqlite)
KINDS = {
    ".jsonl": _Kind(_read_json, _write_json),
    ".csv": _Kind(_read_csv, _write_csv),
    ".parquet": _Kind(_read_parquet, _write_parquet),
    ".sqlite": _SQLITE,
    ".sqlite3": _SQLITE,
    ".db": _SQLITE,
}
"""What is written, by the file's ending."""


def _kind(path: Path) -> _Kind:
    if path.suffix.lower() not in KINDS:
        raise UsageError(f"{path}: what to write is told by the ending: give one of {', '.join(KINDS)}")
    return KINDS[path.suffix.lower()]
