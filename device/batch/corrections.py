"""What a person has read: brought back into the table, and kept as labelled crops for fine-tuning."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from device import formats
from device.answers import Line
from device.batch import tables
from device.batch.books import Books
from device.batch.edits import edits
from device.batch.pictures import crop, scan
from device.batch.rows import CORRECTED, flat
from device.batch.tables import unguarded
from device.batch.whole import alone, whole
from device.errors import InputError, UsageError

Key = tuple[str, int]
"""Source and page."""
COLUMNS = ("source", "page", "code")
LABELS = "labels.csv"
LABEL_COLUMNS = ("file", "label")
ALIKE = 0.5
"""A crop is kept where at least this share of its digits was read rightly: else the code stands somewhere else."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The code of a page as a person reads it; empty where there is none."""

    source: str
    page: int
    digits: str


def load(path: Path, format: str) -> dict[Key, Correction]:
    """The corrections of a CSV or JSON file that the review page saved.  Raises UsageError."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        told = _from_json(text) if path.suffix.lower() == ".json" else _from_csv(text)
        return {(source, page): _correction(source, page, code, format) for source, page, code in told}
    except OSError as error:
        raise UsageError(f"--apply {path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        wanted = f"give what the review page saved: CSV with the columns {', '.join(COLUMNS)}, or JSON"
        raise UsageError(f"--apply {path}: {error}; {wanted}") from error


def _from_csv(text: str) -> Iterator[tuple[str, int, str]]:
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
        raise ValueError(f"no column is called {missing[0]}")
    for row in rows:
        yield unguarded(row["source"]), int(row["page"]), unguarded(row["code"])


def _from_json(text: str) -> Iterator[tuple[str, int, str]]:
    for told in json.loads(text)["corrections"]:
        yield str(told["source"]), int(told["page"]), str(told["code"] or "")


def _correction(source: str, page: int, code: str, format: str) -> Correction:
    """Raises ValueError where the code is none of the format."""
    wanted = formats.get(format)
    between = " " if not wanted.postal else ""
    digits = between.join("".join(filter(str.isdigit, word)) for word in code.split()).strip()
    strange = set(code) - set("0123456789 -.")
    short = wanted.length is not None and digits and any(len(word) != wanted.length for word in digits.split())
    if strange or short:
        hint = "; a spreadsheet drops zeros in front" if short else ""
        raise ValueError(f"{source}, page {page}: {code!r} is no {format} code{hint}")
    return Correction(source, page, digits)


def apply(out: Path, corrections: Mapping[Key, Correction], format: str) -> list[Correction]:
    """Write the table anew with what a person has read; the corrections that belong to none of its pages.

    Raises InputError, and the table is as it was.
    """
    left = dict(corrections)

    def corrected() -> Iterator[str]:
        for line in tables.read(out):
            correction = left.pop((line["source"], line["page"]), None)
            told = line if correction is None else _corrected(line, correction, format)
            yield json.dumps(told, ensure_ascii=False)

    with alone(out):
        tables.write(out, corrected())
    return list(left.values())


def _corrected(line: Line, correction: Correction, format: str) -> Line:
    """The line with the person's reading first; the machine's stay, none of them accepted."""
    before = [_refused(reading) for reading in line["readings"]]
    told = {**line, "corrected": True, "error": None, "readings": before}
    if not correction.digits:
        return told
    wanted, (first, *rest) = formats.get(format), before or [{}]
    same = first.get("digits") == correction.digits
    reading = {
        **first,
        "code": " ".join(wanted.write(digits) for digits in correction.digits.split()),
        "digits": correction.digits,
        "format": first.get("format", format),
        "confidence": 1.0,
        "accepted": True,
        "reason": None,
        "detail": "read by a person",
        "known": None,
        "box": first.get("box"),
        **({} if same else {"digit_boxes": [], "digit_confidences": []}),
    }
    return told | {"readings": [reading, *rest]}


def _refused(reading: dict[str, Any]) -> dict[str, Any]:
    return {**reading, "accepted": False, "reason": reading["reason"] or CORRECTED}


def crops(out: Path, corrections: Mapping[Key, Correction], folder: Path, max_pixels: int) -> tuple[int, list[str]]:
    """Cut the corrected lines out of their scans: PNG files and `labels.csv` with the columns file and label.

    To be called before `apply`, which leaves only what is right: a code that has little in common with what was read
    stands elsewhere on the page, and is left out.  How many there are now, and what could not be cut.
    """
    books, failed = Books(max_pixels), []
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--crops {folder}: cannot be made ({error.strerror}); give another folder") from error
    labels = _labels(folder)
    for line in tables.read(out):
        row, correction = flat(line), corrections.get((line["source"], line["page"]))
        if correction is None or row.box is None or not _alike(row.digits or "", correction.digits):
            continue
        name = hashlib.sha256(f"{row.source}\0{row.page}".encode()).hexdigest()[:16] + ".png"
        try:
            picture = crop(scan(books, row.source, row.page), row.box, row.source)
            with whole(folder / name) as beside:
                beside.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
        except InputError as error:
            failed.append(str(error))
        else:
            labels[name] = correction.digits
    if labels:
        _write_labels(folder, labels)
    return len(labels), failed


def _labels(folder: Path) -> dict[str, str]:
    """Those of an earlier call, which this one adds to."""
    path = folder / LABELS
    if not path.exists():
        return {}
    try:
        rows = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True)
        if tuple(rows.fieldnames or ()) != LABEL_COLUMNS:
            raise ValueError(f"its first line is not {','.join(LABEL_COLUMNS)}")
        return {row["file"]: row["label"] for row in rows}
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path}: {error}; give --crops another folder") from error


def _write_labels(folder: Path, labels: Mapping[str, str]) -> None:
    with whole(folder / LABELS) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(LABEL_COLUMNS)
        writer.writerows(sorted(labels.items()))


def _alike(read: str, truth: str) -> bool:
    return bool(truth) and 1 - edits(truth, read) / max(len(read), len(truth)) >= ALIKE
