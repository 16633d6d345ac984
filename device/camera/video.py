"""Films, USB cameras and network streams, all through OpenCV's VideoCapture."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np

from device.camera.pace import FPS, Pace
from device.camera.shot import Shot, Size, shot_of
from device.camera.source import Source
from device.errors import CameraError, InputError, UsageError

OPEN_WAIT, READ_WAIT = 10_000, 5_000
"""Longest wait for a stream to open and for its next frame, milliseconds."""
MOST_BROKEN = 30
"""So many frames in a row that cannot be decoded, and a stream is lost."""
URL = re.compile(r"(?i)^(https?|rtsps?|rtmp|udp|tcp)://")


@dataclass
class Video(Source):
    """A film's path, the address of a stream (MJPEG over HTTP, RTSP), or a V4L2 camera: 0, `/dev/video0`."""

    source: str | int | Path
    fps: float | None = None
    """Of a film: its own when None, without waiting when 0.  Of a camera: what it is asked for."""
    size: Size | None = None
    """What a V4L2 camera is asked for."""
    loop: bool = False
    """A film, from its beginning again."""
    focus: float | None = None
    """Of a V4L2 camera, in the driver's units; None: by itself."""
    exposure: float | None = None
    _capture: Any = field(default=None, init=False, repr=False)
    _pace: Pace = field(default_factory=lambda: Pace(0.0), init=False, repr=False)
    _number: int = field(default=-1, init=False, repr=False)
    patience: ClassVar[float] = 12.0

    @property
    def name(self) -> str:
        if isinstance(self.source, int):
            return f"v4l2:{self.source}"
        return re.sub(r"(?<=://)[^/@]*@", "", str(self.source))  # no password in a log

    @property
    def is_stream(self) -> bool:
        return bool(URL.match(str(self.source)))

    @property
    def is_camera(self) -> bool:
        return isinstance(self.source, int) or str(self.source).startswith("/dev/video")

    @property
    def is_live(self) -> bool:
        return self.is_stream or self.is_camera

    def open(self) -> None:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what goes wrong is said by us
        if self.is_camera:
            self._capture = self._camera()
        elif self.is_stream:
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_WAIT, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_WAIT]
            self._capture = cv2.VideoCapture(str(self.source), cv2.CAP_FFMPEG, limits)
            if not self._capture.isOpened():
                raise CameraError(f"{self.name}: the stream cannot be opened; is its server running?")
        else:
            self._capture = self._film()

    def grab(self) -> Shot | None:
        for _ in range(MOST_BROKEN):
            self._pace.wait()
            ok, picture = self._capture.read()
            self._number += 1
            if ok and picture is not None and picture.size:
                if picture.dtype != np.uint8:
                    raise UsageError(f"{self.name}: frames of {picture.dtype}; 8 bits are needed")
                return shot_of(picture, time.monotonic(), self._number)
            if not self.is_live:
                if not (self.loop and self._number > 0 and self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)):
                    return None
                self._number = -1
            elif not self._capture.isOpened():
                break
        raise CameraError(f"{self.name}: gives no pictures any more")

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def _film(self) -> Any:
        path = Path(self.source) if not isinstance(self.source, int) else Path()
        if not path.is_file():
            raise InputError(f"{path}: no such film")
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise InputError(f"{path}: not a film that can be read; give MP4, MKV or AVI")
        own = capture.get(cv2.CAP_PROP_FPS)
        self._pace = Pace(self.fps if self.fps is not None else own if 1 <= own <= 240 else FPS)
        return capture

    def _camera(self) -> Any:
        device = self.source if isinstance(self.source, int) else int(re.sub(r"\D", "", str(self.source)) or 0)
        path = Path(f"/dev/video{device}")
        if not path.exists():
            raise CameraError(f"{self.name}: there is no {path}; is the camera plugged in?")
        capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise CameraError(
                f"{self.name}: {path} cannot be opened; is another program using it, are you in the group video?"
            )
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))  # at full size, raw frames fill USB
        width, height = self.size or (1280, 720)
        wanted: dict[int, float] = {
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_BUFFERSIZE: 1,
        }
        wanted[cv2.CAP_PROP_FPS] = self.fps or FPS
        wanted[cv2.CAP_PROP_AUTOFOCUS] = 0 if self.focus is not None else 1
        if self.focus is not None:
            wanted[cv2.CAP_PROP_FOCUS] = self.focus
        wanted[cv2.CAP_PROP_AUTO_EXPOSURE] = 3 if self.exposure is None else 1  # V4L2: 3 by itself, 1 by hand
        if self.exposure is not None:
            wanted[cv2.CAP_PROP_EXPOSURE] = self.exposure
        for prop, value in wanted.items():  # a camera that lacks one says no, and goes on without
            capture.set(prop, value)
        return capture
