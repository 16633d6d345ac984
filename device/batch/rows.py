"""A page as one flat row, for tables: what a spreadsheet or a database can take of a line of JSON."""

from __future__ import annotations

from dataclasses import dataclass

from device.answers import SCHEMA, Line
from device.types import Box, around

COLUMNS = ("source", "page", "code", "digits", "format", "confidence", "accepted", "reason", "known", "box", "error")
NOTHING_FOUND = "nothing-found"
"""Reason of a page without any reading."""
CORRECTED = "corrected"
"""Reason of a page that a person has looked at."""


@dataclass(frozen=True, slots=True)
class Row:
    """One page."""

    source: str
    page: int
    code: str | None = None
    """The accepted code, else the surest reading's; several accepted ones (`digits`) with spaces between."""
    digits: str | None = None
    format: str | None = None
    confidence: float | None = None
    """Of the least sure one where there are several."""
    accepted: bool = False
    reason: str | None = None
    """One of `device.decode.REASONS`, `NOTHING_FOUND` or `CORRECTED`; None where a code was accepted as read."""
    known: bool | None = None
    box: Box | None = None
    """Around all of them, pixels of the page."""
    error: str | None = None


def flat(line: Line) -> Row:
    """The row of a page's line."""
    source, page, error = line["source"], line["page"], line["error"]
    if error is not None:
        return Row(source, page, error=error)
    looked_at = bool(line.get("corrected"))
    accepted = [reading for reading in line["readings"] if reading["accepted"]]
    shown = accepted or line["readings"][:1]
    if not shown or (looked_at and not accepted):
        return Row(source, page, reason=CORRECTED if looked_at else NOTHING_FOUND)
    knowns = [reading["known"] for reading in shown]
    boxes = [tuple(reading["box"]) for reading in shown if reading["box"] is not None]
    return Row(
        source,
        page,
        " ".join(reading["code"] for reading in shown),
        " ".join(reading["digits"] for reading in shown),
        shown[0]["format"],
        min(reading["confidence"] for reading in shown),
        bool(accepted),
        CORRECTED if looked_at else shown[0]["reason"],
        None if None in knowns else all(knowns),
        around(boxes) if boxes else None,
    )


def line(row: Row) -> Line:
    """A line with what a row has kept of it: `flat(line(row)) == row`."""
    told: Line = {"schema": SCHEMA, "source": row.source, "page": row.page, "readings": [], "error": row.error}
    if row.reason == CORRECTED:
        told["corrected"] = True
    if row.code is not None:
        reading = {
            "code": row.code,
            "digits": row.digits,
            "format": row.format,
            "confidence": row.confidence,
            "accepted": row.accepted,
            "reason": None if row.accepted else row.reason,
            "known": row.known,
            "box": row.box,
        }
        told["readings"].append(reading)
    return told
