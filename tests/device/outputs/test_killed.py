"""kill -9 at any moment: what was announced is stored, whole and once.  POSTREAD_KILLS=200 is `make soak`'s."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from device.outputs.store import Store

KILLS = int(os.environ.get("POSTREAD_KILLS", "10"))


def announced(root: Path, database: Path, run: int, seconds: float) -> list[dict]:
    """What a child announced until it was killed, so many seconds after its first line."""
    child = Path(__file__).with_name("writing.py")
    process = subprocess.Popen(
        [sys.executable, str(child), str(database), str(run)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    first = process.stdout.readline()
    time.sleep(seconds)
    process.kill()
    rest = process.stdout.read()
    process.stdout.close()
    process.wait()
    whole = (first + rest).split(b"\n")[:-1]  # a last line may be torn: it was not announced
    return [json.loads(line) for line in whole]


def test_nothing_announced_is_missing_and_nothing_is_doubled(root: Path, tmp_path: Path) -> None:
    database, chance, lines = tmp_path / "readings.db", random.Random(7), []
    for run in range(KILLS):
        lines += announced(root, database, run, chance.uniform(0, 0.3))
    store = Store(database, ["mqtt"])
    stored = store.latest(10_000_000)
    waiting = store.waiting("mqtt", 10_000_000)
    ids = [one.id for one in stored]
    assert len(lines) > 5 * KILLS
    assert {line["id"] for line in lines} <= set(ids)
    assert len(ids) == len(set(ids)) == len({one.line["reading"]["digits"] for one in stored})
    assert len(stored) - len(lines) <= KILLS, "at most one a run was stored and not yet announced"
    assert sorted(ids) == sorted(message.id for message in waiting)
    assert all(one.has_crop for one in stored)
    store.close()
