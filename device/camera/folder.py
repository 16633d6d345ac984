"""A folder of pictures that stands in for a camera."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from device import headers, sources
from device.camera.pace import FPS, Pace
from device.camera.shot import Shot, Uint8, part, shot_of, small_size
from device.camera.source import Source
from device.errors import InputError

FILM = 100
"""So many pictures in a folder are frames of a film; fewer are laid under the camera one after the other."""
LAID_FOR = 1.0
"""Seconds that a picture lies there."""


@dataclass
class Folder(Source):
    """The pictures of a folder in the order of their names, or one picture, at the pace of a camera.

    A file that cannot be decoded is passed over, as a camera's broken frame is.
    """

    path: str | Path
    fps: float | None = None
    """Pictures a second, each a frame; 0: in turn, without waiting; None: by their number, see `FILM`."""
    loop: bool = False
    """From the beginning again after the last one."""
    _files: list[Path] = field(default_factory=list, init=False, repr=False)
    _next: int = field(default=0, init=False, repr=False)
    _left: int = field(default=0, init=False, repr=False)
    """Frames that the picture still lies there."""
    _number: int = field(default=-1, init=False, repr=False)
    _pace: Pace = field(default_factory=Pace, init=False, repr=False)
    _shown: tuple[Path, Shot] | None = field(default=None, init=False, repr=False)

    @property
    def name(self) -> str:
        return f"folder:{self.path}"

    @property
    def is_live(self) -> bool:
        return False

    def open(self) -> None:
        root = Path(self.path)
        try:
            every = sorted(root.iterdir()) if root.is_dir() else [root]
        except OSError as error:
            raise InputError(f"{self.name}: {error.strerror or error}") from error
        self._files = [path for path in every if path.suffix.lower() in sources.SUFFIXES and path.is_file()]
        if not self._files:
            raise InputError(f"{self.name}: no picture there; give a folder of JPEG or PNG files")
        self._pace = Pace(FPS if self.fps is None else self.fps)

    def grab(self) -> Shot | None:
        while True:
            if self._left:
                self._left -= 1
            elif not self._turn():
                return None
            self._pace.wait()
            shot = self._look(self._files[self._next - 1])
            self._number += 1
            if shot is not None:
                return Shot(shot.small, shot.size, shot.take, time.monotonic(), self._number)
            self._left = 0

    def close(self) -> None:
        self._shown = None

    def _turn(self) -> bool:
        """Go on to the next picture, if there is one."""
        if self._next == len(self._files):
            if not self.loop:
                return False
            self._next = 0
        self._next += 1
        laid = self.fps is None and len(self._files) < FILM
        self._left = round(LAID_FOR * FPS) - 1 if laid else 0
        return True

    def _look(self, path: Path) -> Shot | None:
        """A picture that is shown again is not decoded again."""
        if self._shown is None or self._shown[0] != path:
            try:
                self._shown = path, picture_shot(path)
            except InputError:
                return None
        return self._shown[1]


def picture_shot(path: Path) -> Shot:
    """A picture file; a JPEG is decoded in full only when that is asked for.  Raises InputError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    header = headers.parse(content)
    if header is None or header.kind != "JPEG" or header.orientation != 1:
        frame = next(sources.pages(path, first_only=True, colour=True))
        return shot_of(frame.image, 0.0, 0)
    size = header.width, header.height
    wanted = small_size(size)
    modes = {4: cv2.IMREAD_REDUCED_GRAYSCALE_4, 2: cv2.IMREAD_REDUCED_GRAYSCALE_2, 1: cv2.IMREAD_GRAYSCALE}
    factor = next(factor for factor in modes if factor == 1 or size[0] // factor >= wanted[0])
    data = np.frombuffer(content, np.uint8)
    small = cv2.imdecode(data, modes[factor] | cv2.IMREAD_IGNORE_ORIENTATION)
    if small is None:
        raise InputError(f"{path}: damaged JPEG; copy it again")
    if (small.shape[1], small.shape[0]) != wanted:
        small = cv2.resize(small, wanted, interpolation=cv2.INTER_AREA)
    return Shot(np.asarray(small, np.uint8), size, _later(path, data))


def _later(path: Path, data: Uint8) -> Callable[[tuple[int, int, int, int]], Uint8]:
    @cache
    def decoded() -> Uint8:
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if picture is None:
            raise InputError(f"{path}: damaged JPEG; copy it again")
        return np.asarray(picture, np.uint8)

    return lambda box: part(decoded(), box)
