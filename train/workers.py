"""The same work in several processes: results in the order of the tasks, whatever the number of workers."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import cv2

Task = TypeVar("Task")
Result = TypeVar("Result")

_state: Any = None
"""What a worker process has made once, for all its tasks."""


class Team(Protocol):
    """Gives `work(state, task)` of each task, in their order."""

    def __call__(self, work: Callable[[Any, Task], Result], tasks: Sequence[Task]) -> Iterator[Result]: ...


@contextmanager
def team(start: Callable[..., Any], given: tuple[Any, ...], workers: int) -> Iterator[Team]:
    """So many workers, each with a state of its own, `start(*given)`, made once.

    `start` and the work must be found in a module by name, since the workers are new processes
    (a fork would copy TensorFlow's threads half).  One worker is this process itself.
    """
    if workers == 1:
        yield _here(start, given)
        return
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (start, given))
    try:
        yield lambda work, tasks: pool.map(_do, [(work, task) for task in tasks])
    finally:
        pool.shutdown(cancel_futures=True)


def spread(
    work: Callable[[Any, Task], Result],
    tasks: Sequence[Task],
    start: Callable[..., Any],
    given: tuple[Any, ...],
    workers: int,
) -> Iterator[Result]:
    """Have a team do the tasks, and no more of it than there are tasks; without any, nothing is started."""
    if tasks:
        with team(start, given, min(workers, len(tasks))) as each:
            yield from each(work, tasks)


def _here(start: Callable[..., Any], given: tuple[Any, ...]) -> Team:
    state = start(*given)

    def each(work: Callable[[Any, Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            for task in tasks:
                yield work(state, task)
        finally:
            cv2.setNumThreads(threads)

    return each


def _begin(start: Callable[..., Any], given: tuple[Any, ...]) -> None:
    global _state
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers for an interrupt
    cv2.setNumThreads(1)
    _state = start(*given)


def _leave_with_the_parent() -> None:
    """When it was killed nobody waits for the work, and a worker that waits for more would do so for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


def _do(job: tuple[Callable[[Any, Any], Any], Any]) -> Any:
    work, task = job
    return work(_state, task)
