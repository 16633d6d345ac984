"""Events to store, and what takes messages: a broker and a server, each real, on loopback."""

import getpass
import http.server
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from device.types import Reading
from device.watch.events import Event


def event_of(digits: str = "01310100", kind: str = "settled", crop: tuple[int, int] = (24, 160), **changes) -> Event:
    box = (10, 20, 160, 24)
    reading = Reading(
        f"{digits[:5]}-{digits[5:]}",
        digits,
        "cep",
        0.97,
        kind == "settled",
        None if kind == "settled" else "not-sure",
        None,
        None,
        box,
        ((10, 20), (170, 20), (170, 44), (10, 44)),
        (box,) * 8,
        (0.9,) * 8,
        (),
    )
    noise = np.random.default_rng(int(digits)).integers(0, 256, crop, dtype=np.uint8)
    state = "settled" if kind == "settled" else "needs-help"
    return Event(kind, state, reading=reading, crop=noise, scene=np.full((96, 160), 7, np.uint8), **changes)


@pytest.fixture
def event() -> Callable[..., Event]:
    return event_of


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """mosquitto, which can be stopped and started again."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self._process = port, None
        self._config = folder / "mosquitto.conf"
        lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "max_queued_messages 100000"]
        lines += ["persistence true", f"persistence_location {folder}/", f"user {getpass.getuser()}"]
        self._config.write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self._process = subprocess.Popen([program, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("mosquitto does not listen")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


@pytest.fixture
def broker(free_port: int, tmp_path: Path) -> Iterator[Broker]:
    """Not started yet."""
    if not (shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()):
        pytest.skip("mosquitto (Debian's package) is not installed")
    made = Broker(free_port, tmp_path)
    yield made
    made.stop()


class Server:
    """An HTTP server that keeps what is POSTed and answers as it is told."""

    def __init__(self) -> None:
        self.answers: list[int | bytes] = []
        """Statuses, or all that is sent before the connection is closed."""
        self.location = ""
        """Where those that have moved are said to be."""
        self.gets = 0
        self.posts: list[tuple[dict[str, str], bytes]] = []
        keeper = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = keeper.answers.pop(0) if keeper.answers else 204
                if isinstance(answer, bytes):
                    self.wfile.write(answer)
                    return
                if answer < 300:
                    keeper.posts.append((dict(self.headers), body))
                self.send_response(answer)
                if keeper.location:
                    self.send_header("Location", keeper.location)
                self.end_headers()

            def do_GET(self) -> None:
                keeper.gets += 1
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/codes"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between two tries are short."""
    monkeypatch.setattr("device.outputs.outbox.FIRST_PAUSE", 0.02)
    monkeypatch.setattr("device.outputs.outbox.LONGEST_PAUSE", 0.1)
