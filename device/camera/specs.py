"""`--source SPEC` → a source."""

from __future__ import annotations

import argparse
from pathlib import Path

from device.camera.newest import InTurn, Newest
from device.camera.shot import Shot, turned
from device.camera.source import Camera, Source
from device.errors import UsageError

KNOWN = "picamera[:N], v4l2:N, /dev/videoN, rtsp://…, http://… (MJPEG), folder:DIR, or a film's path"


def parse_source(options: argparse.Namespace) -> Source:
    """The source that source, fps, size, focus, exposure and loop of a command line ask for.  Raises UsageError."""
    spec: str = options.source
    kind, _, rest = spec.partition(":")
    camera = {"fps": options.fps, "focus": options.focus, "exposure": options.exposure}
    if kind == "picamera":
        from device.camera.picamera import PiCamera

        return PiCamera(_number(spec, rest or "0"), **camera, **({"size": options.size} if options.size else {}))
    if kind == "folder":
        from device.camera.folder import Folder

        return Folder(Path(rest), fps=options.fps, loop=options.loop)
    from device.camera.video import URL, Video

    if kind == "v4l2":
        return Video(_number(spec, rest), size=options.size, **camera)
    if Path(spec).is_dir():
        raise UsageError(f"--source {spec}: a folder; write folder:{spec}")
    if "://" in spec and not URL.match(spec):
        raise UsageError(f"--source {spec}: give {KNOWN}")
    return Video(spec, size=options.size, loop=options.loop, **camera)


def open_camera(source: Source, fps: float | None, degrees: int = 0) -> Camera:
    """Its newest shots, or each in turn where it is a file that is not to be waited for (fps 0)."""
    camera: Camera = InTurn(source) if fps == 0 and not source.is_live else Newest(source)
    return Turned(camera, degrees) if degrees else camera


class Turned:
    """A camera that was mounted askew by 90, 180 or 270 degrees."""

    def __init__(self, camera: Camera, degrees: int) -> None:
        self._camera, self._degrees = camera, degrees

    @property
    def name(self) -> str:
        return self._camera.name

    @property
    def trouble(self) -> str | None:
        return self._camera.trouble

    @property
    def ended(self) -> bool:
        return self._camera.ended

    def shot(self, timeout: float) -> Shot | None:
        shot = self._camera.shot(timeout)
        return None if shot is None else turned(shot, self._degrees)

    def close(self) -> None:
        self._camera.close()


def _number(spec: str, text: str) -> int:
    if not text.isdigit():
        raise UsageError(f"--source {spec}: which camera? Give a number, as in {spec.partition(':')[0]}:0")
    return int(text)
