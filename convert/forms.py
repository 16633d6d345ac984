"""The fast graph against the plain one of the same weights: where they are not equal, the fast one is wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import fast
from convert.errors import ParityError
from convert.graph import first_convolution
from device.classify import find_runtime, quantise
from device.model import TensorSpec
from device.pixels import CANVAS

LARGEST_FLOAT_CHANGE = 1e-5
"""Of a glyph's float logits, as a share of the largest of them, or of 1 where that is less: the same sums in another
order."""
GLYPHS_PER_CHANGE = 10_000
"""One int8 answer in so many (and one in fewer) may become another class: a draw that a unit decides."""
LARGEST_INT8_CHANGE = 1
"""Of an int8 logit, units.  With equal ranges (`convert.ranges`) there is none to be seen; runtimes may round apart."""
BATCH = 500
"""Glyphs in one invoke."""

Uint8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pair:
    """One form of a network, as the contents of its .tflite files."""

    int8: bytes
    float32: bytes


@dataclass(frozen=True, slots=True)
class Delegation:
    """What XNNPACK takes of a network."""

    partitions: int
    """Parts of the graph that it runs, as one operator each."""
    whole: bool
    """It is one part, from the network's input to its output."""


@dataclass(frozen=True, slots=True)
class FormParity:
    """How far the fast graph is from the plain one."""

    role: str
    n: int
    """Glyphs shown to both."""
    float32_change: float
    """Largest of any logit, in the unit of LARGEST_FLOAT_CHANGE."""
    int8_change: int
    """Largest of any int8 logit, units."""
    int8_changed: float
    """Share of the int8 logits that are not equal."""
    classes_changed: int
    """Glyphs given another class by int8."""
    constants_changed: int
    """Weights, biases and scales of the int8 C1 that are not the plain ones spread out."""
    delegation: Delegation
    """Of the fast int8 network."""

    @property
    def changes_allowed(self) -> int:
        """Glyphs that may be given another class."""
        return math.ceil(self.n / GLYPHS_PER_CHANGE)

    def failures(self) -> list[str]:
        """Each check that does not hold, and by how much; empty when the fast graph may be shipped."""
        found, parts = [], self.delegation.partitions
        if parts != 1:
            found.append(f"XNNPACK takes it in {parts} partitions, not 1")
        elif not self.delegation.whole:
            found.append("XNNPACK's one partition leaves out its input or its output")
        if self.constants_changed:
            found.append(f"{self.constants_changed:,} numbers of the int8 C1 are not the plain C1's, 0 may differ")
        if not self.float32_change <= LARGEST_FLOAT_CHANGE:  # not a number is no match either
            by = f"{self.float32_change:.2g} of the largest"
            found.append(f"float logits differ by {by}, {LARGEST_FLOAT_CHANGE:.0e} is allowed")
        if self.int8_change > LARGEST_INT8_CHANGE:
            found.append(f"int8 logits differ by {self.int8_change} units, {LARGEST_INT8_CHANGE} is allowed")
        if self.classes_changed > self.changes_allowed:
            found.append(f"int8 classes differ on {self.classes_changed:,} glyphs, {self.changes_allowed} is allowed")
        return found

    def require(self) -> None:
        """Raise a ParityError that names every check that does not hold."""
        failures = self.failures()
        if failures:
            what = f"the fast graph of {self.role} does not match the plain one on {self.n:,} glyphs"
            raise ParityError(f"{what}: {'; '.join(failures)}")

    def table(self) -> str:
        """The figures for people."""
        beside = f"fast graph of {self.role} against plain, {self.n:,} glyphs"
        apart = f"{self.int8_changed:.3%} of int8 logits differ by at most {self.int8_change}"
        int8 = f"{apart}, {self.classes_changed} classes" if self.int8_change else "int8 logits are equal"
        return f"{beside}: {int8}, float logits differ by {self.float32_change:.0e} of the largest"


def compare(role: str, plain: Pair, rewritten: Pair, pixels: Uint8) -> FormParity:
    """Show the same glyphs, uint8[N, 32, 32], to both forms of a network."""
    floats = [outputs(pair.float32, pixels) for pair in (plain, rewritten)]
    units = [outputs(pair.int8, pixels).astype(np.int64) for pair in (plain, rewritten)]
    change = np.abs(units[0] - units[1])
    return FormParity(
        role,
        n=len(pixels),
        float32_change=float_change(*floats),
        int8_change=int(change.max()),
        int8_changed=float((change > 0).mean()),
        classes_changed=int((units[0].argmax(axis=1) != units[1].argmax(axis=1)).sum()),
        constants_changed=constants_changed(plain.int8, rewritten.int8),
        delegation=delegation(rewritten.int8),
    )


def float_change(plain: NDArray[np.float32], rewritten: NDArray[np.float32]) -> float:
    """Largest difference of any logit, float32[N, classes], beside the largest logit of its glyph."""
    largest = np.maximum(np.abs(plain).max(axis=1), 1)
    return float((np.abs(plain - rewritten).max(axis=1) / largest).max())


def constants_changed(plain: bytes, rewritten: bytes) -> int:
    """Count the numbers of the rewritten int8 C1 that are not the plain ones spread out."""
    drawn, found = first_convolution(plain), first_convolution(rewritten)
    pairs = [
        (fast.spread(drawn.kernel), found.kernel),
        (fast.tile(drawn.bias), found.bias),
        (fast.tile(drawn.scales), found.scales),
    ]
    return sum(np.size(b) if a.shape != b.shape else int((a != b).sum()) for a, b in pairs)


def delegation(content: bytes, batch: int = 8) -> Delegation:
    """See how LiteRT hands a network to XNNPACK, at a batch that is not the one it was converted with."""
    interpreter, first, last = _open(content, batch)
    # LiteRT has no public name for this; the operators that the parts have replaced are still among them.
    parts = [one for one in interpreter._get_ops_details() if one["op_name"] == "DELEGATE"]
    return Delegation(len(parts), [first in part["inputs"] and last in part["outputs"] for part in parts] == [True])


def outputs(content: bytes, pixels: Uint8) -> NDArray[Any]:
    """Raw outputs for uint8[N, 32, 32]: int8 or float32[N, classes], not dequantised."""
    found, opened = [], 0
    for start in range(0, len(pixels), BATCH):
        batch = pixels[start : start + BATCH]
        if len(batch) != opened:
            (interpreter, first, last), opened = _open(content, len(batch)), len(batch)
        spec = interpreter.get_input_details()[0]
        said = TensorSpec(tuple(spec["shape"]), np.dtype(spec["dtype"]).name, *spec["quantization"])
        interpreter.set_tensor(first, quantise(batch, said)[..., None])
        interpreter.invoke()
        found.append(interpreter.get_tensor(last))
    return np.concatenate(found)


def _open(content: bytes, batch: int) -> tuple[Any, int, int]:
    """An interpreter for batches of this size, with the numbers of its input and its output."""
    _, interpreter_class = find_runtime("litert")
    interpreter = interpreter_class(model_content=content, num_threads=1)
    first, last = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    interpreter.resize_tensor_input(first, (batch, CANVAS, CANVAS, 1))
    interpreter.allocate_tensors()
    return interpreter, first, last
