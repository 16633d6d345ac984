"""The same work in several processes: results in the order of the tasks, whatever the number of workers."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

import cv2

Task = TypeVar("Task")
Result = TypeVar("Result")

_state: Any = None
"""What a worker process has made once, for all its tasks."""


def workers_here() -> int:
    """As many workers as this machine has processors."""
    return os.cpu_count() or 1


def spread(
    work: Callable[[Any, Task], Result],
    tasks: Sequence[Task],
    start: Callable[..., Any],
    given: tuple[Any, ...],
    workers: int,
) -> Iterator[Result]:
    """Give `work(state, task)` of each task, in their order; every worker makes its own state, `start(*given)`, once.

    All of them must be found in a module by name, since the workers are new processes (a fork
    would copy TensorFlow's threads half).  One worker is this process itself.
    """
    if workers == 1 or len(tasks) <= 1:
        yield from _here(work, tasks, start, given)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(tasks)), context, _begin, (start, given))
    try:
        yield from pool.map(_do, [(work, task) for task in tasks])
    finally:
        pool.shutdown(cancel_futures=True)


def _here(
    work: Callable[[Any, Task], Result], tasks: Sequence[Task], start: Callable[..., Any], given: tuple[Any, ...]
) -> Iterator[Result]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        state = start(*given)
        for task in tasks:
            yield work(state, task)
    finally:
        cv2.setNumThreads(threads)


def _begin(start: Callable[..., Any], given: tuple[Any, ...]) -> None:
    global _state
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers for an interrupt
    cv2.setNumThreads(1)
    _state = start(*given)


def _do(job: tuple[Callable[[Any, Any], Any], Any]) -> Any:
    work, task = job
    return work(_state, task)
