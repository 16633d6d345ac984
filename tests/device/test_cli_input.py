"""What the command line takes: pictures of every kind, damaged ones, and paths on stdin."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from device.sources import pages
from tests.device.conftest import is_box

Uint8 = NDArray[np.uint8]
Postread = Callable[..., Any]

GIGABYTE = 1_000_000_000


# ── Input of every kind ──


def spoil(kind: str, sample_path: Path, tmp_path: Path) -> Path:
    path = tmp_path / f"{kind}.png"
    content = sample_path.read_bytes()
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes(
            {
                "empty": b"",
                "text": b"Avenida Paulista, 1578\n01310-100 Sao Paulo\n",
                "half": content[: len(content) // 2],
                "cut": content[:-1],
            }[kind]
        )
    return path


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "half", "cut"])
def test_what_cannot_be_read_is_an_error(postread: Postread, sample, tmp_path: Path, kind: str) -> None:
    path = spoil(kind, sample.path, tmp_path)
    answer = postread("read", path)
    (line,) = answer.lines
    assert line["readings"] == []
    assert line["error"].startswith(f"{path}: ")
    assert line["error"].isprintable()
    assert answer.code == 1


def test_a_picture_over_the_limit_is_an_error(postread: Postread, blank: Path) -> None:
    answer = postread("read", "--max-pixels", "5999", blank)
    assert "100x60 pixels, over the limit of 5999" in answer.lines[0]["error"]
    assert answer.code == 1
    assert postread("read", "--max-pixels", "6000", blank).code == 0


@pytest.mark.parametrize("format", ["cep", "zip", "digits", "digits:3"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 2), (7, 5), (60, 100), (1200, 1600)], ids=str)
@pytest.mark.parametrize("grey", [0, 128, 255], ids=["black", "grey", "white"])
def test_nothing_on_it_gives_no_readings(
    postread: Postread, tmp_path: Path, shape: tuple[int, int], grey: int, format: str
) -> None:
    path = tmp_path / "nothing.png"
    cv2.imwrite(str(path), np.full(shape, grey, np.uint8))
    answer = postread("read", "--format", format, path)
    assert (answer.lines[0]["readings"], answer.lines[0]["error"], answer.code) == ([], None, 0)


def write_16_bit(grey: Uint8, path: Path) -> None:
    cv2.imwrite(str(path), grey.astype(np.uint16) * 257)


def write_palette(grey: Uint8, path: Path) -> None:
    Image.fromarray(grey).quantize(64).save(path)


def write_alpha(grey: Uint8, path: Path) -> None:
    nothing = np.zeros_like(grey)
    cv2.imwrite(str(path), np.dstack([nothing, nothing, nothing, 255 - grey]))


def write_cmyk(grey: Uint8, path: Path) -> None:
    Image.fromarray(grey).convert("RGB").convert("CMYK").save(path, quality=95)


def write_turned(orientation: int, turn: int) -> Callable[[Uint8, Path], None]:
    def write(grey: Uint8, path: Path) -> None:
        exif = Image.Exif()
        exif[0x112] = orientation
        Image.fromarray(np.ascontiguousarray(np.rot90(grey, turn))).save(path, quality=95, exif=exif)

    return write


VARIANTS: dict[str, Callable[[Uint8, Path], None]] = {
    "16-bit.png": write_16_bit,
    "16-bit.tif": write_16_bit,
    "palette.png": write_palette,
    "palette.gif": write_palette,
    "alpha.png": write_alpha,
    "alpha.tif": write_alpha,
    "cmyk.jpg": write_cmyk,
    "cmyk.tif": write_cmyk,
    "upside-down.jpg": write_turned(3, 2),
    "on-its-side.jpg": write_turned(6, 1),
    "on-its-side.png": write_turned(8, -1),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_sample_in_every_kind_of_file_gives_the_same_code(
    postread: Postread, sample, tmp_path: Path, name: str
) -> None:
    (frame,) = pages(sample.path)
    VARIANTS[name](frame.image, tmp_path / name)
    (line,) = postread("read", "--format", sample.format, tmp_path / name).lines
    assert [reading["digits"] for reading in line["readings"] if reading["accepted"]] == [sample.digits]
    height, width = frame.image.shape
    assert all(is_box(reading["box"], width, height) for reading in line["readings"])


def test_pages(postread: Postread, tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    sheets = [Image.new("L", (100, 60), 255) for _ in range(3)]
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    (line,) = postread("read", path).lines
    assert (line["page"], line["pages"]) == (0, 3)
    answer = postread("read", "--pages", "all", path)
    assert [(line["page"], line["pages"]) for line in answer.lines] == [(0, 3), (1, 3), (2, 3)]


def test_a_page_that_fails_is_named_in_its_line(postread: Postread, tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    Image.new("L", (50, 5), 255).save(path, save_all=True, append_images=[Image.new("L", (100, 60), 255)])
    answer = postread("read", "--pages", "all", "--max-pixels", "1000", path)
    assert [(line["page"], line["pages"], line["error"] is None) for line in answer.lines] == [
        (0, 2, True),
        (1, 2, False),
    ]
    assert answer.code == 1


def test_the_pages_after_one_that_fails_are_read(postread: Postread, tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    small, large = Image.new("L", (50, 5), 255), Image.new("L", (100, 60), 255)
    large.save(path, save_all=True, append_images=[small, large, small])
    answer = postread("read", "--pages", "all", "--max-pixels", "1000", path)
    assert [(line["page"], line["pages"], line["error"] is None) for line in answer.lines] == [
        (0, 4, False),
        (1, 4, True),
        (2, 4, False),
        (3, 4, True),
    ]
    assert "page 0: 100x60 pixels" in answer.lines[0]["error"]
    assert answer.code == 1


# ── Paths on stdin ──


def test_each_line_of_stdin_is_answered_before_the_next_is_sent(
    start: Callable[..., subprocess.Popen[bytes]], blank: Path, tmp_path: Path
) -> None:
    latin = tmp_path / os.fsdecode(b"latin-\xe9.png")
    shutil.copy(blank, latin)
    process = start("read", "-")
    assert process.stdin
    assert process.stdout
    for sent, source, fails in [
        (os.fsencode(blank) + b"\n", str(blank), False),
        (b"\n", "", True),
        (b"  \n", "  ", True),
        (os.fsencode(blank) + b"\r\n", str(blank), False),
        (b"missing.png\n", "missing.png", True),
        (os.fsencode(latin) + b"\n", f"{tmp_path}/latin-?.png", False),
        (b"a\0b\n", "a\0b", True),
        (os.fsencode(blank) + b"\n", str(blank), False),
    ]:
        process.stdin.write(sent)
        process.stdin.flush()
        line = json.loads(process.stdout.readline())
        assert line["source"] == source
        assert (line["error"] is not None) is fails, line
    rest, _ = process.communicate(os.fsencode(blank))  # the last line without its end
    assert [json.loads(line)["source"] for line in rest.splitlines()] == [str(blank)]
    assert process.returncode == 1


def test_no_lines_on_stdin_are_no_answers(start: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = start("read", "-")
    assert process.communicate(b"")[0] == b""
    assert process.returncode == 0


def test_a_tiff_of_several_pages_on_stdin_is_one_answer(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    sheet = Image.new("L", (100, 60), 255)
    sheet.save(tmp_path / "pages.tif", save_all=True, append_images=[sheet])
    out, _ = start("read", "-", "--text").communicate(f"{tmp_path}/pages.tif\n\n".encode())
    assert out.decode().splitlines() == [f"{tmp_path}/pages.tif\t?", "\t?"]


@pytest.mark.parametrize("arguments", [("-", "other.png"), ("other.png", "-"), ("-", "-"), ("-", "--pages", "all")])
def test_stdin_goes_with_nothing_else(postread: Postread, arguments: tuple[str, ...]) -> None:
    answer = postread("read", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert "`-`" in answer.err
