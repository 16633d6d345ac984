"""A Raspberry Pi's camera, through picamera2 (imported here only, and only when a camera is opened)."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import cv2
import numpy as np

from device.camera.shot import Shot, Size, Uint8, part, small_size
from device.camera.source import Source
from device.errors import CameraError, UsageError

BUFFERS = 4
INSTALL = "sudo apt install python3-picamera2 --no-install-recommends, and a virtual environment made with \
--system-site-packages"
_WIDEN = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)
"""Limited-range luma (16 to 235) → full range."""


@dataclass
class PiCamera(Source):
    """Two streams of one sensor: a small one to see change on, find the code and judge focus; a full one to read."""

    number: int = 0
    """Which camera, as `rpicam-hello --list-cameras` counts them."""
    size: Size = (1280, 720)
    """Of the full stream."""
    fps: float | None = None
    """Frames a second; None: the sensor's choice."""
    focus: float | None = None
    """Dioptres, 0 for infinity, where the lens can be moved; None: by itself, all the time."""
    exposure: float | None = None
    """Microseconds; None: by itself."""
    _device: Any = field(default=None, init=False, repr=False)
    _lock: Any = field(default_factory=threading.Lock, init=False, repr=False, compare=False)
    _limited: bool = field(default=False, init=False, repr=False)
    _count: int = field(default=-1, init=False, repr=False)
    noisy: ClassVar[bool] = True
    patience: ClassVar[float] = 15.0  # longer than opening and `MOST_WAIT` together: only one can have the camera
    MOST_WAIT: ClassVar[float] = 4.0
    """For a frame, seconds."""

    @property
    def name(self) -> str:
        return f"picamera:{self.number}"

    def __copy__(self) -> PiCamera:
        return PiCamera(self.number, self.size, self.fps, self.focus, self.exposure)

    def open(self) -> None:
        device = self._open_device()
        try:
            config = device.create_video_configuration(
                main={"format": "RGB888", "size": self.size},  # which libcamera means the other way round: B, G, R
                lores={"format": "YUV420", "size": small_size(self.size)},
                buffer_count=BUFFERS,
                queue=False,  # the next frame, not the one that waited
                display=None,
                encode=None,
            )
            device.configure(config)
            space = device.camera_configuration().get("colour_space")
            self._limited = "limited" in str(getattr(space, "range", "")).lower()  # a video's; a still's is full
            device.set_controls(self._controls(device))
            device.start()
        except Exception as error:
            device.close()
            raise CameraError(f"{self.name}: cannot be set up ({error})") from error
        self._device = device

    def grab(self) -> Shot | None:
        device = self._device
        try:
            request = device.wait(device.capture_request(wait=False), timeout=self.MOST_WAIT)
        except Exception as error:  # its own TimeoutError, libcamera's RuntimeError
            raise CameraError(f"{self.name}: gives no pictures ({str(error) or type(error).__name__})") from error
        try:
            lores = request.make_array("lores")
            main = request.make_array("main")
            sizes = {name: request.config[name]["size"] for name in ("lores", "main")}  # release() forgets them
        finally:
            request.release()
        self._count += 1
        small = luma(lores, sizes["lores"], self._limited)
        width, height = sizes["main"]
        main = main[:height, :width]
        return Shot(small, (width, height), lambda box: part(main, box), time.monotonic(), self._count)

    def close(self) -> None:
        with self._lock:
            device, self._device = self._device, None
        if device is None:
            return
        try:
            device.cancel_all_and_flush()  # stop() would wait behind a request that never comes
            device.stop()
        finally:
            device.close()

    def _open_device(self) -> Any:
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise UsageError(f"{self.name}: picamera2 is missing; install it: {INSTALL}") from error
        device = Picamera2.__new__(Picamera2)
        try:
            device.__init__(self.number)
        except (RuntimeError, IndexError) as error:
            _close_pipe(device)
            raise CameraError(
                f"{self.name}: no such camera, or another program has it ({error}); see rpicam-hello --list-cameras"
            ) from error
        return device

    def _controls(self, device: Any) -> dict[str, Any]:
        """What this camera has of what is wanted; a fixed lens has no AfMode."""
        wanted: dict[str, Any] = {"AfMode": 2} if self.focus is None else {"AfMode": 0, "LensPosition": self.focus}
        if self.exposure is None:
            wanted["AeEnable"] = True
        else:
            wanted |= {"AeEnable": False, "ExposureTime": round(self.exposure)}
        if self.fps:
            frame = round(1e6 / self.fps)
            wanted["FrameDurationLimits"] = (frame, frame)
        return {name: value for name, value in wanted.items() if name in device.camera_controls}


def _close_pipe(device: Any) -> None:
    """Of a Picamera2 that could not be opened, which leaves it open: tried again for days it would be the last file."""
    with contextlib.suppress(AttributeError):
        os.close(device.notifyme_w)


def luma(yuv: Uint8, size: Size, limited: bool) -> Uint8:
    """The grey picture uint8[h, w] in a YUV420 array uint8[h * 3 / 2, stride], its row padding cut off, full range."""
    width, height = size
    plane = np.ascontiguousarray(yuv[:height, :width])
    return np.asarray(cv2.LUT(plane, _WIDEN), np.uint8) if limited else plane
