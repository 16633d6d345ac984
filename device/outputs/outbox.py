"""Delivery at least once: what waits in the store for an output is handed over by a thread of its own, until it is."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Sequence
from typing import Protocol

from device.errors import OutputError, PostreadError
from device.outputs.store import Store, Waiting

log = logging.getLogger("postread.outputs")

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""After a delivery that failed, seconds; doubled each time."""
BATCH = 100
"""Messages that are handed over at a time."""
MOST_REFUSALS = 5
"""A message that an output itself will not have is dropped after so many tries, and that is said."""


class Refused(OutputError):
    """This one message is not wanted, now or later; the next one may be."""


class Output(Protocol):
    """Where messages go."""

    name: str

    def deliver(self, messages: Sequence[Waiting]) -> int:
        """Hand messages over, in order; how many have arrived for certain, the first ones.

        Raises OutputError when none did, Refused when the first is not wanted.
        """

    def close(self) -> None: ...


class Delivery:
    """The thread that empties one output's part of the outbox."""

    def __init__(self, store: Store, output: Output) -> None:
        self._store, self._output = store, output
        self._news, self._stop = threading.Event(), threading.Event()
        self._pause = FIRST_PAUSE
        self._failing = False
        self._thread = threading.Thread(target=self._run, name=f"output {output.name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._news.set()

    def close(self, wait: float = 5.0) -> None:
        """Give what waits one last chance of so many seconds; the rest is delivered when postread runs again."""
        self._stop.set()
        self._news.set()
        self._thread.join(wait)

    def _run(self) -> None:
        while True:
            self._news.clear()
            more = self._try()
            if more:
                continue
            if self._stop.is_set():
                break
            if self._failing:  # news do not hurry an output that fails
                self._stop.wait(self._pause * random.uniform(0.8, 1.2))
            else:
                self._news.wait()
        self._output.close()

    def _try(self) -> bool:
        """Hand over one batch; whether more waits that may be handed over at once."""
        try:
            more = self._deliver()
        except Exception as error:  # whatever an output does wrong, its thread goes on
            if not self._failing:
                unforeseen = None if isinstance(error, PostreadError) else error
                log.warning("%s: %s; what is read waits in the store", self._output.name, error, exc_info=unforeseen)
                self._pause = FIRST_PAUSE
            self._failing, self._pause = True, min(2 * self._pause, LONGEST_PAUSE)
            return False
        if self._failing:
            log.warning("%s: takes messages again", self._output.name)
        self._failing = False
        return more

    def _deliver(self) -> bool:
        """Hand over one batch; whether more may wait."""
        batch = self._store.waiting(self._output.name, BATCH)
        if not batch:
            return False
        try:
            arrived = batch[: self._output.deliver(batch)]
        except Refused as error:
            if batch[0].refusals + 1 < MOST_REFUSALS:
                self._store.turned_down(batch[0])
                raise
            log.error("%s: %s; message %s is dropped", self._output.name, error, batch[0].id)
            arrived = batch[:1]
        self._store.delivered(arrived)
        return True
