"""What is in a pile: every file of folders, globs, lists and object storage, in an order that is always the same."""

from __future__ import annotations

import codecs
import glob
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.batch import remote
from device.sources import SUFFIXES

LISTS = frozenset({".txt", ".lst"})
"""Endings of files that name sources, one a line."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the pile, or one thing that is wrong with it."""

    address: str
    """A path or URL, as the user would name it."""
    stamp: str = ""
    """Its size and when it was changed: tells another file of the same name."""
    error: str | None = None
    """Why there is nothing to open."""


def listing(arguments: Sequence[str]) -> Iterator[Source]:
    """The files that the arguments mean: arguments in their order, the files of each by name.

    Holds one folder's names in memory and no more.  What cannot be listed is a Source with an error.
    """
    for argument in arguments:
        if argument.startswith("@"):
            yield from _listed(argument[1:])
        elif Path(argument).suffix.lower() in LISTS and not remote.is_url(argument):
            yield from _listed(argument)
        else:
            yield from _meant(argument)


def _meant(argument: str) -> Iterator[Source]:
    """The files that one folder, glob, URL or path stands for."""
    if remote.is_url(argument):
        for address, stamp, error in remote.listing(argument):
            yield Source(address, stamp, error)
        return
    if not os.path.lexists(argument) and glob.has_magic(argument):
        found = sorted(glob.iglob(argument, recursive=True))  # noqa: PTH207, Path.glob takes no absolute one
        if not found:
            yield Source(argument, error=f"{argument}: matches no file")
        for path in found:
            yield from _walk(path) if Path(path).is_dir() else [_file(path)]
        return
    yield from _walk(argument) if Path(argument).is_dir() else [_file(argument)]


def _listed(path: str) -> Iterator[Source]:
    """The sources that a file names (- is stdin): one a line, or apart by NUL bytes as `find -print0` leaves them."""
    try:
        for name in _names(path):
            if name.strip():
                yield from _meant(name)
    except OSError as error:
        yield Source(path, error=f"{path}: the list cannot be read ({error.strerror or error})")


def _names(path: str) -> Iterator[str]:
    with open(sys.stdin.fileno() if path == "-" else path, "rb", closefd=path != "-") as file:
        start = file.peek(1 << 16)
        if start.startswith(codecs.BOM_UTF8):
            file.read(len(codecs.BOM_UTF8))
        between = b"\0" if b"\0" in start else b"\n"
        for line in _parts(file, between):
            yield os.fsdecode(line.rstrip(b"\r\n") if between == b"\n" else line)


def _parts(file: Any, between: bytes) -> Iterator[bytes]:
    """What lies between the separators, without reading the file whole."""
    if between == b"\n":
        yield from file
        return
    rest = b""
    while block := file.read(1 << 16):
        *whole, rest = (rest + block).split(between)
        yield from whole
    yield rest


def _file(path: str) -> Source:
    try:
        return Source(path, _stamp(Path(path).stat()))
    except (OSError, ValueError):
        return Source(path)  # what is wrong with it is said when it is opened


def _stamp(stat: os.stat_result) -> str:
    return f"{stat.st_size} {stat.st_mtime_ns}"


def _walk(folder: str) -> Iterator[Source]:
    """The pictures and PDFs of a folder and the folders in it; links are followed, but not around in a ring."""
    above: list[tuple[int, int]] = []  # the folders that one is in: device and inode
    waiting: list[tuple[int, str, os.DirEntry[str] | None]] = [(0, folder, None)]
    while waiting:
        depth, path, entry = waiting.pop()
        try:
            if entry is not None and not entry.is_dir():
                if Path(path).suffix.lower() in SUFFIXES:
                    yield _file(path)
                continue
            status = Path(path).stat()
            here = status.st_dev, status.st_ino
            del above[depth:]
            if here in above:
                yield Source(path, error=f"{path}: a link back to a folder that it lies in; left out")
                continue
            with os.scandir(path) as entries:
                inside = sorted(entries, key=lambda entry: os.fsencode(entry.name), reverse=True)
        except OSError as error:
            yield Source(path, error=f"{path}: the folder cannot be listed ({error.strerror})")
            continue
        above.append(here)
        waiting += [(depth + 1, found.path, found) for found in inside]


def content(address: str) -> bytes:
    """The bytes of one of the pile's files.  Raises InputError."""
    if remote.is_url(address):
        return remote.read(address)
    from device.sources import read_file

    return read_file(address)
