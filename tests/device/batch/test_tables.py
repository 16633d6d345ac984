"""Files of pages: the same rows in every kind, no formula in any of them, whole or not at all."""

import csv
import json
import random
import resource
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device.batch import tables
from device.batch.rows import COLUMNS, CORRECTED, NOTHING_FOUND, Row, flat, line
from device.errors import InputError, UsageError

KINDS = (".jsonl", ".csv", ".parquet", ".sqlite")
TABLES = KINDS[1:]
FORMULAS = ('=HYPERLINK("http://x","y").png', "+1.png", "-1.png", "@SUM(A1).png", "\t=1.png", "\r=1", "a;=1", "a,\n+1",
            "'=1.png", "＝1.png", "''", ";;=1")  # fmt: skip


def reading(digits: str = "01310100", confidence: float = 0.9, accepted: bool = True, **others: object) -> dict:
    told = {"code": digits, "digits": digits, "format": "digits", "confidence": confidence, "accepted": accepted}
    return told | {"reason": None if accepted else "not-sure", "known": None, "box": [1, 2, 30, 40]} | others


def page(*readings: dict, **others: object) -> dict:
    return {"schema": 1, "source": "a.png", "page": 0, "pages": 1, "readings": list(readings), "error": None} | others


def write(path: Path, *lines: dict) -> None:
    tables.write(path, [json.dumps(line) for line in lines])


# ── A page's row ──


def test_the_accepted_code_is_the_row() -> None:
    told = page(reading("12", 0.8), reading("34", 0.95, False))
    assert flat(told) == Row("a.png", 0, "12", "12", "digits", 0.8, True, None, None, (1, 2, 30, 40))


def test_without_one_the_surest_is_and_why_it_is_refused() -> None:
    row = flat(page(reading("34", 0.4, False), reading("12", 0.1, False)))
    assert (row.code, row.accepted, row.reason) == ("34", False, "not-sure")


def test_several_accepted_ones_are_all_in_it_and_the_least_sure_counts() -> None:
    row = flat(page(reading("12", 0.9), reading("34", 0.6, box=[5, 50, 10, 10]), reading("5", 0.1, False)))
    assert (row.code, row.confidence, row.box) == ("12 34", 0.6, (1, 2, 30, 58))


def test_a_page_with_nothing_on_it_says_so() -> None:
    assert flat(page()) == Row("a.png", 0, reason=NOTHING_FOUND)


def test_an_error_is_all_there_is_to_say() -> None:
    assert flat(page(error="a.png: damaged")) == Row("a.png", 0, error="a.png: damaged")


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
READ = st.builds(
    Row,
    TEXTS | st.sampled_from(FORMULAS),
    st.integers(0, 10**6),
    st.from_regex(r"[0-9]{1,9}(-[0-9]{1,4})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,12}", fullmatch=True),
    st.sampled_from(["cep", "digits"]),
    st.floats(0, 1),
    st.booleans(),
    st.just(None),
    st.sampled_from([None, True, False]),
    st.tuples(*[st.integers(0, 30_000)] * 4),
).map(lambda row: row if row.accepted else Row(**{**as_dict(row), "reason": "not-sure"}))
ROWS = st.lists(
    READ
    | st.builds(Row, TEXTS, st.integers(0, 9), reason=st.sampled_from([NOTHING_FOUND, CORRECTED]))
    | st.builds(Row, TEXTS, st.integers(0, 9), error=TEXTS | st.sampled_from(FORMULAS)),
    max_size=6,
)


def as_dict(row: Row) -> dict:
    return {name: getattr(row, name) for name in COLUMNS}


@given(rows=ROWS)
def test_a_row_s_line_has_all_of_the_row(rows: list[Row]) -> None:
    assert [flat(line(row)) for row in rows] == rows


# ── Files ──


@pytest.mark.parametrize("ending", KINDS)
@given(rows=ROWS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(tmp_path: Path, ending: str, rows: list[Row]) -> None:
    path = tmp_path / f"pages{ending}"
    write(path, *map(line, rows))
    assert [flat(told) for told in tables.read(path)] == rows


def test_json_lines_are_the_lines_themselves(tmp_path: Path) -> None:
    told = [page(reading(quad=[[1, 2]]), source=name) for name in FORMULAS]
    write(tmp_path / "pages.jsonl", *told)
    assert list(tables.read(tmp_path / "pages.jsonl")) == told


@pytest.mark.parametrize("ending", TABLES)
def test_every_table_has_these_columns(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"pages{ending}"
    write(path, page(reading()))
    if ending == ".csv":
        names = tuple(path.read_text().splitlines()[0].split(","))
    elif ending == ".sqlite":
        with closing(sqlite3.connect(path)) as table:
            names = tuple(column[1] for column in table.execute("PRAGMA table_info(pages)"))
    else:
        names = tuple(pytest.importorskip("pyarrow.parquet").read_schema(path).names)
    assert names == COLUMNS


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("between", ",;\t")
def test_no_formula_survives_in_a_csv_whatever_separates_its_cells(tmp_path: Path, name: str, between: str) -> None:
    path = tmp_path / "pages.csv"
    write(path, page(source=name, error=f"{name}: damaged"))
    with path.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file, delimiter=between) for cell in row]
    assert len(cells) > 1
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))]


@given(text=st.text(st.sampled_from("'=+-@\t\r\n;,|a＝"), max_size=8) | st.text())
def test_a_guard_is_undone(text: str) -> None:
    assert tables.unguarded(tables.guarded(text)) == text


@pytest.mark.parametrize("ending", KINDS)
def test_a_file_is_written_whole_or_stays_as_it_was(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"pages{ending}"
    write(path, page(reading("1")))
    before = path.read_bytes()

    def breaks_off():
        yield json.dumps(page(reading("2")))
        raise InputError("the journal is gone")

    with pytest.raises(InputError, match="gone"):
        tables.write(path, breaks_off())
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", KINDS)
def test_where_it_cannot_be_written_is_named(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"nowhere/pages{ending}"
    with pytest.raises(InputError, match="cannot be written"):
        write(path, page())


@pytest.mark.parametrize("ending", KINDS)
def test_a_disk_that_is_full_is_said_and_what_was_there_stays(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"pages{ending}"
    write(path, page(reading("1")))
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(InputError, match=rf"pages{ending}: cannot be written"):
            tables.write(
                path, (json.dumps(page(reading(), source=f"{number} {random.random()}")) for number in range(9999))
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_an_ending_that_is_not_known() -> None:
    with pytest.raises(UsageError, match=r"codes\.xlsx: .*\.jsonl, \.csv, \.parquet, \.sqlite"):
        tables.check(Path("codes.xlsx"))


def test_parquet_without_pyarrow_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'postread\[parquet\]'"):
        tables.check(Path("codes.parquet"))


@pytest.mark.parametrize("ending", KINDS)
def test_another_file_of_that_ending_is_refused_by_name(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"other{ending}"
    path.write_text('{"a": 1}\n')
    with pytest.raises(InputError, match=f"other{ending}"):
        list(tables.read(path))
