"""The pages to be looked at by eye, as one HTML file that needs nothing else: see review.html beside this file."""

from __future__ import annotations

import base64
import hashlib
import heapq
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2

from device import formats
from device.answers import Line
from device.batch.books import Books
from device.batch.pictures import Uint8, crop, reduced, scan
from device.batch.rows import Row, flat
from device.batch.whole import whole
from device.errors import InputError

TEMPLATE = Path(__file__).with_name("review.html")
HERE = "{{pages}}"
"""Where the template takes the data."""
PAGE_WIDTH, CROP_WIDTH = 720, 900
"""Pixels at most."""
QUALITY = 60
"""Of the pictures, JPEG."""


def choose(lines: Iterable[Line], most: int) -> list[Row]:
    """The pages that need a look most: refused ones before accepted ones, the least sure first; not what has been
    looked at, nor what cannot be opened."""
    rows = (flat(line) for line in lines if line["error"] is None and not line.get("corrected"))
    return heapq.nsmallest(most, rows, key=lambda row: (row.accepted, row.confidence or 0.0))


def write(path: Path, lines: Iterable[Line], most: int, format: str, max_pixels: int) -> tuple[int, list[str]]:
    """Write the page: how many scans are on it, and what is wrong with those whose picture cannot be shown.

    Raises InputError where it cannot be written.
    """
    rows = choose(lines, most)
    books = Books(max_pixels)
    before, after = TEMPLATE.read_text(encoding="utf-8").split(HERE)
    failed: list[str] = []
    with whole(path) as beside, beside.open("w", encoding="utf-8") as file:
        file.write(before + _embedded(_about(rows, format))[:-1] + ', "pages": [')
        for number, entry in enumerate(_entries(rows, books, failed)):
            file.write(",\n"[number == 0 :] + _embedded(entry))
        file.write("]}" + after)
    return len(rows), failed


def _about(rows: list[Row], format: str) -> dict[str, Any]:
    wanted = formats.get(format)
    names = "\0".join(f"{row.source}\0{row.page}" for row in rows)
    return {
        "id": hashlib.sha256(names.encode()).hexdigest()[:16],
        "format": wanted.name,
        "country": wanted.country,
        "groups": wanted.groups,
        "separator": wanted.separator,
        "postal": wanted.postal,
    }


def _entries(rows: list[Row], books: Books, failed: list[str]) -> Iterator[dict[str, Any]]:
    for row in rows:
        entry: dict[str, Any] = {name: getattr(row, name) for name in ("source", "page", "code", "accepted", "reason")}
        entry["confidence"] = row.confidence
        try:
            _show(entry, row, scan(books, row.source, row.page))
        except InputError as error:
            failed.append(str(error))
            entry["missing"] = str(error)
        yield entry


def _show(entry: dict[str, Any], row: Row, page: Uint8) -> None:
    """Put the page's pictures into its entry.  Raises InputError where it has not the line; then the scan is there."""
    small = reduced(page, PAGE_WIDTH)
    scale = small.shape[1] / page.shape[1]
    entry["scan"] = _picture(small)
    if row.box is not None:
        entry["crop"] = _picture(reduced(crop(page, row.box, row.source), CROP_WIDTH))
        entry["box"] = [side * scale / of for side, of in zip(row.box, small.shape[1::-1] * 2, strict=True)]


def _picture(image: Uint8) -> str:
    """As a URL that holds it."""
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()


def _embedded(value: Any) -> str:
    """JSON that cannot end the script element it stands in, nor open a comment there."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
