"""How long readings are kept, by a clock that may be wrong: a Raspberry Pi has none that outlasts its power."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from device.errors import StoreError
from device.outputs.store import Store

log = logging.getLogger("postread.outputs")

FIRST, EVERY = 600.0, 3600.0
"""Seconds until readings are erased for the first time, when the network has had time to set the clock, and between
two times."""
JUMP = 3600.0
"""A clock that is put forward or back by more than this, seconds, was wrong, or is now: nobody can tell which, ..."""
SET = Path("/run/systemd/timesync/synchronized")
"""... unless it was set over the network less than JUMP ago, which this file's time tells (systemd-timesyncd(8))."""
DISTRUST = 86_400.0
"""Seconds after that in which nothing is erased: time to notice, and to put right what is wrong."""
DAY = 86_400.0


class Keeping:
    """Erases what is older than so many days, once its age is beyond doubt."""

    def __init__(self, store: Store, days: float) -> None:
        self._store, self._days = store, days
        self._began = time.monotonic()
        self._next = self._began + FIRST
        self._apart = self._shift()

    def turn(self) -> None:
        """To be called now and then."""
        now = time.monotonic()
        if now < self._next:
            return
        moved, self._apart = self._shift() - self._apart, self._shift()
        if abs(moved) > JUMP and not _set_over_the_network():
            log.warning(
                "the clock was put %s by %.1f hours; nothing is erased for a day", _way(moved), abs(moved) / 3600
            )
            self._next = now + DISTRUST
            return
        self._next = now + EVERY
        try:
            # what was read since this began is no older than that, whatever the clock said then
            self._store.keep_days(self._days, all=now - self._began > self._days * DAY)
        except StoreError as error:
            log.warning("%s", error)
        else:
            if self._store.has_traces:
                log.warning("%s-wal still holds traces of what was erased; tried again in an hour", self._store.path)

    @staticmethod
    def _shift() -> float:
        """The clock beside one that only ever runs, seconds: constant as long as nobody sets it."""
        return time.time() - time.monotonic()


def _set_over_the_network() -> bool:
    try:
        return abs(time.time() - SET.stat().st_mtime) < JUMP
    except OSError:
        return False


def _way(seconds: float) -> str:
    return "forward" if seconds > 0 else "back"
