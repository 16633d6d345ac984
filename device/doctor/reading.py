"""The runtime, the model, and a code that is drawn and read."""

from __future__ import annotations

import argparse
from importlib import metadata

from device.doctor.finding import Finding
from device.errors import ModelError, PostreadError, RuntimeMissing
from device.model import Bundle

AGAIN = "run install.sh of the bundle again"
CODE = "01310-100"
"""Drawn, and read as any other."""
PACKAGES = {"litert": "ai-edge-litert", "tflite-runtime": "tflite-runtime", "tf": "tensorflow"}


def runtime(options: argparse.Namespace) -> Finding:
    """Whether an interpreter is there, and loads."""
    from device.classify import find_runtime

    try:
        name, _ = find_runtime(options.runtime)
    except RuntimeMissing as error:
        return Finding("runtime", "fail", str(error), f"{AGAIN}, or do as it says")
    try:
        version = metadata.version(PACKAGES[name])
    except metadata.PackageNotFoundError:  # tensorflow has several names
        version = ""
    return Finding("runtime", "ok", f"{name} {version}".strip())


def model(options: argparse.Namespace) -> Finding:
    """Whether the card and every file that it lists are what they were."""
    try:
        bundle = Bundle.load(options.model)
        files = [file for network in bundle.networks for file in network.files.values()]
        for file in files:
            file.read()
    except ModelError as error:
        return Finding("model", "fail", str(error), AGAIN if options.model is None else "mend model in postread.toml")
    return Finding("model", "ok", f"{bundle.name}, {len(files)} files with the card's hashes")


def drawn_code(options: argparse.Namespace) -> Finding:
    """Whether all of it together reads."""
    try:
        found = _read(options)
    except (PostreadError, ImportError) as error:  # cv2 that does not load, a model that does not
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Finding("reading", "fail", f"nothing can be read: {why}", AGAIN)
    if found == CODE:
        return Finding("reading", "ok", f"a drawn {CODE} is read")
    return Finding("reading", "fail", f"a drawn {CODE} is read as {found or 'nothing'}", AGAIN)


def _read(options: argparse.Namespace) -> str | None:
    import cv2
    import numpy as np

    from device.reader import Reader
    from device.types import Frame

    paper = np.full((200, 640), 235, np.uint8)
    cv2.putText(paper, CODE, (60, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 30, 3, cv2.LINE_AA)
    reader = Reader.load(
        options.model, "cep", precision=options.precision, runtime=options.runtime, threads=options.threads
    )
    return next((reading.code for reading in reader.read(Frame(paper))), None)
