"""LeNet-5 as the tutorials draw it: the paper's layers, with today's activation and pooling.

LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document
Recognition", Proc. IEEE 86(11), 1998, section II.B and figure 2.  Kept: the field of
32x32 pixels, the names, kernel sizes and widths of the layers.  Changed: ReLU for the
scaled tanh and max pooling for averages with two trained coefficients (options bring
back plain tanh and plain averages); C3 sees all six maps of S2 (the paper: a chosen
table of connections); a linear output layer for the radial basis functions.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Widths:
    """Maps of the convolutions and units of the dense layers below the output."""

    c1: int = C1_MAPS
    c3: int = C3_MAPS
    c5: int = C5_UNITS
    f6: int = F6_UNITS

    def parameters(self, classes: int) -> dict[str, int]:
        """Weights and biases of each layer.  The paper: C1 156, C5 48,120 and F6 10,164 as here; C3 1,516 for its
        table of connections, and not 2,416; S2 12 and S4 32 for coefficients.  61,706 in all for ten digits."""
        window = KERNEL * KERNEL
        return {
            "C1": (window + 1) * self.c1,
            "S2": 0,
            "C3": (window * self.c1 + 1) * self.c3,
            "S4": 0,
            "C5": (S4_SIDE * S4_SIDE * self.c3 + 1) * self.c5,
            "F6": (self.c5 + 1) * self.f6,
            "output": (self.f6 + 1) * classes,
        }


PAPER = Widths()
WIDE = Widths(16, 40, 168, 84)
"""Of `lenet5-wide`, 199,670 parameters with ten classes: for what the paper's 61,706 are too few."""


def lenet5(
    classes: int = 10, activation: Activation = "relu", pooling: Pooling = "max", widths: Widths = PAPER
) -> keras.Model:
    """Build the network: float32[N, 32, 32, 1], pixels 0 to 255 → float32[N, classes], logits."""
    pool = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}[pooling]
    model = keras.Sequential(
        [
            keras.Input((CANVAS, CANVAS, 1), name="pixels"),
            keras.layers.Rescaling(1 / 255, name="scale"),
            keras.layers.Conv2D(widths.c1, KERNEL, activation=activation, name="C1"),
            pool(2, name="S2"),
            keras.layers.Conv2D(widths.c3, KERNEL, activation=activation, name="C3"),
            pool(2, name="S4"),
            # C5 is a convolution whose window covers all of S4; a dense layer is the same and trains faster.
            keras.layers.Reshape((S4_SIDE * S4_SIDE * widths.c3,), name="flat"),
            keras.layers.Dense(widths.c5, activation=activation, name="C5"),
            keras.layers.Dense(widths.f6, activation=activation, name="F6"),
            keras.layers.Dense(classes, name="output"),
        ],
        name="lenet5",
    )
    check_parameters(model, classes, widths)
    return model


def widths_of(model: keras.Model) -> Widths:
    """Of a network of these layers."""
    return Widths(*(model.get_layer(name).output.shape[-1] for name in ("C1", "C3", "C5", "F6")))


def check_parameters(model: keras.Model, classes: int = 10, widths: Widths = PAPER) -> None:
    """Assert each layer's parameter count against the table."""
    expected = widths.parameters(classes)
    for name in LAYERS:
        count = model.get_layer(name).count_params()
        assert count == expected[name], f"{name} has {count} parameters, the drawing {expected[name]}"
    assert model.count_params() == sum(expected.values()), f"{model.count_params()} parameters in all"
