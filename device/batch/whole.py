"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device.errors import InputError, PostreadError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write a file that takes its place when the block is left; a block that fails leaves what was there.

    What a kill leaves behind has a name of its own, and the next one writes over it.  Raises InputError.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.unlink(missing_ok=True)
        try:
            yield beside
            _settle(beside)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        _settle(path.parent)
    except PostreadError:
        raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def _settle(path: Path) -> None:
    """Have the disk keep it, whatever happens next."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
