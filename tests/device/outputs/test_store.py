"""The database: what is in it, what is erased, and what is left when the disk is full."""

import contextlib
import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from device.errors import StoreError
from device.outputs.export import labelled_crops
from device.outputs.store import Store


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "readings.db", ["mqtt", "csv"])
    yield made
    made.close()


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat().replace("+00:00", "Z")


def test_reading_crop_and_a_message_for_each_output_are_kept(store, event) -> None:
    one = event()
    store.add(one)
    (stored,) = store.latest()
    assert stored.line == json.loads(json.dumps(one.line()))
    assert store.crop(one.id).startswith(b"\x89PNG")
    for output in ("mqtt", "csv"):
        (waiting,) = store.waiting(output, 10)
        assert waiting.id == one.id
        assert json.loads(waiting.line) == stored.line


def test_all_of_it_or_nothing(store, event) -> None:
    one = event()
    store.add(one)
    with pytest.raises(StoreError, match="UNIQUE"):
        store.add(one)
    assert store.counts() == {"settled": 1, "refused": 0, "waiting": 2}


def test_it_is_on_the_disk_when_add_returns(store, tmp_path) -> None:
    connection = store._connection()
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert connection.execute("PRAGMA secure_delete").fetchone()[0] == 1


def test_the_oldest_crops_make_room_and_their_readings_stay(tmp_path, event) -> None:
    store = Store(tmp_path / "small.db", most_crops=10_000)
    events = [event(f"0131010{k}") for k in range(6)]
    for one in events:
        store.add(one)
    assert store.crop(events[0].id) is None
    assert store.crop(events[-1].id) is not None
    assert len(store.latest()) == 6
    assert store._connection().execute("SELECT SUM(LENGTH(png)) FROM crops").fetchone()[0] <= 10_000
    store.close()


def test_after_another_process_forgot_everything_new_crops_are_kept(tmp_path, event) -> None:
    """`postread forget` beside a running watch, whose crops had reached their limit."""
    store, other = (Store(tmp_path / "small.db", most_crops=20_000) for _ in range(2))
    for k in range(12):
        store.add(event(f"013101{k:02d}"))
    assert other.forget() == 12
    events = [event(f"200400{k:02d}") for k in range(3)]
    for one in events:
        store.add(one)
    assert all(store.crop(one.id) for one in events)
    for one in (store, other):
        one.close()


def test_a_reading_that_could_not_be_stored_is_not_counted_among_the_crops(tmp_path, event) -> None:
    store = Store(tmp_path / "small.db", most_crops=20_000)
    one = event()
    store.add(one)
    for _ in range(10):
        with pytest.raises(StoreError):
            store.add(one)
    assert store._crop_bytes == len(store.crop(one.id))
    store.close()


def test_while_another_program_reads_traces_are_left_in_the_log_and_that_is_told(tmp_path, event, monkeypatch) -> None:
    monkeypatch.setattr("device.outputs.store.BUSY", 0.1)
    store = Store(tmp_path / "readings.db")
    store.add(event("48151623"))
    with contextlib.closing(sqlite3.connect(tmp_path / "readings.db", isolation_level=None)) as backup:
        backup.execute("BEGIN")
        backup.execute("SELECT COUNT(*) FROM readings").fetchone()
        assert store.forget() == 1
        assert store.has_traces
    assert store.forget() == 0
    assert not store.has_traces
    store.close()
    assert not any(b"48151623" in path.read_bytes() for path in tmp_path.iterdir())


def test_erasing_whose_log_cannot_be_cut_is_no_failure(store, event, monkeypatch) -> None:
    store.add(event())

    class Full:
        def __init__(self, connection: sqlite3.Connection) -> None:
            self._connection = connection

        def execute(self, statement: str, *values):
            if "wal_checkpoint" in statement:
                raise sqlite3.OperationalError("disk I/O error")
            return self._connection.execute(statement, *values)

        def __getattr__(self, name: str):
            return getattr(self._connection, name)

    full = Full(store._connection())
    monkeypatch.setattr(store, "_connection", lambda: full)
    assert store.forget() == 1
    assert store.has_traces


