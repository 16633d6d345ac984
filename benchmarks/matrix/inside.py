"""Run in each cell, with the device and NumPy alone: `python -m benchmarks.matrix.inside FOLDER RUNTIME`.

Prints one line of JSON: all that this runtime on this processor answers to what `shown.prepare` left in the folder.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device import pixels, sources
from device.classify import Classifier
from device.model import Bundle, Network, Precision
from device.reader import Reader

BATCH = 250
"""Digits in one invoke."""
FLOAT_DIGITS = 100
"""Of the digits, so many are shown to the float32 networks too: QEMU takes as long for one as for twenty in int8."""
PACKAGES = ("ai-edge-litert", "tflite-runtime", "tensorflow", "numpy", "opencv-python-headless")

Uint8 = NDArray[np.uint8]


def main(folder: Path, runtime: Any) -> None:
    """Answer everything."""
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    shown = np.load(folder / "shown.npz")
    digits = pixels.canvas(shown["digits"])
    answers = {
        "about": {"python": platform.python_version(), **_versions()},
        "canvas": [_hash(one) for one in digits],
        "normalise": [_hash(pixels.normalise(*glyph)) for glyph in _glyphs(shown)],
        "logits": _logits([Bundle.load(card) for card in task["bundles"]], digits, runtime),
        "readings": _readings(task, runtime),
    }
    print(json.dumps(answers, allow_nan=False))


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _hash(array: Uint8) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()[:16]


def _glyphs(shown: Any) -> Iterator[tuple[Uint8, NDArray[np.bool_], float | None]]:
    """Ink, mask and line height of each glyph; they lie one after another in flat arrays."""
    start = 0
    for (height, width), line_height in zip(shown["shapes"].tolist(), shown["line_heights"].tolist(), strict=True):
        end = start + height * width
        ink, mask = (shown[name][start:end].reshape(height, width) for name in ("inks", "masks"))
        yield ink, mask, line_height or None
        start = end


def _logits(bundles: list[Bundle], digits: Uint8, runtime: Any) -> dict[str, list[list[float]]]:
    """By graph, role and precision: units of the int8 output, or float32."""
    found = {}
    for bundle in bundles:
        for network in bundle.networks:
            for precision in network.files:
                name = f"{network.graph} {network.role} {precision}"
                shown = digits if precision == "int8" else digits[:FLOAT_DIGITS]
                found[name] = _outputs(network, precision, shown, runtime).tolist()
    return found


def _outputs(network: Network, precision: Precision, digits: Uint8, runtime: Any) -> NDArray[Any]:
    """[N, classes]: int64 units for int8, otherwise float32."""
    opened = Classifier.open(network, precision, runtime)
    logits = np.concatenate([opened.logits(digits[i : i + BATCH]) for i in range(0, len(digits), BATCH)])
    scale = network.files[precision].output.scale
    return logits if scale is None else np.rint(logits / scale).astype(np.int64)


def _readings(task: dict[str, Any], runtime: Any) -> list[list[dict[str, Any]]]:
    """Of each picture's first page, by the first bundle's int8 networks."""
    readers: dict[str, Reader] = {}
    found = []
    for path, format_ in task["pictures"]:
        if format_ not in readers:
            readers[format_] = Reader.load(task["bundles"][0], format_, runtime=runtime)
        frame = next(sources.pages(path, first_only=True))
        found.append([reading.plain() for reading in readers[format_].read(frame)])
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
