"""The newest shot as a JPEG, made only while somebody asks for it, at most so often, once for all who ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from device.camera.shot import Shot
from device.errors import InputError

if TYPE_CHECKING:
    from device.watch.watcher import Watcher

Uint8 = NDArray[np.uint8]

WIDTH = 960
"""Pixels, at most."""
QUALITY = 72
EVERY = 1 / 8
"""Seconds between two pictures, at least."""
WAIT = 10.0
"""Seconds that somebody is kept waiting for a newer one."""
GLANCE = 0.03
"""Seconds between two looks whether there is one."""


class Pictures:
    """For the server's loop; encoding is left to a thread."""

    def __init__(self, watcher: Watcher, thread: Executor, is_closed: Callable[[], bool]) -> None:
        """is_closed: nobody is to be kept waiting any more."""
        self._watcher, self._thread, self._is_closed = watcher, thread, is_closed
        self._encoding = asyncio.Lock()
        self._made: tuple[float, int, bytes] | None = None
        """When, of which shot, the JPEG."""

    async def after(self, number: int) -> tuple[int, bytes] | None:
        """A picture of another shot than that number, and its number; None when none came in time."""
        until = time.monotonic() + WAIT
        while time.monotonic() < until and not self._is_closed():
            async with self._encoding:
                found = await self._newest(number)
            if found is not None:
                return found
            await asyncio.sleep(GLANCE)
        return None

    async def _newest(self, number: int) -> tuple[int, bytes] | None:
        shot, made = self._watcher.shot, self._made
        if shot is None:
            return None
        fresh = made is not None and (made[1] == shot.number or time.monotonic() - made[0] < EVERY)
        if not fresh:
            began = time.monotonic()
            try:
                data = await asyncio.get_running_loop().run_in_executor(self._thread, jpeg, shot)
            except InputError:  # a picture that is broken further down: the next one may not be
                return None
            made = self._made = began, shot.number, data
        assert made is not None
        return None if made[1] == number else (made[1], made[2])


def jpeg(shot: Shot) -> bytes:
    """A shot, at most `WIDTH` wide.  Raises InputError."""
    full = shot.full()
    step = max(1, shot.size[0] // WIDTH)
    picture = np.ascontiguousarray(full[::step, ::step])
    height, width = picture.shape[:2]
    if width > WIDTH:
        size = WIDTH, max(1, round(height * WIDTH / width))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return data.tobytes()
