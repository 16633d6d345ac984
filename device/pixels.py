"""The pixel contract: how a glyph becomes the network's input.

Training, conversion and the device all import these functions, so that a digit
looks the same to LeNet-5 wherever it is shown.  `PIXELS_VERSION` stands in the
model card; a device refuses a model made for another version.

Everything here is integer arithmetic (sums and matrix products are of integers that
the floats hold exactly, so that the order of summation does not matter): x86 and
ARM agree to the byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

PIXELS_VERSION = 2

CANVAS = 32
"""Side of the network's input, pixels (LeCun 1998, section II.B)."""
MNIST_SIDE = 28
"""Side of an MNIST image, pixels."""
MARGIN = (CANVAS - MNIST_SIDE) // 2
DIGIT_BOX = 20
"""A digit is scaled to fit a box of this side, pixels (LeCun 1998, section III.A)."""
SMALLEST_DIGIT = 0.55
"""Least extent of a digit as a share of its line's height; smaller glyphs are not blown up to a digit's size."""
FAINTEST_PEAK = 64
"""A glyph's peak is raised to 255, since thin strokes fade when they are reduced; one fainter than this no more."""

EXACT = 1 << 24
"""float32 holds all whole numbers below this."""

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float32]

ROWS, COLUMNS = np.mgrid[:DIGIT_BOX, :DIGIT_BOX]
MOMENTS = np.stack([np.ones(DIGIT_BOX**2), 2 * ROWS.ravel() + 1, 2 * COLUMNS.ravel() + 1], axis=1).astype(np.float32)
"""float32[400, 3]: what a glyph's pixels are multiplied by for its mass, and twice its centre times that mass."""


def canvas(images: Uint8) -> Uint8:
    """Set MNIST images in the middle of the paper's 32x32 field.

    uint8[N, 28, 28] → uint8[N, 32, 32], 2 pixels of zeros on each side and nothing else.
    """
    if images.ndim != 3 or images.shape[1:] != (MNIST_SIDE, MNIST_SIDE) or images.dtype != np.uint8:
        raise ValueError(f"canvas() wants uint8[N, 28, 28], not {images.dtype}{list(images.shape)}")
    return np.pad(images, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))


def normalise(ink: Uint8, mask: NDArray[np.bool_] | None = None, line_height: float | None = None) -> Uint8:
    """Scale a glyph into a 20-pixel box and set its centre of mass in the middle of the field.

    ink: uint8[h, w], 255 = ink, 0 = paper.  mask: bool[h, w], the pixels that belong to the
    glyph (None: all).  line_height: pixels; where it is known a glyph is enlarged no further
    than the smallest digit of such a line would be, so that a dot stays a dot.
    Returns uint8[32, 32] after MNIST's rule (LeCun 1998, section III.A): aspect kept, centre
    of mass in the centre.  A glyph without ink gives zeros.
    """
    if ink.ndim != 2 or ink.dtype != np.uint8:
        raise ValueError(f"normalise() wants uint8[h, w], not {ink.dtype}{list(ink.shape)}")
    if mask is not None:
        if mask.shape != ink.shape or mask.dtype != np.bool_:
            raise ValueError(f"normalise() wants a mask bool{list(ink.shape)}, not {mask.dtype}{list(mask.shape)}")
        ink = np.where(mask, ink, np.uint8(0))
    return np.asarray(normalise_all([ink], line_height)[0])


def normalise_all(inks: Sequence[Uint8], line_height: float | None = None) -> Uint8:
    """`normalise` for several glyphs at once: N times uint8[h, w] → uint8[N, 32, 32]."""
    boxes = [cv2.boundingRect(ink) for ink in inks]
    tight = (ink[y : y + height, x : x + width] for ink, (x, y, width, height) in zip(inks, boxes, strict=True))
    return normalise_tight((ink.astype(np.float32) for ink in tight), len(inks), line_height).pixels


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Glyphs in the network's field, and where they lie in it."""

    pixels: Uint8
    """uint8[N, 32, 32]"""
    corners: NDArray[np.int64]
    """int64[N, 2]: row and column at which each begins."""
    sizes: NDArray[np.int64]
    """int64[N, 2]: rows and columns that each takes up, at most 20."""


