"""What a figure was measured on; nothing that names one machine among its like."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

from device import __version__

BOARD = Path("/proc/device-tree/model")
CPUS = Path("/proc/cpuinfo")
PACKAGES = ("numpy", "opencv-python-headless", "ai-edge-litert", "tflite-runtime")


def facts() -> dict[str, str | int | None]:
    """Board or processor, and the versions that speed depends on; None for what is not installed."""
    return {
        "board": board(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "postread": __version__,
        **{name: _version(name) for name in PACKAGES},
    }


def board(model: Path = BOARD, cpus: Path = CPUS) -> str | None:
    """A board's model as its device tree has it, else the processor's name."""
    if model.is_file():
        return model.read_text(errors="replace").strip("\0 \n")
    names = [line.partition(":")[2].strip() for line in _lines(cpus) if line.startswith("model name")]
    return names[0] if names else None


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines() if path.is_file() else []


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
