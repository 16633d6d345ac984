"""LeNet-5 of 1998 in today's layers: the same answers, and nothing left that TFLite has no operator for.

What the paper adds to a plain network is multiplication by numbers known once training is over, and they are folded
into the weights beside them: the scale of the pixels and the two constants of the squashing function into the layer
that follows, a sub-sampling's coefficient into a depth-wise convolution of 2x2 equal weights, C3's table into a kernel
with zeros in it.

The outputs, minus the squared distance of F6's values x to each code w, are 2xw - x² - w².  x² is the same for all
ten classes, and so is w², since a code is made of 1 and -1: what is left is one product, 2xw, with the same classes and
the same softmax.
"""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from device.pixels import CANVAS
from train.lenet5 import C1_MAPS, C3_MAPS, C5_UNITS, F6_UNITS, KERNEL
from train.networks.layers import AMPLITUDE, SLOPE

Floats = NDArray[np.float64]


def folded(model: keras.Model) -> keras.Model:
    """The network of `train.networks.lenet5_1998` without layers of its own.

    float32[N, 32, 32, 1], pixels 0 to 255 → float32[N, 10], logits that differ from the model's by the same number for
    all classes of a digit.
    """
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((CANVAS, CANVAS, 1), name="pixels"),
            layers.Conv2D(C1_MAPS, KERNEL, activation="tanh", name="C1"),
            layers.DepthwiseConv2D(2, 2, activation="tanh", name="S2"),
            layers.Conv2D(C3_MAPS, KERNEL, activation="tanh", name="C3"),
            layers.DepthwiseConv2D(2, 2, activation="tanh", name="S4"),
            layers.Flatten(name="flat"),
            layers.Dense(C5_UNITS, "tanh", name="C5"),
            layers.Dense(F6_UNITS, "tanh", name="F6"),
            layers.Dense(len(model.get_layer("output").codes), use_bias=False, name="output"),
        ],
        name=model.name,
    )
    for name, weights in _weights(model).items():
        network.get_layer(name).set_weights(weights)
    return network


def _weights(model: keras.Model) -> dict[str, list[Floats]]:
    """Of each layer: what its values are multiplied by, and what is added, before tanh."""
    given = {layer.name: [np.asarray(one, np.float64) for one in layer.weights] for layer in model.layers}
    scale, codes = model.get_layer("scale"), np.array(model.get_layer("output").codes, np.float64)
    kernel, bias = given["C1"]
    c1 = [kernel * scale.scale * SLOPE, (bias + scale.offset * kernel.sum(axis=(0, 1, 2))) * SLOPE]
    c3 = np.asarray(model.get_layer("C3").dense_kernel(), np.float64), given["C3"][1]
    return {
        "C1": c1,
        "S2": _squashed(_four_times(given["S2"][0]), given["S2"][1]),
        "C3": _squashed(*c3),
        "S4": _squashed(_four_times(given["S4"][0]), given["S4"][1]),
        "C5": _squashed(*given["C5"]),
        "F6": _squashed(*given["F6"]),
        "output": [2 * AMPLITUDE * codes.T],
    }


def _squashed(kernel: Floats, bias: Floats) -> list[Floats]:
    """Of a layer that stands between two squashing functions, of which tanh alone is left."""
    return [AMPLITUDE * SLOPE * kernel, SLOPE * bias]


def _four_times(coefficient: Floats) -> Floats:
    """A map's coefficient for each of the four values that are summed: [maps] → [2, 2, maps, 1]."""
    return np.broadcast_to(coefficient[:, None], (2, 2, len(coefficient), 1))
