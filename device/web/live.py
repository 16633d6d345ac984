"""The seam: what the page is told of the watcher, and how the watcher takes what the page changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from device import formats
from device.outputs.store import Store, Stored
from device.watch import look
from device.watch.events import Event, now
from device.web import aid
from device.web.settings import Kept, Settings
from device.web.stream import Stream

if TYPE_CHECKING:
    from device.camera.shot import Shot
    from device.watch.watcher import Watcher

STUCK = 15.0
"""Seconds: a watcher that does not take its turn for so long hangs."""


class Live:
    """Beside one watcher.  `told` and `turn` are called by the watcher's thread, the rest by the server's."""

    def __init__(self, watcher: Watcher, store: Store | None, kept: Kept, clock: Callable[[], float]) -> None:
        self.watcher, self.store, self.kept = watcher, store, kept
        self.stream = Stream()
        self.counts = {"settled": 0, "refused": 0}
        """Readings since the start."""
        self.frames = 0
        """Shots that were taken in."""
        self._clock = clock
        self._known = watcher.reader.known
        self._turned, self._since = clock(), now()
        self._state: dict[str, Any] = {"state": watcher.state, "why": watcher.why, "detail": None}
        self._seen: Shot | None = None
        self._wanted: Settings | None = None if kept.now == kept.given else kept.now
        self._lock = threading.Lock()

    # ── The watcher's thread ──

    def told(self, event: Event) -> None:
        """To be called with every event that is announced."""
        state = {"state": event.state, "why": event.why, "detail": event.detail}
        if event.reading is not None:
            self.counts[event.event] += 1
            kept = self.store is not None
            self.stream.tell("reading", reading(event.line(), None, kept and event.crop is not None))
        if event.late:
            return
        if state != self._state or event.event == "state":
            self._state, self._since = state, event.time
            self.stream.tell("state", self.state())

    def turn(self) -> None:
        """To be called before every shot."""
        self._turned = self._clock()
        if self.watcher.shot is not self._seen:
            self._seen = self.watcher.shot
            self.frames += 1
        with self._lock:
            wanted, self._wanted = self._wanted, None
        if wanted is not None:
            known = self._known if wanted.format == self.kept.given.format else None  # a list is of one format's codes
            self.watcher.change(formats.get(wanted.format), known, wanted.min_confidence, wanted.roi)

    # ── The server's ──

    def state(self) -> dict[str, Any]:
        return {**self._state, "since": self._since}

    def health(self) -> str | None:
        """Why nothing is read or kept just now: stuck, source-lost, not-stored; None when all is well."""
        if self._clock() - self._turned > STUCK:
            return "stuck"
        if self.watcher.camera.trouble is not None or self._state["why"] == "source-lost":
            return "source-lost"
        return "not-stored" if self._state["why"] == "not-stored" else None

    def settings(self) -> dict[str, Any]:
        """The settings, and which of them were made on the page."""
        return {**asdict(self.kept.now), "changed": self.kept.differing(self.kept.now)}

    def apply(self, settings: Settings) -> None:
        """The watcher takes them before its next shot."""
        with self._lock:
            self._wanted = settings
        self.stream.tell("settings", self.settings())

    def look(self) -> dict[str, Any] | None:
        """What is read of what lies there now, where, and how good the picture is; None before the first shot."""
        shot, standing = self.watcher.shot, self.watcher.in_place
        if shot is None:
            return None
        judged = aid.judge(look.region_of(shot, self.watcher.roi), standing)
        return {
            "size": shot.size,
            "readings": [_seen(one.code, one.confidence, one.quad) for one in standing],
            "aid": asdict(judged),
        }


def _seen(code: str, confidence: float, quad: object) -> dict[str, Any]:
    return {"code": code, "confidence": round(confidence, 4), "quad": quad}


def reading(line: dict[str, Any], corrected: str | None, has_crop: bool) -> dict[str, Any]:
    """A reading as the page and REST tell it: the line that was announced, and what a person made of it."""
    written = None if corrected is None else formats.get(line["reading"]["format"]).write(corrected)
    return {**line, "corrected": written, "crop": has_crop}


def of_store(stored: Stored) -> dict[str, Any]:
    return reading(stored.line, stored.corrected, stored.has_crop)
