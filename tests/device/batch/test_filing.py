"""Scans filed by their code: linked, copied or moved, and nothing overwritten."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from device.batch import tables
from device.batch.filing import Filing, file_away

Line = dict[str, Any]


def line(source: Path, code: str = "", page: int = 0, error: str | None = None) -> Line:
    reading = {"code": code, "digits": code.replace("-", ""), "format": "cep", "confidence": 0.9, "accepted": True}
    reading |= {"reason": None, "known": None, "box": [0, 0, 1, 1]}
    readings = [reading] if code else []
    return {"schema": 1, "source": str(source), "page": page, "pages": 2, "readings": readings, "error": error}


@pytest.fixture
def lines(tmp_path: Path) -> list[Line]:
    for name in ("a/1.png", "b/1.png", "2.png", "3.png", "4.png", "book.tif", "same.tif"):
        path = tmp_path / "pile" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    pile = tmp_path / "pile"
    return [
        line(pile / "a/1.png", "01310-100"),
        line(pile / "b/1.png", "01310-100"),
        line(pile / "2.png", "01310-200"),
        line(pile / "3.png"),
        line(pile / "4.png", error="4.png: damaged"),
        line(pile / "book.tif", "01310-100"),
        line(pile / "book.tif", "20040-002", 1),
        line(pile / "same.tif", "20040-002"),
        line(pile / "same.tif", page=1),
    ]


def filed(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


BY_CODE = {
    "01310-100/1.png": "a/1.png",
    "01310-100/1-2.png": "b/1.png",
    "01310-200/2.png": "2.png",
    "20040-002/same.tif": "same.tif",
    "refused/3.png": "3.png",
    "several/book.tif": "book.tif",
    "unreadable/4.png": "4.png",
}


@pytest.mark.parametrize("how", ["link", "copy", "move"])
def test_each_scan_in_its_code_s_folder_and_again_the_same(tmp_path: Path, lines: list[Line], how: str) -> None:
    filing = Filing(tmp_path / "out", None, how)
    for _ in range(2):
        assert list(file_away(filing, lines)) == []
        assert filed(tmp_path / "out") == BY_CODE
    left = filed(tmp_path / "pile")
    assert len(left) == (0 if how == "move" else 7)
    assert (tmp_path / "out/01310-200/2.png").is_symlink() == (how == "link")


@pytest.mark.parametrize("how", ["link", "copy", "move"])
def test_other_scans_of_one_name_size_and_date_are_each_filed(tmp_path: Path, how: str) -> None:
    """As those are that were unpacked from an archive with one date: same name, size and time, other pages."""
    scans = [tmp_path / f"pile/{folder}/1.bmp" for folder in "abc"]
    for scan in scans:
        scan.parent.mkdir(parents=True)
        scan.write_text(scan.parent.name)
        os.utime(scan, (10**9, 10**9))
    for _ in range(2):
        assert list(file_away(Filing(tmp_path / "out", None, how), [line(s, "01310-100") for s in scans])) == []
        assert filed(tmp_path / "out/01310-100") == {"1.bmp": "a", "1-2.bmp": "b", "1-3.bmp": "c"}


def test_links_are_told_apart_also_where_the_scans_are_the_same_to_the_byte(tmp_path: Path) -> None:
    scans = [tmp_path / f"pile/{folder}/1.bmp" for folder in "ab"]
    for scan in scans:
        scan.parent.mkdir(parents=True)
        scan.write_text("the same")
        os.utime(scan, (10**9, 10**9))
    for _ in range(2):
        assert list(file_away(Filing(tmp_path / "out", None, "link"), [line(s, "01310-100") for s in scans])) == []
        assert [(tmp_path / "out/01310-100" / name).resolve() for name in ("1.bmp", "1-2.bmp")] == scans
        assert len(filed(tmp_path / "out")) == 2


def test_a_link_to_another_scan_is_not_taken_for_one_that_is_gone(tmp_path: Path, lines: list[Line]) -> None:
    linking = Filing(tmp_path / "out", None, "link")
    list(file_away(linking, lines[:1]))
    Path(lines[1]["source"]).unlink()
    (said,) = file_away(linking, lines[:2])
    assert "b/1.png: cannot be filed" in said
    assert filed(tmp_path / "out") == {"01310-100/1.png": "a/1.png"}


def test_a_scan_that_is_a_relative_link_still_leads_to_it_when_it_was_moved(tmp_path: Path) -> None:
    scan, real = tmp_path / "pile/1.png", tmp_path / "elsewhere/real.png"
    for path in (scan, real):
        path.parent.mkdir(parents=True)
    real.write_text("a page")
    scan.symlink_to("../elsewhere/real.png")
    for _ in range(2):
        assert list(file_away(Filing(tmp_path / "out", None, "move"), [line(scan, "01310-100")])) == []
        assert filed(tmp_path / "out") == {"01310-100/1.png": "a page"}
    assert not scan.is_symlink()
    assert real.read_text() == "a page"


def test_by_the_first_digits(tmp_path: Path, lines: list[Line]) -> None:
    list(file_away(Filing(tmp_path / "out", 5, "link"), lines))
    assert set(filed(tmp_path / "out")) == {
        "01310/1.png",
        "01310/1-2.png",
        "01310/2.png",
        "20040/same.tif",
        "refused/3.png",
        "several/book.tif",
        "unreadable/4.png",
    }


def test_what_is_there_is_not_overwritten(tmp_path: Path, lines: list[Line]) -> None:
    (tmp_path / "out/01310-200").mkdir(parents=True)
    (tmp_path / "out/01310-200/2.png").write_text("mine")
    list(file_away(Filing(tmp_path / "out", None, "copy"), lines))
    assert (tmp_path / "out/01310-200/2.png").read_text() == "mine"
    assert (tmp_path / "out/01310-200/2-2.png").read_text() == "2.png"


def test_what_cannot_be_filed_is_named_and_the_rest_is(
    postread: Callable[..., Any], tmp_path: Path, lines: list[Line]
) -> None:
    out = tmp_path / "codes.jsonl"
    Path(lines[2]["source"]).unlink()
    tables.write(out, map(json.dumps, [line(Path("s3://bucket/1.png")), *lines]))
    answer = postread("batch", "--out", out, "--sort-into", tmp_path / "out", "--by", "prefix:3", "--how", "copy")
    assert answer.code == 1
    assert "s3:/bucket/1.png" in answer.err or "only files of this machine" in answer.err
    assert "2.png: cannot be filed" in answer.err
    assert len(filed(tmp_path / "out")) == 6


@pytest.mark.parametrize("code", ["../../01310-100", "/tmp/01310-100", "..", "01310/100", "Pelé"])
def test_a_code_that_somebody_wrote_into_the_table_leads_into_no_other_folder(
    tmp_path: Path, lines: list[Line], code: str
) -> None:
    (tmp_path / "deep/out").mkdir(parents=True)
    told = [line(Path(lines[0]["source"]), code), *lines[2:]]
    (said,) = file_away(Filing(tmp_path / "deep/out", None, "copy"), told)
    assert said == f"{lines[0]['source']}: not filed, {code!r} is no code; mend it in the table"
    expected = {name: text for name, text in BY_CODE.items() if not text.endswith("1.png")}
    assert filed(tmp_path / "deep") == {f"out/{name}": text for name, text in expected.items()}


def test_a_move_to_another_disk_that_was_stopped_before_the_scan_was_taken_away_is_finished(
    tmp_path: Path, lines: list[Line]
) -> None:
    source, target = Path(lines[2]["source"]), tmp_path / "out/01310-200/2.png"
    target.parent.mkdir(parents=True)
    shutil.copy2(source, target)
    assert not list(file_away(Filing(tmp_path / "out", None, "move"), [lines[2]]))
    assert (source.exists(), filed(tmp_path / "out")) == (False, {"01310-200/2.png": "2.png"})


def test_a_scan_that_lies_in_its_folder_stays_there(tmp_path: Path) -> None:
    scan = tmp_path / "01310-100/1.png"
    scan.parent.mkdir()
    scan.write_text("1.png")
    assert not list(file_away(Filing(tmp_path, None, "move"), [line(scan, "01310-100")]))
    assert filed(tmp_path) == {"01310-100/1.png": "1.png"}


@pytest.mark.parametrize("by", ["prefix:0", "prefix:x", "prefix", "town"])
def test_by_what_else_is_a_usage_error(postread: Callable[..., Any], tmp_path: Path, by: str) -> None:
    assert postread("batch", "--out", tmp_path / "c.csv", "--sort-into", tmp_path, "--by", by).code == 2
