"""Files that lie elsewhere: s3://, gs://, https:// and what else fsspec knows (`pip install 'postread[remote]'`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from device.errors import InputError
from device.sources import MAX_FILE_BYTES, SUFFIXES

Found = tuple[str, str, str | None]
"""Address, stamp, error."""
MAGIC = frozenset("*?[")


def is_url(address: str) -> bool:
    """Whether an address is for fsspec: `s3://…`, not `C:/…` or `a/b`."""
    scheme, colon, rest = address.partition("://")
    return bool(colon and rest) and scheme.replace("+", "").replace("-", "").isalnum()


def listing(url: str) -> Iterator[Found]:
    """The files that a URL stands for, by name.  What ends like a picture is one; everything else is a folder.

    Raises InputError where fsspec, or what it needs for this kind of address, is not installed.
    """
    try:
        files, path = _open(url)
        if _ending(path) in SUFFIXES and not _is_glob(url):
            yield url, "", None
            return
        found = _globbed(files, path) if _is_glob(url) else _walked(files, path)
        empty = True
        for name, facts in found:
            if _ending(name) in SUFFIXES:
                empty = False
                yield str(files.unstrip_protocol(name)), _stamp(facts), None
        if empty:
            yield url, "", f"{url}: no picture or PDF is there"
    except InputError:
        raise
    except Exception as error:  # every kind of storage fails with errors of its own
        yield url, "", f"{url}: cannot be listed ({_words(error)})"


def read(url: str) -> bytes:
    """A file's bytes.  Raises InputError."""
    try:
        files, path = _open(url)
        size = files.info(path).get("size")
        if size is not None and size > MAX_FILE_BYTES:
            limit = MAX_FILE_BYTES / 1e6
            raise InputError(f"{url}: {size / 1e6:.0f} MB, over the limit of {limit:.0f} MB; reduce it")
        content = bytes(files.cat_file(path))
    except InputError:
        raise
    except Exception as error:  # as above
        raise InputError(f"{url}: cannot be read ({_words(error)})") from error
    if not content:
        raise InputError(f"{url}: empty (0 bytes)")
    return content


def _open(url: str) -> tuple[Any, str]:
    """The file system and the path in it."""
    try:
        from fsspec.core import url_to_fs

        files, path = url_to_fs(url)
    except ImportError as error:
        kind = urlsplit(url).scheme
        raise InputError(f"{url}: {kind}:// needs a package: pip install 'postread[remote]' ({error})") from error
    return files, str(path)


def _globbed(files: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    found = files.glob(path, detail=True)
    yield from sorted((name, facts) for name, facts in found.items() if facts.get("type") != "directory")


def _walked(files: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every file by name, as in a folder here; one folder's names are in memory and no more."""
    waiting: list[dict[str, Any]] = [{"name": path, "type": "directory"}]
    while waiting:
        facts = waiting.pop()
        name = str(facts["name"])
        if facts.get("type") != "directory":
            yield name, facts
            continue
        inside = [found for found in files.ls(name, detail=True) if _bare(found["name"]) != _bare(name)]
        waiting += sorted(inside, key=lambda found: _bare(found["name"]), reverse=True)


def _bare(name: object) -> str:
    return str(name).rstrip("/")


def _is_glob(url: str) -> bool:
    return not MAGIC.isdisjoint(url) and not url.startswith(("http://", "https://"))


def _ending(path: str) -> str:
    return PurePosixPath(urlsplit(path).path if "://" in path else path).suffix.lower()


def _stamp(facts: dict[str, Any]) -> str:
    change = next((facts[key] for key in ("ETag", "etag", "mtime", "LastModified", "updated") if key in facts), "")
    return f"{facts.get('size', '')} {change}".strip()


def _words(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
