"""Where frames come from: still pictures, their pages and those of PDFs, and folders of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from device import headers, png
from device.errors import InputError
from device.types import Frame

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".pgm", ".ppm", ".pbm", ".pnm", ".pdf"}
)
PDF_MAGIC = b"%PDF-"
MAX_PIXELS = 100_000_000
"""Default limit of a picture's size, judged from its header."""
MAX_MEMORY = 850_000_000
"""Bytes that a picture and its decoder may take; with Python, OpenCV and LiteRT memory stays below 1 GB."""
MAX_FILE_BYTES = 250_000_000
STRIPE = 1 << 20
"""Pixels that are composited at a time, so that a large picture with alpha needs no second copy of itself."""


@dataclass(frozen=True, slots=True)
class Images:
    """The pictures of a folder in the order of their names, or one picture; every page of each.

    Iterating yields frames; the first unreadable file raises InputError.
    """

    path: str | Path
    colour: bool = False
    """uint8[H, W, 3] frames in place of grey ones; reading needs only grey."""
    max_pixels: int = MAX_PIXELS

    def __iter__(self) -> Iterator[Frame]:
        root = Path(self.path)
        files = sorted(p for p in root.iterdir() if p.suffix.lower() in SUFFIXES) if root.is_dir() else [root]
        for file in files:
            yield from pages(file, colour=self.colour, max_pixels=self.max_pixels)


class Book(Protocol):
    """An opened file: its pages, each decoded when it is asked for."""

    def __len__(self) -> int: ...

    def page(self, number: int) -> Frame:
        """A page from 0 on.  Raises InputError, and the other pages can still be read."""
        ...


def pages(
    path: str | Path, *, first_only: bool = False, colour: bool = False, max_pixels: int = MAX_PIXELS
) -> Iterator[Frame]:
    """The pages of a picture file or PDF, EXIF orientation applied, alpha composited on white.

    Raises InputError, one line that names what is wrong.
    """
    book = open_book(str(path), read_file(path), colour=colour, max_pixels=max_pixels)
    for number in range(1 if first_only else len(book)):
        yield book.page(number)


def open_book(source: str, content: bytes, *, colour: bool = False, max_pixels: int = MAX_PIXELS) -> Book:
    """The pages in a file's bytes; source: its name.  Raises InputError where none of them can be read."""
    if content.startswith(PDF_MAGIC):
        from device import pdf

        return pdf.Pdf(source, content, colour, max_pixels)
    header = headers.parse(content)
    if header is None:
        raise InputError(f"{source}: not a picture that can be read; give PNG, JPEG, TIFF, WebP, BMP, GIF, PNM or PDF")
    if len(header.directories) > 1:
        _check_end(source, header)
        return _Tiff(source, bytearray(content), colour, max_pixels, header.directories)
    _check(source, header, len(content), colour, max_pixels)
    return _Picture(source, content, colour, header)


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """A file with one page."""

    source: str
    content: bytes
    colour: bool
    header: headers.Header

    def __len__(self) -> int:
        return 1

    def page(self, number: int) -> Frame:
        return Frame(_decode(self.source, self.content, self.header, self.colour), self.source, number)


@dataclass(frozen=True, slots=True, eq=False)
class _Tiff:
    """A TIFF with several pages."""

    source: str
    content: bytearray
    colour: bool
    max_pixels: int
    directories: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.directories)

    def page(self, number: int) -> Frame:
        name = f"{self.source}: page {number}"
        header = headers.turn_to_page(self.content, self.directories[number])
        _check(name, header, len(self.content), self.colour, self.max_pixels)
        return Frame(_decode(name, self.content, header, self.colour), self.source, number, len(self))


def read_file(path: str | Path) -> bytes:
    """The bytes of a file that is neither empty nor too large.  Raises InputError."""
    source = str(path)
    try:
        if "\0" in source or not source.strip():
            raise InputError(f"{source!r}: not a path")
        file = Path(source)
        if file.is_dir():
            raise InputError(f"{source}: a folder; give its files")
        size = file.stat().st_size
        if not file.is_file():
            raise InputError(f"{source}: not a regular file")
        if size == 0:
            raise InputError(f"{source}: empty (0 bytes)")
        if size > MAX_FILE_BYTES:
            limit = MAX_FILE_BYTES / 1e6
            raise InputError(f"{source}: {size / 1e6:.0f} MB, over the limit of {limit:.0f} MB; reduce it")
        return file.read_bytes()
    except OSError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{source}: {error.strerror or error}") from error


