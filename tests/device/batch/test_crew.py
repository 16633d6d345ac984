"""Workers: what one page does to its worker is that page's answer, and every other page is read all the same."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from device.batch import crew as crews
from device.batch.books import Books
from device.batch.crew import TRIES, Crew
from device.batch.journal import Answer, Task, failure
from device.batch.worker import CHUNK, Settings, answers
from device.errors import ModelError, PostreadError

SLOW = 0.5
"""Seconds of a page that is read all the same."""


def stand_in(connection: Any, settings: Settings) -> None:
    """A worker that does what the address says, without a model: it answers so many pages, or dies, or hangs.

    The format says which page is its last: "dies at 20", "hangs at 0".
    """
    if settings.format == "spoiled":
        connection.send(ModelError("card.json: damaged"))
        return
    if settings.format == "stillborn":
        os._exit(7)
    fate, _, fatal = settings.format.partition(" at ")
    connection.send(None)
    try:
        while True:
            task = connection.recv()
            what, _, number = task.address.partition(" ")
            pages = int(number) if what == "pages" else 1
            if task.pages is None and pages > 1:
                connection.send(pages)
            for page in range(task.start, min(task.start + CHUNK, task.stop or pages)):
                does = fate if pages > 1 and str(page) == fatal else what
                if does == "dies":
                    os.kill(os.getpid(), signal.SIGKILL)
                if does == "hangs":
                    time.sleep(600)
                if does == "slow":
                    time.sleep(SLOW)
                connection.send(Answer(task.ordinal, page, pages, "{}", True, None))
            connection.send(None)
    except EOFError:
        return


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch):
    """crew(format): one of stand-ins."""
    monkeypatch.setattr(crews, "main", stand_in)

    def crew(format: str, workers: int = 1, timeout: float = 60, **options: bool) -> Crew:
        return Crew(Settings(None, format, "int8", "auto", 1, None, 0, 10**8), workers, timeout, **options)

    return crew


@pytest.fixture
def read(crew: Any):
    """read(format, address, …): every answer as (ordinal, page, error), in order."""

    def read(format: str, *addresses: str, workers: int = 2, timeout: float = 60) -> list[tuple[int, int, str | None]]:
        tasks = iter([Task(number, address, 0, None, None) for number, address in enumerate(addresses)])
        with crew(format, workers, timeout) as hands:
            found = [(one.ordinal, one.page, one.error) for one in hands.read(tasks)]
        return sorted(found)

    return read


def test_every_page_once(read: Any) -> None:
    found = read("", "pages 1", f"pages {5 * CHUNK + 3}", "pages 1", f"pages {CHUNK}")
    sizes = (1, 5 * CHUNK + 3, 1, CHUNK)
    assert found == [(number, page, None) for number, size in enumerate(sizes) for page in range(size)]


def test_a_page_that_kills_its_worker_is_named_and_the_others_are_read(read: Any) -> None:
    found = read("dies at 20", "pages 1", "pages 40", "pages 1")
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


@pytest.mark.parametrize(
    ("fate", "timeout", "said"),
    [
        ("dies at 0", 60, f"{TRIES} processes that read it have ended (signal 9)"),
        ("hangs at 0", 1, "took longer than 1 s"),
    ],
    ids=["ends its worker", "takes for ever"],
)
def test_of_a_book_whose_first_page_cannot_be_read_all_others_are(
    read: Any, fate: str, timeout: float, said: str
) -> None:
    found = read(fate, "pages 40", "pages 1", workers=1, timeout=timeout)
    others = [(0, page, None) for page in range(1, 40)]
    assert found == [(0, 0, f"pages 40: page 0: {said}"), *others, (1, 0, None)]


def test_a_page_that_could_not_be_read_says_how_many_there_are(crew: Any) -> None:
    with crew("dies at 0") as workers:
        assert {answer.pages for answer in workers.read(iter([Task(0, "pages 40", 0, None, None)]))} == {40}


def test_who_reads_a_chunk_alone_leaves_the_rest_though_its_first_page_ends_it(crew: Any) -> None:
    with crew("dies at 0", goes_on=False) as workers:
        found = [answer.page for answer in workers.read(iter([Task(0, "pages 40", 0, None, None)]))]
    assert sorted(found) == list(range(CHUNK))


class Waits:
    """The crew's `wait`, with something that happens to the first ones after the worker has said that it is there."""

    def __init__(self, happens: Callable[[float], None], times: int):
        self._wait, self._happens, self._left = crews.wait, happens, times
        self._begun = False

    def __call__(self, connections: Any, timeout: float) -> Any:
        if self._begun and self._left:
            self._left -= 1
            self._happens(timeout)
            return []
        found = self._wait(connections, timeout)
        self._begun |= bool(found)
        return found


@pytest.fixture
def an_hour_stood_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock goes on by an hour while the first page is being read."""
    monotonic, stood = time.monotonic, [0.0]
    monkeypatch.setattr(crews, "wait", Waits(lambda timeout: stood.append(3600.0), 1))
    monkeypatch.setattr(crews.time, "monotonic", lambda: monotonic() + stood[-1])


@pytest.mark.usefixtures("an_hour_stood_still")
def test_an_hour_that_all_stood_still_is_no_page_s_time(read: Any) -> None:
    assert read("", "slow", "pages 1", workers=1) == [(0, 0, None), (1, 0, None)]


@pytest.mark.usefixtures("an_hour_stood_still")
def test_a_page_that_hangs_is_given_up_though_all_stood_still_for_an_hour(read: Any) -> None:
    begun = time.perf_counter()
    assert [one[2] for one in read("", "hangs", workers=1, timeout=2)] == ["hangs: page 0: took longer than 2 s"]
    assert time.perf_counter() - begun < 30


def test_a_page_that_was_answered_but_not_heard_yet_is_not_given_up(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "wait", Waits(time.sleep, 4))
    assert read("", "pages 1", workers=1, timeout=1) == [(0, 0, None)]


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
    (pages, first, *rest) = answers(Broken(), Task(0, book, 0, None, None), Books(10**8))  # type: ignore[arg-type]
    assert pages == 3
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
