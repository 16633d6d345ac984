"""What the tests of the page share: a watcher that nobody runs, and its page on a real server on loopback."""

import contextlib
import http.client
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from device import formats
from device.camera.shot import shot_of
from device.outputs.announcer import Announcer
from device.outputs.store import Store
from device.watch.watcher import Watcher
from device.web import address
from device.web.access import Door
from device.web.live import Live
from device.web.server import serving
from device.web.settings import Kept, Settings
from tests.device.conftest import PATIENCE
from tests.device.outputs.conftest import event  # noqa: F401
from tests.device.watch.conftest import reading  # noqa: F401

TOKEN = "open sesame, please"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Site:
    """A page, the watcher beside which it runs, and what announces."""

    port: int
    live: Live
    watcher: Watcher
    store: Store | None
    announce: Announcer
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with every request."""

    def ask(self, path: str, method: str = "GET", body: Any = None, **headers: str) -> Answer:
        """headers: names with _ for -"""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if body is None or isinstance(body, str) else json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, data, sent)
            got = connection.getresponse()
            return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())

    @contextlib.contextmanager
    def follow(self, **headers: str) -> Iterator["Follower"]:
        """The events, as they come."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(connection):
            connection.request("GET", "/api/events", headers=sent)
            yield Follower(connection.getresponse())

    def show(self, picture) -> None:
        """A shot that the watcher has taken in."""
        number = 0 if self.watcher.shot is None else self.watcher.shot.number + 1
        self.watcher.shot = shot_of(picture, time.monotonic(), number)
        self.live.turn()


class Follower:
    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.answer = answer

    def message(self) -> dict[str, Any]:
        """The next message that is one: its event, data and id; empty at the end."""
        found: dict[str, Any] = {}
        while True:
            line = self.answer.readline().decode()
            if not line:
                return found
            name, _, value = line.rstrip("\n").partition(": ")
            if not name and "event" in found:
                return found
            if name == "data":
                value = json.loads(value)
            if name in ("event", "data", "id"):
                found[name] = value

    def of(self, kind: str) -> dict[str, Any]:
        """The next message of a kind."""
        while (message := self.message()) and message["event"] != kind:
            pass
        return message


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """site(token=…, stores=…): a page on a port of its own."""
    with contextlib.ExitStack() as stack:

        def site(token: str | None = None, stores: bool = True) -> Site:
            store = stack.enter_context(contextlib.closing(Store(tmp_path / "readings.db"))) if stores else None
            announce = Announcer(io.StringIO(), store)
            reader = SimpleNamespace(format=formats.get("cep"), known=None)
            camera = SimpleNamespace(name="stand-in", trouble=None, ended=False)
            watcher = Watcher(camera, reader, announce)
            kept = Kept(tmp_path / "readings.settings.json", Settings("cep", 0.8, None))
            live = Live(watcher, store, kept, time.monotonic)
            announce.listen(live.told)
            listening = address.bind(address.Address("127.0.0.1", 0))
            names = address.names(address.Address(), ["reader.example"])
            stack.enter_context(serving(live, Door(token), names, listening))
            return Site(listening.getsockname()[1], live, watcher, store, announce)

        yield site


@pytest.fixture
def envelope(sample):
    """The sample's picture, BGR."""
    return cv2.imread(str(sample.path))


@dataclass
class Watched:
    """`postread watch --web` over an envelope that lies there for a while, and then does not."""

    url: str
    folder: Path
    database: Path


@pytest.fixture(scope="module")
def watched(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("live")
    (folder / "envelopes").mkdir()
    picture = cv2.imread(str(root / "docs/sample/envelope.png"))
    for number, one in enumerate([np.full_like(picture, 90)] + [picture] * 3):
        cv2.imwrite(str(folder / f"envelopes/{number}.jpg"), one)
    (folder / "token").write_text(TOKEN + "\n")
    command = [sys.executable, "-m", "device", "watch", "--source", f"folder:{folder}/envelopes", "--loop"]
    command += ["--store", str(folder / "readings.db"), "--web", "127.0.0.1:0", "--web-token-file", f"{folder}/token"]
    log = folder / "log"
    with log.open("w") as errors, (folder / "out").open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=errors, cwd=root)
    until = time.monotonic() + PATIENCE / 1000
    while not (found := re.search(r"live page: (\S+)", log.read_text())):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until
        time.sleep(0.05)
    yield Watched(found[1], folder, folder / "readings.db")
    process.terminate()
    assert process.wait(60) == 0, log.read_text()
    assert "Traceback" not in log.read_text()


@pytest.fixture
def opened(browser: Any, watched: Watched) -> Iterator[Callable[..., Any]]:
    """opened(…): the page in a window of its own; it may complain of nothing and ask nobody else."""
    contexts, complaints = [], []

    def opened(address: str = f"#token={TOKEN}", viewport: dict[str, int] = DESK, **how: Any) -> Any:
        context = browser.new_context(viewport=viewport, **({"locale": "en-US"} | how))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(error))
        page.on("console", lambda message: "status of 4" in message.text or complaints.append(message.text))
        page.on("request", lambda one: one.url.startswith((watched.url, "blob:")) or complaints.append(one.url))
        page.goto(watched.url + address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


def first(page: Any) -> Any:
    """The newest reading in the list, once there is one."""
    item = page.locator("#list li").first
    item.wait_for()
    return item
