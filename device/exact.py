"""Scaling and warping that give the same bytes on every processor and with every OpenCV.

OpenCV's own area averaging, linear scaling, affine warp and division round otherwise on ARM than on x86, or otherwise
in version 4 than in 5; what is used here are its integer kernels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Uint8 = NDArray[np.uint8]

STEPS = 32
"""Positions between two pixels that OpenCV's fixed-point remapping knows, along and across."""
FINER = 10
"""Bits that a position is worked out with beyond these."""
DARKEST_PAPER = 24
"""Paper is not taken to be darker than this: in the dark, noise is no ink."""
UPWARDS = 4e-6
"""By this share a quotient is too large: a half is rounded up, as no half is rounded to the even number beside it, and
what is less than a half by 1 / 510, the least that can be, is not."""
RECIPROCALS = (255 * (1 + UPWARDS) / np.maximum(np.arange(256), DARKEST_PAPER)).astype(np.float32)
"""float32[256]: of every paper.  A product with it, rounded, is exact: a float32 errs by less than that share."""


def scaled(picture: Uint8, size: tuple[int, int]) -> Uint8:
    """A picture uint8[h, w] at another size (width, height).

    Where it shrinks to half or less, whole blocks of pixels are averaged first: no stroke falls between samples.
    """
    height, width = picture.shape
    across, down = max(1, width // size[0]), max(1, height // size[1])
    blocks = width // across, height // down
    if (across, down) != (1, 1):
        whole = picture[: blocks[1] * down, : blocks[0] * across]
        picture = np.asarray(cv2.resize(whole, blocks, interpolation=cv2.INTER_AREA), np.uint8)
    # What is left over of the last blocks is less than a pixel of the result, and must not stretch the rest.
    zoom = across * size[0] / width, down * size[1] / height
    if zoom != (1.0, 1.0):
        kind = cv2.INTER_LINEAR_EXACT
        picture = np.asarray(cv2.resize(picture, None, fx=zoom[0], fy=zoom[1], interpolation=kind), np.uint8)
    more = size[1] - picture.shape[0], size[0] - picture.shape[1]
    if more != (0, 0):
        picture = np.asarray(cv2.copyMakeBorder(picture, 0, more[0], 0, more[1], cv2.BORDER_REPLICATE), np.uint8)
    return picture


def shares(darker: Uint8, paper: Uint8) -> Uint8:
    """How much darker than the paper pixels are, as a share of its brightness: uint8[h, w], 255 = black.

    darker: uint8[h, w], by how much.  paper: uint8[h, w].
    """
    return np.asarray(cv2.multiply(darker, cv2.LUT(paper, RECIPROCALS), dtype=cv2.CV_8U), np.uint8)


class Warp:
    """An affine warp to a size (width, height): where each of its pixels lies on the picture, worked out once."""

    def __init__(self, to_picture: NDArray[np.float64], size: tuple[int, int]):
        """to_picture: float64[2, 3], from the result's pixels to the picture's; both below 32,768 on a side."""
        whole = np.rint(to_picture * (STEPS << FINER)).astype(np.int64)
        u, v = np.arange(size[0]), np.arange(size[1])[:, None]
        half = 1 << (FINER - 1)
        across, down = (
            np.add((a * u).astype(np.int32), (b * v + c + half).astype(np.int32)) >> FINER for a, b, c in whole
        )
        self._pixel = np.empty((*across.shape, 2), np.int16)
        np.right_shift(across, STEPS.bit_length() - 1, out=self._pixel[..., 0], casting="unsafe")
        np.right_shift(down, STEPS.bit_length() - 1, out=self._pixel[..., 1], casting="unsafe")
        self._step = ((down & (STEPS - 1)) * STEPS + (across & (STEPS - 1))).astype(np.uint16)

    def __call__(self, picture: Uint8, beyond: float = 0.0) -> Uint8:
        """The picture uint8[h, w] warped; beyond: the grey of what lies outside of it."""
        found = cv2.remap(
            picture, self._pixel, self._step, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=beyond
        )
        return np.asarray(found, np.uint8)
