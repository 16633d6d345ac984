"""A Pi's camera: what is asked of picamera2, padded rows, limited range; on one that stands for the real one."""

import sys
import types
from typing import ClassVar

import numpy as np
import pytest

from device import PiCamera
from device.camera.picamera import luma
from device.errors import CameraError


class Request:
    """A frame of 1280x720 whose small picture has rows of 704 bytes."""

    config: ClassVar = {"main": {"size": (1280, 720)}, "lores": {"size": (640, 360)}}

    def __init__(self, made) -> None:
        self._made = made

    def make_array(self, name: str) -> np.ndarray:
        if name == "main":
            return np.full((720, 1280, 3), 90, np.uint8)
        padded = np.full((540, 704), 255, np.uint8)
        padded[:360, :640] = 126  # limited range: half way from 16 to 235
        return padded

    def release(self) -> None:
        self._made.released += 1


class Picamera2:
    """Picamera2's side of what `PiCamera` uses."""

    camera_controls: ClassVar = {"AeEnable": None, "FrameDurationLimits": None, "ExposureTime": None}
    made: ClassVar[list["Picamera2"]] = []
    away = hangs = False

    def __init__(self, number: int) -> None:
        if self.away:
            raise IndexError("list index out of range")
        self.released, self.closed, self.controls = 0, 0, {}
        Picamera2.made.append(self)

    def create_video_configuration(self, **config):
        self.asked = config
        return config

    def configure(self, config) -> None:
        assert config is self.asked

    def camera_configuration(self):
        return {"colour_space": types.SimpleNamespace(range="Range.Limited")}

    def set_controls(self, controls) -> None:
        self.controls = controls

    def start(self) -> None:
        """Nothing moves."""

    stop = cancel_all_and_flush = start

    def close(self) -> None:
        self.closed += 1

    def capture_request(self, wait):
        return Request(self)

    def wait(self, job, timeout):
        if self.hangs:
            raise TimeoutError
        return job


@pytest.fixture(autouse=True)
def picamera2(monkeypatch):
    module = types.ModuleType("picamera2")
    module.Picamera2 = Picamera2
    monkeypatch.setitem(sys.modules, "picamera2", module)
    monkeypatch.setattr(Picamera2, "made", [])
    return Picamera2


def opened(**options) -> PiCamera:
    camera = PiCamera(**options)
    camera.open()
    return camera


def test_a_shot_has_both_streams_without_padding_and_in_full_range() -> None:
    camera = opened()
    shot = camera.grab()
    assert shot.small.shape == (360, 640)
    assert np.unique(shot.small) == [128]
    assert shot.size == (1280, 720)
    assert shot.full((10, 20, 30, 40)).shape == (40, 30, 3)
    camera.close()


def test_every_request_is_given_back_and_the_camera_let_go(picamera2) -> None:
    camera = opened()
    for _ in range(5):
        camera.grab()
    camera.close()
    camera.close()
    (made,) = picamera2.made
    assert (made.released, made.closed) == (5, 1)


def test_the_small_stream_has_the_full_ones_aspect(picamera2) -> None:
    opened(size=(2304, 1296))
    assert picamera2.made[0].asked["lores"] == {"format": "YUV420", "size": (640, 360)}
    assert picamera2.made[0].asked["main"] == {"format": "RGB888", "size": (2304, 1296)}


def test_controls_that_the_camera_lacks_are_left_alone(picamera2, monkeypatch) -> None:
    opened(fps=20, focus=3.0, exposure=5000)
    assert picamera2.made[0].controls == {
        "AeEnable": False,
        "ExposureTime": 5000,
        "FrameDurationLimits": (50_000, 50_000),
    }
    every = picamera2.camera_controls | {"AfMode": None, "LensPosition": None}
    monkeypatch.setattr(picamera2, "camera_controls", every)
    opened(focus=3.0)
    assert picamera2.made[1].controls["LensPosition"] == 3.0
    opened()
    assert picamera2.made[2].controls["AfMode"] == 2


def test_no_camera_and_a_camera_that_hangs_are_losses(picamera2, monkeypatch) -> None:
    monkeypatch.setattr(picamera2, "hangs", True)
    with pytest.raises(CameraError, match="gives no pictures"):
        opened().grab()
    monkeypatch.setattr(picamera2, "away", True)
    with pytest.raises(CameraError, match="no such camera"):
        opened()


@pytest.mark.parametrize(("y", "full"), [(16, 0), (235, 255), (10, 0), (250, 255)])
def test_limited_range_is_widened(y, full) -> None:
    assert luma(np.full((6, 8), y, np.uint8), (4, 4), limited=True)[0, 0] == full
    assert luma(np.full((6, 8), y, np.uint8), (4, 4), limited=False)[0, 0] == y


def test_iterating_reads_the_newest_frames() -> None:
    with PiCamera() as camera:
        frame = next(iter(camera))
    assert frame.image.shape == (720, 1280, 3)
    assert frame.source == "picamera:0"
