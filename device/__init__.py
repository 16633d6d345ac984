"""Read postal codes with LeNet-5 on a Raspberry Pi."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from device.camera.folder import Folder
    from device.camera.picamera import PiCamera
    from device.camera.video import Video
    from device.errors import (
        CameraError,
        FormatError,
        InputError,
        ModelError,
        PostreadError,
        RuntimeMissing,
        UsageError,
    )
    from device.model import Bundle
    from device.reader import Reader
    from device.sources import Images
    from device.types import Box, Digit, Frame, Glyph, Reading

_HOME = {
    **dict.fromkeys(("Box", "Digit", "Frame", "Glyph", "Reading"), "device.types"),
    "Folder": "device.camera.folder",
    "PiCamera": "device.camera.picamera",
    "Video": "device.camera.video",
    **dict.fromkeys(
        ("CameraError", "FormatError", "InputError", "ModelError", "PostreadError", "RuntimeMissing", "UsageError"),
        "device.errors",
    ),
    "Bundle": "device.model",
    "Images": "device.sources",
    "Reader": "device.reader",
}

__all__ = [
    "Box",
    "Bundle",
    "CameraError",
    "Digit",
    "Folder",
    "FormatError",
    "Frame",
    "Glyph",
    "Images",
    "InputError",
    "ModelError",
    "PiCamera",
    "PostreadError",
    "Reader",
    "Reading",
    "RuntimeMissing",
    "UsageError",
    "Video",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use: `postread --help` shall not wait for OpenCV."""
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
