"""Scanned PNGs, inflated by ISA-L where it is installed (extra fast), in a third of the time that OpenCV takes.

Noise of paper hardly deflates, and inflating it again is what costs most of all in reading a page.  Rows are only put
together again here where each pixel was written as it is or as its difference from the one on its left, as OpenCV
writes them; all other pictures are OpenCV's own business, and so is to say what is wrong with a damaged one.
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.headers import Bytes

Uint8 = NDArray[np.uint8]

PLAIN = frozenset({b"IHDR", b"IDAT", b"IEND", b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"})
"""Chunks that change no pixel, or hold them."""
CHANNELS = {0: 1, 2: 3}
"""Samples of a pixel, by the header's colour type: grey, RGB."""
MOST_BYTES = 1 << 26
"""Pixels of more bytes are left to OpenCV, which needs no second copy of them."""
GREY = np.array([[9797, 19234, 3737, 0.5 - (1 << 14)]], np.float32) / (1 << 15)
"""What libpng makes grey of, as OpenCV asks it to: red, green and blue in 32768ths, rounded down (all of it exact in
float32, and what is rounded to the nearest half a step lower never lies in the middle)."""
STRIPE = 32
"""Rows that are put together at a time: there is no second copy of all the pixels."""
NONE, LEFT = 0, 1
"""Filters of a row: its pixels as they are, and each as its difference from the one on its left."""


def _isal() -> Any:
    """ISA-L's zlib, or None where it is not installed."""
    try:
        return importlib.import_module("isal.isal_zlib")
    except ImportError:
        return None


isal_zlib = _isal()


def decode(content: Bytes, colour: bool) -> Uint8 | None:
    """The picture as OpenCV gives it, grey uint8[H, W] or BGR uint8[H, W, 3]; None where OpenCV has to be asked."""
    if isal_zlib is None:
        return None
    try:
        filtered = _filtered(content)
    except (struct.error, LookupError, isal_zlib.error):
        return None
    if filtered is None or (filtered[0] > LEFT).any():
        return None
    filters, pixels = filtered
    height, width = pixels.shape[:2]
    out = np.empty((height, width, 3) if colour else (height, width), np.uint8)
    for top in range(0, height, STRIPE):
        part = np.s_[top : top + STRIPE]
        out[part] = _shown(filters[part], pixels[part], colour)
    return out


def _shown(filters: Uint8, pixels: Uint8, colour: bool) -> Uint8:
    """Some rows, put together: filters uint8[h] and uint8[h, W, channels] → uint8[h, W] or BGR uint8[h, W, 3]."""
    whole = np.add.accumulate(pixels, axis=1, dtype=np.uint8)
    whole[filters == NONE] = pixels[filters == NONE]
    if whole.shape[2] == 1:
        return np.asarray(cv2.cvtColor(whole, cv2.COLOR_GRAY2BGR) if colour else whole[..., 0], np.uint8)
    return np.asarray(cv2.cvtColor(whole, cv2.COLOR_RGB2BGR) if colour else cv2.transform(whole, GREY), np.uint8)


def _filtered(content: Bytes) -> tuple[Uint8, Uint8] | None:
    """Each row's filter, uint8[H], and what it made of the pixels, uint8[H, W, channels]."""
    chunks = list(_chunks(content))
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth != 8 or interlaced or kind not in CHANNELS or not PLAIN.issuperset(name for name, _ in chunks):
        return None
    step = 1 + width * CHANNELS[kind]
    if step * height > MOST_BYTES:
        return None
    inflater = isal_zlib.decompressobj()
    flat = inflater.decompress(b"".join(part for name, part in chunks if name == b"IDAT"), step * height + 1)
    if not inflater.eof or len(flat) != step * height:
        return None
    pixels: Uint8 = np.ndarray((height, width, CHANNELS[kind]), np.uint8, flat, 1, (step, CHANNELS[kind], 1))
    return np.frombuffer(flat, np.uint8)[::step], pixels


def _chunks(content: Bytes) -> Iterator[tuple[bytes, memoryview]]:
    at, name = 8, b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", content, at)
        yield name, memoryview(content)[at + 8 : at + 8 + length]
        at += 12 + length
