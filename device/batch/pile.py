"""What is in a pile: every file of folders, globs, lists and object storage, in an order that is always the same."""

from __future__ import annotations

import codecs
import fnmatch
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
Rests = frozenset[tuple[str, ...]]
"""What of a pattern is still to be matched below a folder, in every way that its `**` can be taken."""
ALL: Rests = frozenset({()})
"""Nothing is: the folder itself is meant, with every picture in it."""


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
    if os.path.lexists(argument) or not glob.has_magic(argument) or "\0" in argument:
        yield from _at(argument)
    elif "**" in argument.split("/"):
        yield from _at_any_depth(argument)
    else:
        yield from _matched(argument)


def _at(path: str) -> Iterator[Source]:
    # Path.is_dir would raise for a name that is too long, or that may not be looked at.
    if os.path.isdir(path):  # noqa: PTH112
        yield from _walk(path)
    else:
        yield _file(path)


def _matched(pattern: str) -> Iterator[Source]:
    """What a glob matches, by name."""
    found = sorted(glob.iglob(pattern))  # noqa: PTH207, Path.glob takes no absolute one
    if not found:
        yield _nothing(pattern)
    for path in found:
        yield from _at(path)


def _at_any_depth(pattern: str) -> Iterator[Source]:
    """What a glob with `**` matches, each file once, in the order of the folder walk and with its care for rings."""
    parts = pattern.split("/")
    first = parts.index("**")
    top = "".join(f"{part}/" for part in parts[:first])
    folders = sorted(glob.iglob(top)) if top else [""]  # noqa: PTH207
    empty = True
    for folder in folders:
        for source in _walk(folder, _ways(tuple(filter(None, parts[first:])))):
            empty &= source.error is not None
            yield source
    if empty:
        yield _nothing(pattern)


def _nothing(pattern: str) -> Source:
    return Source(pattern, error=f"{pattern}: matches no file")


def _listed(path: str) -> Iterator[Source]:
    """The sources that a file names (- is stdin): one a line, or apart by NUL bytes as `find -print0` leaves them."""
    names = _names(path)
    while True:
        try:
            name = next(names, None)
        except OSError as error:
            yield Source(path, error=f"{path}: the list cannot be read ({error.strerror or error})")
            return
        if name is None:
            return
        if name.strip():
            yield from _meant(name)


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


def _walk(folder: str, rests: Rests = ALL) -> Iterator[Source]:
    """What is meant of a folder and the folders in it; links are followed, but not around in a ring."""
    above: list[tuple[int, int]] = []  # the folders that one is in: device and inode
    waiting: list[tuple[int, str, os.DirEntry[str] | None, Rests]] = [(0, folder, None, rests)]
    while waiting:
        depth, path, entry, rests = waiting.pop()
        try:
            if entry is not None and not entry.is_dir():
                if _is_meant(entry.name, rests):
                    yield _file(path)
                continue
            if entry is not None and not (rests := _inside(entry.name, rests)):
                continue
            status = Path(path).stat()
            here = status.st_dev, status.st_ino
            del above[depth:]
            if here in above:
                yield Source(path, error=f"{path}: a link back to a folder that it lies in; left out")
                continue
            with os.scandir(path or ".") as entries:
                inside = sorted(entries, key=lambda entry: os.fsencode(entry.name), reverse=True)
        except OSError as error:
            yield Source(path, error=f"{path}: the folder cannot be listed ({error.strerror})")
            continue
        above.append(here)
        waiting += [(depth + 1, found.path if path else found.name, found, rests) for found in inside]


def _is_meant(name: str, rests: Rests) -> bool:
    """Whether a file of a folder is: by the pattern's last part, or as a picture where the folder is meant."""
    if () in rests:
        return Path(name).suffix.lower() in SUFFIXES
    return any(len(rest) == 1 and _fits(name, rest[0]) for rest in rests)


def _inside(name: str, rests: Rests) -> Rests:
    """What is still to be matched in a folder of a folder; nothing where no file in it can be meant."""
    if () in rests:
        return ALL
    fitting = (rest for rest in rests if _fits(name, rest[0]))
    return frozenset().union(*(_ways(rest if rest[0] == "**" else rest[1:]) for rest in fitting))


def _ways(rest: tuple[str, ...]) -> Rests:
    """A pattern's rest, and what is left of it where the `**` that it begins with are no folder at all."""
    return frozenset({rest}) | (_ways(rest[1:]) if rest[:1] == ("**",) else frozenset())


def _fits(name: str, part: str) -> bool:
    """As in the shell, hidden names only where they are asked for."""
    return fnmatch.fnmatch(name, part) and (part.startswith(".") or not name.startswith("."))


def content(address: str) -> bytes:
    """The bytes of one of the pile's files.  Raises InputError."""
    if remote.is_url(address):
        return remote.read(address)
    from device.sources import read_file

    return read_file(address)
