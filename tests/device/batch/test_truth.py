"""How good a table is: shares with intervals, error against reject, confusion, the worst."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.batch import tables
from device.batch.edits import NONE, aligned, edits
from device.batch.truth import Judged, Share, at, curve, judge, read_truth, wilson
from device.batch.truth_page import page
from device.batch.truth_text import text
from device.errors import UsageError


def line(source: str, digits: str, confidence: float, accepted: bool = True) -> dict[str, Any]:
    reading = {"code": digits, "digits": digits, "format": "digits", "confidence": confidence, "accepted": accepted}
    reading |= {"reason": None if accepted else "not-sure", "known": None, "box": [0, 0, 1, 1]}
    return {
        "schema": 1,
        "source": source,
        "page": 0,
        "pages": 1,
        "readings": [reading] if digits else [],
        "error": None,
    }


LINES = [
    line("a/1.png", "1234", 0.9),
    line("a/2.png", "1235", 0.8),  # wrong
    line("a/3.png", "1234", 0.3, accepted=False),
    line("a/4.png", "777", 0.6),  # nothing is there
    line("a/5.png", "", 0.0),
    line("a/6.png", "1", 0.5),  # nobody knows
    {**line("a/7.png", "", 0.0), "error": "a/7.png: damaged"},
]
TRUTH = {(f"{k}.png", 0): "1234" for k in (1, 2, 3, 5, 7)} | {("4.png", 0): "", ("gone.png", 0): "1"}


def test_the_figures() -> None:
    report = judge(LINES, TRUTH)
    assert (report.pages, report.without_code, report.false_reads, report.unreadable) == (6, 1, 1, 1)
    assert (report.right.hits, report.right.of) == (1, 5)
    assert (report.errors.hits, report.errors.of) == (2, 3)
    assert (report.refused.hits, report.refused.of) == (3, 5)
    assert (report.unknown, report.unread) == (1, ["gone.png"])
    assert [one.source for one in report.worst] == ["a/2.png", "a/4.png"]
    assert report.confusion[("4", "5")] == 1
    assert report.confusion[("1", "1")] == 3


def test_error_against_reject() -> None:
    report = judge(LINES, TRUTH)
    assert [(point.confidence, point.refused, point.errors.hits) for point in report.curve] == [
        (0.9, pytest.approx(5 / 6), 0),
        (0.8, pytest.approx(4 / 6), 1),
        (0.6, pytest.approx(3 / 6), 2),
        (0.3, pytest.approx(2 / 6), 2),
    ]
    assert at(report.curve, 0.5) == report.curve[2]
    assert at(report.curve, 0.1) is None


READINGS = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.5, 0.9])), min_size=1, max_size=30)


@given(READINGS)
def test_every_point_is_what_counting_gives(readings: list[tuple[bool, float]]) -> None:
    found = [Judged("a", 0, "1", "1" if right else "2", sure, True, None) for right, sure in readings]
    for point in curve(found):
        kept = [one for one in found if one.confidence >= point.confidence]
        wrong = sum(not one.right for one in kept)
        assert point.refused == pytest.approx(1 - len(kept) / len(found))
        assert (point.errors.hits, point.errors.of) == (wrong, len(kept))


def test_wilson_s_interval() -> None:
    """Of Brown, Cai and DasGupta (2001), and what is never so: 0 and 1 are in reach, and never beyond."""
    assert wilson(10, 20) == pytest.approx((0.2993, 0.7007), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert Share.count(0, 0).share is None


@given(st.text("0123", max_size=7), st.text("0123", max_size=7))
def test_digits_are_set_side_by_side_with_the_fewest_edits(truth: str, read: str) -> None:
    pairs = aligned(truth, read)
    assert "".join(a for a, _ in pairs if a != NONE) == truth
    assert "".join(b for _, b in pairs if b != NONE) == read
    assert edits(truth, read) <= max(len(truth), len(read))
    assert edits(truth, read) == edits(read, truth)
    assert (edits(truth, read) == 0) == (truth == read)


def test_names_are_found_as_given_or_by_their_last_part(tmp_path: Path) -> None:
    truth = {("a/1.png", 0): "1", ("b/1.png", 0): "2", ("2.png", 0): "3"}
    lines = [line("a/1.png", "1", 0.9), line("b/1.png", "2", 0.9), line("c/2.png", "3", 0.9), line("c/1.png", "1", 0.9)]
    report = judge(lines, truth)
    assert (report.right.hits, report.unknown) == (3, 1)


@pytest.mark.parametrize("names", [("file", "text"), ("source", "code"), ("file", "digits")])
def test_a_list_may_call_its_columns_so(tmp_path: Path, names: tuple[str, str]) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(f"kind,{names[0]},{names[1]},page\nx,'=a.png,01310-100,2\nx,b.png,,\n")
    assert read_truth(path) == {("=a.png", 2): "01310100", ("b.png", 0): ""}


@pytest.mark.parametrize("content", ["file,kind\na,b\n", "", "file,text\na\n", "file,text,page\na,1,x\n"])
def test_a_list_that_is_none_is_refused_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "truth.csv").write_text(content)
    with pytest.raises(UsageError, match=r"--truth .*truth\.csv"):
        read_truth(tmp_path / "truth.csv")


def test_the_report_on_the_terminal_and_in_files(postread: Callable[..., Any], tmp_path: Path) -> None:
    out, truth = tmp_path / "codes.jsonl", tmp_path / "truth.csv"
    tables.write(out, map(json.dumps, LINES))
    truth.write_text("file,text\n" + "".join(f"{name},{code}\n" for (name, _), code in TRUTH.items()))
    files = [tmp_path / f"report{ending}" for ending in (".txt", ".json", ".html")]
    options = [part for path in files for part in ("--report", path)]
    answer = postread("batch", "--out", out, "--truth", truth, *options)
    assert answer.code == 0
    assert "right                        20.00 % (3.62 to 62.45), 1 of 5" in answer.out
    assert "accepted and wrong, the surest first\n  0.8000  1235 for 1234  a/2.png\n" in answer.out
    assert files[0].read_text() == answer.out
    told = json.loads(files[1].read_text())
    assert told["errors"]["hits"] == 2
    assert {"is": "4", "read": "5", "count": 1} in told["confusion"]
    assert files[2].read_text().startswith("<!doctype html>")


def test_the_page_escapes_names_and_needs_nothing_else() -> None:
    told = page(judge([line('<img src=x>"', "1", 0.9)], {('<img src=x>"', 0): "2"}), "<b>")
    assert "<img" not in told
    assert "<b>" not in told
    assert "&lt;img src=x&gt;" in told
    assert not re.search(r"https?:|src=|href=|url\(", told.replace("src=x", ""))
    assert "<svg" in told


def test_a_table_without_anything_in_it() -> None:
    report = judge([], {})
    assert "0 pages" in text(report)
    assert "Nothing was read" in page(report, "none")
