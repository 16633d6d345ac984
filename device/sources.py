"""Where frames come from: still pictures, and folders of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device import headers
from device.errors import InputError
from device.types import Frame

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".pgm", ".ppm", ".pbm", ".pnm"}
)
MAX_PIXELS = 100_000_000
"""Default limit of a picture's size, judged from its header."""
MAX_DECODED_BYTES = 600_000_000
"""A picture that would take more than this while it is decoded is refused: memory stays below 1 GB."""
MAX_FILE_BYTES = 250_000_000
STRIPE = 1 << 22
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


def pages(
    path: str | Path, *, first_only: bool = False, colour: bool = False, max_pixels: int = MAX_PIXELS
) -> Iterator[Frame]:
    """The pages of a picture file, EXIF orientation applied, alpha composited on white.

    Raises InputError, one line that names what is wrong.
    """
    source = str(path)
    content = _read(path)
    header = headers.parse(content)
    if header is None:
        raise InputError(f"{source}: not a picture that can be read; give PNG, JPEG, TIFF, WebP, BMP, GIF or PNM")
    _check(source, header, max_pixels)
    data = np.frombuffer(content, np.uint8)
    count = _count(path) if header.kind == "TIFF" else 1
    if count == 1:
        yield Frame(_decode(source, data, header, colour), source)
        return
    for page in range(1 if first_only else count):
        yield Frame(_decode_page(path, page, colour), source, page, count)


def _read(path: str | Path) -> bytes:
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


def _check(source: str, header: headers.Header, max_pixels: int) -> None:
    if header.width < 1 or header.height < 1:
        raise InputError(f"{source}: damaged ({header.kind} of {header.width}x{header.height} pixels)")
    if header.pixels > max_pixels:
        size = f"{header.width}x{header.height} pixels"
        raise InputError(f"{source}: {size}, over the limit of {max_pixels}; reduce it or raise --max-pixels")
    if header.alpha and header.pixels * header.bytes_per_pixel > MAX_DECODED_BYTES:
        megabytes, limit = header.pixels * header.bytes_per_pixel / 1e6, MAX_DECODED_BYTES / 1e6
        raise InputError(f"{source}: {megabytes:.0f} MB once decoded, over the limit of {limit:.0f} MB; reduce it")
    if not header.complete:
        raise InputError(f"{source}: truncated ({header.kind} without its end); scan or copy it again")


def _decode(source: str, data: NDArray[np.uint8], header: headers.Header, colour: bool) -> NDArray[np.uint8]:
    mode = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
    if header.alpha:
        mode = cv2.IMREAD_UNCHANGED  # the only mode that keeps alpha; it leaves orientation to the caller
    try:
        image = cv2.imdecode(data, mode)
    except (cv2.error, MemoryError) as error:
        raise InputError(f"{source}: damaged {header.kind} ({_first_line(error)})") from error
    if image is None:
        raise InputError(f"{source}: damaged or unsupported {header.kind}; convert it to PNG")
    return _orient(_plain(image, colour), header.orientation if header.alpha else 1)


def _count(path: str | Path) -> int:
    try:
        return max(1, cv2.imcount(str(path)))
    except cv2.error:
        return 1


def _decode_page(path: str | Path, page: int, colour: bool) -> NDArray[np.uint8]:
    try:
        mode = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
        ok, found = cv2.imreadmulti(str(path), start=page, count=1, flags=mode)
    except cv2.error as error:
        raise InputError(f"{path}: page {page} is damaged ({_first_line(error)})") from error
    if not ok or len(found) != 1:
        raise InputError(f"{path}: page {page} is damaged or unsupported")
    return _plain(found[0], colour)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:120]


def _plain(image: NDArray[Any], colour: bool) -> NDArray[np.uint8]:
    """Any decoded picture as uint8 grey or BGR, alpha on white."""
    plain = image if image.dtype == np.uint8 else _eight_bits(image)
    if plain.ndim == 3 and plain.shape[2] in (2, 4):
        plain = _on_white(plain)
    if plain.ndim == 3 and plain.shape[2] == 1:
        plain = plain[..., 0]
    if plain.ndim == 3 and not colour:
        return np.asarray(cv2.cvtColor(plain, cv2.COLOR_BGR2GRAY), np.uint8)
    if plain.ndim == 2 and colour:
        return np.asarray(cv2.cvtColor(plain, cv2.COLOR_GRAY2BGR), np.uint8)
    return plain


def _eight_bits(image: NDArray[Any]) -> NDArray[np.uint8]:
    if image.dtype == np.uint16:
        return np.asarray(cv2.convertScaleAbs(image, alpha=1 / 257), np.uint8)
    low, high = float(image.min()), float(image.max())
    return np.asarray((image - low) * (255 / max(high - low, 1e-9)), np.uint8)


def _on_white(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width, channels = image.shape
    out = np.empty((height, width, channels - 1), np.uint8)
    step = max(1, STRIPE // width)
    for top in range(0, height, step):
        part = image[top : top + step].astype(np.uint16)
        alpha = part[..., -1:]
        out[top : top + step] = (part[..., :-1] * alpha + 255 * (255 - alpha) + 127) // 255
    return out


def _orient(image: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn and mirror as EXIF asks (orientation 1 to 8)."""
    if orientation in (5, 6, 7, 8):
        image = np.swapaxes(image, 0, 1)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)
