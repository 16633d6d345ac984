"""Scanned PNGs: read as OpenCV reads them, in less time, and left to OpenCV where they are of another kind."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from device import png, sources
from device.errors import InputError

Uint8 = NDArray[np.uint8]
GREY, PALETTE, RGB = 0, 3, 2


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def written(pixels: Uint8, filters: list[int], *extra: bytes, depth: int = 8, kind: int = RGB, parts: int = 1) -> bytes:
    """A PNG file of uint8[H, W, channels], each row with its filter, none of which has more to undo than the left."""
    rows = b""
    for filter_, row in zip(filters, pixels, strict=True):
        before = np.concatenate([np.zeros_like(row[:1]), row[:-1]])
        rows += bytes([filter_]) + (row - before if filter_ == 1 else row).tobytes()
    deflated = zlib.compress(rows, 1)
    cut = -(-len(deflated) // parts)
    data = b"".join(chunk(b"IDAT", deflated[at : at + cut]) for at in range(0, len(deflated), cut))
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(extra) + data + chunk(b"IEND", b"")


def noise(height: int = 9, width: int = 14, channels: int = 3, seed: int = 0) -> Uint8:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def as_opencv(content: bytes, colour: bool) -> Uint8:
    mode = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), mode), np.uint8)


@given(
    height=st.integers(1, 12),
    width=st.integers(1, 30),
    channels=st.sampled_from([1, 3]),
    seed=st.integers(0, 1000),
    parts=st.integers(1, 4),
    colour=st.booleans(),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_pixels_are_those_that_opencv_finds(
    height: int, width: int, channels: int, seed: int, parts: int, colour: bool, data: st.DataObject
) -> None:
    filters = data.draw(st.lists(st.sampled_from([0, 1]), min_size=height, max_size=height))
    kind = GREY if channels == 1 else RGB
    content = written(noise(height, width, channels, seed), filters, kind=kind, parts=parts)
    found = png.decode(content, colour)
    assert found is not None
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, as_opencv(content, colour))


def test_every_colour_makes_the_grey_that_opencv_makes() -> None:
    """A million of the sixteen, spread over all of them."""
    every = np.arange(5, 1 << 24, 16, np.uint32)
    pixels = np.stack([every >> 16, every >> 8, every], axis=1).astype(np.uint8).reshape(1024, 1024, 3)
    content = written(pixels, [1] * 1024)
    np.testing.assert_array_equal(png.decode(content, colour=False), as_opencv(content, colour=False))


@pytest.mark.parametrize("colour", [False, True])
def test_what_opencv_writes_is_read(colour: bool) -> None:
    written_by_opencv = cv2.imencode(".png", noise(40, 60))[1].tobytes()
    found = png.decode(written_by_opencv, colour)
    assert found is not None
    np.testing.assert_array_equal(found, as_opencv(written_by_opencv, colour))


ROWS = [1] * 9


@pytest.mark.parametrize(
    "content",
    [
        written(noise(), [1, 1, 2, 1, 1, 1, 1, 1, 1]),
        written(noise(), [4] * 9),
        written(noise(), ROWS, chunk(b"gAMA", struct.pack(">I", 45455))),
        written(noise(), ROWS, chunk(b"tRNS", bytes(6))),
        written(noise(9, 28), ROWS, depth=16, kind=GREY),
        written(noise(9, 14, 1), ROWS, chunk(b"PLTE", bytes(range(256)) * 3), kind=PALETTE),
    ],
    ids=["filter up", "filter Paeth", "gamma", "transparent", "16 bits", "palette"],
)
def test_other_pictures_are_left_to_opencv(content: bytes) -> None:
    assert png.decode(content, colour=False) is None


@pytest.mark.parametrize("at", [0.3, 0.5, 0.8])
def test_damage_is_left_to_opencv(at: float, tmp_path: Path) -> None:
    content = bytearray(written(noise(60, 60), [1] * 60))
    content[int(at * len(content))] ^= 0x55
    assert png.decode(bytes(content), colour=False) is None
    assert png.decode(bytes(content[: int(at * len(content))]), colour=False) is None
    (tmp_path / "cut.png").write_bytes(content[: int(at * len(content))])
    with pytest.raises(InputError, match="truncated"):
        list(sources.pages(tmp_path / "cut.png"))


@pytest.mark.parametrize("more", [-1, 1])
def test_rows_too_many_or_too_few_are_left_to_opencv(more: int) -> None:
    pixels = noise()
    content = written(pixels, ROWS)
    head = struct.pack(">IIBBBBB", 14, 9 + more, 8, RGB, 0, 0, 0)
    assert png.decode(content[:8] + chunk(b"IHDR", head) + content[33:], colour=False) is None


def test_without_isal_opencv_reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = written(noise(), ROWS)
    (tmp_path / "a.png").write_bytes(content)
    (with_it,) = sources.pages(tmp_path / "a.png")
    monkeypatch.setattr(png, "isal_zlib", None)
    assert png.decode(content, colour=False) is None
    (without,) = sources.pages(tmp_path / "a.png")
    np.testing.assert_array_equal(with_it.image, without.image)
