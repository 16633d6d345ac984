"""The emulated processors: what `make aarch64` left under .venv/, and the command that starts Python there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from benchmarks.errors import MissingError

ROOT = Path(__file__).resolve().parents[2]
LANE = ROOT / ".venv" / "aarch64"
TRIXIE = ROOT / ".venv" / "aarch64-trixie"
"""Python 3.13 without any package: the bundle for it is installed there."""
PLUGIN = LANE / "count.so"
"""Counts instructions, `count.c`."""
BOARDS = {"cortex-a72": "Raspberry Pi 4", "cortex-a76": "Raspberry Pi 5"}
"""Processors, as QEMU calls them; each has a prefix in the lane with its own /proc/cpuinfo.

LiteRT chooses its kernels by that file as well as by the processor's own registers; without one QEMU 7 would show it
this machine's.
"""
EMULATORS = ("qemu-aarch64", "qemu-aarch64-static")
"""Only the first, which is linked dynamically, can load plugins."""
SET_UP = "run `make aarch64`"


def command(cpu: str, runtime: str, *arguments: str, count_into: Path | None = None) -> list[str]:
    """The command of a guest Python with the device's packages and this runtime; to be run in the checkout.

    count_into: the file into which the plugin writes a line at every mark.
    Raises MissingError, which names what is not there and how to get it.
    """
    emulator = _emulator(EMULATORS)
    counting: list[str] = []
    if count_into is not None:
        emulator = _emulator(EMULATORS[:1])
        _require(PLUGIN)
        counting = ["-plugin", f"{PLUGIN},into={count_into}"]
    prefix, packages, python = LANE / cpu, LANE / runtime, LANE / "root" / "usr" / "bin" / "python3.11"
    for part in (prefix, packages / ".installed", python):
        _require(part)
    given = {
        "PYTHONHOME": LANE / "root" / "usr",
        "PYTHONPATH": packages,
        "PYTHONDONTWRITEBYTECODE": 1,
        "OPENBLAS_NUM_THREADS": 1,
    }
    environment = [part for name, value in given.items() for part in ("-E", f"{name}={value}")]
    return [emulator, "-L", str(prefix), "-cpu", cpu, *counting, *environment, str(python), *arguments]


def version() -> str:
    """Of the emulator: ``QEMU 7.2.22``."""
    said = subprocess.run([_emulator(EMULATORS), "--version"], capture_output=True, text=True, check=True).stdout
    return f"QEMU {said.split()[2]}"


def _emulator(names: tuple[str, ...]) -> str:
    for name in names:
        if shutil.which(name):
            return name
    raise MissingError(f"there is no {' or '.join(names)}: apt-get install qemu-user")


def _require(part: Path) -> None:
    if not part.exists():
        raise MissingError(f"{part.relative_to(ROOT)} is not there: {SET_UP}")
