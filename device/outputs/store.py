"""The database: readings, crops of their codes, and the outbox, each reading's in one transaction.

A reading is committed, and on the disk (WAL, synchronous FULL), before anything announces it.  Rows are erased, not
only unlinked (secure_delete), because they are about people's mail.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.errors import StoreError
from device.watch.events import Event

Uint8 = NDArray[np.uint8]

VERSION = 1
"""Of the tables; a database of another version is not touched."""
BUSY = 10.0
"""Longest wait for another connection's transaction, seconds."""
ROOM = 0.99
"""Share of the limit that is left of crops when the oldest make room: their sum is not formed anew for each."""
TABLES = """
CREATE TABLE readings (
    id TEXT PRIMARY KEY, time TEXT NOT NULL, event TEXT NOT NULL, format TEXT NOT NULL, digits TEXT NOT NULL,
    line TEXT NOT NULL, scene BLOB, corrected TEXT);
CREATE INDEX readings_by_time ON readings (time);
CREATE TABLE crops (
    reading TEXT PRIMARY KEY REFERENCES readings (id) ON DELETE CASCADE, png BLOB NOT NULL);
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, reading TEXT NOT NULL REFERENCES readings (id) ON DELETE CASCADE,
    output TEXT NOT NULL, line TEXT NOT NULL, refusals INTEGER NOT NULL DEFAULT 0);
CREATE INDEX outbox_by_output ON outbox (output, number);
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message of the outbox."""

    number: int
    id: str
    """Of the reading: whoever gets it twice knows it by this."""
    line: str
    """JSON."""
    refusals: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A reading as it is kept."""

    id: str
    line: dict[str, Any]
    """As it was announced."""
    corrected: str | None
    """The digits that a person put right."""
    has_crop: bool


class Store:
    """One database file.  Each thread has a connection of its own.  Every method raises StoreError."""

    def __init__(self, path: str | Path, outputs: Sequence[str] = (), most_crops: int = 500_000_000) -> None:
        """outputs: names of those that every reading is to be delivered to; most_crops: bytes, the oldest go first."""
        self.path = Path(path)
        self.outputs = tuple(outputs)
        self.most_crops = most_crops
        self.has_traces = False
        """Whether the log may still hold what was erased last: another program was reading, or the disk was full."""
        self._connections = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        try:
            with self._transaction() as connection:
                self._begin(connection)
                self._crop_bytes = self._sum_of_crops(connection)
                self._newest = connection.execute("SELECT COALESCE(MAX(rowid), 0) FROM readings").fetchone()[0]
        except BaseException:
            self.close()
            raise

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Make the tables of a new file; refuse a file with others."""
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise StoreError(f"{self.path}: made by another version of postread (tables {version}); give a new file")

    def close(self) -> None:
        with self._lock:
            connections, self._opened = self._opened, []
        for connection in connections:
            connection.close()
        self._connections = threading.local()

    # ── Writing ──

    def add(self, event: Event) -> None:
        """Keep a settled or refused reading, its crop, and a message of it for every output, all or nothing."""
        assert event.reading is not None
        line = json.dumps(event.line(), ensure_ascii=False)
        png = None if event.crop is None else _png(event.crop)
        scene = None if event.scene is None else _png(event.scene)
        reading, kept = event.reading, self._crop_bytes + len(png or b"")
        with self._transaction() as connection:
            row = event.id, event.time, event.event, reading.format, reading.digits, line, scene
            connection.execute(
                "INSERT INTO readings (id, time, event, format, digits, line, scene) VALUES (?, ?, ?, ?, ?, ?, ?)", row
            )
            if png is not None:
                connection.execute("INSERT INTO crops (reading, png) VALUES (?, ?)", (event.id, png))
            connection.executemany(
                "INSERT INTO outbox (reading, output, line) VALUES (?, ?, ?)",
                [(event.id, output, line) for output in self.outputs],
            )
            # only one scene is ever asked for: the last
            connection.execute("UPDATE readings SET scene = NULL WHERE scene IS NOT NULL AND id != ?", (event.id,))
            if kept > self.most_crops:
                kept = self._make_room(connection)
        self._crop_bytes = kept

    def correct(self, id: str, digits: str | None) -> bool:
        """Keep what a person says a reading really is, None that nobody does; False when there is no such reading."""
        with self._transaction() as connection:
            done = connection.execute("UPDATE readings SET corrected = ? WHERE id = ?", (digits, id))
            return done.rowcount == 1

    def forget(self, *, before: str | None = None, code: str | None = None, id: str | None = None) -> int:
        """Erase readings with their crops and what waits in the outbox; all of them when nothing is given.

        before: RFC 3339, UTC; code: digits, as read or as corrected.  Returns how many readings.
        """
        wanted = {"time < ?": before, "(digits = ?1 OR corrected = ?1)": code, "id = ?": id}
        given = {clause: value for clause, value in wanted.items() if value is not None}
        if len(given) > 1:
            raise ValueError("one of before, code, id")
        return self._erase(next(iter(given), "1"), list(given.values()))

    def _erase(self, where: str, values: Sequence[Any]) -> int:
        with self._transaction() as connection:
            count = connection.execute(f"DELETE FROM readings WHERE {where}", values).rowcount
            kept = self._sum_of_crops(connection)
        self._crop_bytes = kept
        self._empty_log()
        return count

    def _empty_log(self) -> None:
        """The log has the old pages as well; not as long as another program reads them, which `has_traces` tells."""
        try:
            with self._reading() as connection:
                self.has_traces = bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
        except StoreError:
            self.has_traces = True

    def keep_days(self, days: float, all: bool = True) -> int:
        """Erase what is older than so many days; returns how many readings.

        all: also those that were added since this store was opened, by whatever clock.
        """
        limit = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return self._erase("time < ?" if all else "time < ? AND rowid <= ?", [limit] if all else [limit, self._newest])

    # ── The outbox ──

    def waiting(self, output: str, most: int) -> list[Waiting]:
        """The oldest messages that an output has not got yet."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT number, reading, line, refusals FROM outbox WHERE output = ? ORDER BY number LIMIT ?",
                (output, most),
            )
            return [Waiting(*row) for row in rows]

    def delivered(self, messages: Sequence[Waiting]) -> None:
        with self._transaction() as connection:
            connection.executemany("DELETE FROM outbox WHERE number = ?", [(message.number,) for message in messages])

    def turned_down(self, message: Waiting) -> None:
        """Count that an output would not have a message."""
        with self._transaction() as connection:
            connection.execute("UPDATE outbox SET refusals = refusals + 1 WHERE number = ?", (message.number,))

    # ── Reading ──

    def latest(
        self, most: int = 50, event: str | None = None, *, before: str | None = None, digits: str | None = None
    ) -> list[Stored]:
        """The latest readings, newest first, in the order in which they were stored: a clock may be set back.

        before: the id of one that is kept: it and what is newer are left out; digits: of codes, as read or corrected.
        """
        part = "instr(digits, ?) + instr(COALESCE(corrected, ''), ?)"
        wanted: dict[str, Sequence[str | None]] = {"event = ?": [event], part: [digits, digits]}
        wanted["rowid < (SELECT rowid FROM readings WHERE id = ?)"] = [before]
        return self._found({clause: values for clause, values in wanted.items() if values[0] is not None}, most)

    def find(self, id: str) -> Stored | None:
        """One reading; None when there is no such."""
        return next(iter(self._found({"id = ?": [id]}, 1)), None)

    def _found(self, wanted: Mapping[str, Sequence[str | None]], most: int) -> list[Stored]:
        """The newest readings that every clause, with its values, is true of."""
        where = " AND ".join(wanted) or "1"
        query = f"""SELECT id, line, corrected, EXISTS (SELECT 1 FROM crops WHERE reading = id) FROM readings
            WHERE {where} ORDER BY rowid DESC LIMIT ?"""
        values = [value for some in wanted.values() for value in some]
        with self._reading() as connection:
            rows = connection.execute(query, [*values, most]).fetchall()
        return [Stored(id, json.loads(line), corrected, bool(crop)) for id, line, corrected, crop in rows]

    def last_scene(self) -> tuple[Uint8, str] | None:
        """Thumbnail and digits of what was settled last."""
        with self._reading() as connection:
            row = connection.execute("SELECT scene, digits FROM readings WHERE scene IS NOT NULL").fetchone()
        if row is None:
            return None
        scene = cv2.imdecode(np.frombuffer(row[0], np.uint8), cv2.IMREAD_GRAYSCALE)
        return None if scene is None else (np.asarray(scene, np.uint8), str(row[1]))

    def crop(self, id: str) -> bytes | None:
        """A reading's crop as PNG; None without one."""
        with self._reading() as connection:
            row = connection.execute("SELECT png FROM crops WHERE reading = ?", (id,)).fetchone()
        return None if row is None else bytes(row[0])

    def labelled(self) -> Iterator[tuple[str, str, bytes]]:
        """Id, digits and crop (PNG) of every reading that a person has put right."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT id, corrected, png FROM readings JOIN crops ON reading = id WHERE corrected IS NOT NULL"
            ).fetchall()
        yield from rows

    def counts(self) -> dict[str, int]:
        """How many readings of each event, and how many messages wait."""
        with self._reading() as connection:
            rows = connection.execute("SELECT event, COUNT(*) FROM readings GROUP BY event").fetchall()
            waiting = connection.execute("SELECT COUNT(*) FROM outbox").fetchone()[0]
        return {"settled": 0, "refused": 0, **dict(rows), "waiting": waiting}

    # ── Connections ──

    def _make_room(self, connection: sqlite3.Connection) -> int:
        """Erase the oldest crops beyond the limit, the readings stay; the bytes that are left.

        Another process may have erased some (`postread forget`), so that the sum is formed anew.
        """
        kept = self._sum_of_crops(connection)
        if kept > self.most_crops:
            oldest = connection.execute("SELECT reading, LENGTH(png) FROM crops ORDER BY rowid")
            erased = []
            while kept > ROOM * self.most_crops and (row := oldest.fetchone()):
                erased.append(row[:1])
                kept -= row[1]
            oldest.close()
            connection.executemany("DELETE FROM crops WHERE reading = ?", erased)
        return kept

    @staticmethod
    def _sum_of_crops(connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT COALESCE(SUM(LENGTH(png)), 0) FROM crops").fetchone()[0])

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._connections, "own", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=BUSY, isolation_level=None, check_same_thread=False)
            try:
                for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
                    connection.execute(f"PRAGMA {pragma}")
            except BaseException:
                connection.close()
                raise
            self._connections.own = connection
            with self._lock:
                self._opened.append(connection)
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._connection()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {_in_words(error)}") from error


def _in_words(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return "the disk is full; make room, or lower --keep-days and --keep-mb"
    if name.startswith("SQLITE_CANTOPEN"):
        return "cannot be opened; does its folder exist, may this user write there?"
    if name.startswith("SQLITE_NOTADB"):
        return "not a postread database; give another file"
    return str(error)


def _png(picture: Uint8) -> bytes:
    _, data = cv2.imencode(".png", picture)
    return data.tobytes()
