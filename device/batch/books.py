"""The pile's files, opened."""

from __future__ import annotations

from device.batch import pile
from device.sources import Book, open_book


class Books:
    """Opens files, and keeps the last one with several pages open: its pages mostly come together."""

    def __init__(self, max_pixels: int):
        self._max_pixels = max_pixels
        self._last: tuple[str, Book] | None = None

    def open(self, address: str) -> Book:
        """Raises InputError."""
        if self._last is not None and self._last[0] == address:
            return self._last[1]
        self._last = None  # its memory goes before the next one comes
        book = open_book(address, pile.content(address), max_pixels=self._max_pixels)
        if len(book) > 1:
            self._last = address, book
        return book
