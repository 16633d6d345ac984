"""Nothing is announced that is not stored."""

import io
import json

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
