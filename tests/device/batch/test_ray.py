"""`--engine ray` on a cluster of two nodes: the bytes of the local engine, whatever is killed or taken away meanwhile.

`make ray-proof` has a thousand pages of a folder and as many of an S3 server.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.device.batch.killed import ROOT, pages

pytest.importorskip("ray")
fsspec = pytest.importorskip("fsspec")

PAGES = int(os.environ.get("POSTREAD_RAY_PAGES", "30"))
"""Of the folder, and of the bucket."""
LONGER = 100
"""Pages that take a while, for what is to be killed meanwhile."""
PATIENCE = 300.0
"""Seconds that anything may take, on a machine that is busy."""
# One that nobody else can reach: Ray has a switch for the loopback interface, named after other systems.
NO_TELLING = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}

pytestmark = pytest.mark.slow


def until(found: Callable[[], Any]) -> Any:
    """What `found` gives, as soon as it is something."""
    end = time.monotonic() + PATIENCE
    while not (value := found()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return value


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """An S3 server on the loopback interface, as what the environment has to say of it."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as server:
        assert server.stderr
        place = next(line.split()[-1] for line in server.stderr if "Running on" in line)
        threading.Thread(target=server.stderr.read, daemon=True).start()  # lest it wait for somebody who listens
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
        yield {"AWS_ENDPOINT_URL": place, **keys}
        server.kill()


class Nodes:
    """The two nodes, by the process that has them."""

    def __init__(self, process: subprocess.Popen[str]):
        assert process.stdin
        assert process.stdout
        self.process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self.address = self._stdout.readline().strip()
        assert self.address, "no cluster"

    def change(self) -> int:
        """Take the second node away, or bring it back: how many there are now."""
        print(file=self._stdin, flush=True)
        return int(self._stdout.readline())

    def readers(self) -> list[int]:
        """The actors' processes."""
        return [pid for pid, name in _family(self.process.pid) if "PageReader" in name]


@pytest.fixture(scope="module")
def nodes(s3: dict[str, str]) -> Iterator[Nodes]:
    command = [sys.executable, str(Path(__file__).with_name("ray_nodes.py"))]
    environment = {**os.environ, **NO_TELLING, **s3}
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    )
    yield Nodes(process)
    process.communicate(timeout=PATIENCE)


def _family(parent: int) -> Iterator[tuple[int, str]]:
    """A process's children and theirs: number and name."""
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:  # it has just ended
            continue
        for child in children:
            try:
                yield child, Path(f"/proc/{child}/cmdline").read_text(errors="replace")
                yield from _family(child)
            except OSError:
                continue


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(s3: dict[str, str], tmp_path: Path) -> Start:
    """start(source, …, out=PATH, address=None): `postread batch`, on Ray where an address is given."""

    def start(*sources: str | Path, out: Path, address: str | None = None) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "device", "batch", *map(str, sources), "--out", str(out)]
        if address:
            command += ["--engine", "ray", "--address", address]
        with (tmp_path / "said").open("a") as said:
            return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **NO_TELLING, **s3}, stderr=said, text=True)

    return start


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory, coded: bytes, blank: bytes) -> Path:
    """A folder with a book of many pages, and some files that cannot be read."""
    import cv2
    import numpy as np

    folder = tmp_path_factory.mktemp("ray") / "pile"
    folder.mkdir()
    for number in range(PAGES):
        (folder / f"{number:04d}.png").write_bytes(coded if number % 7 else blank)
    cv2.imwritemulti(str(folder / "book.tif"), [np.full((40, 60), 200, np.uint8)] * 40)
    (folder / "empty.png").write_bytes(b"")
    (folder / "cut.jpg").write_bytes(cv2.imencode(".jpg", np.zeros((60, 100), np.uint8))[1].tobytes()[:-300])
    (folder / "=HYPERLINK(1) '.png").write_bytes(blank)
    return folder


