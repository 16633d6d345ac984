"""What a .tflite file says of itself, read from the FlatBuffer without an interpreter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorflow.lite.python import schema_py_generated as schema


@dataclass(frozen=True, slots=True)
class Tensor:
    """A network's input or output."""

    shape: tuple[int, ...]
    """-1 where it is left open."""
    dtype: str
    scale: float | None
    """None for float tensors."""
    zero_point: int | None


@dataclass(frozen=True, slots=True)
class Graph:
    """The first and only subgraph."""

    operators: tuple[str, ...]
    """TFLite's names, in order of execution."""
    input: Tensor
    output: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """An int8 convolution's constants."""

    kernel: NDArray[np.int8]
    """[rows, columns, channels in, channels out], as Keras has it."""
    bias: NDArray[np.int32]
    """[channels out]"""
    scales: NDArray[np.float32]
    """Of the weights, [channels out]."""


def inspect(content: bytes) -> Graph:
    """Read a TFLite model's operators and its ends."""
    model = schema.Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
    codes = [model.OperatorCodes(graph.Operators(i).OpcodeIndex()) for i in range(graph.OperatorsLength())]
    ends = graph.Tensors(graph.Inputs(0)), graph.Tensors(graph.Outputs(0))
    return Graph(tuple(names[code.BuiltinCode()] for code in codes), *(_tensor(end) for end in ends))


def first_convolution(content: bytes) -> Convolution:
    """Read the constants of an int8 model's first convolution, which is C1."""
    model = schema.Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    operator = graph.Operators(inspect(content).operators.index("CONV_2D"))
    kernel, bias = (graph.Tensors(operator.Inputs(i)) for i in (1, 2))
    scales = np.asarray(kernel.Quantization().ScaleAsNumpy())
    return Convolution(np.moveaxis(_constant(model, kernel, np.int8), 0, -1), _constant(model, bias, np.int32), scales)


def _constant(model: Any, tensor: Any, dtype: Any) -> NDArray[Any]:
    return np.asarray(model.Buffers(tensor.Buffer()).DataAsNumpy().view(dtype).reshape(tensor.ShapeAsNumpy()))


def _tensor(tensor: Any) -> Tensor:
    names = {code: name.lower() for name, code in vars(schema.TensorType).items() if isinstance(code, int)}
    # The plain shape has 1 for an open side; the signature has -1.
    shape = tensor.ShapeSignatureAsNumpy() if tensor.ShapeSignatureLength() else tensor.ShapeAsNumpy()
    quantised = tensor.Quantization()
    has_scale = quantised is not None and quantised.ScaleLength() > 0
    return Tensor(
        tuple(int(side) for side in shape),
        names[tensor.Type()],
        float(quantised.Scale(0)) if has_scale else None,
        int(quantised.ZeroPoint(0)) if has_scale else None,
    )
