"""What a picture's bytes tell before it is decoded: kind, size, alpha, orientation, and whether its end is there.

OpenCV decodes; it has no call that looks without decoding, turns black on transparent into
all black, and loads a JPEG that was cut in half without an error.  Hence these few bytes:
PNG (W3C, 3rd edition), JPEG (ITU T.81), TIFF 6.0, WebP (RFC 9649), BMP, GIF 89a, Netpbm.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace

JPEG_LENGTHLESS = frozenset({0x01, *range(0xD0, 0xD9)})
JPEG_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
TIFF_TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}
WIDTH_TAG, HEIGHT_TAG, BITS_TAG, PHOTOMETRIC_TAG, ORIENTATION_TAG, SAMPLES_TAG = 256, 257, 258, 262, 274, 277
STRIP_TAG, TILE_TAG = 278, 323
"""Rows of a strip, of a tile."""
PIXELS_TAGS = ((273, 279), (324, 325))
"""Where the strips lie and how long they are; the same of tiles."""
PAGE_TAGS = {WIDTH_TAG, HEIGHT_TAG, BITS_TAG, PHOTOMETRIC_TAG, ORIENTATION_TAG, SAMPLES_TAG, STRIP_TAG, TILE_TAG}
TIFF_TAGS = PAGE_TAGS.union(*PIXELS_TAGS)
TIFF_COLOURS = {0: 1, 1: 1, 2: 3}
"""Samples of a pixel without alpha, by photometric interpretation: grey, grey, RGB."""

Bytes = bytes | bytearray
Tags = dict[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Header:
    kind: str
    width: int
    height: int
    working: int = 0
    """Bytes a pixel that OpenCV's decoder needs besides an 8-bit result, as measured."""
    alpha: bool = False
    orientation: int = 1
    """EXIF orientation, 1 to 8."""
    complete: bool = True
    """False when the file's end is missing."""
    directories: tuple[int, ...] = ()
    """Of a TIFF: where each page's directory lies in the file."""

    @property
    def pixels(self) -> int:
        return self.width * self.height


def parse(content: Bytes) -> Header | None:
    """The header of a picture's bytes, or None when they are no picture of a kind known here."""
    try:
        for magic, parser in _PARSERS:
            if content.startswith(magic):
                return parser(content)
    except (struct.error, LookupError, ValueError, ArithmeticError):
        return None
    return None


