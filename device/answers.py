"""A page's line of JSON, the same from every command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from device.types import Reading

SCHEMA = 1
Line = dict[str, Any]
"""schema, source, page, pages, readings, error."""


def line(source: str, page: int, pages: int, readings: Sequence[Reading] = (), error: str | None = None) -> Line:
    """What was read off a page, or what is wrong with it; source: as the user named it."""
    return {
        "schema": SCHEMA,
        "source": printable(source),
        "page": page,
        "pages": pages,
        "readings": [reading.plain() for reading in readings],
        "error": None if error is None else printable(error),
    }


def printable(text: str) -> str:
    """Text that is UTF-8: the bytes of a name that are not become question marks."""
    return text.encode("utf-8", "replace").decode()
