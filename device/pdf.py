"""The pages of a PDF as pictures, with PDFium (`pip install 'postread[pdf]'`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.errors import InputError
from device.types import Frame

if TYPE_CHECKING:
    import pypdfium2

DPI = 300
"""At which pages are drawn: what envelopes are scanned at."""
POINTS = 72
"""PDF units in an inch."""
SCALE = DPI / POINTS * (1 - 1e-6)
"""Sides are rounded up, and a scan's 1,346 pixels shall not become 1,347."""


class Pdf:
    """A PDF that is open; its pages are drawn when they are asked for."""

    def __init__(self, source: str, content: bytes, colour: bool, max_pixels: int):
        """Raises InputError where it cannot be opened."""
        try:
            import pypdfium2 as pdfium
        except ImportError as error:
            raise InputError(f"{source}: a PDF, which needs pypdfium2: pip install 'postread[pdf]'") from error
        self.source, self.colour, self.max_pixels = source, colour, max_pixels
        self._pdfium = pdfium
        try:
            self._document = pdfium.PdfDocument(content)
            self._count = len(self._document)
        except pdfium.PdfiumError as error:
            if error.err_code == pdfium.raw.FPDF_ERR_PASSWORD:
                raise InputError(f"{source}: an encrypted PDF; save it without its password") from error
            raise InputError(f"{source}: damaged PDF ({error}); print it to a new file") from error
        if not 0 < self._count <= len(content):  # each page takes a few bytes, so what claims more of them is lying
            raise InputError(f"{source}: damaged PDF (of {self._count} pages); print it to a new file")

    def __len__(self) -> int:
        return self._count

    def page(self, number: int) -> Frame:
        """A page drawn at `DPI`.  Raises InputError."""
        name = f"{self.source}: page {number}" if self._count > 1 else self.source
        try:
            page = self._document[number]
            try:
                self._check(name, page)
                bitmap = page.render(scale=SCALE, grayscale=not self.colour)
            finally:
                page.close()
        except (self._pdfium.PdfiumError, MemoryError) as error:
            raise InputError(f"{name}: damaged PDF page ({error}); print it to a new file") from error
        drawn = np.array(bitmap.to_numpy(), np.uint8)  # a copy: the bitmap's memory goes with it
        if drawn.shape[2:] == (4,):
            drawn = np.asarray(cv2.cvtColor(drawn, cv2.COLOR_BGRA2BGR), np.uint8)
        return Frame(drawn, self.source, number, self._count)

    def _check(self, name: str, page: pypdfium2.PdfPage) -> None:
        """Refuse what would take too much to draw: a page may be as large as a field, and so may a picture on it."""
        across, down = page.get_size()
        sizes = [("", round(across * DPI / POINTS), round(down * DPI / POINTS))]
        for picture in page.get_objects(filter=[self._pdfium.raw.FPDF_PAGEOBJ_IMAGE]):
            sizes.append((" in a picture on it", *picture.get_px_size()))
        for where, width, height in sizes:
            if width * height > self.max_pixels:
                sides = f"{width}x{height} pixels{where}"
                raise InputError(
                    f"{name}: {sides}, over the limit of {self.max_pixels}; reduce it or raise --max-pixels"
                )
