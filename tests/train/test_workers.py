"""Work in several processes: the order of the tasks, one state a worker, and errors that come through."""

import operator
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from train.workers import spread, team


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_tasks(workers):
    assert list(spread(operator.add, range(20), int, ("100",), workers)) == list(range(100, 120))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_worker_comes_through(workers):
    with pytest.raises(ZeroDivisionError):
        list(spread(operator.floordiv, [1, 0], int, ("1",), workers))


def test_a_team_works_again_and_again():
    with team(int, ("2",), 2) as each:
        assert list(each(operator.mul, [1, 2])) == [2, 4]
        assert list(each(operator.pow, [1, 2])) == [2, 4]


ORPHANS = """
import sys, time, os
sys.path.insert(0, {root!r})
from train.workers import spread

def sleep(state, seconds):
    os.write(1, f"{{os.getpid()}}\\n".encode())  # whole, whatever the other worker writes
    time.sleep(seconds)

if __name__ == "__main__":
    list(spread(sleep, [0.5] * 40, int, ("1",), 2))
"""


def test_workers_do_not_outlive_who_they_work_for(root, tmp_path):
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS.format(root=str(root)))
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        workers = {int(process.stdout.readline()) for _ in range(4)}
        process.kill()
        process.wait()
        deadline = time.monotonic() + 5  # of 20 seconds' work
        while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]


def test_without_tasks_nothing_is_started():
    assert list(spread(operator.add, [], pytest.fail, ("started",), 2)) == []


def test_one_worker_leaves_opencvs_threads_as_they_were():
    before = cv2.getNumThreads()
    assert list(spread(operator.add, [1], int, ("1",), 1)) == [2]
    assert cv2.getNumThreads() == before
