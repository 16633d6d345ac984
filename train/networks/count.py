"""What a network costs: parameters and multiplications, layer by layer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras

from train.networks.layers import Prototypes, Subsampling, TableConv2D


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one layer, for one digit."""

    name: str
    shape: tuple[int, ...]
    """Of its output, without the batch."""
    parameters: int
    macs: int
    """Multiplications, each with an addition; biases, sums of neighbours and activations are not counted."""


def costs(model: keras.Model) -> list[Cost]:
    """Each layer of a network that is a plain sequence."""
    return [
        Cost(layer.name, tuple(layer.output.shape[1:]), layer.count_params(), _macs(layer)) for layer in model.layers
    ]


def _macs(layer: keras.layers.Layer) -> int:
    outputs = layer.output.shape[1:]
    if isinstance(layer, keras.layers.Conv2D | TableConv2D):
        return math.prod(outputs[:-1]) * math.prod(layer.kernel.shape)
    if isinstance(layer, keras.layers.Dense):
        return math.prod(layer.kernel.shape)
    if isinstance(layer, Subsampling):
        return math.prod(outputs)
    if isinstance(layer, Prototypes):
        return sum(map(len, layer.codes))
    return 0
