"""Pages of a table looked at again: the line that was read, cut out of its scan, and the scan small."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from device.batch.books import Books
from device.errors import InputError
from device.types import Box

Uint8 = NDArray[np.uint8]

MARGIN = 0.35
"""Paper left above and below a line, in its heights."""
SIDE = 1.2
"""Paper left before and after it, where a digit may stand that was not read."""


def scan(books: Books, source: str, number: int) -> Uint8:
    """A page of a table, grey uint8[H, W].  Raises InputError."""
    book = books.open(source)
    if number >= len(book):
        raise InputError(f"{source}: has no page {number}")
    return book.page(number).image


def crop(page: Uint8, box: Box) -> Uint8:
    """The line in a box with some paper around it."""
    x, y, width, height = box
    above, before = round(MARGIN * height), round(SIDE * height)
    return page[max(0, y - above) : y + height + above, max(0, x - before) : x + width + before]


def reduced(page: Uint8, width: int) -> Uint8:
    """The page at most so wide."""
    scale = width / page.shape[1]
    if scale >= 1:
        return page
    return np.asarray(cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
