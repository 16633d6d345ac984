"""Pictures of every kind become upright grey or BGR frames."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from device import Frame, Images, InputError
from device.sources import pages
from tests.device.conftest import Encode, Uint8, Write, on_transparent, only_picture, refusal, see_through

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
    assert (only_picture(write(content), colour=colour) == expected).all()


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
    found = only_picture(write(encode(np.dstack([picture] * 3), format, mode, quality=95, **options)))
    assert found.shape == picture.shape
    assert np.abs(found.astype(int) - picture).mean() < 2


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits(write: Write, picture: Uint8, tmp_path: Path, suffix: str, channels: int) -> None:
    path = tmp_path / f"sixteen{suffix}"
    cv2.imwrite(str(path), np.squeeze(np.dstack([picture.astype(np.uint16) * 257] * channels)))
    assert (only_picture(path) == picture).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
@pytest.mark.parametrize(("format", "options"), [("PNG", {}), ("WEBP", {"lossless": True, "exact": True})], ids=str)
def test_black_on_transparent_is_black_on_white(
    encode: Encode, write: Write, picture: Uint8, mode: str, colour: bool, format: str, options: dict[str, Any]
) -> None:
    expected = np.dstack([picture] * 3) if colour else picture
    assert (only_picture(write(see_through(encode, picture, format, mode, **options)), colour=colour) == expected).all()


def test_black_on_transparent_tiff(encode: Encode, write: Write, picture: Uint8) -> None:
    assert (only_picture(write(see_through(encode, picture, "TIFF", "RGBA"))) == picture).all()


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_black_on_transparent_of_sixteen_bits(tmp_path: Path, picture: Uint8, suffix: str) -> None:
    """OpenCV writes TIFFs without saying that their fourth channel is alpha."""
    path = tmp_path / f"sixteen{suffix}"
    cv2.imwrite(str(path), on_transparent(picture).astype(np.uint16) * 257)
    assert (only_picture(path) == picture).all()


@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_a_palette_s_transparent_colour_is_white(write: Write, picture: Uint8, tmp_path: Path, format: str) -> None:
    ink = np.where(picture < 255, np.uint8(1), np.uint8(0))
    image = Image.fromarray(ink).convert("P")
    image.putpalette([0, 0, 0, 0, 0, 0])  # both colours are black, and one of them is not there
    image.save(tmp_path / "palette", format, transparency=0)
    assert (only_picture(tmp_path / "palette") == np.where(ink, 0, 255)).all()


def test_half_transparent_is_half_way_to_white(encode: Encode, write: Write) -> None:
    pixels = np.array([[[200, 100, 50, 0], [200, 100, 50, 255], [200, 100, 50, 51], [0, 0, 0, 128]]], np.uint8)
    found = only_picture(write(encode(pixels, "PNG")), colour=True)
    assert found.tolist() == [[[255, 255, 255], [50, 100, 200], [214, 224, 244], [127, 127, 127]]]


def test_a_frame_s_channels_are_blue_green_red(encode: Encode, write: Write) -> None:
    red = np.tile(np.array([[[255, 0, 0]]], np.uint8), (4, 5, 1))
    for format in ("PNG", "TIFF", "BMP", "PPM"):
        assert (only_picture(write(encode(red, format)), colour=True) == (0, 0, 255)).all()


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
    assert (only_picture(write(content)) == picture).all()


@pytest.mark.parametrize("orientation", FROM_UPRIGHT)
@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
def test_a_turned_jpeg_comes_upright(
    encode: Encode, write: Write, picture: Uint8, orientation: int, colour: bool
) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    content = encode(FROM_UPRIGHT[orientation](picture), "JPEG", exif=exif, quality=98)
    found = only_picture(write(content), colour=colour)
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
