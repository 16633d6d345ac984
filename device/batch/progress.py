"""How far it is, on a terminal."""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import TextIO

from device.batch.journal import Counts

EVERY = 0.5
"""Seconds between two lines."""
LOOKED_BACK = 60
"""Lines that the rate is taken over: half a minute."""


class Progress:
    """A line that is written over and over; nothing at all where nobody is looking."""

    def __init__(self, stream: TextIO | None = None):
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty()
        self._past: deque[tuple[float, int]] = deque(maxlen=LOOKED_BACK)

    def show(self, counts: Counts) -> None:
        """Say it, if it was not said just now."""
        now = time.monotonic()
        if self._shown and (not self._past or now - self._past[-1][0] >= EVERY):
            self._past.append((now, counts.done))
            self._stream.write("\r\x1b[K" + text(counts, self._rate()))
            self._stream.flush()

    def clear(self) -> None:
        """Make room for a line that stays."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _rate(self) -> float:
        """Pages a second of late; 0 where it is too early to say."""
        (begun, before), (now, done) = self._past[0], self._past[-1]
        return (done - before) / (now - begun) if now > begun else 0.0


def text(counts: Counts, rate: float) -> str:
    """12 of 2,000 pages, 8.1 a second, 4 min left."""
    said = f"{counts.done:,} of {counts.pages:,} pages"
    if counts.failed:
        said += f", {counts.failed:,} unreadable"
    if rate > 0:
        said += f", {rate:.1f} a second, {_span((counts.pages - counts.done) / rate)} left"
    return said


def _span(seconds: float) -> str:
    for limit, unit, name in ((90, 1, "s"), (5400, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} days"
