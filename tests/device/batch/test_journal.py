"""The journal: nothing is lost, nothing is twice, and another pile or other options are noticed."""

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from device.answers import line
from device.batch import journal
from device.batch.journal import Answer, Journal, Task
from device.batch.pile import Source
from device.errors import InputError, UsageError

OPTIONS = {"format": "cep", "model": "abc"}
PILE = [Source(name, "1") for name in ("a", "b", "c")]


def answer(task: Task, page: int = 0, pages: int = 1) -> Answer:
    return Answer(task.ordinal, page, pages, json.dumps(line(task.address, page, pages)), True, None)


def told(log: Journal) -> list[tuple[str, int]]:
    return [(line["source"], line["page"]) for line in map(json.loads, log.lines())]


def read(path: Path, pile: list[Source], most: int | None = None, pages: int = 1) -> tuple[list[str], str | None]:
    """Read so many sources: what was read now, and what was said."""
    done = []
    with Journal(path) as log:
        said = log.begin(OPTIONS, pile)
        for broken in log.broken():
            log.record(broken)
        for task in list(log.pending())[:most]:
            for page in range(task.start, pages if task.stop is None else task.stop):
                log.record(answer(task, page, pages))
            done.append(task.address)
    return done, said


def test_a_second_run_does_what_the_first_did_not(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    assert read(path, PILE, 2) == (["a", "b"], None)
    assert read(path, PILE) == (["c"], None)
    with Journal(path) as log:
        assert log.begin(OPTIONS, PILE) is None
        assert not list(log.pending())
        assert told(log) == [("a", 0), ("b", 0), ("c", 0)]
        assert (log.counts.files, log.counts.pages, log.counts.done, log.counts.accepted) == (3, 3, 3, 3)


def test_pages_come_in_the_pile_s_order_whatever_the_order_they_were_read_in(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as log:
        log.begin(OPTIONS, PILE)
        answers = [answer(task, page, 3) for task in log.pending() for page in range(3)]
        random.Random(1).shuffle(answers)
        for one in answers:
            log.record(one)
        assert told(log) == [(name, page) for name in "abc" for page in range(3)]


def test_of_a_file_that_was_begun_only_the_missing_pages_are_left(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as log:
        log.begin(OPTIONS, PILE[:1])
        (task,) = log.pending()
        for page in (0, 1, 4):
            log.record(answer(task, page, 7))
        assert list(log.pending()) == [Task(0, "a", 2, 4, 7), Task(0, "a", 5, 7, 7)]
        assert (log.counts.pages, log.counts.done) == (7, 3)


def test_what_was_not_committed_is_read_again(tmp_path: Path) -> None:
    log = Journal(tmp_path / "journal")
    log.begin(OPTIONS, PILE)
    first, second, _ = log.pending()
    log.record(answer(first))
    log.commit()
    log.record(answer(second))
    log._db.close()  # as when the process is gone
    assert read(tmp_path / "journal", PILE)[0] == ["b", "c"]


def test_a_pile_that_was_not_listed_to_its_end_is_listed_again(tmp_path: Path) -> None:
    def breaks_off():
        yield PILE[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Journal(tmp_path / "journal") as log:
        log.begin(OPTIONS, breaks_off())
    assert read(tmp_path / "journal", PILE)[0] == ["a", "b", "c"]


class Interrupted:
    """A database whose user presses Ctrl-C while it does a statement, counted from here."""

    def __init__(self, inner: sqlite3.Connection, at: int):
        self._inner, self._left = inner, at

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        done = self._inner.execute(*arguments)
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        return done

    def close(self) -> None:
        self._inner.close()


def interrupted_while_recording(path: Path, pile: list[Source], at: int) -> None:
    with Journal(path) as log:
        log.begin(OPTIONS, pile)
        (one,) = [*log.broken(), *(answer(task, 0, 2) for task in log.pending())]
        log._db = Interrupted(log._db, at)  # type: ignore[assignment]
        log.record(one)


@pytest.mark.parametrize("at", [1, 2])
def test_ctrl_c_within_a_page_leaves_a_journal_that_goes_on(tmp_path: Path, at: int) -> None:
    path = tmp_path / "journal"
    with pytest.raises(KeyboardInterrupt):
        interrupted_while_recording(path, PILE[:1], at)
    read(path, PILE[:1], pages=2)
    with Journal(path) as log:
        log.begin(OPTIONS, PILE[:1])
        assert told(log) == [("a", 0), ("a", 1)]


@pytest.mark.parametrize("at", [1, 2])
def test_ctrl_c_within_what_cannot_be_listed_neither_loses_nor_doubles_it(tmp_path: Path, at: int) -> None:
    path = tmp_path / "journal"
    pile = [Source("b", error="b: a ring")]
    with pytest.raises(KeyboardInterrupt):
        interrupted_while_recording(path, pile, at)
    read(path, pile)
    with Journal(path) as log:
        log.begin(OPTIONS, pile)
        assert [json.loads(line)["error"] for line in log.lines()] == ["b: a ring"]


def test_nothing_is_left_of_a_journal_in_which_nothing_was_listed(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Journal(tmp_path / "journal"):
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_other_options_are_refused_by_name(tmp_path: Path) -> None:
    read(tmp_path / "journal", PILE, 1)
    with (
        pytest.raises(UsageError, match=r"was begun with another format; .*--restart"),
        Journal(tmp_path / "journal") as log,
    ):
        log.begin({**OPTIONS, "format": "zip"}, PILE)
    assert read(tmp_path / "journal", PILE)[0] == ["b", "c"]


def test_another_pile_is_said_and_what_is_as_it_was_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    read(path, PILE)
    others = [Source("0", "1"), Source("a", "1"), Source("b", "2")]
    done, said = read(path, others)
    assert done == ["0", "b"]
    assert said is not None
    assert "1 files are new, 1 are gone, 2 have moved or changed" in said
    assert read(path, others) == ([], None)
    with Journal(path) as log:
        log.begin(OPTIONS, others)
        assert told(log) == [("0", 0), ("a", 0), ("b", 0)]


SOURCES = st.lists(st.builds(Source, st.sampled_from("abcde"), st.sampled_from("12")), max_size=7)


@given(piles=st.lists(st.tuples(SOURCES, st.integers(0, 4)), max_size=4), last=SOURCES)
@example(piles=[([Source("a", "1"), Source("a", "1")], 0)], last=[Source("a", "1")])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_came_before_every_page_is_there_once(
    tmp_path_factory: pytest.TempPathFactory, piles: list[tuple[list[Source], int]], last: list[Source]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal"
    for pile, most in piles:
        read(path, pile, most, pages=2)
    read(path, last, pages=2)
    with Journal(path) as log:
        log.begin(OPTIONS, last)
        assert told(log) == [(source.address, page) for source in last for page in range(2)]


def test_what_cannot_be_listed_is_an_answer(tmp_path: Path) -> None:
    pile = [Source("a", "1"), Source("b", error="b: a ring")]
    assert read(tmp_path / "journal", pile) == (["a"], None)
    with Journal(tmp_path / "journal") as log:
        log.begin(OPTIONS, pile)
        assert not list(log.broken())
        assert [json.loads(line)["error"] for line in log.lines()] == [None, "b: a ring"]
        assert log.counts.failed == 1


def test_two_runs_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal"), pytest.raises(InputError, match="another run is at work on it"):
        Journal(tmp_path / "journal")


def test_a_restart_while_another_run_is_at_work_is_refused_and_takes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as log:
        log.begin(OPTIONS, PILE)
        log.record(answer(next(log.pending())))
        with pytest.raises(InputError, match="another run is at work on it"):
            Journal(path, anew=True)
    assert read(path, PILE)[0] == ["b", "c"]


def test_begun_anew_all_is_read_again_whatever_the_options_were(tmp_path: Path) -> None:
    read(tmp_path / "journal", PILE, 2)
    with Journal(tmp_path / "journal", anew=True) as log:
        assert log.is_new
        assert log.begin({**OPTIONS, "format": "zip"}, PILE[1:]) is None
        assert [task.address for task in log.pending()] == ["b", "c"]
        assert log.counts.done == 0


def test_a_restart_that_comes_to_nothing_keeps_what_was_read(tmp_path: Path) -> None:
    read(tmp_path / "journal", PILE, 2)
    with pytest.raises(KeyboardInterrupt), Journal(tmp_path / "journal", anew=True):
        raise KeyboardInterrupt
    assert read(tmp_path / "journal", PILE)[0] == ["c"]


def foreign(path: Path) -> None:
    """Another program's database."""
    with closing(sqlite3.connect(path)) as other, other:
        other.executescript('CREATE TABLE "page"" 1" (x); CREATE VIEW page AS SELECT * FROM "page"" 1"')


def damaged(path: Path) -> None:
    """A journal that has lost everything but its beginning."""
    read(path, PILE)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (path.stat().st_size - 100))


@pytest.mark.parametrize(
    "make",
    [lambda path: path.write_bytes(b"Dear postman, " * 100), foreign, damaged],
    ids=["text", "foreign", "damaged"],
)
def test_begun_anew_is_whatever_was_there(tmp_path: Path, make: Callable[[Path], object]) -> None:
    path = tmp_path / "journal"
    make(path)
    with pytest.raises(InputError, match="not this program's journal"):
        read(path, PILE)
    with Journal(path, anew=True) as log:
        log.begin(OPTIONS, PILE)
    assert read(path, PILE)[0] == ["a", "b", "c"]


def test_another_file_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b"Dear postman, " * 100)
    with pytest.raises(InputError, match=r"journal: not this program's journal .* --restart"):
        Journal(path)
    journal.remove(path)
    assert read(path, PILE)[0] == ["a", "b", "c"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        Journal(tmp_path / "nowhere/journal")


def test_a_full_disk_is_said_and_what_was_read_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    pile = [Source(f"{number}", "1") for number in range(3000)]

    def fill_the_disk() -> None:
        with Journal(path) as log:
            log.begin(OPTIONS, pile)
            (pages,) = log._db.execute("PRAGMA page_count").fetchone()
            log._db.execute(f"PRAGMA max_page_count = {pages + 10}")  # SQLite says the same of a disk
            for number, task in enumerate(log.pending()):
                log.record(answer(task))
                if number % 50 == 0:
                    log.commit()

    with pytest.raises(InputError, match=r"the disk is full .*: it goes on"):
        fill_the_disk()
    done, _ = read(path, pile)
    assert 0 < len(done) < 3000
    with closing(sqlite3.connect(path)) as table:
        assert table.execute("SELECT count(*) FROM page").fetchone() == (3000,)
