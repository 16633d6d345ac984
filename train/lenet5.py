"""LeNet-5 as the tutorials draw it: the paper's layers, with today's activation and pooling.

LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document
Recognition", Proc. IEEE 86(11), 1998, section II.B and figure 2.  Kept: the field of
32x32 pixels, the names, kernel sizes and widths of the layers.  Changed: ReLU for the
scaled tanh and max pooling for averages with two trained coefficients (options bring
back plain tanh and plain averages); C3 sees all six maps of S2 (the paper: a chosen
table of connections); a linear output layer for the radial basis functions.
"""

from __future__ import annotations

from typing import Literal, get_args

import keras

from device.pixels import CANVAS

Activation = Literal["relu", "tanh"]
Pooling = Literal["max", "average"]
ACTIVATIONS: tuple[str, ...] = get_args(Activation)
POOLINGS: tuple[str, ...] = get_args(Pooling)

LAYERS = ("C1", "S2", "C3", "S4", "C5", "F6", "output")
"""The paper's names, from input to output."""
KERNEL = 5
"""Side of a convolution's window, pixels."""
C1_MAPS, C3_MAPS, C5_UNITS, F6_UNITS = 6, 16, 120, 84
S4_SIDE = ((CANVAS - KERNEL + 1) // 2 - KERNEL + 1) // 2
"""Side of a map of S4: 32 → C1 28 → S2 14 → C3 10 → S4 5."""
S4_VALUES = S4_SIDE * S4_SIDE * C3_MAPS
"""Values in all maps of S4: 400."""

PARAMETERS = {"C1": 156, "S2": 0, "C3": 2_416, "S4": 0, "C5": 48_120, "F6": 10_164}
"""Weights and biases of each layer below the output.  The paper: C1 156, C5 48,120 and F6
10,164 as here; C3 1,516 for its table of connections; S2 12 and S4 32 for coefficients."""
PARAMETERS_PER_CLASS = F6_UNITS + 1
"""Of the output layer: 850 for ten digits, and so 61,706 in all."""


def lenet5(classes: int = 10, activation: Activation = "relu", pooling: Pooling = "max") -> keras.Model:
    """Build the network: float32[N, 32, 32, 1], pixels 0 to 255 → float32[N, classes], logits."""
    pool = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}[pooling]
    model = keras.Sequential(
        [
            keras.Input((CANVAS, CANVAS, 1), name="pixels"),
            keras.layers.Rescaling(1 / 255, name="scale"),
            keras.layers.Conv2D(C1_MAPS, KERNEL, activation=activation, name="C1"),
            pool(2, name="S2"),
            keras.layers.Conv2D(C3_MAPS, KERNEL, activation=activation, name="C3"),
            pool(2, name="S4"),
            # C5 is a convolution whose window covers all of S4; a dense layer is the same and trains faster.
            keras.layers.Reshape((S4_VALUES,), name="flat"),
            keras.layers.Dense(C5_UNITS, activation=activation, name="C5"),
            keras.layers.Dense(F6_UNITS, activation=activation, name="F6"),
            keras.layers.Dense(classes, name="output"),
        ],
        name="lenet5",
    )
    check_parameters(model, classes)
    return model


def check_parameters(model: keras.Model, classes: int = 10) -> None:
    """Assert each layer's parameter count against the table."""
    expected = PARAMETERS | {"output": PARAMETERS_PER_CLASS * classes}
    for name in LAYERS:
        count = model.get_layer(name).count_params()
        assert count == expected[name], f"{name} has {count} parameters, the paper's drawing {expected[name]}"
    assert model.count_params() == sum(expected.values()), f"{model.count_params()} parameters in all"
