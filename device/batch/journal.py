"""The journal of a pile: what is in it and what has been read so far, so that a run that was stopped can go on.

SQLite beside the output.  A page is in it or is not; whatever ends the process, the next run
finds every page that was committed.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from device.answers import line
from device.batch.pile import Source
from device.errors import InputError, UsageError

COMMIT_EVERY = 1.0
"""Seconds of work that a power cut may cost."""
CACHE = 16_000
"""SQLite's own memory, KiB: as it is however large the pile."""
LOOKED_AT = 256
"""Sources that are looked up at a time."""
BEGIN = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE pile (ordinal INTEGER PRIMARY KEY, address BLOB NOT NULL, stamp TEXT NOT NULL, error TEXT, pages INTEGER);
CREATE TABLE page (ordinal INTEGER, page INTEGER, line TEXT NOT NULL, accepted INTEGER NOT NULL,
                   failed INTEGER NOT NULL, PRIMARY KEY (ordinal, page)) WITHOUT ROWID
"""
FIND = """
CREATE TABLE found (ordinal INTEGER PRIMARY KEY, address BLOB NOT NULL, stamp TEXT NOT NULL, error TEXT, pages INTEGER)
"""
# How many are new, gone (one that was named twice may be so once), moved or changed.
DIFFERS = """
SELECT (SELECT count(*) FROM found WHERE address NOT IN (SELECT address FROM pile)),
       max((SELECT count(*) FROM pile WHERE address NOT IN (SELECT address FROM found)),
           (SELECT count(*) FROM pile) - (SELECT count(*) FROM found)),
       (SELECT count(*) FROM (SELECT ordinal, address, stamp FROM found
                              EXCEPT SELECT ordinal, address, stamp FROM pile))
"""
REPLACE = """
CREATE TABLE kept AS SELECT found.ordinal AS ordinal, min(pile.ordinal) AS before
  FROM found JOIN pile USING (address, stamp) GROUP BY found.ordinal;
CREATE TABLE moved (ordinal INTEGER, page INTEGER, line TEXT NOT NULL, accepted INTEGER NOT NULL,
                    failed INTEGER NOT NULL, PRIMARY KEY (ordinal, page)) WITHOUT ROWID;
INSERT INTO moved SELECT kept.ordinal, page, line, accepted, failed FROM kept JOIN page ON page.ordinal = kept.before;
CREATE INDEX kept_as ON kept (ordinal);
UPDATE found SET pages = (SELECT pile.pages FROM kept JOIN pile ON pile.ordinal = kept.before
                          WHERE kept.ordinal = found.ordinal);
DROP TABLE kept;
DROP TABLE page;
DROP TABLE pile;
ALTER TABLE moved RENAME TO page;
ALTER TABLE found RENAME TO pile
"""
"""The new pile takes the place of the old one; what was read of files that are as they were goes with them."""
UNREAD = """
SELECT ordinal, address, pages FROM pile WHERE ordinal > ? AND error IS NULL
  AND (pages IS NULL OR pages > (SELECT count(*) FROM page WHERE page.ordinal = pile.ordinal))
  ORDER BY ordinal LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Task:
    """Pages of one source that are still to be read."""

    ordinal: int
    address: str
    start: int
    stop: int | None
    pages: int | None
    """All pages of the source; None, like `stop`, where it has not been opened yet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One page that was read, or could not be."""

    ordinal: int
    page: int
    pages: int
    line: str
    """JSON."""
    accepted: bool
    error: str | None


def failure(ordinal: int, address: str, page: int, pages: int, error: str) -> Answer:
    """The answer of a page that cannot be read."""
    told = line(address, page, pages, error=error)
    return Answer(ordinal, page, pages, json.dumps(told, ensure_ascii=False), False, told["error"])


@dataclass(slots=True)
class Counts:
    """How far a pile is."""

    files: int = 0
    pages: int = 0
    """Known so far: a file that has not been opened yet counts as one."""
    done: int = 0
    accepted: int = 0
    failed: int = 0


