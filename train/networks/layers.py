"""What LeNet-5 of 1998 has and Keras has not.

Importing this module registers the layers, so that Keras opens a network that was saved with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

PACKAGE = "postread"
"""Before the layers' names in a saved network."""
AMPLITUDE, SLOPE = 1.7159, 2 / 3
"""Of the squashing function, A tanh(S a) (LeCun 1998, section II.B, equation 6, and appendix A)."""


def start_limit(inputs: int) -> float:
    """How far from zero a unit's weights start, uniformly: 2.4 over its number of inputs (LeCun 1998, appendix A)."""
    return 2.4 / inputs


@keras.saving.register_keras_serializable(PACKAGE)
def scaled_tanh(values: Any) -> Any:
    """The paper's squashing function: 1.7159 tanh(2a/3), which has f(1) = 1 and f(-1) = -1."""
    return AMPLITUDE * keras.ops.tanh(SLOPE * values)


@keras.saving.register_keras_serializable(PACKAGE)
class Subsampling(keras.layers.Layer):
    """The sum of four neighbours times a coefficient, plus a bias, squashed (LeCun 1998, section II.B, S2).

    float32[N, H, W, C] → float32[N, H/2, W/2, C].  Coefficient and bias are trained, one of each for every map; the
    coefficient starts where the sum is squashed hardly more than the average would be.
    """

    def build(self, shape: Sequence[int | None]) -> None:
        """Make both weights, float32[C]."""
        spread = keras.initializers.RandomUniform(0.15, 0.35)
        self.coefficient = self.add_weight(shape=(shape[-1],), initializer=spread, name="coefficient")
        self.bias = self.add_weight(shape=(shape[-1],), initializer="zeros", name="bias")

    def call(self, maps: Any) -> Any:
        """Compute it, as four times the average."""
        sums = 4 * keras.ops.average_pool(maps, 2, 2, "valid")
        return scaled_tanh(sums * self.coefficient + self.bias)


@keras.saving.register_keras_serializable(PACKAGE)
class TableConv2D(keras.layers.Layer):
    """A convolution in which each map sees only those maps below that a table gives it, squashed (LeCun 1998, table I).

    float32[N, H, W, maps below] → float32[N, H - side + 1, W - side + 1, maps].  Only the table's connections have
    weights; for computing they are put among zeros into one kernel, so that it is one plain convolution all the same.
    """

    def __init__(self, table: Sequence[Sequence[int]], side: int = 5, **options: Any) -> None:
        """Take, for each map, the numbers of the maps below; side: of the window, pixels."""
        super().__init__(**options)
        self.table = [[int(source) for source in row] for row in table]
        self.side = side

    def build(self, shape: Sequence[int | None]) -> None:
        """Make the weights: float32[side * side, connections] and float32[maps]."""
        below, maps = int(shape[-1] or 0), len(self.table)
        pairs = [(source, to) for to, row in enumerate(self.table) for source in row]
        # One row for each connection: where among all pairs of maps its weights belong.
        self.places = np.zeros((len(pairs), below * maps), np.float32)
        self.places[np.arange(len(pairs)), [source * maps + to for source, to in pairs]] = 1
        limits = np.array([start_limit(self.side**2 * len(self.table[to])) for _, to in pairs], np.float32)

        def start(shape: Sequence[int], dtype: Any = None) -> Any:
            return keras.random.uniform(shape, -1, 1, dtype) * limits

        self.kernel = self.add_weight(shape=(self.side**2, len(pairs)), initializer=start, name="kernel")
        self.bias = self.add_weight(shape=(maps,), initializer="zeros", name="bias")

    def dense_kernel(self) -> Any:
        """The kernel of the plain convolution that gives the same: float32[side, side, maps below, maps]."""
        spread = keras.ops.matmul(self.kernel, self.places)
        return keras.ops.reshape(spread, (self.side, self.side, -1, len(self.table)))

    def call(self, maps: Any) -> Any:
        """Convolve and squash."""
        return scaled_tanh(keras.ops.conv(maps, self.dense_kernel(), 1, "valid") + self.bias)

    def get_config(self) -> dict[str, Any]:
        """What Keras keeps in a saved network."""
        return super().get_config() | {"table": self.table, "side": self.side}


@keras.saving.register_keras_serializable(PACKAGE)
class Prototypes(keras.layers.Layer):
    """Euclidean radial basis functions around fixed codes (LeCun 1998, equation 7), negated: larger is better.

    float32[N, units] → float32[N, classes], minus the squared distance to each class's code.  Nothing is trained.
    """

    def __init__(self, codes: Sequence[Sequence[float]], **options: Any) -> None:
        """Take a code of as many values as there are units for each class."""
        super().__init__(**options)
        self.codes = [[float(value) for value in code] for code in codes]

    def call(self, values: Any) -> Any:
        """Compute it as 2xw - x² - w², by one matrix product."""
        codes = np.array(self.codes, np.float32)
        own = keras.ops.sum(keras.ops.square(values), axis=-1, keepdims=True)
        return 2 * keras.ops.matmul(values, codes.T) - own - (codes**2).sum(axis=1)

    def get_config(self) -> dict[str, Any]:
        """What Keras keeps in a saved network."""
        return super().get_config() | {"codes": self.codes}
