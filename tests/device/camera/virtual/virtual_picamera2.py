"""The real Picamera2 on libcamera's virtual camera: to be imported in place of picamera2's own class.

The virtual camera is unlike a Pi's in five ways, which are made up for here: it knows no raw stream, it fills buffers
of its own making alone, whatever is asked for it gives NV12 in full range and without padding, it is done with a
request before it was asked whether the camera runs, and it never waits for light.
"""

import sys
import threading
import time
from typing import Any, ClassVar
from unittest import mock

for name in ("pykms", "av", "pidng", "pidng.core", "pidng.camdefs"):  # windows, films and raw files
    sys.modules.setdefault(name, mock.MagicMock(name=name))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import picamera2  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from picamera2.allocators import LibcameraAllocator  # noqa: E402
from picamera2.request import Helpers  # noqa: E402

Uint8 = NDArray[np.uint8]

FPS = 15.0
PIXEL = {"YUV420": 1, "RGB888": 3}
"""Bytes of a pixel in a row."""
ALIGNMENT = 64
"""Bytes that a row's length is a multiple of, as on a Pi 5; here every row is longer than its pixels."""
PADDING = 255
LIMITED = np.rint(16 + np.arange(256) * 219 / 255).astype(np.uint8)
"""Full range → a video's."""


class VirtualPicamera2(picamera2.Picamera2):
    """Gives what a Pi's camera would."""

    dark: ClassVar[bool] = False
    """No frame is ever done, as when the camera's cable has come off."""

    def __init__(self, camera_num: int = 0) -> None:
        self._start = threading.RLock()
        self._due = 0.0
        self._lost: list[Any] = []
        super().__init__(camera_num)
        self.allocator = LibcameraAllocator(self.camera)
        self.helpers = Rows(self)

    def _get_raw_modes(self) -> list[dict[str, Any]]:
        return [{"format": "NV12", "size": (1280, 720)}]

    def configure_(self, config: dict[str, Any]) -> None:
        wanted = {name: config[name]["format"] for name in ("main", "lores")}
        super().configure_(config)
        for name, format in wanted.items():
            stream = self.camera_config[name]
            width, height = stream["size"]
            stride = (width * PIXEL[format] // ALIGNMENT + 1) * ALIGNMENT
            size = stride * height * 3 // 2 if format == "YUV420" else stride * height
            stream.update(format=format, stride=stride, framesize=size)

    def start_(self) -> None:
        # A request that is done before `started` is set would not be given to the camera again: with all of them done
        # as soon as they are asked for, no further frame would ever come.
        with self._start:
            super().start_()

    def stop_(self, request: Any = None) -> Any:
        with self._requestslock:  # what was never done comes back when the camera is stopped
            self._requests, self._lost = self._lost + self._requests, []
        return super().stop_(request)

    def process_requests(self, display: Any) -> None:
        with self._start:
            now = time.monotonic()
        time.sleep(max(0.0, self._due - now))
        self._due = max(self._due, now) + 1 / FPS
        if self.dark:
            with self._requestslock:
                self._lost, self._requests = self._lost + self._requests, []
        super().process_requests(display)


class Rows(Helpers):
    """Where Picamera2 takes pixels out of a buffer: NV12 becomes the rows that a Pi would have put there."""

    def _make_array_shared(self, buffer: Uint8, config: dict[str, Any]) -> Uint8:
        width, height = config["size"]
        pixels = np.asarray(buffer)[: width * height * 3 // 2]
        luma = pixels[: width * height].reshape(height, width)
        chroma = pixels[width * height :].reshape(height // 2, width // 2, 2)
        rows = np.full((config["framesize"] // config["stride"], config["stride"]), PADDING, np.uint8)
        if config["format"] == "YUV420":
            rows[:height, :width] = LIMITED[luma]
            planes = rows[height:].reshape(2, height // 2, -1)
            planes[:, :, : width // 2] = chroma.transpose(2, 0, 1)
        else:
            cb, cr = cv2.split(cv2.resize(chroma, (width, height)))
            picture = cv2.cvtColor(cv2.merge([luma, cr, cb]), cv2.COLOR_YCrCb2BGR)
            rows[:, : 3 * width] = picture.reshape(height, 3 * width)
        return super()._make_array_shared(rows.reshape(-1), config)


picamera2.Picamera2 = VirtualPicamera2
