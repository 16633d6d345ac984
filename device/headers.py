"""What a picture's bytes tell before it is decoded: kind, size, alpha, orientation, and whether its end is there.

OpenCV decodes; it has no call that looks without decoding, turns black on transparent into
all black, and loads a JPEG that was cut in half without an error.  Hence these few bytes:
PNG (W3C, 3rd edition), JPEG (ITU T.81), TIFF 6.0, WebP (RFC 9649), BMP, GIF 89a, Netpbm.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

JPEG_LENGTHLESS = frozenset({0x01, *range(0xD0, 0xD9)})
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
TIFF_TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}
ORIENTATION_TAG, WIDTH_TAG, HEIGHT_TAG, BITS_TAG, SAMPLES_TAG, EXTRA_TAG = 0x112, 0x100, 0x101, 0x102, 0x115, 0x152


@dataclass(frozen=True, slots=True)
class Header:
    kind: str
    width: int
    height: int
    bytes_per_pixel: int = 3
    """Of the decoded picture as it is stored, alpha included."""
    alpha: bool = False
    orientation: int = 1
    """EXIF orientation, 1 to 8."""
    complete: bool = True
    """False when the file's end is missing."""

    @property
    def pixels(self) -> int:
        return self.width * self.height


def parse(content: bytes) -> Header | None:
    """The header of a picture's bytes, or None when they are no picture of a kind known here."""
    try:
        for magic, parser in _PARSERS:
            if content.startswith(magic):
                return parser(content)
    except (struct.error, IndexError, ValueError):
        return None
    return None


def _png(content: bytes) -> Header:
    width, height, depth, colour = struct.unpack_from(">IIBB", content, 16)
    alpha, orientation, ended, at = colour in (4, 6), 1, False, 8
    while at + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        if name == b"tRNS":
            alpha = True
        elif name == b"eXIf":
            orientation = _exif_orientation(content[at + 8 : at + 8 + length])
        elif name == b"IEND":
            ended = True
        at += 12 + length
    channels = {0: 1, 2: 3, 3: 3, 4: 4, 6: 4}[colour] + (1 if alpha and colour in (2, 3) else 0)
    return Header("PNG", width, height, channels * max(1, depth // 8), alpha, orientation, ended)


def _jpeg(content: bytes) -> Header:
    at, orientation, size = 2, 1, None
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            raise ValueError("no marker where one belongs")
        marker = content[at + 1]
        if marker == 0xFF or marker in JPEG_LENGTHLESS:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        if marker in JPEG_FRAMES:
            height, width, components = struct.unpack_from(">HHB", content, at + 5)
            size = width, height, components
        elif marker == 0xE1 and content[at + 4 : at + 10] == b"Exif\0\0":
            orientation = _exif_orientation(content[at + 10 : at + 2 + length])
        elif marker == 0xDA:  # entropy-coded data follows, in which FF D9 can only be the end of the image
            break
        at += 2 + length
    if size is None:
        raise ValueError("no frame header")
    return Header("JPEG", size[0], size[1], size[2], False, orientation, content.find(b"\xff\xd9", at) >= 0)


def _tiff(content: bytes) -> Header:
    tags = _tiff_tags(content)
    samples, bits = tags.get(SAMPLES_TAG, 1), tags.get(BITS_TAG, 1)
    alpha = EXTRA_TAG in tags and samples in (2, 4)
    orientation = tags.get(ORIENTATION_TAG, 1)
    return Header("TIFF", tags[WIDTH_TAG], tags[HEIGHT_TAG], samples * max(1, bits // 8), alpha, orientation)


def _tiff_tags(content: bytes) -> dict[int, int]:
    """The first directory's tags, each with its first value."""
    order = "<" if content[:2] == b"II" else ">"
    version = struct.unpack_from(order + "H", content, 2)[0]
    if version == 43:  # BigTIFF
        (at,) = struct.unpack_from(order + "Q", content, 8)
        (count,) = struct.unpack_from(order + "Q", content, at)
        entry, head, inline = 20, 8, 8
    else:
        (at,) = struct.unpack_from(order + "I", content, 4)
        (count,) = struct.unpack_from(order + "H", content, at)
        entry, head, inline = 12, 2, 4
    tags: dict[int, int] = {}
    for k in range(min(count, 4096)):
        where = at + head + k * entry
        tag, kind = struct.unpack_from(order + "HH", content, where)
        (number,) = struct.unpack_from(order + ("Q" if inline == 8 else "I"), content, where + 4)
        if kind not in TIFF_TYPES:
            continue
        letter = TIFF_TYPES[kind]
        value_at = where + entry - inline
        if struct.calcsize(letter) * number > inline:
            (value_at,) = struct.unpack_from(order + ("Q" if inline == 8 else "I"), content, value_at)
        if value_at + struct.calcsize(letter) <= len(content):
            tags[tag] = int(struct.unpack_from(order + letter, content, value_at)[0])
    return tags


def _exif_orientation(block: bytes) -> int:
    try:
        return _tiff_tags(block).get(ORIENTATION_TAG, 1)
    except struct.error:
        return 1


def _webp(content: bytes) -> Header:
    if content[8:12] != b"WEBP":
        raise ValueError("RIFF, but not WebP")
    complete = struct.unpack_from("<I", content, 4)[0] + 8 <= len(content)
    kind, alpha, orientation = content[12:16], False, 1
    if kind == b"VP8X":
        alpha = bool(content[20] & 0x10)
        width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
        exif = content.find(b"EXIF") if content[20] & 0x08 else -1
        if exif >= 0:
            orientation = _exif_orientation(content[exif + 8 :].removeprefix(b"Exif\0\0"))
    elif kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        width, height, alpha = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", content, 26))
    return Header("WebP", width, height, 4 if alpha else 3, alpha, orientation, complete)


def _bmp(content: bytes) -> Header:
    size, _, _, start, _, width, height, _, bits = struct.unpack_from("<IHHIIiiHH", content, 2)
    compression = struct.unpack_from("<I", content, 30)[0]
    row = (abs(width) * bits + 31) // 32 * 4
    needed = start + row * abs(height) if compression in (0, 3) else size
    return Header("BMP", abs(width), abs(height), 4 if bits == 32 else 3, False, 1, len(content) >= needed)


def _gif(content: bytes) -> Header:
    width, height = struct.unpack_from("<HH", content, 6)
    return Header("GIF", width, height, 4, True, 1, content.rstrip(b"\0").endswith(b"\x3b"))


def _netpbm(content: bytes) -> Header:
    gap = rb"(?:\s+|#[^\n]*\n)"
    found = re.match(rb"P([1-6])" + gap + rb"*(\d+)" + gap + rb"+(\d+)(?:" + gap + rb"+(\d+))?\s", content[:4096])
    if not found:
        raise ValueError("no size")
    kind, width, height = int(found[1]), int(found[2]), int(found[3])
    if kind == 4:
        complete = len(content) - found.end(3) >= (width + 7) // 8 * height
        return Header("PBM", width, height, 1, complete=complete)
    channels, depth = (3 if kind in (3, 6) else 1), (2 if int(found[4] or 1) > 255 else 1)
    body = width * height * channels * (depth if kind > 3 else 1)
    return Header("PNM", width, height, channels * depth, complete=len(content) - found.end() >= body)


_PARSERS = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
    (b"II+\0", _tiff),
    (b"MM\0+", _tiff),
    (b"RIFF", _webp),
    (b"BM", _bmp),
    (b"GIF8", _gif),
    (b"P", _netpbm),
)
