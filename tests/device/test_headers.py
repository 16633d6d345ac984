"""What a picture's bytes tell before they are decoded, and that no bytes at all bring the parser down."""

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from device.headers import Header, parse, turn_to_page

Encode = Callable[..., bytes]
Uint8 = NDArray[np.uint8]

# kind, Pillow's format, mode, options, has alpha
KINDS: dict[str, tuple[str, str, str, dict[str, Any], bool]] = {
    "PNG grey": ("PNG", "PNG", "L", {}, False),
    "PNG one bit": ("PNG", "PNG", "1", {}, False),
    "PNG 16 bit": ("PNG", "PNG", "I;16", {}, False),
    "PNG palette": ("PNG", "PNG", "P", {}, False),
    "PNG palette with tRNS": ("PNG", "PNG", "P", {"transparency": 0}, True),
    "PNG colour": ("PNG", "PNG", "RGB", {}, False),
    "PNG grey and alpha": ("PNG", "PNG", "LA", {}, True),
    "PNG colour and alpha": ("PNG", "PNG", "RGBA", {}, True),
    "JPEG grey": ("JPEG", "JPEG", "L", {}, False),
    "JPEG colour": ("JPEG", "JPEG", "RGB", {}, False),
    "JPEG progressive": ("JPEG", "JPEG", "RGB", {"progressive": True}, False),
    "JPEG CMYK": ("JPEG", "JPEG", "CMYK", {}, False),
    "TIFF grey": ("TIFF", "TIFF", "L", {}, False),
    "TIFF one bit, fax": ("TIFF", "TIFF", "1", {"compression": "group4"}, False),
    "TIFF 16 bit": ("TIFF", "TIFF", "I;16", {}, False),
    "TIFF colour, LZW": ("TIFF", "TIFF", "RGB", {"compression": "tiff_lzw"}, False),
    "TIFF CMYK": ("TIFF", "TIFF", "CMYK", {}, False),
    "TIFF grey and alpha": ("TIFF", "TIFF", "LA", {}, True),
    "TIFF colour and alpha": ("TIFF", "TIFF", "RGBA", {}, True),
    "BigTIFF": ("TIFF", "TIFF", "RGB", {"big_tiff": True}, False),
    "WebP lossy": ("WebP", "WEBP", "RGB", {}, False),
    "WebP lossless": ("WebP", "WEBP", "RGB", {"lossless": True}, False),
    "WebP lossy and alpha": ("WebP", "WEBP", "RGBA", {}, True),
    "WebP lossless and alpha": ("WebP", "WEBP", "RGBA", {"lossless": True}, True),
    "BMP": ("BMP", "BMP", "RGB", {}, False),
    "BMP palette": ("BMP", "BMP", "P", {}, False),
    "GIF": ("GIF", "GIF", "P", {}, True),
    "PGM": ("PNM", "PPM", "L", {}, False),
    "PPM": ("PNM", "PPM", "RGB", {}, False),
    "PBM": ("PBM", "PPM", "1", {}, False),
}


