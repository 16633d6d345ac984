"""The pixel contract: how a glyph becomes the network's input.

Training, conversion and the device all import these functions, so that a digit
looks the same to LeNet-5 wherever it is shown.  `PIXELS_VERSION` stands in the
model card; a device refuses a model made for another version.

Everything here is integer arithmetic (the matrix products are of integers that
float64 holds exactly, so that the order of summation does not matter): x86 and
ARM agree to the byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

PIXELS_VERSION = 1

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

Uint8 = NDArray[np.uint8]


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
    """`normalise` for all the glyphs of a line at once: N times uint8[h, w] → uint8[N, 32, 32]."""
    boxed = np.zeros((len(inks), DIGIT_BOX, DIGIT_BOX), np.int64)
    sizes = np.ones((len(inks), 2), np.int64)
    for k, ink in enumerate(inks):
        x, y, width, height = cv2.boundingRect(ink)
        if width and height:
            small = _fit(ink[y : y + height, x : x + width], line_height)
            sizes[k] = small.shape
            boxed[k, : small.shape[0], : small.shape[1]] = small
    boxed = _stretch(boxed)
    corners = np.stack([_corners(boxed.sum(axis=2), sizes[:, 0]), _corners(boxed.sum(axis=1), sizes[:, 1])], axis=1)
    out = np.zeros((len(inks), CANVAS, CANVAS), np.uint8)
    for k, ((top, left), (height, width)) in enumerate(zip(corners.tolist(), sizes.tolist(), strict=True)):
        out[k, top : top + height, left : left + width] = boxed[k, :height, :width]
    return out


def _fit(ink: Uint8, line_height: float | None) -> Uint8:
    """Resample so that the longer side fills the digit box."""
    height, width = ink.shape
    reference = max(height, width, int(SMALLEST_DIGIT * line_height) if line_height else 0)
    out_height, out_width = (max(1, (2 * DIGIT_BOX * side + reference) // (2 * reference)) for side in (height, width))
    rows, row_sum = _weights(height, out_height)
    columns, column_sum = _weights(width, out_width)
    total = row_sum * column_sum
    sums = (rows @ ink.astype(np.float64) @ columns.T).astype(np.int64)
    return ((sums + total // 2) // total).astype(np.uint8)


@lru_cache(maxsize=1024)
def _weights(size: int, out: int) -> tuple[NDArray[np.float64], int]:
    """Integer resampling weights float64[out, size] and the sum of each row.

    Reducing: the overlap of each output pixel with each input pixel (area averaging).
    Enlarging: linear interpolation between pixel centres.
    """
    i, j = np.arange(out)[:, None], np.arange(size)[None, :]
    if out <= size:
        overlap = np.minimum((i + 1) * size, (j + 1) * out) - np.maximum(i * size, j * out)
        return np.maximum(overlap, 0).astype(np.float64), size
    centre = np.clip((2 * i + 1) * size - out, 0, 2 * out * (size - 1))  # in 1 / (2 * out) input pixels
    return np.maximum(2 * out - np.abs(centre - 2 * out * j), 0).astype(np.float64), 2 * out


def _stretch(boxed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Raise each glyph's peak to 255, as every MNIST digit has it: int64[N, 20, 20]."""
    peak = np.maximum(boxed.max(axis=(1, 2), keepdims=True, initial=0), FAINTEST_PEAK)
    return np.asarray(np.minimum((boxed * 255 + peak // 2) // peak, 255), np.int64)


def _corners(mass: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where glyphs start along an axis, so that their centre of mass falls into the pixel right of the middle.

    mass: int64[N, 20], ink along the axis; sizes: int64[N], the glyphs' extent.
    That is MNIST's own convention: a digit cut out of an MNIST image comes back to the byte.
    """
    total = np.maximum(mass.sum(axis=1), 1)
    centre = mass @ (2 * np.arange(DIGIT_BOX) + 1)  # twice the centre, times the mass
    start = ((CANVAS + 1) * total - centre + total) // (2 * total)
    return np.asarray(np.clip(start, 0, CANVAS - sizes), np.int64)
