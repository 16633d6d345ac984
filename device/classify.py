"""Glyphs → logits: the only file that knows the interpreter.

LiteRT (`ai-edge-litert`), its predecessor `tflite-runtime` and `tf.lite` have the same
API; which of them is there is found out once, when a classifier is opened.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from device.errors import ModelError, RuntimeMissing
from device.model import Network, NetworkFile, Precision, TensorSpec
from device.pixels import CANVAS

RuntimeName = Literal["auto", "litert", "tflite-runtime", "tf"]
MODULES = {"litert": "ai_edge_litert.interpreter", "tflite-runtime": "tflite_runtime.interpreter"}
INSTALL = {
    "litert": "pip install ai-edge-litert",
    "tflite-runtime": 'pip install tflite-runtime "numpy<2"',
    "tf": "pip install tensorflow",
}
INT8_FLIP = np.uint8(0x80)
"""Pixel - 128 as int8: the quantisation of an input with scale 1 and zero point -128, for free."""


@dataclass(slots=True)
class Classifier:
    """One network, opened; built once, used for every line.  For one thread."""

    network: Network
    runtime: str
    _interpreter: Any = field(repr=False)
    _file: NetworkFile = field(repr=False)
    _input: int = field(repr=False)
    _output: int = field(repr=False)
    _batch: int = field(default=0, repr=False)

    @classmethod
    def open(
        cls, network: Network, precision: Precision = "int8", runtime: RuntimeName = "auto", threads: int = 1
    ) -> Classifier:
        """Check the file and start its interpreter.

        Raises ModelError when the file is not what the card says, RuntimeMissing without an interpreter.
        """
        file = network.file(precision)
        content = file.read()
        name, interpreter_class = find_runtime(runtime)
        try:
            interpreter = interpreter_class(model_content=content, num_threads=threads)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(f"{file.path}: {name} cannot load it ({first}); convert it again") from error
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        if len(inputs) != 1 or len(outputs) != 1:
            raise ModelError(f"{file.path}: {len(inputs)} inputs and {len(outputs)} outputs, one of each is wanted")
        _check(file, "input", inputs[0], file.input, (CANVAS, CANVAS, 1), precision)
        _check(file, "output", outputs[0], file.output, (len(network.classes),), precision)
        return cls(network, name, interpreter, file, inputs[0]["index"], outputs[0]["index"])

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Classify a batch with one invoke: uint8[N, 32, 32] → float32[N, classes], larger is better."""
        if pixels.ndim != 3 or pixels.shape[1:] != (CANVAS, CANVAS) or pixels.dtype != np.uint8:
            raise ValueError(f"logits() wants uint8[N, 32, 32], not {pixels.dtype}{list(pixels.shape)}")
        if not len(pixels):
            return np.empty((0, len(self.network.classes)), np.float32)
        if len(pixels) != self._batch:
            self._interpreter.resize_tensor_input(self._input, (len(pixels), CANVAS, CANVAS, 1))
            self._interpreter.allocate_tensors()
            self._batch = len(pixels)
        self._interpreter.set_tensor(self._input, quantise(pixels, self._file.input)[..., None])
        self._interpreter.invoke()
        raw = self._interpreter.get_tensor(self._output)
        spec = self._file.output
        if spec.scale is None or spec.zero_point is None:
            return np.asarray(raw, np.float32)
        return np.asarray((raw.astype(np.float32) - spec.zero_point) * spec.scale, np.float32)


def quantise(pixels: NDArray[np.uint8], spec: TensorSpec) -> NDArray[np.int8] | NDArray[np.float32]:
    """Pixels 0..255 as the network's input type; the scaling to 0..1 stands inside the graph."""
    if spec.dtype == "float32":
        return pixels.astype(np.float32)
    return np.bitwise_xor(pixels, INT8_FLIP).view(np.int8)


def log_softmax(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float64]:
    """Log probabilities float64[N, K] at a temperature (Guo et al. 2017, On Calibration of Modern Neural Networks)."""
    scaled = logits.astype(np.float64) / temperature
    return np.asarray(scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True), np.float64)


def find_runtime(wanted: RuntimeName = "auto") -> tuple[str, Any]:
    """The runtime's name and its Interpreter class."""
    if wanted == "tf":
        try:
            import tensorflow
        except ImportError as error:
            raise RuntimeMissing(f"--runtime tf: tensorflow is not installed: {INSTALL['tf']}") from error
        return "tf", tensorflow.lite.Interpreter
    names = list(MODULES) if wanted == "auto" else [wanted]
    for name in names:
        try:
            return name, importlib.import_module(MODULES[name]).Interpreter
        except ModuleNotFoundError:
            continue
        except (ImportError, AttributeError) as error:  # installed, and broken: most often numpy 2 under tflite-runtime
            if wanted != "auto":
                raise RuntimeMissing(f"{name} is installed but does not load ({error}): {INSTALL[name]}") from error
    if wanted != "auto":
        raise RuntimeMissing(f"--runtime {wanted}: it is not installed: {INSTALL[wanted]}")
    best = "litert" if sys.maxsize > 2**32 else "tflite-runtime"  # LiteRT has no 32-bit wheels
    raise RuntimeMissing(f"no TFLite interpreter is installed: {INSTALL[best]}")


def _check(
    file: NetworkFile, which: str, found: dict[str, Any], said: TensorSpec, tail: tuple[int, ...], precision: str
) -> None:
    """The tensor, the card and what the device feeds must agree."""
    its = f"{file.path}: its {which}"
    shape, dtype = tuple(int(side) for side in found["shape"]), np.dtype(found["dtype"]).name
    if shape[1:] != tail or said.shape[1:] != tail:
        wanted = ", ".join(map(str, tail))
        raise ModelError(f"{its} has the shape {list(shape)}, the device wants [N, {wanted}]")
    if dtype != precision or said.dtype != precision:
        raise ModelError(f"{its} is {dtype}, {precision} is wanted; convert it again")
    scale, zero_point = found["quantization"]
    if precision == "float32":
        return
    if said.scale is None or said.zero_point != zero_point or not np.isclose(said.scale, scale, rtol=1e-6):
        raise ModelError(
            f"{its} is quantised with ({scale}, {zero_point}), the card says ({said.scale}, {said.zero_point})"
        )
    if which == "input" and (zero_point != -128 or not np.isclose(scale * 255, 255, rtol=1e-6)):
        raise ModelError(f"{its} is quantised with ({scale}, {zero_point}), the device feeds pixels with (1.0, -128)")
