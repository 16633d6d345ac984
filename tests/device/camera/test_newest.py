"""Always the newest shot; a source that ends, freezes, gives rubbish or comes back."""

import threading
import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from device import Video
from device.camera import newest
from device.camera.newest import Newest
from device.camera.shot import shot_of
from device.camera.source import Source
from device.errors import CameraError, UsageError


@pytest.fixture(autouse=True)
def hasty(monkeypatch) -> None:
    monkeypatch.setattr(newest, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(newest, "LONGEST_PAUSE", 0.2)


class Device:
    """What a test source stands for: plugged in or not, and how it behaves."""

    def __init__(self) -> None:
        self.mode = "good"
        self.opened = 0
        self.given = 0
        self.release = threading.Event()


@dataclass
class Scripted(Source):
    device: Device
    patience: ClassVar[float] = 0.5
    noisy: ClassVar[bool] = True

    @property
    def name(self) -> str:
        return "scripted"

    def open(self) -> None:
        self.device.opened += 1
        if self.device.mode == "away":
            raise CameraError("scripted: not there")
        if self.device.mode == "impossible":
            raise UsageError("scripted: can never be")

    def grab(self):
        device = self.device
        time.sleep(0.01)
        if device.mode == "away":
            raise CameraError("scripted: unplugged")
        if device.mode == "broken":
            raise ZeroDivisionError("a driver's own")
        if device.mode == "hangs":
            device.release.wait(20)
        if device.mode == "ended":
            return None
        device.given += device.mode != "frozen"
        return shot_of(np.full((8, 8), device.given % 200 + 1, np.uint8), time.monotonic(), device.given)

    def close(self) -> None:
        pass


@pytest.fixture
def device():
    made = Device()
    yield made
    made.release.set()


@pytest.fixture
def camera(device):
    made = Newest(Scripted(device))
    yield made
    made.close()


def test_a_slow_reader_gets_the_newest_shot_and_no_queue_grows(camera, device) -> None:
    camera.shot(5.0)
    time.sleep(0.3)
    before = device.given
    assert camera.shot(5.0).number >= before - 1


def test_no_shot_is_given_twice(camera) -> None:
    numbers = [camera.shot(5.0).number for _ in range(20)]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("mode", ["away", "broken", "hangs"])
def test_a_loss_is_noticed_said_and_healed(camera, device, mode) -> None:
    assert camera.shot(5.0)
    device.mode = mode
    until = time.monotonic() + 10
    while camera.trouble is None and time.monotonic() < until:
        camera.shot(0.1)
    assert camera.trouble.startswith("scripted: ")
    assert not camera.ended
    device.mode = "good"
    device.release.set()
    assert camera.shot(10.0)
    assert camera.trouble is None


def test_a_source_that_hangs_again_and_again_does_not_gather_threads(camera, device) -> None:
    device.mode = "hangs"
    before = threading.active_count()
    for _ in range(20):
        camera.shot(0.2)
    assert threading.active_count() <= before + newest.MOST_STUCK


def test_the_same_picture_to_the_last_bit_is_a_frozen_camera(camera, device, monkeypatch) -> None:
    monkeypatch.setattr(newest, "SAME_FOR", 0.3)
    camera.shot(5.0)
    device.mode = "frozen"
    until = time.monotonic() + 10
    while camera.trouble is None and time.monotonic() < until:
        camera.shot(0.1)
    assert "frozen" in camera.trouble


def test_pauses_grow_while_a_source_stays_away(device, monkeypatch) -> None:
    monkeypatch.setattr(newest, "LONGEST_PAUSE", 10.0)
    device.mode = "away"
    camera = Newest(Scripted(device))
    until = time.monotonic() + 2.0
    while time.monotonic() < until:
        camera.shot(0.1)
    camera.close()
    assert 3 <= device.opened <= 8


def test_a_source_that_ends_has_ended(camera, device) -> None:
    device.mode = "ended"
    until = time.monotonic() + 5
    while not camera.ended and time.monotonic() < until:
        camera.shot(0.1)
    assert camera.ended
    assert camera.trouble is None


def test_what_can_never_be_is_raised(device) -> None:
    device.mode = "impossible"
    camera = Newest(Scripted(device))
    with pytest.raises(UsageError, match="can never be"):
        camera.shot(5.0)
    camera.close()


@pytest.mark.parametrize("mode", ["frozen", "rubbish", "ended"])
def test_an_mjpeg_stream_that_fails_comes_back(stream, monkeypatch, mode) -> None:
    monkeypatch.setattr("device.camera.video.READ_WAIT", 1000)
    monkeypatch.setattr(Video, "patience", 3.0)
    camera = Newest(Video(stream.url))
    assert camera.shot(15.0)
    if mode == "ended":
        stream.end()
    else:
        stream.mode = mode
    until = time.monotonic() + 30
    while camera.trouble is None and time.monotonic() < until:
        camera.shot(0.2)
    assert camera.trouble is not None
    assert "secret" not in camera.trouble
    stream.start()
    assert camera.shot(30.0)
    camera.close()