def _png(content: Bytes) -> Header:
    width, height, depth, colour = struct.unpack_from(">IIBB", content, 16)
    alpha, orientation, ended, at = colour in (4, 6), 1, False, 8
    while at + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        if name == b"tRNS":
            alpha = True
        elif name == b"eXIf":
            orientation = _exif_orientation(content[at + 8 : at + 8 + length])
        elif name == b"IEND":
            ended = at + 12 <= len(content)
        at += 12 + length
    channels = {0: 1, 2: 4, 3: 4, 4: 4, 6: 4}[colour]  # once decoded with alpha
    working = 2 * channels * max(1, depth // 8) if alpha else 0
    return Header("PNG", width, height, working, alpha, orientation, ended)


def _jpeg(content: Bytes) -> Header:
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
            sampling = [content[at + 11 + 3 * k] for k in range(components)]
            blocks = [(both >> 4) * (both & 15) for both in sampling]
            # A progressive picture's coefficients, two bytes each, are all kept until its last scan.
            working = -(-2 * sum(blocks) // max(blocks)) if marker in JPEG_PROGRESSIVE else 0
            size = width, height, working
        elif marker == 0xE1 and content[at + 4 : at + 10] == b"Exif\0\0":
            orientation = _exif_orientation(content[at + 10 : at + 2 + length])
        elif marker == 0xDA:  # entropy-coded data follows, in which FF D9 can only be the end of the image
            break
        at += 2 + length
    if size is None:
        raise ValueError("no frame header")
    return Header("JPEG", size[0], size[1], size[2], False, orientation, content.rfind(b"\xff\xd9", at) >= 0)


def _tiff(content: Bytes) -> Header:
    """The first page, with the places of all; it is complete when every page is."""
    tiff = _Tiff.open(content)
    found: list[Header] = []
    directories: dict[int, None] = {}  # in their order, and quickly looked up: a chain may be long, or a loop
    at, complete = tiff.first(), True
    while at and at not in directories:
        try:
            tags, next_ = tiff.directory(at)
        except (struct.error, IndexError):  # pages are chained by their places; the chain leads out of the file
            complete = False
            break
        directories[at] = None
        if not found:
            found.append(_tiff_page(tags, len(content)))
        complete &= _has_its_pixels(tags, len(content))
        at = next_
    first = found[0] if found else Header("TIFF", 0, 0)
    return replace(first, complete=complete, directories=tuple(directories))


def turn_to_page(content: bytearray, directory: int) -> Header:
    """Make the page whose directory lies there the TIFF's first one, in place; its header."""
    tiff = _Tiff.open(content)
    struct.pack_into(tiff.order + tiff.offset, content, 8 if tiff.big else 4, directory)
    return _tiff_page(tiff.directory(directory)[0], len(content))


def _tiff_page(tags: Tags, size: int) -> Header:
    def first(tag: int, otherwise: int) -> int:
        return tags.get(tag, (otherwise,))[0]

    samples, bits = first(SAMPLES_TAG, 1), first(BITS_TAG, 1)
    height = first(HEIGHT_TAG, 0)
    at_once = min(height, first(TILE_TAG, first(STRIP_TAG, height)))  # rows
    stored = samples * max(1, bits // 8)
    alpha = samples == TIFF_COLOURS.get(first(PHOTOMETRIC_TAG, 1), samples) + 1  # with an ExtraSamples tag or without
    return Header(
        "TIFF",
        first(WIDTH_TAG, 0),
        height,
        2 * stored if alpha else -(-(stored + 2) * at_once // max(height, 1)),
        alpha,
        first(ORIENTATION_TAG, 1),
        _has_its_pixels(tags, size),
    )


def _has_its_pixels(tags: Tags, size: int) -> bool:
    return all(
        start + length <= size
        for starts, lengths in PIXELS_TAGS
        for start, length in zip(tags.get(starts, ()), tags.get(lengths, ()), strict=False)
    )


@dataclass(frozen=True, slots=True)
class _Tiff:
    """How a TIFF (or an EXIF block, which is one) writes its numbers."""

    content: Bytes
    order: str
    big: bool
    """BigTIFF: counts and places have eight bytes."""

    @classmethod
    def open(cls, content: Bytes) -> _Tiff:
        order = {b"II": "<", b"MM": ">"}[bytes(content[:2])]
        return cls(content, order, struct.unpack_from(order + "H", content, 2)[0] == 43)

    @property
    def offset(self) -> str:
        return "Q" if self.big else "I"

    def first(self) -> int:
        """Where the first directory lies."""
        return int(self._numbers(self.offset, 8 if self.big else 4)[0])

    def directory(self, at: int) -> tuple[Tags, int]:
        """The values of the tags that matter here, and where the next directory lies (0: nowhere)."""
        head, inline = (8, 8) if self.big else (2, 4)
        entry = 4 + 2 * inline
        (count,) = self._numbers("Q" if self.big else "H", at)
        (next_,) = self._numbers(self.offset, at + head + count * entry)
        tags: Tags = {}
        for where in range(at + head, at + head + count * entry, entry):
            tag, kind = self._numbers("HH", where)
            if tag in TIFF_TAGS and kind in TIFF_TYPES:
                (number,) = self._numbers(self.offset, where + 4)
                letter, place = TIFF_TYPES[kind], where + entry - inline
                if struct.calcsize(letter) * number > inline:
                    (place,) = self._numbers(self.offset, place)
                if number and struct.calcsize(letter) * number <= len(self.content):
                    tags[tag] = self._numbers(f"{number}{letter}", place)
        return tags, next_

    def _numbers(self, letters: str, at: int) -> tuple[int, ...]:
        if at > len(self.content):
            raise IndexError("beyond the end of the file")
        return struct.unpack_from(self.order + letters, self.content, at)


def _exif_orientation(block: Bytes) -> int:
    try:
        tiff = _Tiff.open(block)
        return tiff.directory(tiff.first())[0].get(ORIENTATION_TAG, (1,))[0]
    except (struct.error, LookupError):
        return 1


def _webp(content: Bytes) -> Header:
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
    return Header("WebP", width, height, 8 if alpha else 3, alpha, orientation, complete)


def _bmp(content: Bytes) -> Header:
    size, _, _, start, _, width, height, _, bits = struct.unpack_from("<IHHIIiiHH", content, 2)
    compression = struct.unpack_from("<I", content, 30)[0]
    row = (abs(width) * bits + 31) // 32 * 4
    needed = start + row * abs(height) if compression in (0, 3) else size
    return Header("BMP", abs(width), abs(height), complete=len(content) >= needed)


def _gif(content: Bytes) -> Header:
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    return Header("GIF", width, height, 8, True, 1, _gif_ends(content, 13 + _gif_colours(flags)))


def _gif_colours(flags: int) -> int:
    """Bytes of the colour table that the flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _gif_ends(content: Bytes, at: int) -> bool:
    """Walk the blocks to the trailer."""
    while at < len(content) and content[at] != 0x3B:
        if content[at] == 0x2C:  # an image: nine bytes, its colours, the code size
            if at + 10 > len(content):
                return False
            at += 11 + _gif_colours(content[at + 9])
        elif content[at] == 0x21:
            at += 2
        else:
            raise ValueError("no block where one belongs")
        while at < len(content) and content[at]:
            at += 1 + content[at]
        at += 1
    return at < len(content)


def _netpbm(content: Bytes) -> Header:
    gap = rb"(?:\s|#[^\n]*\n)"
    size = rb"(\d+)" + gap + rb"+(\d+)"
    bitmap = re.match(rb"P([14])" + gap + rb"*" + size + rb"\s", content[:4096])
    found = bitmap or re.match(rb"P([2356])" + gap + rb"*" + size + gap + rb"+(\d+)\s", content[:4096])
    if not found:
        raise ValueError("no size")
    kind, width, height = int(found[1]), int(found[2]), int(found[3])
    if bitmap:
        body = (width + 7) // 8 * height if kind == 4 else width * height
        return Header("PBM", width, height, complete=len(content) - found.end() >= body)
    channels, depth = (3 if kind in (3, 6) else 1), (2 if int(found[4]) > 255 else 1)
    body = width * height * channels * (depth if kind > 3 else 1)
    return Header("PNM", width, height, complete=len(content) - found.end() >= body)


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
