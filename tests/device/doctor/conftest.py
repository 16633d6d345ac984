"""What the doctor's tests share: a Raspberry Pi in a folder, to take something away from."""

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from device.cli import _parser
from device.doctor.camera import PACKAGES
from device.doctor.machine import Machine, Said

CAMERAS = "picamera2.Picamera2"
"""A part of what asks for the cameras."""


@dataclass
class Pi:
    """A Raspberry Pi on which all is well: files below a folder, and what its commands say."""

    root: Path
    says: dict[str, Said | None] = field(default_factory=dict)
    """By a part of the command."""
    barred: set[str] = field(default_factory=set)
    """What this user may not use."""
    free: float = 20e9
    now: datetime = datetime(2027, 3, 1, 12, tzinfo=UTC)

    def file(self, path: str, text: str = "") -> None:
        (self.root / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path.lstrip("/")).write_text(text)

    def remove(self, pattern: str) -> None:
        for path in self.root.glob(pattern.lstrip("/")):
            path.unlink()

    @property
    def machine(self) -> Machine:
        def run(command, seconds):
            line = " ".join(command)
            return next((said for part, said in self.says.items() if part in line), None)

        return replace(
            Machine(self.root),
            run=run,
            may_use=lambda path: f"/{path.relative_to(self.root)}" not in self.barred,
            free_bytes=lambda path: int(self.free),
            now=lambda: self.now,
            user=lambda: "postread",
        )


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    pi = Pi(tmp_path / "pi")
    pi.file("/proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
    pi.file("/sys/class/thermal/thermal_zone0/temp", "51234\n")
    for node in ("video0", "media0", "dma_heap/linux,cma", "gpiochip0"):
        pi.file(f"/dev/{node}")
    pi.file("/sys/class/video4linux/video0/name", "pispbe\n")
    pi.says = {
        "timedatectl": Said(0, "yes\n", ""),
        "vcgencmd": Said(0, "throttled=0x0\n", ""),
        CAMERAS: Said(0, json.dumps(["imx708"]) + "\n", "libcamera logs"),
    }
    return pi


@pytest.fixture
def options() -> Callable[..., argparse.Namespace]:
    """options("--no-store", …): those of `postread watch`."""

    def options(*arguments: str | Path) -> argparse.Namespace:
        return _parser().parse_args(["watch", *map(str, arguments)])

    return options


@pytest.fixture
def bar(monkeypatch) -> Callable[[Path], None]:
    """bar(folder): nobody may look into it, as into another's private one; rights alone do not keep root out."""

    def bar(folder: Path) -> None:
        stat = os.stat

        def barred(path, *arguments, **options):
            if not isinstance(path, int) and folder in Path(os.fsdecode(path)).absolute().parents:
                raise PermissionError(13, "Permission denied", path)
            return stat(path, *arguments, **options)

        monkeypatch.setattr(os, "stat", barred)

    return bar


def apt(pi: Pi, numpy: str, info: str) -> None:
    """As Debian's python3-numpy and Raspberry Pi's python3-picamera2 lay their files."""
    pi.file(f"{PACKAGES}/numpy-{numpy}.{info}")
    pi.file(f"{PACKAGES}/simplejpeg/__init__.py")
