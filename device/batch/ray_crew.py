"""`--engine ray`: the crew's work done by a Ray cluster, lap by lap, whatever becomes of its actors and nodes."""

from __future__ import annotations

import importlib.util
import logging
import os
import secrets
import socket
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, count
from typing import Any, Self
from urllib.parse import urlsplit

from device.batch.journal import Answer, Task
from device.batch.ray_lap import Batch, Lap, Orders, Said
from device.batch.worker import CHUNK, Settings
from device.errors import PostreadError

BATCH = 16
"""Tasks that are sent, and answered, together: a second or two of work."""
LAP = 2000
"""Tasks of a lap for each worker: minutes of work, beside the seconds in which the actors begin."""
IDLE = 3
"""Laps in a row that may end without an answer."""
REACH = 5.0
"""Seconds in which a cluster's port has to answer."""
OBJECTS = 256 << 20
"""Bytes of a local cluster's object store; what lies in it is tasks and answers, never a page."""
LOCAL = "local"
GOES_ON = "what was read is kept, and the same command goes on"


def check(address: str) -> None:
    """What can be told before the pile is listed.  Raises PostreadError: no Ray here, or nobody at the address."""
    if not all(importlib.util.find_spec(name) for name in ("ray", "pyarrow")):
        raise PostreadError("--engine ray needs a package: pip install 'postread[ray]'")
    place = urlsplit(address if "://" in address else f"//{address}")
    try:
        if place.hostname and place.port:
            socket.create_connection((place.hostname, place.port), REACH).close()
    except (OSError, ValueError) as error:
        raise PostreadError(f"--address {address}: no Ray cluster answers there ({error})") from error


class RayCrew:
    """The actors of a cluster; the block's end leaves it, and ends one that was begun here (`local`)."""

    def __init__(self, settings: Settings, workers: int | None, timeout: float, address: str):
        """workers: actors, a processor each (None: the cluster's processors); timeout: seconds a page may take.

        Raises PostreadError where there is no such cluster.
        """
        self._orders = Orders.of(settings, timeout)
        self._address = address
        self._ray = _connected(address, workers)
        self._workers = workers or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self._more: deque[Task] = deque()
        """Before the pile's next: rests of files, and what a lap left undone."""
        self._numbers = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ray.shutdown()

    def read(self, pile: Iterator[Task]) -> Iterator[Answer]:
        """The answers to all tasks, as they come, each page's once.

        Raises PostreadError where the nodes are not fit for it, or the cluster answers nothing any more.
        """
        idle = 0
        while given := self._next(pile):
            asked, why = len(given), ""
            try:
                for number, said in self._said(list(given.items())):
                    if isinstance(said, PostreadError):
                        raise said
                    if tasks := given.pop(number, None):
                        self._more.extend(_rests(tasks, said))
                        yield from said
            except self._ray.exceptions.RayError as error:
                why = _words(error)
            idle = 0 if len(given) < asked else idle + 1
            if idle == IDLE:
                raise PostreadError(f"--address {self._address}: the cluster answers nothing ({why}); {GOES_ON}")
            self._more.extend(chain.from_iterable(given.values()))

    def _next(self, pile: Iterator[Task]) -> dict[int, Sequence[Task]]:
        """A lap's batches by their numbers; those of a small pile are small, so that all workers have some."""
        tasks: list[Task] = []
        while len(tasks) < LAP * self._workers:
            if not self._more and (task := next(pile, None)) is not None:
                self._more.extend(_chunks(task))
            if not self._more:
                break
            tasks.append(self._more.popleft())
        size = min(BATCH, max(1, len(tasks) // (4 * self._workers)))
        return {next(self._numbers): tasks[start : start + size] for start in range(0, len(tasks), size)}

    def _said(self, batches: Sequence[Batch]) -> Iterator[tuple[int, Said]]:
        """What the cluster answers.  Ray Data has to run in it: over ray:// an actor there does that."""
        if not self._address.startswith("ray://"):
            lap = Lap(self._orders, batches, self._workers)
            while said := lap.more():
                yield from said
            return
        there = self._ray.remote(num_cpus=0)(Lap).remote(self._orders, batches, self._workers)
        while said := self._ray.get(there.more.remote()):
            yield from said


def _chunks(task: Task) -> Iterator[Task]:
    """Parts of a task that are read in one go; of a file that has not been opened there is but the first."""
    if task.stop is None:
        yield task
        return
    for start in range(task.start, task.stop, CHUNK):
        yield replace(task, start=start, stop=min(start + CHUNK, task.stop))


def _rests(tasks: Sequence[Task], said: Sequence[Answer]) -> Iterator[Task]:
    """What is left of files that turned out to have more pages than are read in one go."""
    pages = {answer.ordinal: answer.pages for answer in said}
    for task in tasks:
        if task.stop is None and task.start + CHUNK < pages[task.ordinal]:
            whole = pages[task.ordinal]
            yield from _chunks(replace(task, start=task.start + CHUNK, stop=whole, pages=whole))


def _connected(address: str, workers: int | None) -> Any:
    """Ray, which is the module itself, joined to a cluster.  Raises PostreadError."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # it would tell every lap about where its arguments are
    options: dict[str, Any] = {"address": address, "log_to_driver": False, "logging_level": logging.ERROR}
    if address == LOCAL:
        # Nobody else is to reach it: its ports on the loopback interface, which Ray has a switch for on other
        # systems only, and a token of this run's.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
        options |= {"num_cpus": workers, "include_dashboard": False, "object_store_memory": OBJECTS}
    import ray

    try:
        with _silent():
            ray.init(**options)
    except Exception as error:  # ConnectionError, RuntimeError, Exception: whatever it comes upon
        raise PostreadError(f"--address {address}: no Ray cluster to be had there ({_words(error)})") from error
    return ray


@contextmanager
def _silent() -> Iterator[None]:
    """Without what Ray's C++ says on stderr; whatever goes wrong is an exception all the same."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _words(error: Exception) -> str:
    """The last line of an error: of those that crossed the network the others are their way."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip()[:200] if lines else type(error).__name__
