"""Always the newest shot of a source, taken by a thread that keeps one; a lost source is opened again."""

from __future__ import annotations

import logging
import random
import threading
import time
from copy import copy
from dataclasses import dataclass, field

import numpy as np

from device.camera.shot import Shot
from device.camera.source import Source
from device.errors import CameraError, PostreadError

log = logging.getLogger("postread.camera")

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Before a lost source is opened again, seconds; doubled each time it fails."""
STEADY = 10.0
"""A source that has given shots for so many seconds starts from the first pause again."""
SAME_FOR = 60.0
"""A noisy source that gives the same shot to the last bit for so many seconds has frozen."""
MOST_STUCK = 3
"""Threads that hang inside a driver and cannot be stopped; with so many no other is started."""


@dataclass(slots=True)
class _Run:
    """One time that the source was opened, and the thread that asks it."""

    source: Source
    stop: threading.Event = field(default_factory=threading.Event)
    seen: float = field(default_factory=time.monotonic)
    """When the last shot came."""
    thread: threading.Thread | None = None


class Newest:
    """A camera (see `Camera`) over any source."""

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self.ended = False
        self.trouble: str | None = None
        self._source = source
        self._slot: Shot | None = None
        self._news = threading.Condition()
        self._pause = FIRST_PAUSE
        self._again = 0.0
        self._failure: PostreadError | None = None
        self._stuck: list[threading.Thread] = []
        self._same: tuple[bytes, float] | None = None
        self._run: _Run | None = self._start()

    def shot(self, timeout: float) -> Shot | None:
        """The newest shot, if there is one that was not given before, within so many seconds.

        Raises UsageError when the source cannot be opened, ever.
        """
        until = time.monotonic() + timeout
        while True:
            self._heal()
            with self._news:
                self._news.wait_for(self._ready, max(0.0, min(until - time.monotonic(), 0.25)))
                shot, self._slot = self._slot, None
            if shot is not None and not self._frozen(shot):
                self.trouble = None
                return shot
            if self._failure is not None and not isinstance(self._failure, CameraError):
                raise self._failure
            if self.ended or time.monotonic() >= until:
                return None

    def close(self) -> None:
        self._retire()
        for thread in self._stuck:
            thread.join(1.0)

    def __enter__(self) -> Newest:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ready(self) -> bool:
        return self._slot is not None or self._failure is not None or self.ended

    def _start(self) -> _Run:
        run = _Run(copy(self._source))
        run.thread = threading.Thread(target=self._take, args=(run,), name=f"camera {self.name}", daemon=True)
        run.thread.start()
        return run

    def _take(self, run: _Run) -> None:
        """What the thread does: open, keep the newest shot, tell of the end or the loss."""
        failure: PostreadError | None = None
        try:
            run.source.open()
            started = run.seen = time.monotonic()
            while not run.stop.is_set():
                shot = run.source.grab()
                run.seen = time.monotonic()
                if shot is None:
                    break
                if run.seen - started > STEADY:
                    self._pause = FIRST_PAUSE
                with self._news:
                    if not run.stop.is_set():
                        self._slot = shot
                        self._news.notify_all()
        except PostreadError as error:
            failure = error
        except Exception as error:  # a driver's own: this thread has nobody else to tell
            log.debug("%s", self.name, exc_info=error)
            failure = CameraError(f"{self.name}: {type(error).__name__}: {error}")
        finally:
            run.source.close()
        with self._news:
            if not run.stop.is_set():
                self._failure, self.ended = failure, failure is None
                self._news.notify_all()

    def _heal(self) -> None:
        """Notice a loss, say it, and open the source again when the pause is over."""
        run, now = self._run, time.monotonic()
        if self.ended:
            return
        if run is not None and self._failure is None and now - run.seen > run.source.patience:
            self._failure = CameraError(f"{self.name}: no picture for {run.source.patience:.0f} s")
        if run is not None and isinstance(self._failure, CameraError):
            self._lost(str(self._failure))
        elif run is None and now >= self._again:
            self._stuck = [thread for thread in self._stuck if thread.is_alive()]
            if len(self._stuck) < MOST_STUCK:
                self._run = self._start()

    def _lost(self, why: str) -> None:
        self._retire()
        self._failure = None
        self._same = None
        pause = self._pause * random.uniform(0.8, 1.2)
        self._again = time.monotonic() + pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self.trouble = why
        log.warning("%s; trying again in %.1f s", why, pause)

    def _retire(self) -> None:
        run, self._run = self._run, None
        if run is None or run.thread is None:
            return
        with self._news:
            run.stop.set()
            self._slot = None
        run.thread.join(0.5)
        if run.thread.is_alive():
            self._stuck.append(run.thread)

    def _frozen(self, shot: Shot) -> bool:
        """Whether a source whose shots always differ has given this same one for too long."""
        if not self._source.noisy:
            return False
        content = np.ascontiguousarray(shot.small[::8]).tobytes()
        if self._same is None or self._same[0] != content or not any(content):
            self._same = content, shot.time
            return False
        if shot.time - self._same[1] < SAME_FOR:
            return False
        self._failure = CameraError(f"{self.name}: has frozen, the same picture for {SAME_FOR:.0f} s")
        return True


class InTurn:
    """A camera that gives every shot of a file or folder in turn, as fast as it is asked."""

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self.ended = False
        self.trouble: str | None = None
        self._source = copy(source)
        self._source.open()

    def shot(self, timeout: float) -> Shot | None:
        """The next shot; None at the end.  Raises CameraError."""
        shot = self._source.grab()
        self.ended = shot is None
        return shot

    def close(self) -> None:
        self._source.close()
