"""What the tests of the page share: a watcher that nobody runs, and its page on a real server on loopback."""

import contextlib
import http.client
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
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
from tests.device.outputs.conftest import event  # noqa: F401
from tests.device.watch.conftest import reading  # noqa: F401

TOKEN = "open sesame, please"


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