def normalise_tight(inks: Iterable[Floats], count: int, line_height: float | None = None) -> Placed:
    """`normalise` for `count` glyphs that have no paper around them, whole numbers float32[h, w].

    Each is done with before the next one is asked for: they may be windows of one array.
    """
    sums = np.zeros((count, DIGIT_BOX, DIGIT_BOX))
    totals, sizes = [1] * count, [(1, 1)] * count
    for k, ink in enumerate(inks):
        if ink.size:
            small, totals[k] = _fit(ink, line_height)
            sizes[k] = height, width = small.shape
            sums[k, :height, :width] = small
    divisor = np.array(totals, np.float64).reshape(count, 1, 1)
    sums += divisor // 2
    sums /= divisor  # of whole numbers below 2 ** 53: what is not whole is never rounded up to what is
    flat = _stretch(np.floor(sums, out=sums).astype(np.float32).reshape(count, DIGIT_BOX**2))
    boxed = flat.astype(np.uint8).reshape(sums.shape)
    extents = np.array(sizes, np.int64).reshape(count, 2)
    corners = _corners(flat, extents)
    out = np.zeros((count, CANVAS, CANVAS), np.uint8)
    for k, ((top, left), (height, width)) in enumerate(zip(corners.tolist(), sizes, strict=True)):
        out[k, top : top + height, left : left + width] = boxed[k, :height, :width]
    return Placed(out, corners, extents)


def _fit(ink: Floats, line_height: float | None) -> tuple[NDArray[Any], int]:
    """Resample so that the longer side fills the digit box: sums of ink, and what to divide them by."""
    height, width = ink.shape
    reference = max(height, width, int(SMALLEST_DIGIT * line_height) if line_height else 0)
    rows, columns, total = _plan(height, width, reference)
    return rows.dot(ink).dot(columns), total


@lru_cache(maxsize=4096)
def _plan(height: int, width: int, reference: int) -> tuple[NDArray[Any], NDArray[Any], int]:
    """What a glyph is multiplied by, [out height, height] and [width, out width], and its sum."""
    rows, row_sum = _weights(height, max(1, (2 * DIGIT_BOX * height + reference) // (2 * reference)))
    columns, column_sum = _weights(width, max(1, (2 * DIGIT_BOX * width + reference) // (2 * reference)))
    total = row_sum * column_sum
    return (rows if 255 * total < EXACT else rows.astype(np.float64)), columns.T, total


@lru_cache(maxsize=1024)
def _weights(size: int, out: int) -> tuple[Floats, int]:
    """Integer resampling weights float32[out, size] and the sum of each row.

    Reducing: the overlap of each output pixel with each input pixel (area averaging).
    Enlarging: linear interpolation between pixel centres.
    """
    i, j = np.arange(out)[:, None], np.arange(size)[None, :]
    if out <= size:
        overlap = np.minimum((i + 1) * size, (j + 1) * out) - np.maximum(i * size, j * out)
        return np.maximum(overlap, 0).astype(np.float32), size
    centre = np.clip((2 * i + 1) * size - out, 0, 2 * out * (size - 1))  # in 1 / (2 * out) input pixels
    return np.maximum(2 * out - np.abs(centre - 2 * out * j), 0).astype(np.float32), 2 * out


def _stretch(boxed: Floats) -> Floats:
    """Raise each glyph's peak to 255, as every MNIST digit has it: float32[N, 400]."""
    peak = np.maximum(boxed.max(axis=1, keepdims=True, initial=0), FAINTEST_PEAK)
    return np.asarray(np.minimum(np.floor((boxed * 255 + peak // 2) / peak), 255), np.float32)


def _corners(boxed: Floats, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where glyphs start, top and left, so that their centre of mass falls into the pixel right of the middle.

    boxed: float32[N, 400]; sizes: int64[N, 2], the glyphs' height and width.
    That is MNIST's own convention: a digit cut out of an MNIST image comes back to the byte.
    """
    moments = (boxed @ MOMENTS).astype(np.int64)
    total = np.maximum(moments[:, :1], 1)
    start = ((CANVAS + 1) * total - moments[:, 1:] + total) // (2 * total)
    return np.asarray(np.clip(start, 0, CANVAS - sizes), np.int64)
