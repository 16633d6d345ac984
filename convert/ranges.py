"""The fast int8 graph is given the plain one's ranges to the last bit, and so answers with the same integers.

The converter finds a graph's ranges by running its float form.  The fast one adds the same numbers in another
order, and its scales come out some parts in ten million away from the plain one's: enough to round one value in
some thousands the other way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorflow.lite.python import schema_py_generated as schema

from convert.errors import ConversionError

ARITHMETIC = {schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.FULLY_CONNECTED, schema.BuiltinOperator.TANH}
"""Operators whose output has a range of its own; the others move values or choose among them, and pass it on."""
LARGEST_GAP = 1e-5
"""Between both graphs' scales of the same values, as a share: beyond it they are not the same values."""


def adopt(rewritten: bytes, plain: bytes, largest_gap: float = LARGEST_GAP) -> bytes:
    """The fast int8 model with the plain one's scales, zero points and constants; C1's constants stay its own.

    It works the other way about too.  largest_gap: between both graphs' scales of the same values, as a share; where
    the two were shown different sets it says nothing.  Raises ConversionError beyond it.
    """
    content = bytearray(rewritten)  # so that NumPy's views of it can be written to
    ours, theirs = schema.Model.GetRootAs(content, 0), schema.Model.GetRootAs(plain, 0)
    mates = iter([one for one in _operators(theirs) if _code(theirs, one) in ARITHMETIC])
    given, seen_c1 = _tensor(theirs, theirs.Subgraphs(0).Inputs(0)), False
    for operator in _operators(ours):
        if _code(ours, operator) in ARITHMETIC:
            mate = next(mates)
            given = _tensor(theirs, mate.Outputs(0))
            if seen_c1:
                for mine, other in zip(_constants(ours, operator), _constants(theirs, mate), strict=True):
                    _take_range(mine, other, largest_gap)
                    _data(ours, mine)[:] = _data(theirs, other)
            seen_c1 = True
        _take_range(_tensor(ours, operator.Outputs(0)), given, largest_gap)
    return bytes(content)


def _take_range(mine: Any, other: Any, largest_gap: float) -> None:
    """Overwrite a tensor's scales and zero points."""
    ours, theirs = (tensor.Quantization().ScaleAsNumpy() for tensor in (mine, other))
    gap = float(np.abs(ours / theirs - 1).max())
    if not gap <= largest_gap:
        name = mine.Name().decode()
        raise ConversionError(f"the fast graph's scale of {name} is {gap:.2g} off the plain one's, not {largest_gap:g}")
    ours[:] = theirs
    mine.Quantization().ZeroPointAsNumpy()[:] = other.Quantization().ZeroPointAsNumpy()


def _operators(model: Any) -> list[Any]:
    graph = model.Subgraphs(0)
    return [graph.Operators(i) for i in range(graph.OperatorsLength())]


def _code(model: Any, operator: Any) -> int:
    return int(model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode())


def _tensor(model: Any, number: int) -> Any:
    return model.Subgraphs(0).Tensors(number)


def _constants(model: Any, operator: Any) -> list[Any]:
    """An operator's weights and biases; a dense layer whose biases are all zero has none."""
    numbers = [operator.Inputs(i) for i in range(1, operator.InputsLength())]
    return [_tensor(model, number) for number in numbers if number >= 0]


def _data(model: Any, tensor: Any) -> NDArray[np.uint8]:
    return np.asarray(model.Buffers(tensor.Buffer()).DataAsNumpy())