def test_what_is_too_old_is_forgotten(store, event) -> None:
    store.add(event("01310100", time=ago(91)))
    store.add(event("20040020", time=ago(1)))
    assert store.keep_days(90) == 1
    assert [one.line["reading"]["digits"] for one in store.latest()] == ["20040020"]


@pytest.mark.parametrize("how", ["code", "id", "all", "corrected"])
def test_forgetting_leaves_no_trace_in_the_files(tmp_path, event, how) -> None:
    store = Store(tmp_path / "readings.db", ["mqtt"])
    one = event("48151623")
    store.add(one)
    if how == "corrected":
        store.correct(one.id, "48151624")
    png = store.crop(one.id)
    chosen = {"code": {"code": "48151623"}, "id": {"id": one.id}, "all": {}, "corrected": {"code": "48151624"}}[how]
    assert store.forget(**chosen) == 1
    store.close()
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"48151623" not in left
    assert one.id.encode() not in left
    assert png[60:100] not in left


def test_another_code_is_not_forgotten(store, event) -> None:
    store.add(event("20040020"))
    assert store.forget(code="01310100") == 0
    assert len(store.latest()) == 1


def test_corrected_crops_are_exported_with_their_label(store, event, tmp_path) -> None:
    one, other = event("01310100"), event("20040020")
    store.add(one)
    store.add(other)
    assert store.correct(one.id, "01310108")
    assert not store.correct("no such reading", "01310108")
    assert labelled_crops(store, tmp_path / "crops") == 1
    assert (tmp_path / "crops/labels.csv").read_text() == f"file,label\n{one.id}.png,01310108\n"
    assert (tmp_path / f"crops/{one.id}.png").read_bytes() == store.crop(one.id)


def test_the_scene_of_the_last_reading_alone_is_kept(store, event) -> None:
    assert store.last_scene() is None
    store.add(event("01310100"))
    store.add(event("20040020"))
    scene, digits = store.last_scene()
    assert (scene.shape, int(scene[0, 0]), digits) == ((96, 160), 7, "20040020")


def test_the_latest_is_what_was_stored_last_though_the_clock_was_set_back(store, event) -> None:
    store.add(event("01310100", time="2031-01-01T00:00:00.000Z"))
    store.add(event("20040020", time="2026-01-01T00:00:00.000Z"))
    assert [one.line["reading"]["digits"] for one in store.latest()] == ["20040020", "01310100"]


def fill(store, event) -> None:
    for k in range(100):
        store.add(event(f"0131{k:04d}"))


def test_a_full_disk_is_said_and_what_was_stored_stays(store, event) -> None:
    store.add(event("01310100"))
    pages = store._connection().execute("PRAGMA page_count").fetchone()[0]
    store._connection().execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StoreError, match="the disk is full; make room"):
        fill(store, event)
    store._connection().execute("PRAGMA max_page_count = 1000000")
    before = len(store.latest(1000))
    store.add(event("20040020"))
    assert len(store.latest(1000)) == before + 1


@pytest.mark.parametrize(
    ("content", "said"), [(b"not a database at all, but long enough to be one" * 30, "not a postread database")]
)
def test_a_file_that_is_no_database_is_left_alone(tmp_path, content, said) -> None:
    path = tmp_path / "readings.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=said):
        Store(path)
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_said(tmp_path) -> None:
    with pytest.raises(StoreError, match="does its folder exist"):
        Store(tmp_path / "nowhere" / "readings.db")


def test_readings_are_paged_found_by_their_digits_and_corrections_taken_back(store, event) -> None:
    made = [event(digits) for digits in ("01310100", "20040020", "01310999")]
    for one in made:
        store.add(one)
    assert [one.id for one in store.latest(1, before=made[2].id)] == [made[1].id]
    assert [one.id for one in store.latest(digits="01310")] == [made[2].id, made[0].id]
    assert store.correct(made[1].id, "55555555")
    assert [one.id for one in store.latest(digits="5555")] == [made[1].id]
    assert store.find(made[1].id).corrected == "55555555"
    assert store.correct(made[1].id, None)
    assert (store.find(made[1].id).corrected, list(store.labelled())) == (None, [])
    assert store.find("nothing") is None
