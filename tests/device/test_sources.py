"""Pictures of every kind become upright grey or BGR frames; what is no picture is refused in one line."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from device import Frame, Images, InputError
from device.sources import MAX_FILE_BYTES, pages

Encode = Callable[..., bytes]
Uint8 = NDArray[np.uint8]

FROM_UPRIGHT: dict[int, Callable[[Uint8], Uint8]] = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image),
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: lambda image: np.rot90(image, -1),
}
"""How a camera that writes this EXIF orientation stores the upright picture."""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(content: bytes, name: str = "picture") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


Write = Callable[..., Path]


def one(path: Path | str, **options: Any) -> Uint8:
    """The picture of a file of one page."""
    (frame,) = pages(path, **options)
    assert (frame.source, frame.page, frame.pages) == (str(path), 0, 1)
    assert frame.image.dtype == np.uint8
    assert frame.image.flags.c_contiguous
    return frame.image


def refusal(path: Path | str, **options: Any) -> str:
    """What is said of a file that cannot be read: one line that names it."""
    with pytest.raises(InputError) as caught:
        list(pages(path, **options))
    message = str(caught.value)
    assert message.isprintable()
    assert isinstance(caught.value, OSError)
    return message


def on_transparent(picture: Uint8, grey: bool = False) -> Uint8:
    """The picture as black ink on nothing: LA or RGBA, alpha alone says where ink is."""
    nothing = np.zeros_like(picture)
    return np.dstack([nothing, 255 - picture] if grey else [nothing, nothing, nothing, 255 - picture])


def see_through(encode: Encode, picture: Uint8, format: str, mode: str, **options: Any) -> bytes:
    return encode(on_transparent(picture, grey=mode == "LA"), format, **options)


# ── The same picture in every kind of file ──


@pytest.mark.parametrize(
    ("format", "mode", "options"),
    [
        ("PNG", "L", {}),
        ("PNG", "RGB", {}),
        ("PNG", "P", {}),
        ("TIFF", "L", {}),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}),
        ("TIFF", "RGB", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", "RGB", {"big_tiff": True}),
        ("TIFF", "CMYK", {}),
        ("WEBP", "RGB", {"lossless": True}),
        ("BMP", "L", {}),
        ("BMP", "RGB", {}),
        ("GIF", "L", {}),
        ("PPM", "L", {}),
        ("PPM", "RGB", {}),
    ],
    ids=str,
)
@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
def test_lossless(
    encode: Encode, write: Write, picture: Uint8, format: str, mode: str, options: dict[str, Any], colour: bool
) -> None:
    array = picture if mode == "L" else np.dstack([picture] * 3)
    if mode == "P":
        array, options = picture, {}
        content = encode(array, format, "P", **options)
    else:
        content = encode(array, format, mode, **options)
    expected = np.dstack([picture] * 3) if colour else picture
    assert (one(write(content), colour=colour) == expected).all()


@pytest.mark.parametrize(
    ("format", "mode", "options"),
    [
        ("JPEG", "L", {}),
        ("JPEG", "RGB", {}),
        ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "CMYK", {}),
        ("WEBP", "RGB", {}),
        ("TIFF", "RGB", {"compression": "jpeg"}),
    ],
    ids=str,
)
def test_lossy(encode: Encode, write: Write, picture: Uint8, format: str, mode: str, options: dict[str, Any]) -> None:
    found = one(write(encode(np.dstack([picture] * 3), format, mode, quality=95, **options)))
    assert found.shape == picture.shape
    assert np.abs(found.astype(int) - picture).mean() < 2


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits(write: Write, picture: Uint8, tmp_path: Path, suffix: str, channels: int) -> None:
    path = tmp_path / f"sixteen{suffix}"
    cv2.imwrite(str(path), np.squeeze(np.dstack([picture.astype(np.uint16) * 257] * channels)))
    assert (one(path) == picture).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
@pytest.mark.parametrize(("format", "options"), [("PNG", {}), ("WEBP", {"lossless": True, "exact": True})], ids=str)
def test_black_on_transparent_is_black_on_white(
    encode: Encode, write: Write, picture: Uint8, mode: str, colour: bool, format: str, options: dict[str, Any]
) -> None:
    expected = np.dstack([picture] * 3) if colour else picture
    assert (one(write(see_through(encode, picture, format, mode, **options)), colour=colour) == expected).all()


def test_black_on_transparent_tiff(encode: Encode, write: Write, picture: Uint8) -> None:
    assert (one(write(see_through(encode, picture, "TIFF", "RGBA"))) == picture).all()


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_black_on_transparent_of_sixteen_bits(tmp_path: Path, picture: Uint8, suffix: str) -> None:
    """OpenCV writes TIFFs without saying that their fourth channel is alpha."""
    path = tmp_path / f"sixteen{suffix}"
    cv2.imwrite(str(path), on_transparent(picture).astype(np.uint16) * 257)
    assert (one(path) == picture).all()


@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_a_palette_s_transparent_colour_is_white(write: Write, picture: Uint8, tmp_path: Path, format: str) -> None:
    ink = np.where(picture < 255, np.uint8(1), np.uint8(0))
    image = Image.fromarray(ink).convert("P")
    image.putpalette([0, 0, 0, 0, 0, 0])  # both colours are black, and one of them is not there
    image.save(tmp_path / "palette", format, transparency=0)
    assert (one(tmp_path / "palette") == np.where(ink, 0, 255)).all()


def test_half_transparent_is_half_way_to_white(encode: Encode, write: Write) -> None:
    pixels = np.array([[[200, 100, 50, 0], [200, 100, 50, 255], [200, 100, 50, 51], [0, 0, 0, 128]]], np.uint8)
    found = one(write(encode(pixels, "PNG")), colour=True)
    assert found.tolist() == [[[255, 255, 255], [50, 100, 200], [214, 224, 244], [127, 127, 127]]]


def test_a_frame_s_channels_are_blue_green_red(encode: Encode, write: Write) -> None:
    red = np.tile(np.array([[[255, 0, 0]]], np.uint8), (4, 5, 1))
    for format in ("PNG", "TIFF", "BMP", "PPM"):
        assert (one(write(encode(red, format)), colour=True) == (0, 0, 255)).all()


@pytest.mark.parametrize("orientation", FROM_UPRIGHT)
@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "alpha"])
def test_a_turned_picture_comes_upright(
    encode: Encode, write: Write, picture: Uint8, format: str, orientation: int, alpha: bool
) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    options: dict[str, Any] = {"lossless": True, "exact": True} if format == "WEBP" else {}
    stored = FROM_UPRIGHT[orientation](picture)
    content = encode(on_transparent(stored) if alpha else stored, format, exif=exif, **options)
    assert (one(write(content)) == picture).all()


@pytest.mark.parametrize("orientation", FROM_UPRIGHT)
@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
def test_a_turned_jpeg_comes_upright(
    encode: Encode, write: Write, picture: Uint8, orientation: int, colour: bool
) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    content = encode(FROM_UPRIGHT[orientation](picture), "JPEG", exif=exif, quality=98)
    found = one(write(content), colour=colour)
    assert found.shape[:2] == picture.shape
    assert np.abs(found.astype(int) - (picture[..., None] if colour else picture)).max() <= 4


# ── Pages and folders ──


def test_pages_of_a_tiff_are_counted_and_read_in_order(encode: Encode, write: Write, picture: Uint8) -> None:
    others = [Image.fromarray(on_transparent(picture)), Image.fromarray(picture[:9])]
    path = write(encode(picture, "TIFF", save_all=True, append_images=others))
    frames = list(pages(path))
    assert [(frame.page, frame.pages) for frame in frames] == [(0, 3), (1, 3), (2, 3)]
    for frame, expected in zip(frames, (picture, picture, picture[:9]), strict=True):
        assert (frame.image == expected).all()
    (first,) = pages(path, first_only=True)
    assert (first.page, first.pages) == (0, 3)


def test_every_page_s_size_is_judged(encode: Encode, write: Write, picture: Uint8) -> None:
    path = write(encode(picture[:5], "TIFF", save_all=True, append_images=[Image.fromarray(picture)]))
    frames = pages(path, max_pixels=1000)
    assert next(frames).image.shape == (5, 100)
    with pytest.raises(InputError, match=r"page 1: 100x60 pixels, over the limit of 1000"):
        next(frames)


def test_a_page_that_is_cut_off_is_told_before_the_first(encode: Encode, write: Write, picture: Uint8) -> None:
    content = encode(picture, "TIFF", save_all=True, append_images=[Image.fromarray(picture)])
    assert "truncated" in refusal(write(content[:-2000]), first_only=True)


def test_a_folder_is_read_in_the_order_of_names(encode: Encode, picture: Uint8, tmp_path: Path) -> None:
    for name in ("b.png", "a.PNG", "c.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(
            b"no picture" if name == "notes.txt" else encode(picture, name[2:].upper().replace("JPG", "JPEG"))
        )
    frames: list[Frame] = list(Images(tmp_path))
    assert [Path(frame.source).name for frame in frames] == ["a.PNG", "b.png", "c.jpg"]
    assert [frame.image.ndim for frame in Images(tmp_path / "b.png", colour=True)] == [3]


# ── What cannot be read ──


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
    assert (one(write(encode(picture, "PNG"), name + ".png")) == picture).all()
    assert (one(write(encode(picture, "TIFF"), name + ".tif")) == picture).all()
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
    assert one(path, max_pixels=6000).shape == picture.shape
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
