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


def crop(page: Uint8, box: Box, source: str) -> Uint8:
    """The line in a box with some paper around it.  Raises InputError where the page has not all of it."""
    x, y, width, height = box
    above, before = round(MARGIN * height), round(SIDE * height)
    line = page[max(0, y - above) : y + height + above, max(0, x - before) : x + width + before]
    if x + width > page.shape[1] or y + height > page.shape[0] or not line.size:  # boxes end where their page does
        raise InputError(f"{source}: the scan is another than was read; bring that one back, or read the pile again")
    return line


def reduced(page: Uint8, width: int) -> Uint8:
    """The page at most so wide."""
    scale = width / page.shape[1]
    if scale >= 1:
        return page
    size = width, max(1, round(page.shape[0] * scale))  # a page may be a rule, a pixel high
    return np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.uint8)
