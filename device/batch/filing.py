"""Scans filed by their code: a folder for each code, or for each first few digits."""

from __future__ import annotations

import errno
import filecmp
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path

from device.answers import Line
from device.batch import remote
from device.batch.rows import Row, flat
from device.batch.whole import whole

REFUSED, SEVERAL, UNREADABLE = "refused", "several", "unreadable"
"""Folders for scans without a code, with pages of different ones, and those that could not be read."""
FOLDER = re.compile(rf"[0-9][0-9 .-]*|{REFUSED}|{SEVERAL}|{UNREADABLE}")
"""What a folder may be called: a table that was written by hand may have anything for a code, `../..` too."""


@dataclass(frozen=True, slots=True)
class Filing:
    """How scans are filed."""

    folder: Path
    prefix: int | None
    """By so many first digits; None by the whole code."""
    how: str
    """link, copy or move."""


def file_away(filing: Filing, lines: Iterable[Line]) -> Iterator[str]:
    """File every scan; what could not be filed, in words.

    Nothing is ever overwritten: a scan that is there already stays, and another of its name gets a number.
    """
    for source, pages in groupby(map(flat, lines), key=lambda row: row.source):
        if remote.is_url(source):
            yield f"{source}: only files of this machine can be filed"
            continue
        name = _where(list(pages), filing.prefix)
        if not FOLDER.fullmatch(name):
            yield f"{source}: not filed, {name!r} is no code; mend it in the table"
            continue
        folder = filing.folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _put(Path(source), folder, filing.how)
        except OSError as error:
            yield f"{source}: cannot be filed in {folder} ({error.strerror or error})"


def _where(pages: list[Row], prefix: int | None) -> str:
    """The folder for a file, by all its pages."""
    if all(row.error is not None for row in pages):
        return UNREADABLE
    codes = {(row.digits or "")[:prefix] if prefix else row.code or "" for row in pages if row.accepted}
    if len(codes) > 1:
        return SEVERAL
    return codes.pop() if codes else REFUSED


def _put(source: Path, folder: Path, how: str) -> None:
    for number in count(1):
        name = source.name if number == 1 else f"{source.stem}-{number}{source.suffix}"
        target = folder / name
        if not os.path.lexists(target):
            if not source.exists():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            PLACES[how](source, target)
            return
        if _is_there(source, target, how):
            if how == "move" and source.exists() and not target.samefile(source):
                source.unlink()  # a move to another disk was stopped when the copy was whole
            return


def _is_there(source: Path, target: Path, how: str) -> bool:
    """Whether an earlier call has filed it: it was moved away, or it is linked, or copied whole."""
    if not source.exists():
        return how != "link" and target.exists()
    if not target.exists():
        return False
    return target.samefile(source) or (how != "link" and _is_copy(source, target))


def _is_copy(source: Path, target: Path) -> bool:
    """To the byte: other scans may be as large, and out of one archive they may be as old."""
    one, other = source.stat(), target.stat()
    alike = (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
    return alike and filecmp.cmp(source, target, shallow=False)


def _link(source: Path, target: Path) -> None:
    target.symlink_to(source.absolute())


def _copy(source: Path, target: Path, *, settled: bool = False) -> None:
    """Whole or not at all, with the time of its last change; settled: and on the disk for good."""
    with source.open("rb"):  # what is wrong with it is not the target's fault
        pass
    with whole(target, settled=settled) as beside:
        shutil.copy2(source, beside)


def _move(source: Path, target: Path) -> None:
    if source.is_symlink():  # a relative one leads elsewhere from another folder
        target.symlink_to(source.resolve())
        source.unlink()
        return
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target, settled=True)  # on another disk
        source.unlink()


PLACES = {"link": _link, "copy": _copy, "move": _move}
