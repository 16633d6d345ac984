"""Pictures that show why: what is read stays the same, every page has its own names, and no input is overwritten."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from device import Frame, Images, Reader, explain
from device.annotate import Names
from device.orientation import View
from device.trace import Trace, verdict_of

Uint8 = NDArray[np.uint8]
Postread = Callable[..., Any]


def blank(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((40, 60), 255, np.uint8))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ── Names, of --annotate too ──


@pytest.mark.parametrize(("option", "ending"), [("--annotate", "-read.png"), ("--explain", "-explain.png")])
def test_two_inputs_of_one_name_have_pictures_of_their_own(
    postread: Postread, tmp_path: Path, option: str, ending: str
) -> None:
    inputs = [blank(tmp_path / name) for name in ("a/1.png", "b/1.png", "b/1-2.png", "a/1.bmp")]
    out = tmp_path / "out"
    assert postread("read", option, out, *inputs, inputs[0]).code == 0
    assert names(out) == sorted(f"{name}{ending}" for name in ("1", "1-2", "1-2-2", "1-3"))
    assert postread("read", option, out, *inputs).code == 0
    assert len(names(out)) == 4, "the same again goes to the same places"


@pytest.mark.parametrize(("option", "ending"), [("--annotate", "-read.png"), ("--explain", "-explain.png")])
@pytest.mark.parametrize("link", [None, os.symlink, os.link], ids=["itself", "symbolic link", "hard link"])
def test_an_input_in_the_folder_is_not_overwritten(
    postread: Postread, tmp_path: Path, option: str, ending: str, link: Callable[[Path, Path], None] | None
) -> None:
    first, later = blank(tmp_path / "1.png"), blank(tmp_path / f"1{ending}")
    if link is not None:
        later = later.rename(tmp_path / "elsewhere.png")
        link(later, tmp_path / f"1{ending}")
    before = later.read_bytes()
    assert postread("read", option, tmp_path, first, later).code == 0
    assert later.read_bytes() == before
    assert f"1-2{ending}" in names(tmp_path)


def test_nothing_is_overwritten_where_the_inputs_are_not_known(tmp_path: Path) -> None:
    blank(tmp_path / "1-read.png")
    given = Names(tmp_path, None)
    one, other = (Frame(np.zeros((1, 1), np.uint8), f"{folder}/1.png") for folder in "ab")
    assert [given.paths(frame, ["-read.png"])[0].name for frame in (one, other, one)] == [
        "1-2-read.png",
        "1-3-read.png",
        "1-2-read.png",
    ]


def test_pages_have_their_numbers(tmp_path: Path) -> None:
    frame = Frame(np.zeros((1, 1), np.uint8), "letters.tif", page=2, pages=3)
    assert Names(tmp_path, []).paths(frame, ["-read.png"]) == [tmp_path / "letters-page2-read.png"]


@pytest.mark.parametrize("option", ["--annotate", "--explain"])
def test_a_folder_that_cannot_be_is_one_line(postread: Postread, tmp_path: Path, option: str) -> None:
    path = blank(tmp_path / "1.png")
    answer = postread("read", option, path, path)
    assert answer.code == 1
    assert "cannot be written" in answer.lines[0]["error"]
    assert answer.err.splitlines() == [f"postread: {answer.lines[0]['error']}"]


# ── Pictures ──


@pytest.mark.parametrize("format", ["cep", "zip+4", "digits", "digits:3"])
def test_explaining_does_not_change_what_is_read(postread: Postread, sample: Any, tmp_path: Path, format: str) -> None:
    plain = postread("read", "--format", format, sample.path)
    answer = postread("read", "--format", format, "--explain", tmp_path / "why", sample.path)
    assert answer.out == plain.out
    pictures = names(tmp_path / "why")
    assert "envelope-explain.png" in pictures
    assert len(pictures) > len(answer.lines[0]["readings"]), "one for the page, one for every line"
    assert all(f"{tmp_path}/why/{picture}" in answer.err for picture in pictures)
    for picture in pictures:
        image = cv2.imread(str(tmp_path / "why" / picture))
        assert min(image.shape[:2]) > 100
        assert max(image.shape[:2]) < 20_000


def explained(reader: Reader, image: Uint8, folder: Path) -> list[Path]:
    """The pictures of an image, read by a reader with a trace."""
    frame = Frame(image, "page.png")
    reader.trace = Trace()
    readings = reader.read(frame)
    saved = explain.save(Names(folder, []), frame, readings, reader)
    assert reader.trace.pages == []
    return [Path(path) for path in saved]


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (60, 100), (300, 1)], ids=str)
def test_pages_with_nothing_on_them(tmp_path: Path, shape: tuple[int, int]) -> None:
    (only,) = explained(Reader.load(), np.full(shape, 255, np.uint8), tmp_path)
    assert only.name == "page-explain.png"


@pytest.mark.parametrize("known", [None, {"01310100"}, {"99999999"}], ids=["no list", "in it", "not in it"])
@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_every_reading_is_found_again(sample: Any, tmp_path: Path, known: set[str] | None, precision: Any) -> None:
    """The pictures decide once more from what the reader told: it must come to the same."""
    reader = Reader.load(format=sample.format, known=known, precision=precision)
    reader.trace = Trace()
    (frame,) = Images(sample.path)
    readings = reader.read(frame)
    page = reader.trace.take(readings)
    found = [verdict_of(line, page, reader).reading for line in page.lines]
    assert [r for r in found if r is not None and r not in readings] == []
    assert sum(r is not None for r in found) == len(readings)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_shown_as_it_was_read(sample: Any, tmp_path: Path, turn: Any) -> None:
    (frame,) = Images(sample.path)
    upright, *_ = explained(Reader.load(format=sample.format), frame.image, tmp_path / "upright")
    back: Any = (360 - turn) % 360
    lies = View(back).apply(frame.image)
    turned, *lines = explained(Reader.load(format=sample.format, orientation=turn), lies, tmp_path / "turned")
    ours, theirs = cv2.imread(str(turned)), cv2.imread(str(upright))
    assert ours.shape == theirs.shape
    heading = 100
    assert (ours[heading:] != theirs[heading:]).mean() < 0.02
    assert lines


def test_a_reader_without_a_trace_has_nothing_to_show(tmp_path: Path) -> None:
    reader = Reader.load()
    frame = Frame(np.full((40, 60), 255, np.uint8), "page.png")
    with pytest.raises(ValueError, match="no trace"):
        explain.save(Names(tmp_path, []), frame, reader.read(frame), reader)


def test_every_feature_has_its_words() -> None:
    assert set(explain.IN_WORDS) == set(explain.FEATURES)


def test_a_copy_of_the_sample_next_to_it_is_explained_apart(postread: Postread, sample: Any, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / sample.path.name
    copy.parent.mkdir()
    shutil.copy(sample.path, copy)
    postread("read", "--explain", tmp_path / "why", "--annotate", tmp_path / "why", sample.path, copy)
    found = names(tmp_path / "why")
    first = {name.removeprefix("envelope") for name in found if not name.startswith("envelope-2")}
    assert {name.removeprefix("envelope-2") for name in found if name.startswith("envelope-2")} == first
