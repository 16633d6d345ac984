"""A glyph among its neighbours: what a cut took away, shown faintly around what it left.

A bracket alone may be a one or half a zero; beside the faint other half it is plain which.
The network that tells digits from what is none looks at glyphs this way.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from device.pixels import CANVAS, Placed

Uint8 = NDArray[np.uint8]
Ints = NDArray[np.int32]

FAINTNESS = 45
"""How dark the neighbours' ink is shown, per cent of their own: less than any stroke of the glyph itself."""
AT_ONCE = 64
"""Glyphs whose neighbours are looked up together: a line of a patterned paper has hundreds, and each takes 13 KB."""
HALO = np.ones((3, 3), np.uint8)
"""Ink takes its soft edge with it: binary pixels, grown by one.  Also the window that the neighbours are averaged over,
since they are reduced to about half their size by picking pixels."""


def among(soft: Uint8, labels: Ints, first: Ints, last: Ints, boxes: Ints, placed: Placed) -> Uint8:
    """Glyphs of a strip and around them, at their own scale, the ink of the pieces that are not theirs.

    soft: uint8[h, w], the strip's ink.  labels: int32[h, w], 1 + the piece of each of its pixels, 0 for paper.
    first, last: int32[S], the pieces of each glyph.  boxes: int32[S, 4], its left, top, right and bottom on the strip.
    Returns uint8[S, 32, 32]: a glyph's own soft edge shows faintly too, where it was cut.  Integers throughout, as in
    the rest of the pixel contract.
    """
    inked = cv2.dilate((labels > 0).view(np.uint8), HALO)
    summed = cv2.boxFilter(cv2.copyTo(soft, inked), cv2.CV_16U, HALO.shape, normalize=False)
    faint = np.pad((summed.astype(np.int32) * FAINTNESS // (100 * HALO.size)).astype(np.uint8), 1)
    rows = _sources(boxes[:, 1], boxes[:, 3], placed.corners[:, 0], placed.sizes[:, 0], soft.shape[0])
    columns = _sources(boxes[:, 0], boxes[:, 2], placed.corners[:, 1], placed.sizes[:, 1], soft.shape[1])
    owners, out = np.pad(labels, 1).ravel(), placed.pixels.copy()
    for start in range(0, len(out), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        at = rows[some, :, None] * faint.shape[1] + columns[some, None, :]
        whose = owners.take(at)
        others = (whose <= first[some, None, None]) | (whose > last[some, None, None] + 1)
        np.maximum(out[some], faint.ravel().take(at) * others, out=out[some])
    return out


def _sources(low: Ints, high: Ints, start: NDArray[np.int64], size: NDArray[np.int64], side: int) -> NDArray[np.int64]:
    """The rows (or columns) of a strip with a pixel of paper around it under the middles of the field's, int64[S, 32].

    low, high: where each glyph begins and ends on the strip; start, size: where it does in the field.
    """
    middle = 2 * (np.arange(CANVAS) - start[:, None]) + 1
    source = low[:, None] + middle * (high - low)[:, None] // (2 * size[:, None])
    return np.asarray(np.clip(source, -1, side) + 1, np.int64)
