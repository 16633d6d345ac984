"""LeNet-5 as the paper has it.

LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition",
Proc. IEEE 86(11), 1998, section II.B, figure 2, table I.  Kept: pixels from -0.1 (paper) to
1.175 (ink), C3's table of connections, sub-sampling with two trained parameters for each
map, the squashing function 1.7159 tanh(2a/3), radial basis functions around fixed bitmaps,
and how far from zero the weights start.  60,000 parameters are trained, layer by layer as
the paper counts them.

The output is the *negated* squared distance to each digit's bitmap, so that larger is
better, as everywhere in this project.
"""

from __future__ import annotations

import keras

from device.pixels import CANVAS
from train.lenet5 import C1_MAPS, C5_UNITS, F6_UNITS, KERNEL, S4_VALUES
from train.networks.codebook import codebook
from train.networks.layers import Prototypes, Subsampling, TableConv2D, scaled_tanh, start_limit

PAPER_PIXEL, INK_PIXEL = -0.1, 1.175
"""What the pixels 0 and 255 become, so that over all pixels the mean is about 0 and the variance about 1."""

C3_TABLE = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip
"""The paper's table I: for each map of C3 the maps of S2 that it sees."""

PARAMETERS = {"C1": 156, "S2": 12, "C3": 1_516, "S4": 32, "C5": 48_120, "F6": 10_164, "output": 0}
"""The paper's counts; those of the output are not trained."""


def lenet5_1998() -> keras.Model:
    """Build the network: float32[N, 32, 32, 1], pixels 0 to 255 → float32[N, 10], negated squared distances."""
    model = keras.Sequential(
        [
            keras.Input((CANVAS, CANVAS, 1), name="pixels"),
            keras.layers.Rescaling((INK_PIXEL - PAPER_PIXEL) / 255, PAPER_PIXEL, name="scale"),
            keras.layers.Conv2D(
                C1_MAPS, KERNEL, activation=scaled_tanh, kernel_initializer=_start(KERNEL**2), name="C1"
            ),
            Subsampling(name="S2"),
            TableConv2D(C3_TABLE, KERNEL, name="C3"),
            Subsampling(name="S4"),
            # C5 is a convolution whose window covers all of S4; a dense layer is the same and trains faster.
            keras.layers.Reshape((S4_VALUES,), name="flat"),
            keras.layers.Dense(C5_UNITS, scaled_tanh, kernel_initializer=_start(S4_VALUES), name="C5"),
            keras.layers.Dense(F6_UNITS, scaled_tanh, kernel_initializer=_start(C5_UNITS), name="F6"),
            Prototypes(codebook().tolist(), name="output"),
        ],
        name="lenet5-1998",
    )
    check_parameters(model)
    return model


def check_parameters(model: keras.Model) -> None:
    """Assert each layer's parameter count against the paper's."""
    for name, expected in PARAMETERS.items():
        count = model.get_layer(name).count_params()
        assert count == expected, f"{name} has {count} parameters, the paper {expected}"
    assert model.count_params() == sum(PARAMETERS.values()) == 60_000, f"{model.count_params()} parameters in all"


def _start(inputs: int) -> keras.initializers.Initializer:
    limit = start_limit(inputs)
    return keras.initializers.RandomUniform(-limit, limit)
