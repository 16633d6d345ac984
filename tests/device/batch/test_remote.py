"""Piles that lie elsewhere: over fsspec, from a server on this machine."""

import functools
import http.server
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from device.batch import remote
from device.batch.pile import content, listing
from device.errors import InputError

pytest.importorskip("fsspec")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: stderr is looked at."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server of what lies in tmp_path."""
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("address", "url"),
    [("s3://bucket/a", True), ("https://x/a.png", True), ("a/b.png", False), ("C:/a", False), ("a://", False)],
)
def test_what_is_a_url(address: str, url: bool) -> None:
    assert remote.is_url(address) == url


def test_a_folder_elsewhere_by_name(fill: Callable[..., Path], server: str, blank: bytes) -> None:
    fill("pile", "b.png", "a/2.png", "a/1.png", "notes.doc")
    found = [source.address for source in listing([f"{server}/pile/"])]
    assert found == [f"{server}/pile/{name}" for name in ("a/1.png", "a/2.png", "b.png")]
    assert content(found[0]) == blank


def test_globs_and_folders_of_a_file_system(fill: Callable[..., Path]) -> None:
    pile = fill("pile", "b1.png", "a/b2.png", "c.png")
    assert [source.address for source in listing([f"file://{pile}/b*.png"])] == [f"file://{pile}/b1.png"]
    assert [source.address for source in listing([f"file://{pile}"])] == [
        f"file://{pile}/{name}" for name in ("a/b2.png", "b1.png", "c.png")
    ]


def test_what_is_not_there_is_named(server: str) -> None:
    (source,) = listing([f"{server}/pile/"])
    assert source.error is not None
    assert source.error.startswith(f"{server}/pile/: ")
    with pytest.raises(InputError, match=rf"{server}/a\.png: cannot be read"):
        content(f"{server}/a.png")


def test_an_empty_one_and_one_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        content(f"file://{tmp_path}/a.png")
    (tmp_path / "b.png").write_bytes(bytes(100))
    monkeypatch.setattr(remote, "MAX_FILE_BYTES", 99)
    with pytest.raises(InputError, match="over the limit"):
        content(f"file://{tmp_path}/b.png")


def test_a_kind_of_storage_without_its_package_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(InputError, match=r"pip install 'postread\[remote\]'"):
        list(listing(["s3://bucket/"]))


@pytest.mark.slow
def test_a_pile_elsewhere_is_read(
    postread: Callable[..., Any], tmp_path: Path, server: str, coded: bytes, lines_of: Callable[[Path], Any]
) -> None:
    (tmp_path / "pile").mkdir()
    for name in ("1.png", "2.png"):
        (tmp_path / "pile" / name).write_bytes(coded)
    out = tmp_path / "codes.jsonl"
    answer = postread("batch", f"{server}/pile/", f"{server}/gone.png", "--out", out, "--workers", "1")
    lines = lines_of(out)
    assert [line["source"] for line in lines] == [
        f"{server}/{name}" for name in ("pile/1.png", "pile/2.png", "gone.png")
    ]
    assert [bool(line["error"]) for line in lines] == [False, False, True]
    assert answer.code == 1
