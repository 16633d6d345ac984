"""Workers that read a pile: each is given its next task before it is done with the last, and replaced when it dies."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Self

from device.batch.journal import Answer, Task, failure
from device.batch.worker import CHUNK, Settings, main
from device.errors import PostreadError

AHEAD = 2
"""Tasks that a worker has at a time, so that it need not wait for the next."""
LOOK_EVERY = 0.5
"""Seconds between looks at the clock."""
FAREWELL = 5.0
"""Seconds that a worker has to end by itself."""
TRIES = 3
"""Workers that a page may cost."""
STILLBORN = 3
"""Workers that may die in a row before they can begin."""


@dataclass(slots=True, eq=False)
class _Worker:
    """One process, and what it was given."""

    process: BaseProcess
    connection: Connection
    tasks: deque[Task] = field(default_factory=deque)
    ready: bool = False
    """It has loaded its model."""
    since: float = field(default_factory=time.monotonic)
    """When it last said something, or was given something to do."""

    @property
    def room(self) -> bool:
        return self.ready and len(self.tasks) < AHEAD


class Crew:
    """So many workers; the block's end ends them."""

    def __init__(self, settings: Settings, workers: int, timeout: float, *, goes_on: bool = True):
        """timeout: seconds that one page may take.

        goes_on: read all of a file, not `CHUNK` pages of it; else the rest is for whoever gave the task.
        """
        self._settings, self._timeout, self._goes_on = settings, timeout, goes_on
        self._context = multiprocessing.get_context("spawn")
        self._workers = [self._start() for _ in range(workers)]
        self._more: deque[Task] = deque()
        """Before the pile's next: rests of files, and what a dead worker was given."""
        self._deaths: Counter[tuple[int, int]] = Counter()
        """How many workers died at a page, by its source's ordinal and its number."""
        self._stillborn = 0
        """Workers in a row that died before they had loaded their model."""
        self._looked = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.connection.close()
        for worker in self._workers:
            worker.process.join(FAREWELL)
            worker.process.kill()
            worker.process.join()

    def pids(self) -> list[int]:
        """The workers' processes."""
        return [worker.process.pid for worker in self._workers if worker.process.pid is not None]

    def read(self, pile: Iterator[Task]) -> Iterator[Answer]:
        """The answers to all tasks, as they come.  Raises PostreadError where the workers cannot begin."""
        while True:
            for _ in range(AHEAD):
                for worker in self._workers:
                    if worker.room and self._left(pile):
                        self._give(worker, self._more.popleft())
            if not self._left(pile) and not any(worker.tasks for worker in self._workers):
                return
            yield from self._heard()

    def _left(self, pile: Iterator[Task]) -> bool:
        """Whether there is anything to give out."""
        if not self._more and (task := next(pile, None)) is not None:
            self._more.append(task)
        return bool(self._more)

    def _give(self, worker: _Worker, task: Task) -> None:
        if not worker.tasks:
            worker.since = time.monotonic()
        worker.tasks.append(task)
        with suppress(BrokenPipeError, ConnectionResetError):  # it is dead, and will be found so
            worker.connection.send(task)

    def _heard(self) -> Iterator[Answer]:
        """What the workers say next, and what is to be said of those that do not any more."""
        said = wait([worker.connection for worker in self._workers], LOOK_EVERY)
        now = self._look()
        for worker in list(self._workers):
            if worker.connection in said:
                yield from self._listen(worker)
            elif worker.tasks and now - worker.since > self._timeout and not worker.connection.poll():
                self._replace(worker)
                yield self._give_up(worker, f"took longer than {self._timeout:g} s")

    def _look(self) -> float:
        """The time.  What this process stood still for since it last looked (Ctrl-Z) is no page's fault."""
        now = time.monotonic()
        stood = now - self._looked - LOOK_EVERY
        if stood > LOOK_EVERY:
            for worker in self._workers:
                worker.since = min(now, worker.since + stood)
        self._looked = now
        return now

    def _listen(self, worker: _Worker) -> Iterator[Answer]:
        worker.since = time.monotonic()
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            self._replace(worker)
            yield from self._died(worker)
            return
        if isinstance(message, PostreadError):
            raise message
        if isinstance(message, int):
            worker.tasks[0] = self._chunk(worker.tasks[0], message)
        elif isinstance(message, Answer):
            worker.tasks[0] = replace(self._chunk(worker.tasks[0], message.pages), start=message.page + 1)
            yield message
        elif worker.ready:
            worker.tasks.popleft()
        else:
            worker.ready, self._stillborn = True, 0

    def _chunk(self, task: Task, pages: int) -> Task:
        """What is read of a task in one go; what is beyond becomes a task for any worker."""
        stop = pages if task.stop is None else task.stop
        end = min(stop, task.start + CHUNK)
        if end < stop and self._goes_on:
            self._more.append(replace(task, start=end, stop=stop, pages=pages))
        return replace(task, stop=end, pages=pages)

    def _died(self, worker: _Worker) -> Iterator[Answer]:
        """A page at which a worker dies is tried again; when `TRIES` have died it is the page's fault."""
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn > STILLBORN:
                raise PostreadError(f"the workers do not start ({_how(worker.process)})")
        if worker.tasks:
            at = worker.tasks[0].ordinal, worker.tasks[0].start
            self._deaths[at] += 1
            if self._deaths[at] == TRIES:
                yield self._give_up(worker, f"{TRIES} processes that read it have ended ({_how(worker.process)})")
        self._more.extendleft(reversed(worker.tasks))
        worker.tasks.clear()

    def _give_up(self, worker: _Worker, why: str) -> Answer:
        """The answer of the page that a worker was at; what else it had goes back."""
        task = worker.tasks.popleft()
        if task.stop is not None and task.start + 1 < task.stop:
            worker.tasks.appendleft(replace(task, start=task.start + 1))
        self._more.extendleft(reversed(worker.tasks))
        worker.tasks.clear()
        said = f"{task.address}: page {task.start}: {why}"
        return failure(task.ordinal, task.address, task.start, task.pages or 1, said)

    def _replace(self, worker: _Worker) -> None:
        """Another process in its place."""
        worker.process.kill()
        worker.process.join()
        worker.connection.close()
        self._workers[self._workers.index(worker)] = self._start()

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=main, args=(theirs, self._settings), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)


def _how(process: BaseProcess) -> str:
    code = process.exitcode or 0
    return f"signal {-code}" if code < 0 else f"code {code}"
