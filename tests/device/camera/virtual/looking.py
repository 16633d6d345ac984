"""Runs inside the userland: `PiCamera` on the virtual camera; what it sees as one JSON line.  looking.py TIMES"""

import gc
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from virtual_picamera2 import VirtualPicamera2

from device import PiCamera, Reader
from device.errors import CameraError

SECONDS = 240.0


def files() -> int:
    gc.collect()  # Picamera2 is held by its own parts
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def once(camera: PiCamera) -> dict[str, Any]:
    """Open it, look until an envelope lies there, and close it."""
    camera.open()
    shots = [camera.grab() for _ in range(4)]
    until = time.monotonic() + SECONDS
    while np.percentile(shots[-1].small, 90) < 150 and time.monotonic() < until:
        shots.append(camera.grab())
    shot = shots[-1]
    camera.close()
    grey = shot.full().mean(axis=2)
    reduced = grey.reshape(360, 2, 640, 2).mean(axis=(1, 3))
    return {
        "full": shot.full().shape,
        "small": shot.small.shape,
        "apart": float(np.abs(reduced - shot.small)[2:-2, 2:-2].mean()),
        "levels": [int(shot.small[:25].mean()), int(grey[:50].mean())],
        "files": files(),
    }


def refused() -> str:
    """What is said while another has the camera."""
    try:
        PiCamera().open()
    except CameraError as error:
        return str(error)
    return ""


def codes(camera: PiCamera) -> dict[str, Any]:
    """The first code that is read, while another wants the camera, and what follows when no frame comes any more."""
    reader, until, second, frames = Reader.load(format="cep"), time.monotonic() + SECONDS, "", 0
    with camera:
        for frame in camera:
            frames += 1
            second = second or refused()
            accepted = [reading.digits for reading in reader.read(frame) if reading.accepted]
            if accepted or time.monotonic() > until:
                return {"codes": accepted, "second": second, "frames": frames}
    return {}


def cable_off(camera: PiCamera) -> str:
    camera.open()
    camera.grab()
    VirtualPicamera2.dark = True
    try:
        camera.grab()
        camera.grab()  # the first may have been on its way
    except CameraError as error:
        return str(error)
    finally:
        camera.close()
        VirtualPicamera2.dark = False
    return ""


PiCamera.MOST_WAIT = 30.0
camera = PiCamera()
runs = [once(camera) for _ in range(int(sys.argv[1]))]
read = codes(camera)
PiCamera.MOST_WAIT = 2.0
lost = cable_off(camera)
PiCamera.MOST_WAIT = 30.0
found = once(PiCamera())
print(json.dumps({"runs": runs, "read": read, "lost": lost, "found": found}), flush=True)
