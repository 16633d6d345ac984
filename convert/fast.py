"""C1 and S2 in another form: the same sums over blocks of pixels, in a third of the time.

The kernels of XNNPACK take an input pixel's channels eight at a time, and the drawn C1 has one: four fifths
of an invoke went by there.  Here each block of 2x4 pixels is one position of eight channels, and C1 gives all
that a block's eight pixels are the upper left corner of: 8 windows x 6 maps = 48 channels.  A window of 5x5
that starts anywhere in a block lies within 3x2 blocks, so its weights are the drawn ones, spread out over
those with zeros between them.  The channels are laid out so that the four values S2 pools lie a constant
stride apart: S2 becomes a maximum over an axis, and what is left reshapes into S2's maps without a move.

The maximum of four activations is the activation of the maximum for ReLU and tanh, so both forms pool the
same numbers.  docs/graph.md has the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from device.pixels import CANVAS
from train.lenet5 import KERNEL

ROWS, COLUMNS = 2, 4
"""Pixels of a block, down and across."""
PIXELS = ROWS * COLUMNS
"""Of a block; as many channels goes C1 in with, and as many windows start in it."""
POOL = 2
"""Side of S2's squares."""
POOLED = POOL * POOL
C1_SIDE = CANVAS - KERNEL + 1
S2_SIDE = C1_SIDE // POOL
BLOCKS_DOWN, BLOCKS_ACROSS = -(-(ROWS + KERNEL - 1) // ROWS), -(-(COLUMNS + KERNEL - 1) // COLUMNS)
"""Blocks that hold every window of a block: 3 and 2."""

Layer = Callable[[tf.Tensor], tf.Tensor]


def refusal(model: keras.Model) -> str | None:
    """Why a network has no fast form, or None where it has one."""
    layers = {layer.name: layer for layer in model.layers}
    c1, s2 = layers.get("C1"), layers.get("S2")
    drawn = (None, CANVAS, CANVAS, 1), (None, C1_SIDE, C1_SIDE)
    if not isinstance(c1, keras.layers.Conv2D) or (c1.input.shape, c1.output.shape[:3]) != drawn:
        return "its C1 is not LeNet-5's"
    if not isinstance(s2, keras.layers.MaxPooling2D):
        return "its S2 does not pool by maxima"
    activation = c1.activation.__name__
    return None if activation in {"relu", "tanh"} else f"its C1 has the activation {activation}, not relu or tanh"


def spread(kernel: NDArray[Any]) -> NDArray[Any]:
    """The drawn weights, [5, 5, 1, maps], as those between blocks, [3, 2, 8, 8 * maps], of the same type.

    Input channels: row and column within the block.  Output channels: row and column within the square that
    S2 pools (4), which square of the block (2), map.
    """
    maps = kernel.shape[-1]
    blocks = np.zeros((BLOCKS_DOWN, BLOCKS_ACROSS, ROWS, COLUMNS, ROWS, POOL, COLUMNS // POOL, maps), kernel.dtype)
    for row, column in np.ndindex(ROWS, COLUMNS):  # where the window starts
        square, within = divmod(column, POOL)
        for y, x in np.ndindex(KERNEL, KERNEL):
            down, across = row + y, column + x
            place = down // ROWS, across // COLUMNS, down % ROWS, across % COLUMNS
            blocks[(*place, row, within, square)] = kernel[y, x, 0]
    return blocks.reshape(BLOCKS_DOWN, BLOCKS_ACROSS, PIXELS, PIXELS * maps)


def tile(per_map: NDArray[Any]) -> NDArray[Any]:
    """What each map has one of, [maps]: the bias, a scale; one for each output channel, [8 * maps]."""
    return np.tile(per_map, PIXELS)


def c1_s2(values: tf.Tensor, kernel: NDArray[np.float32], bias: NDArray[np.float32], activation: Layer) -> tf.Tensor:
    """C1, its activation and S2: float32[N, 32, 32, 1] → float32[N, 14, 14, maps].

    Every shape is a constant but for the batch, so that XNNPACK takes all of it in one partition.
    """
    maps, channels = kernel.shape[-1], PIXELS * kernel.shape[-1]
    down, across = C1_SIDE // ROWS, C1_SIDE // COLUMNS
    values = tf.reshape(values, (-1, CANVAS // ROWS, ROWS, CANVAS // COLUMNS, COLUMNS))
    values = tf.transpose(values, (0, 1, 3, 2, 4))
    values = tf.reshape(values, (-1, CANVAS // ROWS, CANVAS // COLUMNS, PIXELS))
    with tf.name_scope("C1"):
        values = activation(tf.nn.bias_add(tf.nn.conv2d(values, spread(kernel), 1, "VALID"), tile(bias)))
    values = tf.reshape(values, (-1, down * across, POOLED, channels // POOLED))
    with tf.name_scope("S2"):
        values = tf.nn.max_pool2d(values, (1, POOLED), (1, POOLED), "VALID")
    return tf.reshape(values, (-1, S2_SIDE, S2_SIDE, maps))
