"""A process that reads pages: it loads the model once, then answers one task after the other."""

from __future__ import annotations

import json
import resource
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from device.batch.books import Books
from device.batch.journal import Answer, Task, failure
from device.errors import InputError, PostreadError
from device.sources import MAX_MEMORY, Book

if TYPE_CHECKING:
    from device.classify import RuntimeName
    from device.model import Precision
    from device.orientation import Orientation
    from device.reader import Reader

CHUNK = 16
"""Pages of one file that are read in one go; the rest of it may go to other workers."""
MEMORY = 2 * MAX_MEMORY
"""Bytes of data that a worker may have; a file that needs more ends its worker and not the machine."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker is told once."""

    model: str | None
    format: str
    precision: Precision
    runtime: RuntimeName
    threads: int
    known: frozenset[str] | None
    orientation: Orientation
    max_pixels: int

    def reader(self) -> Reader:
        """Raises PostreadError."""
        from device.reader import Reader

        return Reader.load(
            self.model,
            self.format,
            precision=self.precision,
            runtime=self.runtime,
            threads=self.threads,
            known=self.known,
            orientation=self.orientation,
        )


Message = PostreadError | int | Answer | None
"""What cannot be loaded; a file's pages; a page; None: ready for (or done with) a task."""


def main(connection: Connection, settings: Settings) -> None:
    """Answer tasks until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers for an interrupt
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    import cv2

    cv2.setNumThreads(1)
    try:
        try:
            reader = settings.reader()
        except PostreadError as error:
            connection.send(error)
            return
        books = Books(settings.max_pixels)
        connection.send(None)
        while True:
            for message in answers(reader, connection.recv(), books):
                connection.send(message)
            connection.send(None)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent has gone, or has no more to do


def answers(reader: Reader, task: Task, books: Books) -> Iterator[int | Answer]:
    """The task's pages, `CHUNK` at most; whatever is wrong with one is its answer.

    Before them, how many a file has that had not been opened yet, where there are several: should its first page be
    the worker's last, the others are known all the same.
    """
    try:
        book = books.open(task.address)
    except InputError as error:
        for page in _range(task, task.pages or 1):
            yield failure(task.ordinal, task.address, page, task.pages or 1, str(error))
        return
    if task.pages is None and len(book) > 1:
        yield len(book)
    for page in _range(task, task.pages or len(book)):
        yield _answer(reader, task, book, page)


def _range(task: Task, pages: int) -> range:
    return range(task.start, min(task.start + CHUNK, pages if task.stop is None else task.stop))


def _answer(reader: Reader, task: Task, book: Book, page: int) -> Answer:
    from device.answers import line

    pages = task.pages or len(book)
    try:
        if page >= len(book):
            raise InputError(f"{task.address}: page {page}: gone since the file was first opened")
        readings = reader.read(book.page(page))
    except InputError as error:
        return failure(task.ordinal, task.address, page, pages, str(error))
    except Exception as error:  # a fault of ours on one page is no reason to leave the others unread
        what = f"{type(error).__name__}: {error}"
        said = f"{task.address}: page {page}: postread failed on it ({what}); please report this"
        return failure(task.ordinal, task.address, page, pages, said)
    told = json.dumps(line(task.address, page, pages, readings), ensure_ascii=False)
    return Answer(task.ordinal, page, pages, told, any(reading.accepted for reading in readings), None)
