"""A folder's truth.csv."""

from pathlib import Path

import pytest

from benchmarks.cases import Case, first_of_each, read, write
from benchmarks.errors import TruthError


def folder(tmp_path: Path, content: str) -> Path:
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "truth.csv").write_text(content, encoding="utf-8")
    return tmp_path


def test_the_sample_is_read(root: Path) -> None:
    (case,) = read(root / "docs/sample")
    assert (case.path.name, case.kind, case.text, case.format) == ("envelope.png", "envhand", "01310100", "cep")


def test_a_code_is_its_digits_and_lines_stay_apart(tmp_path: Path) -> None:
    rows = "file,kind,text,format\na.png,hand,01310-100,cep\na.png,lines,1-2 34,digits\n"
    assert [case.text for case in read(folder(tmp_path, rows))] == ["01310100", "12 34"]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    cases = [Case((tmp_path / "a.png").resolve(), "hand", "123", "digits")]
    write(tmp_path, cases)
    assert read(tmp_path) == cases


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("file,kind,text\na.png,hand,1\n", "lacks the column format"),
        ("file,kind,text,format\nb.png,hand,1,digits\n", "line 2: there is no b.png"),
        ("file,kind,text,format\na.png,hand\n", "line 2: fewer than 4 columns"),
        ("file,kind,text,format\na.png,hand,1,klingon\n", "line 2: no format is called 'klingon'"),
        ("file,kind,text,format\n", "names no picture"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(TruthError, match=said) as caught:
        read(folder(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_a_folder_without_truth(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match=r"has no truth\.csv with the columns file,kind,text,format"):
        read(tmp_path)


def test_the_first_of_each_kind(tmp_path: Path) -> None:
    cases = [Case(tmp_path, kind, str(k), "digits") for k, kind in enumerate("aabab")]
    assert [case.text for case in first_of_each(cases, 2)] == ["0", "1", "2", "4"]
    assert first_of_each(cases, None) == cases
