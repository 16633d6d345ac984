"""Server-sent events: what happened, kept for a while, so that who was away or is slow can catch up or start again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import threading
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

KEPT = 256
"""Messages that one can have missed and still get; who missed more is told to ask for everything again (`reset`)."""
MOST_FOLLOWERS = 16
PING = 15.0
"""Seconds without news after which a sign of life is sent: proxies stay patient, and it shows who has gone."""
RETRY = 2000
"""Milliseconds until a browser connects again."""


class Message(NamedTuple):
    number: int
    text: str


class Stream:
    """Told from any thread, followed from the server's loop.

    Nothing is queued for anybody: each follower has its place among the messages kept, and takes the next one when it
    has taken the last.
    """

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)  # numbers of another run mean nothing here
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._count = 0
        self._look: tuple[int, str] = (0, "")
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._awake: set[asyncio.Event] = set()
        self.is_closed = False

    @property
    def followers(self) -> int:
        return len(self._awake)

    def tell(self, kind: str, data: Any) -> None:
        """From any thread: to everybody, and to those who come back later."""
        with self._lock:
            self._count += 1
            self._messages.append(Message(self._count, self._text(kind, data, self._count)))
        self._wake()

    def show(self, data: Any) -> None:
        """From any thread: what is seen just now, which nobody needs later."""
        text = self._text("look", data)
        with self._lock:
            if text != self._look[1]:
                self._look = self._look[0] + 1, text
        self._wake()

    def close(self) -> None:
        """From any thread: every follower is let go."""
        self.is_closed = True
        self._wake()

    async def follow(self, last: str | None) -> AsyncIterator[str]:
        """What is sent to one follower; last: its Last-Event-ID."""
        self._loop = asyncio.get_running_loop()
        awake = asyncio.Event()
        self._awake.add(awake)
        try:
            yield f"retry: {RETRY}\n\n"
            place, look = self._place(last), 0
            while not self.is_closed:
                awake.clear()
                messages, place = self._after(place)
                for text in messages:
                    yield text
                if self._look[0] != look:
                    look, text = self._look
                    yield text
                try:
                    await asyncio.wait_for(awake.wait(), PING)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self._awake.discard(awake)

    def _place(self, last: str | None) -> int | None:
        """Number of the message that a follower had last; None when that is not known."""
        run, _, number = (last or "").partition("-")
        return int(number) if run == self._run and number.isascii() and number.isdigit() else None

    def _after(self, place: int | None) -> tuple[list[str], int]:
        """The messages after a place, or `reset`, and the place behind them."""
        with self._lock:
            first = self._messages[0].number if self._messages else self._count + 1
            if place is None or not first - 1 <= place <= self._count:
                return [self._text("reset", {}, self._count)], self._count
            return [message.text for message in self._messages if message.number > place], self._count

    def _text(self, kind: str, data: Any, number: int | None = None) -> str:
        id = "" if number is None else f"id: {self._run}-{number}\n"
        return f"{id}event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None and self._awake:
            with contextlib.suppress(RuntimeError):  # the server has just ended
                loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        for awake in self._awake:
            awake.set()
