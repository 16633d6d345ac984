"""What runs on a Ray cluster: a lap of a pile's batches through Ray Data, and the actors that read them."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import pickle
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device import __version__
from device.batch import remote
from device.batch.crew import Crew
from device.batch.journal import Answer, Task
from device.batch.worker import Settings
from device.errors import PostreadError
from device.model import Bundle

IN_FLIGHT = 2
"""Batches that an actor has at a time, so that it need not wait for the next."""

Batch = tuple[int, Sequence[Task]]
"""A number of its own, and what is to be read."""
Said = PostreadError | Sequence[Answer]
"""What a batch came to; an error is the whole run's."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What every actor is told once."""

    settings: Settings
    timeout: float
    """Seconds that one page may take."""
    folder: str
    """Where paths that are not absolute start: the driver's working folder."""
    version: str
    model: str
    """Hash of the card; an actor with another would give other answers."""

    @classmethod
    def of(cls, settings: Settings, timeout: float) -> Orders:
        """Orders for this version and the bundle that lies here.  Raises ModelError."""
        return cls(settings, timeout, str(Path.cwd()), __version__, card_hash(settings))


def card_hash(settings: Settings) -> str:
    """SHA-256 of the card, hexadecimal.  Raises ModelError."""
    return hashlib.sha256(Bundle.load(settings.model).path.read_bytes()).hexdigest()


class PageReader:
    """The class of the actor pool.  A page never touches the actor: a crew of one reads it in a process beside.

    So whatever a page does to the process that reads it is counted and named as by the local engine, and Ray is
    left with what it is good at: actors and nodes that are lost, whose batches it gives to others.
    """

    def __init__(self, orders: Orders):
        self._orders = orders
        self._crew: Crew | None = None

    def __call__(self, batches: Any) -> Any:
        """A pyarrow table with the columns `number` and `tasks` → the same with `said` in place of `tasks`."""
        import pyarrow

        said = [pickle.dumps(self._read(pickle.loads(tasks))) for tasks in batches["tasks"].to_pylist()]
        return pyarrow.table({"number": batches["number"], "said": pyarrow.array(said, pyarrow.large_binary())})

    def _read(self, tasks: Sequence[tuple[Task, bool]]) -> Said:
        try:
            if self._crew is None:
                self._crew = self._begin()
            for task, is_seen in tasks:
                if is_seen and not _seen(task):
                    raise PostreadError(f"{task.address}: {_node()} does not have this folder; {SHARED}")
            return list(self._crew.read(task for task, _ in tasks))
        except PostreadError as error:
            return error

    def _begin(self) -> Crew:
        """Raises PostreadError where this node is not fit for the pile."""
        if self._orders.version != __version__:
            raise PostreadError(
                f"{_node()} has postread {__version__}, and this is {self._orders.version}: install the same everywhere"
            )
        if card_hash(self._orders.settings) != self._orders.model:
            raise PostreadError(f"{_node()} has another model under this name; have the same bundle on every node")
        if Path(self._orders.folder).is_dir():
            os.chdir(self._orders.folder)
        # The process beside would import Ray's start script, and Ray with it, as what it has for a main module.
        sys.modules["__main__"].__spec__ = importlib.util.find_spec("device.batch.worker")
        return Crew(self._orders.settings, 1, self._orders.timeout, goes_on=False)


SHARED = "a pile of local files has to lie where every node sees it; or give s3://…"


def seen(task: Task) -> bool:
    """Whether its folder is there on this machine; nothing is asked of what lies elsewhere."""
    return not remote.is_url(task.address) and _seen(task)


def _seen(task: Task) -> bool:
    return Path(task.address).parent.is_dir()


def _node() -> str:
    return f"node {os.uname().nodename}"


class Lap:
    """Batches on their way through Ray Data."""

    def __init__(self, orders: Orders, batches: Sequence[Batch], workers: int):
        """Nothing is read before `more` is called.  workers: actors at most, a processor each."""
        self._tables = _results(orders, batches, workers)

    def more(self) -> Sequence[tuple[int, Said]]:
        """What has been read next, in no order; empty when all is done.  Raises what Ray raises."""
        for table in self._tables:
            said = zip(table["number"].to_pylist(), table["said"].to_pylist(), strict=True)
            return [(number, pickle.loads(told)) for number, told in said]
        return []


def _results(orders: Orders, batches: Sequence[Batch], workers: int) -> Iterator[Any]:
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    told = [
        {"number": number, "tasks": pickle.dumps([(task, seen(task)) for task in tasks])} for number, tasks in batches
    ]
    pool = ray.data.ActorPoolStrategy(
        min_size=1, max_size=workers, initial_size=workers, max_tasks_in_flight_per_actor=IN_FLIGHT
    )
    read = ray.data.from_items(told, override_num_blocks=len(told)).map_batches(
        PageReader, fn_constructor_args=(orders,), batch_size=None, batch_format="pyarrow", compute=pool, num_cpus=1
    )
    yield from read.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
