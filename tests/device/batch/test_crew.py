"""Workers: what one page does to its worker is that page's answer, and every other page is read all the same."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from device.batch import crew as crews
from device.batch.books import Books
from device.batch.crew import TRIES, Crew
from device.batch.journal import Answer, Task, failure
from device.batch.worker import CHUNK, Settings, answers
from device.errors import ModelError, PostreadError


def stand_in(connection: Any, settings: Settings) -> None:
    """A worker that does what the address says, without a model: it answers so many pages, or dies, or hangs."""
    if settings.format == "spoiled":
        connection.send(ModelError("card.json: damaged"))
        return
    if settings.format == "stillborn":
        os._exit(7)
    connection.send(None)
    try:
        while True:
            task = connection.recv()
            what, _, number = task.address.partition(" ")
            pages = int(number) if what == "pages" else 1
            for page in range(task.start, min(task.start + CHUNK, task.stop or pages)):
                if what == "dies" or (what == "pages" and page == 20 and settings.format == "bad page"):
                    os.kill(os.getpid(), signal.SIGKILL)
                if what == "hangs":
                    time.sleep(600)
                connection.send(Answer(task.ordinal, page, pages, "{}", True, None))
            connection.send(None)
    except EOFError:
        return


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch):
    """read(format, address, …): every answer as (ordinal, page, error), in order."""
    monkeypatch.setattr(crews, "main", stand_in)

    def read(format: str, *addresses: str, workers: int = 2, timeout: float = 60) -> list[tuple[int, int, str | None]]:
        told = Settings(None, format, "int8", "auto", 1, None, 0, 10**8)
        tasks = iter([Task(number, address, 0, None, None) for number, address in enumerate(addresses)])
        with Crew(told, workers, timeout) as crew:
            found = [(one.ordinal, one.page, one.error) for one in crew.read(tasks)]
        return sorted(found)

    return read


def test_every_page_once(read: Any) -> None:
    found = read("", "pages 1", f"pages {5 * CHUNK + 3}", "pages 1", f"pages {CHUNK}")
    sizes = (1, 5 * CHUNK + 3, 1, CHUNK)
    assert found == [(number, page, None) for number, size in enumerate(sizes) for page in range(size)]


def test_a_page_that_kills_its_worker_is_named_and_the_others_are_read(read: Any) -> None:
    found = read("bad page", "pages 1", "pages 40", "pages 1")
    assert [(ordinal, page) for ordinal, page, _ in found] == [(0, 0), *((1, page) for page in range(40)), (2, 0)]
    assert [one for one in found if one[2]] == [
        (1, 20, f"pages 40: page 20: {TRIES} processes that read it have ended (signal 9)")
    ]


def test_a_file_that_kills_whoever_opens_it(read: Any) -> None:
    found = read("", "pages 1", "dies", "pages 1", workers=1)
    assert [one[2] for one in found] == [
        None,
        f"dies: page 0: {TRIES} processes that read it have ended (signal 9)",
        None,
    ]


def test_a_page_that_takes_for_ever(read: Any) -> None:
    found = read("", "hangs", "pages 1", "pages 1", workers=1, timeout=1)
    assert [one[2] for one in found] == ["hangs: page 0: took longer than 1 s", None, None]


def test_what_a_worker_cannot_load_is_raised(read: Any) -> None:
    with pytest.raises(ModelError, match=r"card\.json: damaged"):
        read("spoiled", "pages 1")


def test_workers_that_never_start(read: Any) -> None:
    with pytest.raises(PostreadError, match=r"the workers do not start \(code 7\)"):
        read("stillborn", "pages 1")


class Broken:
    """A reader with a fault."""

    def read(self, frame: Any) -> list[Any]:
        raise ZeroDivisionError("division by zero")


@pytest.fixture
def book(tmp_path: Path, coded: bytes) -> str:
    import cv2
    import numpy as np

    path = tmp_path / "book.tif"
    cv2.imwritemulti(str(path), [np.full((40, 60), 200, np.uint8)] * 3)
    return str(path)


def test_a_fault_of_the_reader_is_the_page_s_answer(book: str) -> None:
    (first, *rest) = answers(Broken(), Task(0, book, 0, None, None), Books(10**8))  # type: ignore[arg-type]
    assert (
        first.error
        == f"{book}: page 0: postread failed on it (ZeroDivisionError: division by zero); please report this"
    )
    assert len(rest) == 2


def test_a_file_that_has_fewer_pages_than_it_had(book: str) -> None:
    found = list(answers(Broken(), Task(0, book, 2, 5, 5), Books(10**8)))  # type: ignore[arg-type]
    assert [(one.page, one.pages) for one in found] == [(2, 5), (3, 5), (4, 5)]
    assert found[2].error == f"{book}: page 4: gone since the file was first opened"


def test_a_file_that_is_gone_fails_for_each_of_its_pages() -> None:
    found = list(answers(Broken(), Task(0, "/nowhere.tif", 2, 4, 9), Books(10**8)))  # type: ignore[arg-type]
    assert [(one.page, json.loads(one.line)["pages"], one.error) for one in found] == [
        (page, 9, "/nowhere.tif: No such file or directory") for page in (2, 3)
    ]
    assert found[0] == failure(0, "/nowhere.tif", 2, 9, "/nowhere.tif: No such file or directory")
