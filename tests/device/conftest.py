"""What the device's tests share: pictures as bytes, a bundle to spoil, the command line in-process and as a process."""

import io
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from device import InputError
from device.cli import main
from device.sources import pages

Uint8 = NDArray[np.uint8]
Encode = Callable[..., bytes]
Write = Callable[..., Path]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 240_000
"""Milliseconds that a busy machine may take for a page."""


@pytest.fixture(scope="session")
def picture() -> Uint8:
    """A grey picture without any symmetry, uint8[60, 100]: black and grey ink on white."""
    grey = np.full((60, 100), 255, np.uint8)
    grey[8:20, 10:40] = 0
    grey[30:50, 60:70] = 60
    grey[40:44, 15:30] = 128
    return grey


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """encode(array, format, mode, **options): a picture file's bytes, as Pillow writes it."""

    def encode(array: Uint8, format: str, mode: str | None = None, **options: Any) -> bytes:
        image, file = Image.fromarray(np.ascontiguousarray(array)), io.BytesIO()
        (image.convert(mode) if mode else image).save(file, format, **options)
        return file.getvalue()

    return encode


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write(content, name): a file of these bytes."""

    def write(content: bytes, name: str = "picture") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def only_picture(path: Path | str, **options: Any) -> Uint8:
    """The picture of a file of one page."""
    (frame,) = pages(path, **options)
    assert (frame.source, frame.page, frame.pages) == (str(path), 0, 1)
    assert frame.image.dtype == np.uint8
    assert frame.image.flags.c_contiguous
    return frame.image


def refusal(path: Path | str, **options: Any) -> str:
    """What is said of a file that cannot be read: one line that names it."""
    with pytest.raises(InputError) as caught:
        list(pages(path, **options))
    message = str(caught.value)
    assert message.isprintable()
    assert isinstance(caught.value, OSError)
    return message


def on_transparent(picture: Uint8, grey: bool = False) -> Uint8:
    """The picture as black ink on nothing: LA or RGBA, alpha alone says where ink is."""
    nothing = np.zeros_like(picture)
    return np.dstack([nothing, 255 - picture] if grey else [nothing, nothing, nothing, 255 - picture])


def see_through(encode: Encode, picture: Uint8, format: str, mode: str, **options: Any) -> bytes:
    """A file of the picture as black ink on nothing, mode LA or RGBA."""
    return encode(on_transparent(picture, grey=mode == "LA"), format, **options)


@dataclass(slots=True)
class SpoiledBundle:
    """A copy of the shipped bundle that a test may spoil."""

    path: Path
    """The card."""
    card: dict[str, Any]

    @property
    def network(self) -> dict[str, Any]:
        """The card's entry of the ten-class network."""
        return next(entry for entry in self.card["networks"] if entry["role"] == "digit")

    def file(self, precision: str = "int8") -> Path:
        return self.path.parent / self.network[precision]["file"]

    def write(self) -> Path:
        """Write the card as it is now."""
        self.path.write_text(json.dumps(self.card), encoding="utf-8")
        return self.path


@pytest.fixture
def bundle(root: Path, tmp_path: Path) -> SpoiledBundle:
    folder = tmp_path / "bundle"
    folder.mkdir()
    for path in (root / "models").iterdir():
        if path.name == "lenet5.json" or path.suffix == ".tflite":
            shutil.copy(path, folder)
    card = folder / "lenet5.json"
    return SpoiledBundle(card, json.loads(card.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str
    lines: list[dict[str, Any]] = field(default_factory=list)
    """Standard output, when it is JSON lines."""

    @property
    def accepted(self) -> list[str]:
        return [reading["code"] for line in self.lines for reading in line["readings"] if reading["accepted"]]


@pytest.fixture
def postread(capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """postread("read", path, …): run the command in this process."""

    def postread(*arguments: str | Path) -> Answer:
        capfd.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse
            code = int(stop.code or 0)
        out, err = capfd.readouterr()
        lines = [json.loads(line) for line in out.splitlines()] if out.startswith('{"schema"') else []
        return Answer(code, out, err, lines)

    return postread


@pytest.fixture
def wait() -> Callable[..., None]:
    """wait(condition, seconds): until it holds, or fail."""

    def wait(condition: Callable[[], bool], seconds: float = 30.0) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, "waited in vain"
            time.sleep(0.02)

    return wait


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, Debian's."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """White paper: quickly read, nothing on it."""
    path = tmp_path_factory.mktemp("blank") / "blank.png"
    cv2.imwrite(str(path), np.full((60, 100), 255, np.uint8))
    return path


@pytest.fixture
def start(root: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """start(argument, …): `python -m device` with pipes; ended with the test, or when nothing comes of it."""
    running: list[tuple[subprocess.Popen[bytes], threading.Timer]] = []

    def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "device", *map(str, arguments)]
        buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | environment
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=root, stdin=pipe, stdout=pipe, stderr=pipe, env=buffered)
        timer = threading.Timer(60, process.kill)
        timer.start()
        running.append((process, timer))
        return process

    yield start
    for process, timer in running:
        timer.cancel()
        process.kill()
        process.communicate()


def is_box(value: Any, width: int, height: int) -> bool:
    """Whether value is x, y, width, height in whole pixels, inside such a picture."""
    x, y, w, h = value
    integers = all(type(side) is int for side in value)
    return integers and x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= width and y + h <= height