@pytest.fixture(scope="module")
def files(encode: Encode) -> dict[str, bytes]:
    """One small file of each kind: noise, so that there is something to compress."""
    grey = np.random.default_rng(1).integers(0, 256, (17, 23), np.uint8)
    out = {}
    for name, (_, format_, mode, options, _) in KINDS.items():
        array = np.dstack([grey, grey.T[:17].repeat(1, 0)[:, :17].repeat(2, 1)[:, :23], grey[::-1], grey // 2])
        if mode == "I;16":
            out[name] = encode(grey.astype(np.uint16) * 257, format_, **options)
        elif mode in ("LA", "RGBA"):
            out[name] = encode(array, format_, mode, **options)
        else:
            out[name] = encode(array[..., :3], format_, mode, **options)
    out["TIFF of three pages"] = encode(
        grey, "TIFF", save_all=True, append_images=[Image.fromarray(grey[:9]), Image.fromarray(grey)]
    )
    return out


def header(content: bytes) -> Header:
    found = parse(content)
    assert found is not None
    return found


@pytest.mark.parametrize("name", KINDS)
def test_kind_size_and_alpha(files: dict[str, bytes], name: str) -> None:
    kind, _, _, _, alpha = KINDS[name]
    found = header(files[name])
    assert (found.kind, found.width, found.height, found.alpha) == (kind, 23, 17, alpha)
    assert found.pixels == 23 * 17
    assert found.orientation == 1
    assert found.complete


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_orientation(encode: Encode, picture: Uint8, format_: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    found = header(encode(picture, format_, exif=exif))
    assert (found.orientation, found.width, found.height) == (orientation, 100, 60)


@pytest.mark.parametrize("name", [*KINDS, "TIFF of three pages"])
def test_a_file_whose_end_is_missing_is_never_complete(files: dict[str, bytes], name: str) -> None:
    content = files[name].rstrip(b"\0") if "pages" in name else files[name]  # Pillow fills its last page up
    for length in range(len(content)):
        found = parse(content[:length])
        assert found is None or not found.complete, f"{length} of {len(content)} bytes"


@pytest.mark.parametrize("name", ["PNG grey", "JPEG colour", "GIF"])
def test_what_follows_the_end_does_not_matter(files: dict[str, bytes], name: str) -> None:
    assert header(files[name] + b"\0\xff\xd8 and so on").complete


def test_a_thumbnail_s_end_is_not_the_picture_s(encode: Encode, picture: Uint8) -> None:
    exif = Image.Exif()
    exif[0x927C] = encode(picture, "JPEG")  # a whole JPEG inside the metadata
    content = encode(picture, "JPEG", exif=exif)
    assert content.count(b"\xff\xd9") == 2
    assert header(content).complete
    assert not header(content[:-2]).complete


def test_pages_of_a_tiff(files: dict[str, bytes]) -> None:
    content = files["TIFF of three pages"]
    places = header(content).directories
    assert len(places) == 3
    book = bytearray(content)
    assert [turn_to_page(book, place).height for place in places] == [17, 9, 17]
    assert header(book).directories == places[2:]
    assert header(files["BigTIFF"]).directories


def test_pages_that_are_chained_in_a_ring_end(files: dict[str, bytes]) -> None:
    content = bytearray(files["TIFF of three pages"])
    first, *_, last = header(content).directories
    (entries,) = struct.unpack_from("<H", content, last)
    struct.pack_into("<I", content, last + 2 + 12 * entries, first)
    assert len(header(content).directories) == 3


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_in_either_byte_order(order: str) -> None:
    tags = [(256, 23), (257, 17), (273, 8), (279, 1), (274, 6)]
    content = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 10) + b"\0\0"
    content += struct.pack(order + "H", len(tags))
    content += b"".join(struct.pack(order + "HHIHxx", tag, 3, 1, value) for tag, value in tags)
    found = header(content + b"\0\0\0\0")
    assert (found.width, found.height, found.orientation, found.complete) == (23, 17, 6, True)


@pytest.mark.parametrize(
    "content",
    [
        b"P2\n# a comment\n2 1\n255\n10 20\n",
        b"P5 2 1 255\n\0\0",
        b"P6\n2 1\n65535\n" + bytes(12),
        b"P1\n2 1\n01\n",
        b"P4 #\n2 1 x",
    ],
)
def test_netpbm_in_its_dialects(content: bytes) -> None:
    found = header(content)
    assert (found.width, found.height, found.complete) == (2, 1, True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"P",
        b"Postal codes are read off envelopes.\n",
        b"BMW\n",
        b"GIF89a",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"MM\0*",
    ],
)
def test_what_is_no_picture_has_no_header(content: bytes) -> None:
    assert parse(content) is None


MAGICS = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xc2",
    b"II*\0",
    b"MM\0+",
    b"RIFF\0\0\0\0WEBPVP8X",
    b"BM",
    b"GIF89a",
    b"P6 ",
]


@given(st.sampled_from(MAGICS), st.binary(max_size=400))
@example(b"\x89PNG\r\n\x1a\n", bytes(16) + b"\x08\x05")  # a colour type that there is not
@example(b"II*\0", b"\x08\0\0\0\0\0\0\0\0\0")  # a page without a size
@example(b"II+\0", b"\x08\0\0\0" + b"\xff" * 16)  # a page beyond everything
@example(b"\xff\xd8\xff\xc2", b"\0\x0b\x08\0\1\0\1\1\1\0\0\xff\xd9")  # components of no size
def test_no_bytes_bring_the_parser_down(magic: bytes, rest: bytes) -> None:
    parse(magic + rest)


@given(st.data())
def test_no_damage_brings_the_parser_down(files: dict[str, bytes], data: st.DataObject) -> None:
    content = bytearray(files[data.draw(st.sampled_from(sorted(files)))])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.one_of(st.integers(0, 100), st.integers(0, len(content) - 1)))
        content[min(at, len(content) - 1)] = data.draw(st.integers(0, 255))
    found = parse(bytes(content))
    assert found is None or found.pixels >= 0
