"""Nothing is announced that is not stored."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from device.outputs.announcer import Announcer
from device.outputs.store import Store
from device.watch.events import Event


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "readings.db")
    yield made
    made.close()


def ids(out: io.StringIO) -> list[str]:
    return [line["id"] for line in map(json.loads, out.getvalue().splitlines()) if line["reading"]]


def test_a_reading_is_stored_before_it_is_said(store, event) -> None:
    seen = []

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            seen.append(len(store.latest()))
            return super().write(text)

    Announcer(Out(), store)(event())
    assert seen[0] == 1


def test_while_the_store_cannot_be_written_readings_are_held_and_said_later(store, event, monkeypatch) -> None:
    out = io.StringIO()
    announcer = Announcer(out, store)
    announcer(event("01310100"))
    pages = store._connection().execute("PRAGMA page_count").fetchone()[0]
    store._connection().execute(f"PRAGMA max_page_count = {pages}")
    later = [event(f"2004{k:04d}", crop=(90, 90)) for k in range(3)]
    for one in later:
        announcer(one)
    assert len(ids(out)) == 1
    state = json.loads(out.getvalue().splitlines()[-1])
    assert (state["state"], state["why"]) == ("needs-help", "not-stored")
    assert "the disk is full" in state["detail"]
    store._connection().execute("PRAGMA max_page_count = 1000000")
    monkeypatch.setattr("device.outputs.announcer.RETRY", 0.0)
    announcer._next_try = 0.0
    announcer.turn()
    assert ids(out)[1:] == [one.id for one in later]
    assert len(store.latest()) == 4


@pytest.fixture
def full(store, monkeypatch):
    """full(True): the store takes nothing; full(False): it does again."""

    def full(is_full: bool) -> None:
        pages = store._connection().execute("PRAGMA page_count").fetchone()[0]
        store._connection().execute(f"PRAGMA max_page_count = {pages if is_full else 1_000_000}")

    monkeypatch.setattr("device.outputs.announcer.RETRY", 0.0)
    return full


def test_as_long_as_readings_are_held_that_is_the_state_and_then_the_watchers(store, event, full) -> None:
    told, big = [], (300, 300)
    announcer = Announcer(io.StringIO(), store, listeners=[told.append])
    full(True)
    announcer(event("01310100", crop=big))
    announcer(Event("state", "searching"))  # the envelope is taken away
    announcer(event("20040020", crop=big))
    announcer(Event("state", "needs-help", "too-dark", "no light"))
    assert [(one.state, one.why) for one in told] == [("needs-help", "not-stored")]
    full(False)
    announcer.turn()
    late, now = told[1:-1], told[-1]
    assert [(one.reading.digits, one.late) for one in late] == [("01310100", True), ("20040020", True)]
    assert (now.event, now.state, now.why, now.detail, now.late) == (
        "state",
        "needs-help",
        "too-dark",
        "no light",
        False,
    )
    announcer(event("69020030"))
    assert not told[-1].late


def test_a_reading_that_is_stored_while_its_envelope_still_lies_there_is_not_late(store, event, full) -> None:
    """The store was locked for a moment: lights and gates move as ever."""
    told = []
    announcer = Announcer(io.StringIO(), store, listeners=[told.append])
    full(True)
    announcer(event("01310100", crop=(300, 300)))
    full(False)
    announcer.turn()
    assert [(one.event, one.state, one.late) for one in told[1:]] == [("settled", "settled", False)]


def test_stdout_on_a_full_disk_ends_nothing(root, tmp_path) -> None:
    """`postread watch > codes.jsonl` on the disk of the store, or another."""
    code = (
        "import sys; from device.outputs.announcer import Announcer; from device.outputs.store import Store\n"
        "from tests.device.outputs.conftest import event_of\n"
        f"store = Store({str(tmp_path / 'readings.db')!r}); announcer = Announcer(sys.stdout, store)\n"
        "for k in range(300): announcer(event_of(f'{k:08d}', crop=(2, 2)))\n"
        "announcer.close(); print(len(store.latest(1000)), file=sys.stderr); import os; os._exit(0)"
    )
    with Path("/dev/full").open("w") as no_room:
        environment = os.environ | {"PYTHONPATH": str(root)}
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=no_room, stderr=subprocess.PIPE, text=True, env=environment
        )
    *said, stored = done.stderr.splitlines()
    assert said == ["standard output: No space left on device; what is read is in the store alone"]
    assert stored == "300"


def test_states_are_said_and_not_stored(store) -> None:
    out = io.StringIO()
    Announcer(out, store)(Event("state", "searching"))
    assert json.loads(out.getvalue())["state"] == "searching"
    assert store.latest() == []


def test_a_line_is_as_the_contract_has_it(store, event) -> None:
    out = io.StringIO()
    Announcer(out, store)(event())
    line = json.loads(out.getvalue())
    assert line["schema"] == 1
    assert line["event"] == "settled"
    assert line["time"].endswith("Z")
    assert line["reading"]["code"] == "01310-100"
    assert {"id", "state"} <= set(line)
