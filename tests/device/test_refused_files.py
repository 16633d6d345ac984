"""A file that is no picture, or a damaged or too large one, is refused in one line that names it."""

import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device import InputError
from device.sources import MAX_FILE_BYTES, pages
from tests.device.conftest import Encode, Uint8, Write, only_picture, refusal, see_through


def test_no_such_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "missing.png") == f"{tmp_path}/missing.png: No such file or directory"


def test_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path}: a folder; give its files"


def test_an_empty_file(write: Write) -> None:
    assert "empty (0 bytes)" in refusal(write(b""))


@pytest.mark.parametrize("content", [b"Dear postman,\n", b"BMW 3 series\n", b"P5 is a format\n", b"\0"])
def test_text_called_png(write: Write, content: bytes) -> None:
    path = write(content, "letter.png")
    assert refusal(path) == f"{path}: not a picture that can be read; give PNG, JPEG, TIFF, WebP, BMP, GIF, PNM or PDF"


@pytest.mark.parametrize("path", ["", " ", "a\0b"])
def test_no_path(path: str) -> None:
    assert "not a path" in refusal(path)


def test_a_name_that_is_too_long() -> None:
    assert "too long" in refusal("x" * 5000).lower()


def test_links_in_a_ring(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert "symbolic links" in refusal(tmp_path / "a")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "not a regular file" in refusal(tmp_path / "pipe.png")


def test_a_device_is_not_read() -> None:
    assert "not a regular file" in refusal("/dev/zero")


def test_no_permission(encode: Encode, write: Write, picture: Uint8, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a stand-in, since root may read everything."""
    path = write(encode(picture, "PNG"))

    def read_bytes(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert refusal(path) == f"{path}: Permission denied"


def test_a_file_that_is_too_large_is_not_loaded(tmp_path: Path) -> None:
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert "over the limit of 250 MB" in refusal(tmp_path / "large.png")


@pytest.mark.parametrize("name", ["new\nline", "re\rturn", "quo\"tes'", "tab\t", "ümlaut", os.fsdecode(b"latin-\xfc")])
def test_a_path_may_have_any_name(encode: Encode, write: Write, picture: Uint8, name: str) -> None:
    assert (only_picture(write(encode(picture, "PNG"), name + ".png")) == picture).all()
    assert (only_picture(write(encode(picture, "TIFF"), name + ".tif")) == picture).all()
    assert "truncated" in refusal(write(encode(picture, "PNG")[:-1], name + ".cut"))


def huge_png(width: int, height: int) -> bytes:
    """A small file that claims to be a large picture."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_size_is_judged_from_the_header(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", None)  # nothing may be decoded
    message = refusal(write(huge_png(200_000, 200_000)))
    assert message.endswith("200000x200000 pixels, over the limit of 100000000; reduce it or raise --max-pixels")


def test_the_limit_of_pixels_is_the_caller_s(encode: Encode, write: Write, picture: Uint8) -> None:
    path = write(encode(picture, "PNG"))
    assert only_picture(path, max_pixels=6000).shape == picture.shape
    assert "over the limit of 5999" in refusal(path, max_pixels=5999)


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0)])
def test_a_picture_without_pixels(write: Write, width: int, height: int) -> None:
    assert "damaged" in refusal(write(huge_png(width, height)))


def test_what_takes_too_much_memory_to_decode_is_told_from_the_header(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytearray(huge_png(9_900, 9_900))
    content[24:26] = 16, 6  # 16 bits, with alpha
    monkeypatch.setattr(cv2, "imdecode", None)
    assert "to decode, over the limit of 850; reduce it" in refusal(write(bytes(content)))


def test_grey_tiff_with_alpha_is_refused_rather_than_black(encode: Encode, write: Write, picture: Uint8) -> None:
    assert "convert it to PNG" in refusal(write(see_through(encode, picture, "TIFF", "LA")))


def test_float_samples_are_refused(encode: Encode, write: Write, picture: Uint8) -> None:
    assert "convert it" in refusal(write(encode(picture.astype(np.float32), "TIFF")))


CUT = {
    "PNG": {},
    "JPEG": {},
    "progressive JPEG": {"progressive": True},
    "TIFF": {},
    "GIF": {},
    "BMP": {},
    "WEBP": {},
    "PPM": {},
}


@pytest.mark.parametrize("name", CUT)
@given(cut=st.integers(1, 10_000))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_cut_anywhere_is_refused(encode: Encode, write: Write, picture: Uint8, name: str, cut: int) -> None:
    content = encode(picture, name.split()[-1], **CUT[name])
    refusal(write(content[: -min(cut, len(content))]))


@pytest.mark.parametrize("name", CUT)
def test_a_missing_end_is_called_so(encode: Encode, write: Write, picture: Uint8, name: str) -> None:
    content = encode(picture, name.split()[-1], **CUT[name])
    message = refusal(write(content[: len(content) // 2]))
    assert "truncated" in message
    assert "again" in message


@pytest.mark.parametrize("name", CUT)
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_is_read_or_refused(
    encode: Encode, write: Write, picture: Uint8, name: str, data: st.DataObject
) -> None:
    content = bytearray(encode(picture, name.split()[-1], **CUT[name]))
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=5)):
        content[at] = data.draw(st.integers(0, 255))
    path = write(bytes(content))
    try:
        frames = list(pages(path, max_pixels=1_000_000))
    except InputError:
        assert str(path) in refusal(path, max_pixels=1_000_000)
    else:
        assert all(frame.image.ndim == 2 and frame.image.dtype == np.uint8 for frame in frames)