class Journal:
    """An open journal; one process has it at a time."""

    def __init__(self, path: Path, *, anew: bool = False):
        """Open it, or begin a new one.  Raises InputError.

        anew: whatever was in it is forgotten when the pile is listed, unless another run is at work on it.
        """
        self.path = path
        self.counts = Counts()
        self._listed = False
        self._committed = time.monotonic()
        with self._told():
            try:
                self._open(anew)
            except sqlite3.OperationalError:  # locked, full, not to be opened
                raise
            except sqlite3.DatabaseError:  # damaged or none at all, so that nobody is at work on it
                if not anew:
                    raise
                remove(path)
                self._open(anew)

    def _open(self, anew: bool) -> None:
        self._db = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute(f"PRAGMA cache_size = -{CACHE}")
            self._db.execute("BEGIN EXCLUSIVE")
            if anew:
                self._empty()
            if not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
                self._run(BEGIN)
        except BaseException:
            self._db.close()
            raise

    def _empty(self) -> None:
        """Without its tables, whoever's they are; the file stays, since what holds it is a lock on it."""
        query = "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
        for kind, name in self._db.execute(query).fetchall():
            quoted = name.replace('"', '""')
            self._db.execute(f'DROP {kind} IF EXISTS "{quoted}"')

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Keep what was read, whatever ended the work; half a list is none."""
        try:
            if kind is None:
                self.commit()
            else:
                with suppress(sqlite3.Error, OSError):
                    self._db.execute("COMMIT" if self._listed else "ROLLBACK")
                    if not self._listed and self.path.stat().st_size == 0:
                        remove(self.path)
        finally:
            self._db.close()

    @property
    def is_new(self) -> bool:
        """No pile has been listed in it yet."""
        with self._told():
            return not self._db.execute("SELECT 1 FROM about").fetchone()

    def begin(self, options: Mapping[str, Any], listing: Iterable[Source]) -> str | None:
        """List the pile, or hold it against the one that the journal was begun with.

        What is to be said of that, if anything.  Raises UsageError where the options were others.
        """
        with self._told():
            said = self._list(options, listing)
            self._listed = True
            self.commit()
            self._count()
        return said

    def _list(self, options: Mapping[str, Any], listing: Iterable[Source]) -> str | None:
        before = self._db.execute("SELECT value FROM about WHERE name = 'options'").fetchone()
        if before is None:
            self._insert("pile", listing)
            self._db.execute("INSERT INTO about VALUES ('options', ?)", (json.dumps(dict(options)),))
            return None
        was = json.loads(before[0])
        if was != dict(options):
            names = ", ".join(sorted(name for name in {*was, *options} if was.get(name) != options.get(name)))
            raise UsageError(f"{self.path}: was begun with another {names}; give what it was, or --restart")
        return self._compare(listing)

    def broken(self) -> Iterator[Answer]:
        """What the listing could not get at, as answers to be recorded."""
        query = """SELECT ordinal, address, error FROM pile WHERE error IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM page WHERE page.ordinal = pile.ordinal) ORDER BY ordinal"""
        with self._told():
            found = self._db.execute(query).fetchall()
        for ordinal, address, error in found:
            yield failure(ordinal, os.fsdecode(address), 0, 1, os.fsdecode(error))

    def pending(self) -> Iterator[Task]:
        """What is still to be read, in the pile's order."""
        after = -1
        while True:
            with self._told():
                found = self._db.execute(UNREAD, (after, LOOKED_AT)).fetchall()
            if not found:
                return
            for ordinal, address, pages in found:
                after = ordinal
                for start, stop in [(0, None)] if pages is None else self._missing(ordinal, pages):
                    yield Task(ordinal, os.fsdecode(address), start, stop, pages)

    def record(self, answer: Answer) -> None:
        """Keep a page.  Raises InputError where the disk is full."""
        with self._told():
            # Ctrl-C may come between the two: so it leaves a page that is still to be read, not one that is read twice.
            set_pages = "UPDATE pile SET pages = ? WHERE ordinal = ? AND pages IS NULL"
            opened = self._db.execute(set_pages, (answer.pages, answer.ordinal)).rowcount
            kept = answer.ordinal, answer.page, answer.line, answer.accepted, answer.error is not None
            self._db.execute("INSERT INTO page VALUES (?, ?, ?, ?, ?)", kept)
        self.counts.pages += (answer.pages - 1) * opened
        self.counts.done += 1
        self.counts.accepted += answer.accepted
        self.counts.failed += answer.error is not None
        if time.monotonic() - self._committed > COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Have everything on the disk."""
        with self._told():
            self._db.execute("COMMIT")
            self._db.execute("BEGIN")
        self._committed = time.monotonic()

    def lines(self) -> Iterator[str]:
        """The JSON of all pages in the pile's order."""
        with self._told():
            for (text,) in self._db.execute("SELECT line FROM page ORDER BY ordinal, page"):
                yield text

    def _compare(self, listing: Iterable[Source]) -> str | None:
        """Hold the listing against the pile, and make it the pile where it is another."""
        self._run(FIND)
        self._insert("found", listing)
        new, gone, changed = self._db.execute(DIFFERS).fetchone()
        if not (gone or changed):
            self._run("DROP TABLE found")
            return None
        self._run(REPLACE)
        others = f"{new:,} files are new, {gone:,} are gone, {changed - new:,} have moved or changed"
        return f"the pile is another than it was: {others}; what was read of the others is kept"

    def _insert(self, table: str, listing: Iterable[Source]) -> None:
        for ordinal, source in enumerate(listing):
            error = None if source.error is None else os.fsencode(source.error)
            row = ordinal, os.fsencode(source.address), source.stamp, error, None
            self._db.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)", row)

    def _missing(self, ordinal: int, pages: int) -> list[tuple[int, int]]:
        """The pages of a source that are not read yet, as ranges."""
        there = self._db.execute("SELECT page FROM page WHERE ordinal = ? ORDER BY page", (ordinal,)).fetchall()
        edges = [-1, *(page for (page,) in there), pages]
        return [(low + 1, high) for low, high in pairwise(edges) if low + 1 < high]

    def _count(self) -> None:
        files, pages = self._db.execute("SELECT count(*), coalesce(sum(coalesce(pages, 1)), 0) FROM pile").fetchone()
        done = self._db.execute("SELECT count(*), sum(accepted), sum(failed) FROM page").fetchone()
        self.counts = Counts(files, pages, *(number or 0 for number in done))

    def _run(self, statements: str) -> None:
        """One after the other, within the transaction (which `executescript` would end)."""
        for statement in statements.split(";"):
            self._db.execute(statement)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors in words."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            said = str(error)
            if "locked" in said:
                raise InputError(f"{self.path}: another run is at work on it; wait for it, or end it") from error
            if "full" in said or "I/O" in said:
                remedy = "make room and give the same command again: it goes on"
                raise InputError(f"{self.path}: the disk is full ({said}); {remedy}") from error
            if "open" in said or "readonly" in said:
                raise InputError(f"{self.path}: cannot be written ({said}); give --out another folder") from error
            raise InputError(
                f"{self.path}: not this program's journal ({said}); remove it, or give --restart"
            ) from error


def remove(path: Path) -> None:
    """Take a journal away, with what SQLite left beside it.  Raises InputError.

    Its lock goes with it, and so it goes last: what lies beside it after that is the next run's.
    """
    try:
        for name in (Path(f"{path}-journal"), path):
            name.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be removed ({error.strerror})") from error
