"""Pictures on disk, and an MJPEG server that can fail in every way."""

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest


def numbered(number: int, size: tuple[int, int] = (320, 240)) -> np.ndarray:
    """A picture that tells its number by its brightness, BGR."""
    return np.full((size[1], size[0], 3), 10 + 10 * number, np.uint8)


def number_of(grey: np.ndarray) -> int:
    return round((float(grey.mean()) - 10) / 10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(10):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), numbered(number))
    return tmp_path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (320, 240))
    for number in range(10):
        writer.write(numbered(number))
    writer.release()
    return path


class Stream:
    """MJPEG over HTTP, 50 frames a second, as cheap cameras send it; `mode` is how it behaves just now."""

    def __init__(self) -> None:
        self.mode = "good"
        self.sent = 0
        stream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                try:
                    while stream.mode != "ended":
                        stream.send(self.wfile)
                        time.sleep(0.02)
                except OSError:
                    pass

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._handler, self._server = Handler, None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://user:secret@127.0.0.1:{self.port}/video"
        self.start()

    def send(self, out) -> None:
        if self.mode == "frozen":
            return
        _, data = cv2.imencode(".jpg", numbered(self.sent % 20))
        body = data.tobytes() if self.mode == "good" else b"\x13\x37 rubbish " * 40
        out.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(body) + body + b"\r\n")
        out.flush()
        self.sent += 1

    def start(self) -> None:
        self.mode = "good"
        if self._server is None:
            http.server.ThreadingHTTPServer.allow_reuse_address = True
            self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self._handler)
            self._server.daemon_threads = True
            threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def end(self) -> None:
        self.mode = "ended"
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture
def stream() -> Iterator[Stream]:
    made = Stream()
    yield made
    made.end()