@pytest.fixture(scope="module")
def bucket(s3: dict[str, str], pile: Path) -> str:
    """The same in S3."""
    files = fsspec.filesystem(
        "s3", endpoint_url=s3["AWS_ENDPOINT_URL"], key="test", secret="test", skip_instance_cache=True
    )
    files.mkdir("scans")
    for path in pile.iterdir():
        files.pipe(f"scans/in/{path.name}", path.read_bytes())
    return "s3://scans/in/"


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory, coded: bytes) -> Path:
    folder = tmp_path_factory.mktemp("longer") / "pile"
    folder.mkdir()
    for number in range(LONGER):
        (folder / f"{number:04d}.png").write_bytes(coded)
    return folder


@pytest.fixture(scope="module")
def expected(longer: Path, s3: dict[str, str]) -> bytes:
    """What the local engine makes of the longer pile."""
    out = longer.parent / "local.jsonl"
    command = [sys.executable, "-m", "device", "batch", str(longer), "--out", str(out)]
    subprocess.run(command, cwd=ROOT, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=True)
    return out.read_bytes()


def test_the_same_bytes_from_a_folder_and_from_s3(
    start: Start, nodes: Nodes, pile: Path, bucket: str, tmp_path: Path
) -> None:
    local, ray = tmp_path / "local.jsonl", tmp_path / "ray.jsonl"
    wait = PATIENCE + PAGES
    assert start(pile, bucket, out=local).wait(wait) == 1
    assert start(pile, bucket, out=ray, address=nodes.address).wait(wait) == 1
    assert ray.read_bytes() == local.read_bytes()
    assert len(local.read_bytes().splitlines()) == 2 * (PAGES + 40 + 3)
    said = [line for line in (tmp_path / "said").read_text().splitlines() if line.startswith("postread: ")]
    alone, there = said[: len(said) // 2], said[len(said) // 2 :]
    assert sorted(alone[:-1]) == sorted(there[:-1])
    assert not list(tmp_path.glob("*.journal"))


def begun(out: Path) -> None:
    """Wait until pages are in the journal; the listing is written first."""
    journal = Path(f"{out}.journal")
    until(lambda: journal.exists() and journal.stat().st_size)
    time.sleep(0.3)
    listed = journal.stat().st_mtime_ns
    until(lambda: not journal.exists() or journal.stat().st_mtime_ns != listed)
    assert journal.exists(), "it was done before anything could be taken away"


def test_an_actor_that_is_killed(start: Start, nodes: Nodes, longer: Path, expected: bytes, tmp_path: Path) -> None:
    out = tmp_path / "ray.jsonl"
    process = start(longer, out=out, address=nodes.address)
    begun(out)
    os.kill(nodes.readers()[0], signal.SIGKILL)
    assert process.wait(PATIENCE) == 0
    assert out.read_bytes() == expected


def test_a_node_that_is_taken_away(start: Start, nodes: Nodes, longer: Path, expected: bytes, tmp_path: Path) -> None:
    out = tmp_path / "ray.jsonl"
    process = start(longer, out=out, address=nodes.address)
    begun(out)
    assert nodes.change() == 1
    assert process.wait(PATIENCE) == 0
    assert out.read_bytes() == expected
    assert nodes.change() == 2


def test_a_driver_that_is_killed_takes_its_own_cluster_along_and_goes_on_elsewhere(
    start: Start, nodes: Nodes, longer: Path, expected: bytes, tmp_path: Path
) -> None:
    out = tmp_path / "ray.jsonl"
    process = start(longer, out=out, address="local")
    begun(out)
    family = [pid for pid, _ in _family(process.pid)]
    process.kill()
    process.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family))
    assert 0 < pages(out) < LONGER
    assert start(longer, out=out, address=nodes.address).wait(PATIENCE) == 0
    assert out.read_bytes() == expected
    assert f"of {LONGER} pages\n" in (tmp_path / "said").read_text()
