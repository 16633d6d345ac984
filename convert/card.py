"""The model card, `models/NAME.json`: what the device checks before the first digit, and how the bundle was made."""

from __future__ import annotations

import hashlib
from typing import Any

from convert import calibrate
from convert.graph import Tensor, inspect
from convert.parity import Parity
from device.model import CARD_SCHEMA
from device.pixels import PIXELS_VERSION
from train.data import Mnist
from train.files import sha256
from train.runs import Run, versions

CLASSES = tuple("0123456789")
DIGITS_SHOWN = 4
"""Decimals of an error as a share: one digit in 10,000."""


def card(name: str, int8: bytes, float32: bytes, temperature: float, made_by: dict[str, Any]) -> dict[str, Any]:
    """The card of a bundle with one network, before its accuracy is known."""
    network = {
        "role": "digit",
        "arch": "lenet5",
        "classes": list(CLASSES),
        "graph": "plain",
        "int8": _file(f"{name}-int8.tflite", int8),
        "float32": _file(f"{name}-float32.tflite", float32),
    }
    return {
        "card_schema": CARD_SCHEMA,
        "name": name,
        "pixels_version": PIXELS_VERSION,
        "networks": [network],
        "decoder": {"temperature": temperature, "thresholds": {}, "weights": {}},
        "made_by": made_by,
        "accuracy": {},
    }


def made_by(name: str, run: Run, calibrated_by: Run, mnist: Mnist, command: str) -> dict[str, Any]:
    """Where the bundle comes from; nothing in it depends on the day or the machine's folders.

    calibrated_by: the run whose held-out digits gave the temperature.
    """
    record = run.record
    return {
        "command": command,
        "seed": record["seed"],
        "versions": versions(),
        "data": {"mnist": mnist.sha256()},
        "representative": {"per_class": calibrate.PER_CLASS, "seed": calibrate.SEED},
        "temperature": {
            "held_out": calibrated_by.record["recipe"]["validation"],
            "training": calibrated_by.record["command"],
        },
        "recipe": record["recipe"],
        "training": {"command": record["command"], "versions": record["versions"], "data": record["data"]},
        "keras": {"file": f"{name}.keras", "sha256": sha256(run.model_file)},
    }


def accuracy(parity: Parity) -> dict[str, Any]:
    """The figures on MNIST's test digits, as shares."""
    return {
        "mnist-test": {
            "n": parity.n,
            "float32_error": round(parity.float32_error, DIGITS_SHOWN),
            "int8_error": round(parity.int8_error, DIGITS_SHOWN),
            "argmax_agreement": round(parity.agreement, DIGITS_SHOWN),
        }
    }


def _file(name: str, content: bytes) -> dict[str, Any]:
    graph = inspect(content)
    return {
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "input": _tensor(graph.input),
        "output": _tensor(graph.output),
    }


def _tensor(tensor: Tensor) -> dict[str, Any]:
    return {
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "scale": tensor.scale,
        "zero_point": tensor.zero_point,
    }
