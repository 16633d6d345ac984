"""The fast graph's answers beside the plain one's, on all of MNIST's test digits: what conversion held equal, shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.tables import markdown
from convert import forms
from convert.forms import FormParity, Pair
from device.model import Bundle, Network
from train import data


def run(plain: Bundle, fast: Bundle, mnist: Path | None) -> list[FormParity]:
    """Compare each network's two forms."""
    pixels = data.load(mnist).test.pixels
    return [forms.compare(one.role, _pair(plain.network(one.role)), _pair(one), pixels) for one in fast.networks]


def failures(compared: Sequence[FormParity]) -> list[str]:
    """Each limit of conversion's own gate that does not hold."""
    return [f"the fast graph of {one.role}: {what}" for one in compared for what in one.failures()]


def table(compared: Sequence[FormParity]) -> str:
    """The Markdown table."""
    head = (
        "network",
        "digits",
        "int8 logits unequal",
        "largest difference, units",
        "int8 classes changed",
        "float32 logits, largest difference",
        "XNNPACK's partitions",
    )
    rows = [
        [
            one.role,
            f"{one.n:,}",
            f"{one.int8_changed:.3%}",
            f"{one.int8_change}",
            f"{one.classes_changed}",
            f"{one.float32_change:.0e}",
            f"{one.delegation.partitions}",
        ]
        for one in compared
    ]
    return markdown(head, rows, words=1)


def _pair(network: Network) -> Pair:
    return Pair(network.file("int8").read(), network.file("float32").read())
