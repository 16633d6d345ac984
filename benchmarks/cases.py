"""Pictures and what stands on them: a folder's truth.csv, with the columns file, kind, text, format."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import TruthError
from device import formats
from device.errors import FormatError

TRUTH = "truth.csv"
COLUMNS = ("file", "kind", "text", "format")
NOTHING_THERE = frozenset({"blank", "words"})
"""Kinds whose pictures hold no code: whatever is read there is a false read."""
SEVERAL = "lines"
"""The kind of pictures of which every line is wanted, top to bottom."""
ALONE = "page"
"""The kind of pictures on which one number is wanted, and nothing else may be accepted."""
PAGES = frozenset({"envprint", "envhand", "cam", "page", "lines"})
"""Kinds of whole pages: a peer that only recognises a line that was cut out for it is not asked."""


@dataclass(frozen=True, slots=True)
class Case:
    """One picture."""

    path: Path
    kind: str
    text: str
    """The code's digits; for `lines` those of every line, with spaces between; empty where nothing is to be read."""
    format: str
    """What a reader is asked for: cep, digits, digits:9, …"""


def digits(text: str) -> str:
    """The digits of a text and nothing else."""
    return re.sub("[^0-9]", "", text)


def read(folder: Path) -> list[Case]:
    """The cases of a folder.  Raises TruthError, one line, where the file is not as it should be."""
    file = folder / TRUTH
    if not file.is_file():
        raise TruthError(f"{folder}: has no {TRUTH} with the columns {','.join(COLUMNS)}")
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
                raise TruthError(f"{file}: lacks the column {missing[0]}; the first line is {','.join(COLUMNS)}")
            cases = [_case(file, number, row) for number, row in enumerate(reader, start=2)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise TruthError(f"{file}: not CSV in UTF-8 ({error})") from error
    if not cases:
        raise TruthError(f"{file}: names no picture")
    return cases


def _case(file: Path, number: int, row: dict[str, str | None]) -> Case:
    name, kind, text, format_ = (row[column] for column in COLUMNS)
    if name is None or kind is None or text is None or format_ is None:
        raise TruthError(f"{file}, line {number}: fewer than {len(COLUMNS)} columns")
    picture = file.parent / name
    if not picture.is_file():
        raise TruthError(f"{file}, line {number}: there is no {name}")
    try:
        formats.get(format_)
    except FormatError as error:
        raise TruthError(f"{file}, line {number}: {error}") from error
    wanted = " ".join(map(digits, text.split())) if kind == SEVERAL else digits(text)
    return Case(picture.resolve(), kind, wanted, format_.strip())


def write(folder: Path, cases: Iterable[Case]) -> None:
    """Write a folder's truth.csv; its pictures lie there already."""
    with (folder / TRUTH).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((case.path.name, case.kind, case.text, case.format) for case in cases)


def first_of_each(cases: Sequence[Case], most: int | None) -> list[Case]:
    """At most so many cases of each kind, in the order in which they come."""
    taken: dict[str, int] = {}
    out = []
    for case in cases:
        taken[case.kind] = taken.get(case.kind, 0) + 1
        if most is None or taken[case.kind] <= most:
            out.append(case)
    return out
