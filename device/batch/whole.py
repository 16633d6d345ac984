"""Files that are there whole or not at all."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import BinaryIO

from device.errors import InputError, PostreadError

PART = re.compile(r"(?s)\..*\.[0-9a-f]{16}-\d+\.part(-journal)?")
"""A file that is being written: its name's beginning, the process' mark, a number; `-journal` is SQLite's."""
LEFT = 86_400.0
"""Seconds after which nobody writes it any more: a process of another machine may have the folder, too."""
BEGINNING = 40
"""Letters of a name that are in its part's, which may be no longer than 255 bytes."""
_MARK = secrets.token_hex(8)
"""Of this process, on whatever machine."""
_numbers = count()


@contextmanager
def whole(path: Path, *, settled: bool = True) -> Iterator[Path]:
    """Where to write a file that takes its place when the block is left; a block that fails leaves what was there.

    Each has a name of its own, so that of two who write the same file the last one's is there, whole.  What a kill
    leaves behind goes a day later with the next file that is written into the folder.  settled: the disk has it for
    good when the block is left, which takes its time.  Raises InputError.
    """
    _sweep(path.parent)
    beside = path.with_name(f".{path.name[:BEGINNING]}.{_MARK}-{next(_numbers)}.part")
    try:
        try:
            yield beside
            if settled:
                _settle(beside)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        if settled:
            _settle(path.parent)
    except PostreadError:
        raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """While a file is read and written anew nobody else does the same.  Raises InputError where somebody is at it.

    The lock is on the file that is replaced, so it has to be there still when the lock is had.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    with file:
        if not _locked(file, path):
            raise InputError(f"{path}: another command is writing it anew; give this one again")
        yield


def _locked(file: BinaryIO, path: Path) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a disk that has no locks
        pass
    return os.path.samestat(os.fstat(file.fileno()), path.stat())


@cache
def _sweep(folder: Path) -> None:
    """Take away what was left long ago; once for a folder, which may hold very many files."""
    with suppress(OSError):
        for entry in folder.iterdir():
            if PART.fullmatch(entry.name) and time.time() - entry.stat().st_mtime > LEFT:
                entry.unlink()


def _settle(path: Path) -> None:
    """Have the disk keep it, whatever happens next."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
