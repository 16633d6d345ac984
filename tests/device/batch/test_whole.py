"""Files that are there whole or not at all, whoever else writes the same one, and whatever was killed before."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from device.batch.whole import alone, whole
from device.errors import InputError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_of_two_who_write_a_file_at_once_each_puts_its_own_there_whole(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    with whole(path) as second, second.open("w") as slow:
        slow.write("second, ")
        slow.flush()
        with whole(path) as first:
            first.write_text("first, whole")
        assert path.read_text() == "first, whole"
        slow.write("whole")
    assert path.read_text() == "second, whole"
    assert names(tmp_path) == ["codes.csv"]


def test_one_that_fails_leaves_the_other_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    with whole(path) as other:
        other.write_text("whole")
        with pytest.raises(InputError, match="gone"), whole(path):
            raise InputError("the journal is gone")
    assert path.read_text() == "whole"


def kill_while_it_writes(path: Path) -> str:
    """The name of what a process has left that was killed before its file was whole."""
    script = (
        "import os, pathlib, sys\n"
        "from device.batch.whole import alone, whole\n"
        "with whole(pathlib.Path(sys.argv[1])) as beside:\n"
        "    beside.write_text('half')\n"
        "    pathlib.Path(f'{beside}-journal').write_text('half')\n"
        "    print(beside.name, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", script, str(path)]
    return subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, timeout=60).stdout.strip()


def test_what_a_kill_has_left_goes_a_day_later_with_the_next_file_of_the_folder(tmp_path: Path) -> None:
    left = kill_while_it_writes(tmp_path / "codes.csv")
    assert sorted([left, f"{left}-journal"]) == names(tmp_path)
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    with whole(tmp_path / "review.html") as beside:
        beside.write_text("whole")
    assert names(tmp_path) == ["review.html"]


def test_what_others_may_be_at_work_on_stays_and_so_do_files_of_like_names(tmp_path: Path) -> None:
    young, old = [".codes.csv.0123456789abcdef-0.part"], [".codes.csv.part", "codes.0123456789abcdef-0.part"]
    for name in young + old:
        (tmp_path / name).write_text("theirs")
    for name in old:
        os.utime(tmp_path / name, (0, 0))
    with whole(tmp_path / "codes.csv") as beside:
        beside.write_text("whole")
    assert names(tmp_path) == sorted([*young, *old, "codes.csv"])


@pytest.mark.parametrize("letter", ["n", "é", "語"])
def test_a_name_may_be_as_long_as_any(tmp_path: Path, letter: str) -> None:
    name = letter * (255 // len(letter.encode()))
    with whole(tmp_path / name) as beside:
        beside.write_text("whole")
    assert names(tmp_path) == [name]


# ── One at a time ──


def test_a_file_is_written_anew_by_one_alone(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("as read")
    with alone(path):
        with pytest.raises(InputError, match=r"codes\.csv: another command is writing it anew"), alone(path):
            pass
        with whole(path) as beside:
            beside.write_text("corrected")
    with alone(path):
        assert path.read_text() == "corrected"


def test_one_that_was_replaced_before_it_was_locked_is_not_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("as read")
    flock = fcntl.flock

    def late(*args: Any) -> None:
        with whole(path) as beside:
            beside.write_text("corrected by another")
        flock(*args)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(InputError, match="give this one again"), alone(path):
        path.write_text("as read, and corrected")
    assert path.read_text() == "corrected by another"


def test_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"codes\.csv: cannot be read"), alone(tmp_path / "codes.csv"):
        pass
