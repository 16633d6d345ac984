"""A child: answers, deaths, silences, and what it costs."""

import os
import sys
import time
from pathlib import Path

import pytest

from benchmarks.child import Child
from benchmarks.errors import BenchmarkError

ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"


def python(body: str) -> list[str]:
    return [sys.executable, "-c", body]


def test_lines_go_out_and_come_back() -> None:
    with Child("echo", python(ECHO), 30) as child:
        for line in ("a", "\udcff ü", "x" * 300_000):
            child.say(line)
            assert child.line() == line


def test_a_command_that_is_not_there() -> None:
    with pytest.raises(BenchmarkError, match=r"^gone: no-such-program does not start"):
        Child("gone", ["no-such-program"], 1)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise SystemExit(3)", "peer: ended with code 3"),
        ("import sys; print('one\\ntwo', file=sys.stderr); sys.exit(1)", "peer: ended with code 1 (two)"),
        ("import os; os.kill(os.getpid(), 9)", "peer: was killed by signal 9"),
    ],
)
def test_a_death_is_one_line(body: str, said: str) -> None:
    with Child("peer", python(body), 30) as child, pytest.raises(BenchmarkError) as caught:
        child.line()
    assert str(caught.value) == said


def test_a_silence_is_one_line_and_the_child_and_its_own_are_ended() -> None:
    body = "import subprocess, time\nprint(subprocess.Popen(['sleep', '600']).pid, flush=True)\ntime.sleep(600)"
    started: list[int] = []

    def wait_for_the_second_line() -> None:
        with Child("slow", python(body), 30) as child:
            started.append(int(child.line()))
            child.timeout = 0.5
            child.line()

    with pytest.raises(BenchmarkError, match=r"^slow: no answer within 0\.5 s$"):
        wait_for_the_second_line()
    left = Path(f"/proc/{started[0]}/stat")
    for _ in range(100):
        if not left.exists() or "Z" in left.read_text().split():
            break
        time.sleep(0.05)
    else:
        pytest.fail("it is still there")


def test_its_own_and_its_childrens_time_and_memory_count() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\n"
    body = (
        f"import subprocess, sys\n{burn}subprocess.run([sys.executable, '-c', {burn!r}])\n"
        "keep = bytearray(b'x') * 60_000_000\nprint('done', flush=True)\ninput()\n"
        "del keep\nprint('less', flush=True)\ninput()"
    )
    with Child("busy", python(body), 60) as child:
        child.line()
        most = child.cost()
        child.say("")
        child.line()
        child.forget_peak()
        assert 0.5 < most.cpu < 3
        assert 60 < most.peak < 200
        assert child.cost().peak < most.peak if os.access("/proc/self/clear_refs", os.W_OK) else True
