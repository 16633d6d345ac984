"""What a .tflite file says of itself, read from the FlatBuffer without an interpreter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


def inspect(content: bytes) -> Graph:
    """Read a TFLite model's operators and its ends."""
    model = schema.Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
    codes = [model.OperatorCodes(graph.Operators(i).OpcodeIndex()) for i in range(graph.OperatorsLength())]
    ends = graph.Tensors(graph.Inputs(0)), graph.Tensors(graph.Outputs(0))
    return Graph(tuple(names[code.BuiltinCode()] for code in codes), *(_tensor(end) for end in ends))


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