def _check(source: str, header: headers.Header, size: int, colour: bool, max_pixels: int) -> None:
    """size: of the file, bytes."""
    if header.pixels > max_pixels:
        sides = f"{header.width}x{header.height} pixels"
        raise InputError(f"{source}: {sides}, over the limit of {max_pixels}; reduce it or raise --max-pixels")
    # A result beside the decoder's own memory, and a grey one beside one in colour; alpha is put on white when the
    # decoder is done.
    needed = size + header.pixels * (header.working if header.alpha else header.working + (4 if colour else 1))
    if needed > MAX_MEMORY:
        limit = MAX_MEMORY / 1e6
        raise InputError(f"{source}: takes {needed / 1e6:.0f} MB to decode, over the limit of {limit:.0f}; reduce it")
    _check_end(source, header)
    if header.width < 1 or header.height < 1:
        raise InputError(f"{source}: damaged ({header.kind} of {header.width}x{header.height} pixels); copy it again")


def _check_end(source: str, header: headers.Header) -> None:
    if not header.complete:
        raise InputError(f"{source}: truncated ({header.kind} without its end); scan or copy it again")


def _decode(source: str, content: headers.Bytes, header: headers.Header, colour: bool) -> NDArray[np.uint8]:
    mode = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
    if header.alpha:
        mode = cv2.IMREAD_UNCHANGED  # the only mode that keeps alpha
    elif header.kind != "TIFF":  # TIFFs are turned whatever the mode, the others as their kind and OpenCV's version go
        mode |= cv2.IMREAD_IGNORE_ORIENTATION
    image: NDArray[Any] | None = None
    if header.kind == "PNG" and not header.alpha:
        image = png.decode(content, colour)
    try:
        if image is None:
            image = cv2.imdecode(np.frombuffer(content, np.uint8), mode)
    except (cv2.error, MemoryError) as error:
        raise InputError(f"{source}: damaged {header.kind} ({_first_line(error)})") from error
    if image is None:
        raise InputError(f"{source}: damaged or unsupported {header.kind}; convert it to PNG")
    if image.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{source}: {header.kind} of {image.dtype} samples; convert it to 8 or 16 bits")
    if header.alpha and header.kind == "TIFF" and image.shape[2:] != (4,):
        raise InputError(f"{source}: grey TIFF with alpha, which OpenCV drops; convert it to PNG")
    return _orient(_plain(image, colour), 1 if header.kind == "TIFF" else header.orientation)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:120]


def _plain(image: NDArray[Any], colour: bool) -> NDArray[np.uint8]:
    """Any decoded picture as uint8 grey or BGR, alpha on white."""
    if image.dtype == np.uint8 and image.shape[2:] == ((3,) if colour else ()):
        return image
    height, width = image.shape[:2]
    out = np.empty((height, width, 3) if colour else (height, width), np.uint8)
    step = max(1, STRIPE // width)
    for top in range(0, height, step):
        out[top : top + step] = _plain_part(image[top : top + step], colour)
    return out


def _plain_part(part: NDArray[Any], colour: bool) -> NDArray[np.uint8]:
    if part.dtype == np.uint16:
        part = ((part.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if part.ndim == 3 and part.shape[2] in (2, 4):
        alpha = part[..., -1:].astype(np.uint16)
        part = ((part[..., :-1] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    if part.ndim == 3 and part.shape[2] == 1:
        part = part[..., 0]
    if part.ndim == 3 and not colour:
        part = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    elif part.ndim == 2 and colour:
        part = cv2.cvtColor(part, cv2.COLOR_GRAY2BGR)
    return np.asarray(part, np.uint8)


def _orient(image: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn and mirror as EXIF asks (orientation 1 to 8)."""
    if orientation in (5, 6, 7, 8):
        image = np.swapaxes(image, 0, 1)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)
