"""What is too old is erased, and nothing is because a clock was wrong."""

import contextlib
import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from device.outputs import keeping, store
from device.outputs.keeping import DAY, DISTRUST, EVERY, FIRST, JUMP, Keeping
from device.outputs.store import Store


class Clocks:
    """The time of day, which can be set, and the time since the start, which cannot."""

    def __init__(self) -> None:
        self.day, self.since = datetime(2027, 3, 1, 12, tzinfo=UTC), 50.0

    def run(self, seconds: float) -> None:
        self.day, self.since = self.day + timedelta(seconds=seconds), self.since + seconds

    def put(self, seconds: float) -> None:
        self.day += timedelta(seconds=seconds)

    def now(self, days: float = 0) -> str:
        return (self.day - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def clocks(monkeypatch, tmp_path) -> Clocks:
    ours = Clocks()

    class Day(datetime):
        @classmethod
        def now(cls, tz=None):
            return ours.day

    monkeypatch.setattr(keeping, "SET", tmp_path / "synchronized")
    monkeypatch.setattr(store, "datetime", Day)
    monkeypatch.setattr(time, "time", lambda: ours.day.timestamp())
    monkeypatch.setattr(time, "monotonic", lambda: ours.since)
    return ours


@pytest.fixture
def full(tmp_path, event, clocks) -> Store:
    """Opened again with an old reading and a new one in it."""
    before = Store(tmp_path / "readings.db")
    before.add(event("01310100", time=clocks.now(31)))
    before.add(event("20040020", time=clocks.now(1)))
    before.close()
    again = Store(tmp_path / "readings.db")
    yield again
    again.close()


def digits(store: Store) -> list[str]:
    return [one.line["reading"]["digits"] for one in store.latest()]


def test_what_is_older_than_it_is_kept_is_erased_ten_minutes_after_the_start(full, clocks) -> None:
    keeping = Keeping(full, 30)
    clocks.run(FIRST - 1)
    keeping.turn()
    assert len(digits(full)) == 2
    clocks.run(1)
    keeping.turn()
    assert digits(full) == ["20040020"]


def test_what_becomes_too_old_is_erased_within_the_hour(full, clocks) -> None:
    keeping = Keeping(full, 30)
    clocks.run(29 * DAY)
    keeping.turn()
    clocks.run(EVERY)
    keeping.turn()
    assert digits(full) == []


@pytest.mark.parametrize("hours", [-5000.0, 5000.0, JUMP / 3600 + 0.1])
def test_nothing_is_erased_for_a_day_after_the_clock_was_put_anywhere(full, clocks, hours, caplog) -> None:
    keeping = Keeping(full, 30)
    clocks.put(3600 * hours)
    clocks.run(FIRST)
    keeping.turn()
    assert len(digits(full)) == 2
    assert ("forward" if hours > 0 else "back") in caplog.text
    clocks.put(-3600 * hours)  # and put right again
    clocks.run(DISTRUST)
    keeping.turn()
    assert len(digits(full)) == 2
    clocks.run(DISTRUST)
    keeping.turn()
    assert digits(full) == ["20040020"]


def set_over_the_network(clocks) -> None:
    keeping.SET.touch()
    os.utime(keeping.SET, (clocks.day.timestamp(), clocks.day.timestamp()))


def test_a_pi_that_is_switched_off_every_night_erases_what_is_too_old_every_day(tmp_path, clocks, event) -> None:
    """It starts with last evening's clock, and the network puts it forward by sixteen hours."""
    with contextlib.closing(Store(tmp_path / "readings.db")) as first:
        first.add(event(time=clocks.now()))
    for day in range(1, 33):
        with contextlib.closing(Store(tmp_path / "readings.db")) as again:
            keeping_ = Keeping(again, 30)
            clocks.run(20)
            clocks.put(16 * 3600)
            for _ in range(16):
                set_over_the_network(clocks)
                clocks.run(1800)
                keeping_.turn()
            assert len(digits(again)) == (day <= 30), day


def test_a_clock_that_is_put_forward_after_the_network_set_it_is_not_trusted(full, clocks) -> None:
    keeping_ = Keeping(full, 30)
    set_over_the_network(clocks)
    clocks.put(100 * DAY)
    clocks.run(FIRST)
    keeping_.turn()
    assert len(digits(full)) == 2


def test_what_was_read_before_the_clock_was_right_is_kept_as_long_as_all(full, clocks, event) -> None:
    """The Pi starts with the time of its last shutdown, a hundred days ago, and reads before the network sets it."""
    clocks.put(-100 * DAY)
    keeping = Keeping(full, 30)
    full.add(event("69020030", time=clocks.now()))
    clocks.put(100 * DAY)
    for _ in range(29):
        clocks.run(DAY)
        keeping.turn()
    assert digits(full) == ["69020030", "20040020"]
    clocks.run(2 * DAY)
    keeping.turn()
    assert digits(full) == []


def test_a_store_that_cannot_be_written_is_said_and_tried_again(full, clocks, monkeypatch, caplog) -> None:
    keeping_ = Keeping(full, 30)

    def fails(*_: object, **__: object) -> int:
        raise keeping.StoreError("readings.db: the disk is full")

    clocks.run(FIRST)
    with monkeypatch.context() as patch:
        patch.setattr(full, "keep_days", fails)
        keeping_.turn()
    assert "the disk is full" in caplog.text
    clocks.run(EVERY)
    keeping_.turn()
    assert digits(full) == ["20040020"]
