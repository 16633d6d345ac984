"""Where the noise comes in: every layer of a quantised network beside the same layer of the float one.

Both graphs are run operator by operator, with every tensor kept; what the quantised one holds is dequantised
and set against the float one's values for the same glyphs.  So this is the file's own error, as it adds up
along the network, and not an estimate from a debugging copy of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.statistics import LARGEST_SQNR, sqnr
from device.pixels import CANVAS

COMPUTING = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
"""Operators with weights."""
MOVING = frozenset({"QUANTIZE", "DEQUANTIZE", "RESHAPE", "TRANSPOSE", "DELEGATE"})
"""Operators that compute nothing, and of which one graph may have more than the other."""
OUTPUT = "output"
"""The last layer's name."""

Uint8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's error, for the glyphs that both graphs were shown."""

    name: str
    """C1, S2, …; the last one is `output`."""
    operator: str
    sqnr: float
    """Of its values, dB: its own noise and all that came before."""
    added: float
    """Noise that came in here, as a share of the signal's power: that of its values less that of its input's."""
    clipped: float
    """Share of its float values beyond the range of the quantised tensor, 0 to 1."""
    weights_sqnr: float | None
    """Of its weights alone, dB, where it has any that are quantised."""

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    def said(self) -> str:
        """In words, for a message that blames it."""
        weights = "" if self.weights_sqnr is None else f", its weights {self.weights_sqnr:.1f} dB"
        return f"{self.name} ({self.sqnr:.1f} dB, {self.clipped:.2%} of its values clipped{weights})"


def measure(float32: bytes, quantised: bytes, pixels: Uint8) -> tuple[Layer, ...]:
    """Both files' layers beside each other on glyphs uint8[N, 32, 32].

    Raises ConversionError where the files are not the same network.
    """
    plain, other = _run(float32, pixels), _run(quantised, pixels)
    if [one.operator for one in plain] != [one.operator for one in other]:
        kinds = " and ".join(" ".join(one.operator for one in steps) for steps in (plain, other))
        raise ConversionError(f"the float and the quantised network are not drawn alike: {kinds}")
    found: list[Layer] = []
    noise = 0.0  # of the step before, as a share of the signal; the pixels themselves have none
    for step, mate in zip(plain, other, strict=True):
        now = 10 ** (-(quality := sqnr(step.values, mate.values)) / 10)
        weights = sqnr(step.weights, mate.weights) if step.weights is not None and mate.weights is not None else None
        if weights == LARGEST_SQNR:  # not quantised
            weights = None
        clipped = mate.clipped(step.values)
        found.append(Layer(step.name, step.operator, quality, max(0.0, now - noise), clipped, weights))
        noise = now
    return tuple(found)


def worst(layers: Sequence[Layer]) -> Layer | None:
    """The layer to blame: where most of the noise comes in."""
    return max(layers, key=lambda layer: layer.added, default=None)


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """One operator's result."""

    name: str
    operator: str
    values: NDArray[np.float32]
    low: float
    high: float
    """What its tensor can hold at all."""
    weights: NDArray[np.float32] | None

    def clipped(self, values: NDArray[np.float32]) -> float:
        # What lies a step beyond the range is in it: tanh's 1 does, whose int8 range TFLite ends at 127/128.
        step = (self.high - self.low) / 254 if math.isfinite(self.high) else 0.0
        return float(((values < self.low - step) | (values > self.high + step)).mean())


def _run(content: bytes, pixels: Uint8) -> list[_Step]:
    """Show all glyphs to a network, in one batch, and keep what each computing operator gives."""
    interpreter = _open(content)
    given = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(given["index"], (len(pixels), CANVAS, CANVAS, 1))
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], _quantise(pixels[..., None].astype(np.float32), given))
    interpreter.invoke()
    tensors = {one["index"]: one for one in interpreter.get_tensor_details()}
    steps = [one for one in interpreter._get_ops_details() if one["op_name"] not in MOVING]
    return [_step(interpreter, tensors, one, last=one is steps[-1]) for one in steps]


def _open(content: bytes) -> Any:
    # Imported here, since `python -m convert` also runs where only tflite-runtime is.
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    # A delegate would take the graph as one piece and keep nothing of what lies within.
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    return Interpreter(
        model_content=content,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=plain,
        num_threads=1,
    )


def _step(interpreter: Any, tensors: dict[int, Any], operator: dict[str, Any], last: bool) -> _Step:
    output = tensors[operator["outputs"][0]]
    weights = None
    if operator["op_name"] in COMPUTING:
        weights = _dequantise(interpreter.get_tensor(operator["inputs"][1]), tensors[operator["inputs"][1]])
    values = _dequantise(interpreter.get_tensor(output["index"]), output)
    return _Step(OUTPUT if last else _layer(output["name"]), operator["op_name"], values, *_range(output), weights)


def _layer(tensor: str) -> str:
    """The layer that a tensor's name tells of: C1/Relu, or as Keras has it NETWORK_1/C1_1/Relu."""
    scopes = tensor.split(";")[0].split("/")
    return scopes[-2].removesuffix("_1") if len(scopes) > 1 else scopes[0]


def _quantise(values: NDArray[np.float32], tensor: dict[str, Any]) -> NDArray[Any]:
    scale, zero_point = tensor["quantization"]
    if not scale:
        return values
    return np.rint(values / np.float32(scale) + np.float32(zero_point)).astype(tensor["dtype"])


def _dequantise(values: NDArray[Any], tensor: dict[str, Any]) -> NDArray[np.float32]:
    """Real values, whether the tensor has one scale or one for every channel."""
    parameters = tensor["quantization_parameters"]
    scales = np.asarray(parameters["scales"], np.float32)
    if not len(scales) or not np.issubdtype(values.dtype, np.integer):
        return np.asarray(values, np.float32)
    shape = [1] * values.ndim
    shape[parameters["quantized_dimension"]] = len(scales)
    zero_points = np.asarray(parameters["zero_points"], np.float32)
    return np.asarray((values.astype(np.float32) - zero_points.reshape(shape)) * scales.reshape(shape), np.float32)


def _range(tensor: dict[str, Any]) -> tuple[float, float]:
    """The least and the greatest real value that a tensor can hold."""
    scale, zero_point = tensor["quantization"]
    if not scale or not np.issubdtype(tensor["dtype"], np.integer):
        return -math.inf, math.inf
    limits = np.iinfo(tensor["dtype"])
    return float(scale * (int(limits.min) - zero_point)), float(scale * (int(limits.max) - zero_point))
