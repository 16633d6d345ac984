"""How far it is: on a terminal, and nothing anywhere else."""

import io

import pytest

from device.batch import progress
from device.batch.journal import Counts
from device.batch.progress import Progress, text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_is_said_where_nobody_looks() -> None:
    stream = io.StringIO()
    shown = Progress(stream)
    shown.show(Counts(pages=2, done=1))
    shown.clear()
    assert stream.getvalue() == ""


def test_a_line_that_is_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 10.1, 12.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    stream = Terminal()
    shown = Progress(stream)
    for done in (10, 11, 30):
        shown.show(Counts(pages=100, done=done))
    shown.clear()
    first, second, cleared = stream.getvalue().split("\r\x1b[K")[1:]
    assert (first, cleared) == ("10 of 100 pages", "")
    assert second == "30 of 100 pages, 10.0 a second, 7 s left"  # what is between them came too soon after the first


@pytest.mark.parametrize(
    ("counts", "rate", "said"),
    [
        (Counts(pages=1_000_000, done=0), 0.0, "0 of 1,000,000 pages"),
        (
            Counts(pages=1_000_000, done=1_000, failed=3),
            10.0,
            "1,000 of 1,000,000 pages, 3 unreadable, 10.0 a second, ",
        ),
        (Counts(pages=6_000, done=0), 10.0, "10 min left"),
        (Counts(pages=360_000, done=0), 10.0, "10 h left"),
        (Counts(pages=100_000_000, done=0), 10.0, "116 days left"),
    ],
)
def test_time_that_is_left(counts: Counts, rate: float, said: str) -> None:
    assert said in text(counts, rate)
