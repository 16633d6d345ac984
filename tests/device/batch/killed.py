"""Runs of `postread batch` that are killed at random moments and given again, beside one that is left alone."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def start(pile: Path, out: Path) -> subprocess.Popen[bytes]:
    """A run with two workers, in a process group of its own."""
    command = [sys.executable, "-m", "device", "batch", str(pile), "--out", str(out), "--workers", "2"]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True)


def undisturbed(pile: Path, out: Path) -> float:
    """Read the pile in one go: the seconds it took."""
    begun = time.monotonic()
    assert start(pile, out).wait(600) == 0
    return time.monotonic() - begun


def killed(pile: Path, out: Path, kills: int, longest: float, seed: int) -> set[int]:
    """Kill a run and its workers so many times, then let one end: the numbers of pages that the kills left.

    longest: seconds after which a run is killed at the latest.  One that ends before it is killed is begun anew.
    """
    rng = random.Random(seed)
    done, kept = 0, set()
    while done < kills:
        if out.exists() and not Path(f"{out}.journal").exists():  # it was whole, and only its process was left to kill
            out.unlink()
        process = start(pile, out)
        try:
            process.wait(rng.uniform(0, longest))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            done += 1
            kept.add(pages(out))
        else:
            assert process.returncode == 0
            out.unlink()
    if not out.exists() or Path(f"{out}.journal").exists():
        undisturbed(pile, out)
    return kept


def pages(out: Path) -> int:
    """How many are kept in the journal, which a kill must leave in order."""
    journal = Path(f"{out}.journal")
    if not journal.exists():
        return 0
    with closing(sqlite3.connect(journal)) as table:
        assert table.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if not table.execute("SELECT 1 FROM sqlite_master WHERE name = 'page'").fetchone():
            return 0
        return int(table.execute("SELECT count(*) FROM page").fetchone()[0])
