"""A run that is killed with -9 at any moment and given again leaves what an undisturbed one leaves, to the byte."""

import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.device.batch.killed import killed, start, undisturbed

KILLS = int(os.environ.get("POSTREAD_KILLS", "10"))
"""`make kills` has fifty."""

PAGES = 300
"""So many that a run takes a few times as long as it takes to start."""
BLAMED = 3
"""Workers that may die at a page before it is the page's fault; fewer are killed, lest they all die at the same one."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory, coded: bytes, blank: bytes) -> Path:
    folder = tmp_path_factory.mktemp("kills") / "pile"
    folder.mkdir()
    for number in range(PAGES):
        (folder / f"{number:03d}.png").write_bytes(coded if number % 7 else blank)
    return folder


@pytest.fixture(scope="module")
def longest(pile: Path) -> float:
    """Seconds of a run that is left alone, and what it leaves beside the pile."""
    undisturbed(pile, pile.parent / "whole.sqlite")
    return undisturbed(pile, pile.parent / "whole.jsonl")


def rows(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as table:
        return table.execute("SELECT * FROM pages ORDER BY rowid").fetchall()


def test_killed_again_and_again_the_output_is_the_same(pile: Path, longest: float, tmp_path: Path) -> None:
    out = tmp_path / "codes.jsonl"
    kept = killed(pile, out, KILLS, longest, seed=KILLS)
    assert out.read_bytes() == (pile.parent / "whole.jsonl").read_bytes()
    assert len(kept) > 1, "every kill came before the first page was kept"
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == [out.name]


def test_the_same_row_for_row_in_sqlite(pile: Path, longest: float, tmp_path: Path) -> None:
    out = tmp_path / "codes.sqlite"
    killed(pile, out, max(2, KILLS // 5), longest, seed=1)
    assert rows(out) == rows(pile.parent / "whole.sqlite")


def test_workers_that_are_killed_are_replaced(pile: Path, longest: float, tmp_path: Path) -> None:
    out = tmp_path / "codes.jsonl"
    process = start(pile, out)
    kills = 0
    while process.poll() is None and kills < BLAMED - 1:
        time.sleep(longest / 8)
        for child in _children(process.pid)[:1]:
            os.kill(child, signal.SIGKILL)
            kills += 1
    assert process.wait(300) == 0
    assert kills
    assert out.read_bytes() == (pile.parent / "whole.jsonl").read_bytes()


def _children(parent: int) -> list[int]:
    """The workers of a run, which are Python processes that were spawned."""
    found = []
    for task in Path(f"/proc/{parent}/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found
