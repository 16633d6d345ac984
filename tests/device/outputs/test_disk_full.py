"""A disk that is really full: a file system of six megabytes, mounted by bubblewrap."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DISK = 6_000_000
"""Bytes; five million are taken by something else."""
READINGS = 60


@pytest.fixture
def lines(root: Path) -> list[str]:
    """What a child says that goes on reading while its disk is full, and after something was taken off it."""
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap (Debian's package) is not installed")
    child = Path(__file__).with_name("filling.py")
    command = ["bwrap", "--dev-bind", "/", "/", "--size", str(DISK), "--tmpfs", "/mnt"]
    command += [sys.executable, str(child), "/mnt", str(READINGS)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(root)})
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_readings_are_held_while_it_is_full_and_all_are_stored_and_said_once_there_is_room(lines) -> None:
    full = next(number for number, line in enumerate(lines) if line.startswith("full"))
    before, after = ([json.loads(line) for line in part if line[0] == "{"] for part in (lines[:full], lines[full:]))
    said = [line for line in before if line["reading"]]
    assert 0 < len(said) < READINGS
    assert lines[full] == f"full {len(said)}", "what was announced is stored, and nothing else"
    (state,) = [line for line in before if not line["reading"]]
    assert (state["state"], state["why"]) == ("needs-help", "not-stored")
    assert "the disk is full" in state["detail"]
    codes = [line["reading"]["digits"] for line in [*said, *after] if line["reading"]]
    assert codes == [f"{number:08d}" for number in range(READINGS)]
    assert lines[-1] == f"stored {READINGS}"
