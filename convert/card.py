"""The model card, `models/NAME.json`: what the device checks before the first digit, and how the bundle was made."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convert import calibrate
from convert.forms import Pair
from convert.graph import Tensor, inspect
from convert.parity.compare import Compared, Comparison
from convert.parity.figures import Parity
from convert.quantize import Form
from convert.source import CLASSES, Source
from device.model import CARD_SCHEMA
from device.pixels import PIXELS_VERSION
from train.data import Mnist
from train.files import sha256
from train.recipe import DIGIT, DIGIT_OR_NOT, DIGIT_OR_NOT_ALONE, WHICH_DIGIT
from train.runs import versions

DIGITS_SHOWN = 4
"""Decimals of an error as a share: one digit in 10,000."""


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """A network, ready for a bundle."""

    source: Source
    int8: bytes
    float32: bytes
    per_class: int
    """Examples of each class in the representative set."""
    graph: Form = "plain"
    plain: Pair | None = None
    """The plain graph of the same weights, if the network's own is another."""

    def stem(self, name: str) -> str:
        """How its files' names begin in the bundle of that name."""
        return stem(name, self.source.role)

    def contents(self, name: str) -> dict[str, bytes]:
        """Its files in that bundle, the Keras network among them as it was."""
        kept = self.source.file.read_bytes()
        ends = {"-int8.tflite": self.int8, "-float32.tflite": self.float32, self.source.suffix: kept}
        return {f"{self.stem(name)}{end}": content for end, content in ends.items()}


def stem(name: str, role: str) -> str:
    """How the names of a network's files begin; another network adds its role."""
    return name if role == DIGIT else f"{name}-{role}"


def card(name: str, networks: Sequence[Converted], temperature: float, made_by: dict[str, Any]) -> dict[str, Any]:
    """The card of a bundle, before its accuracy is known."""
    return {
        "card_schema": CARD_SCHEMA,
        "name": name,
        "pixels_version": PIXELS_VERSION,
        "networks": [_network(name, network) for network in networks],
        "decoder": {"temperature": temperature, "thresholds": {}, "weights": {}},
        "made_by": made_by,
        "accuracy": {},
    }


def made_by(name: str, networks: Sequence[Converted], mnist: Mnist, command: str) -> dict[str, Any]:
    """Where the bundle comes from; nothing in it depends on the day or the machine's folders."""
    first, *others = networks
    return {
        "command": command,
        "versions": versions(),
        "data": {"mnist": mnist.sha256()},
        **_origin(name, first),
        **{other.source.role: _origin(name, other) for other in others},
    }


def accuracy(compared: Compared) -> dict[str, Any]:
    """Shares, on MNIST's test digits and for the other networks on rendered glyphs; SQNR of the logits in dB."""
    figures = {"mnist-test": {"n": compared.digit.n} | _shares(compared.digit)}
    for role, its in ((DIGIT_OR_NOT, "rendered"), (DIGIT_OR_NOT_ALONE, "rendered-alone")):
        if rendered := compared.of(role):
            figures[its] = _rendered(rendered)
    if which := compared.of(WHICH_DIGIT):
        figures["rendered-which"] = {"n": which.parity.n} | _shares(which.parity)
    return figures


def _rendered(found: Comparison) -> dict[str, Any]:
    """Errors of the digits among all glyphs; the agreement and the SQNR are those on all of them."""
    digits = found.digits or found.parity
    float32_taken, int8_taken = found.taken
    return {
        "n": found.parity.n,
        "digits": digits.n,
        **_shares(digits),
        **_likeness(found.parity),
        "float32_not_digits_taken": round(float32_taken, DIGITS_SHOWN),
        "int8_not_digits_taken": round(int8_taken, DIGITS_SHOWN),
    }


def _shares(parity: Parity) -> dict[str, float]:
    return {
        "float32_error": round(parity.float32_error, DIGITS_SHOWN),
        "int8_error": round(parity.quantised_error, DIGITS_SHOWN),
        **_likeness(parity),
    }


def _likeness(parity: Parity) -> dict[str, float]:
    return {"argmax_agreement": round(parity.agreement, DIGITS_SHOWN), "sqnr_db": round(parity.sqnr, 1)}


def _network(name: str, network: Converted) -> dict[str, Any]:
    return {
        "role": network.source.role,
        "arch": network.source.arch,
        "classes": list(CLASSES[network.source.role]),
        "graph": network.graph,
        "int8": _file(f"{network.stem(name)}-int8.tflite", network.int8),
        "float32": _file(f"{network.stem(name)}-float32.tflite", network.float32),
    }


def _origin(name: str, network: Converted) -> dict[str, Any]:
    """How one network was trained and converted."""
    source = network.source
    return {
        "representative": {"per_class": network.per_class, "seed": calibrate.SEED},
        **source.origin,
        "keras": {"file": f"{network.stem(name)}{source.suffix}", "sha256": sha256(source.file)},
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
