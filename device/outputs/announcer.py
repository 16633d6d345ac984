"""An event's way out: into the store, then onto stdout, and to whoever else is to know."""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TextIO

from device.errors import StoreError
from device.outputs.keeping import Keeping
from device.outputs.outbox import Delivery
from device.outputs.store import Store
from device.watch.events import Event

log = logging.getLogger("postread.outputs")

RETRY = 5.0
"""Seconds between two tries of a store that cannot be written."""
MOST_HELD = 1000
"""Readings that are held while it cannot; then the oldest are lost, and that is said."""


class Announcer:
    """Announces nothing that is not stored: while the store cannot be written, readings are held back.

    That is the state then, until they are stored; the watcher's is told after them.
    """

    def __init__(
        self,
        out: TextIO,
        store: Store | None,
        deliveries: Sequence[Delivery] = (),
        listeners: Sequence[Callable[[Event], None]] = (),
        keep_days: float | None = None,
    ) -> None:
        """listeners: called with every event once it is announced (lights, MQTT's state, a page)."""
        self._out, self._store = out, store
        self._deliveries, self._listeners = tuple(deliveries), list(listeners)
        self._keeping = None if store is None or keep_days is None else Keeping(store, keep_days)
        self._held: deque[Event] = deque()
        self._last: Event | None = None
        self._failing = self._mute = False
        self._next_try = 0.0

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Tell one more of every event from now on."""
        self._listeners.append(listener)

    def __call__(self, event: Event) -> None:
        self._last = event
        if event.reading is None or self._store is None:
            if not self._failing:
                self._say(event)
            return
        if len(self._held) == MOST_HELD:
            log.error("the reading of %s is lost: the store has not taken any for too long", self._held[0].time)
            self._held.popleft()
        self._held.append(event)
        if not self._failing:
            self._flush()

    def turn(self) -> None:
        """To be called now and then: tries again what failed, and erases what is too old."""
        now = time.monotonic()
        if self._held and now >= self._next_try:
            self._flush()
        if self._keeping is not None:
            self._keeping.turn()

    def close(self) -> None:
        if self._held:
            self._flush()
        for event in self._held:
            log.error("the reading of %s is lost: it could not be stored", event.time)
        for delivery in self._deliveries:
            delivery.close()

    def _flush(self) -> None:
        """Store and announce what is held, in order."""
        assert self._store is not None
        while self._held:
            try:
                self._store.add(self._held[0])
            except StoreError as error:
                self._next_try = time.monotonic() + RETRY
                if not self._failing:
                    log.error("%s; readings are held back until it can be written", error)
                    self._failing = True
                    self._say(Event("state", "needs-help", "not-stored", str(error)))
                return
            event = self._held.popleft()
            self._say(replace(event, late=self._failing and event is not self._last))
        if self._failing:
            log.warning("the store can be written again")
            self._failing = False
            if self._last is not None and self._last.reading is None:
                self._say(Event("state", self._last.state, self._last.why, self._last.detail))

    def _say(self, event: Event) -> None:
        self._print(event)
        if event.reading is not None:
            for delivery in self._deliveries:
                delivery.wake()
        for listener in self._listeners:
            listener(event)

    def _print(self, event: Event) -> None:
        """A line on stdout, which may be a file on a full disk; whoever closed a pipe wants no more at all."""
        try:
            print(json.dumps(event.line(), ensure_ascii=False), file=self._out, flush=True)
            self._mute = False
        except BrokenPipeError:
            raise
        except OSError as error:
            if not self._mute:
                left = "lost" if self._store is None else "in the store alone"
                log.error("standard output: %s; what is read is %s", error.strerror or error, left)
                self._mute = True
