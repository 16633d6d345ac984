"""A Keras network as the concrete function that the converter is given: every shape is a constant but the batch's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from convert import fast
from convert.fold import folded
from device.pixels import CANVAS
from train.lenet5 import LAYERS, check_parameters, widths_of
from train.networks.layers import Prototypes

Form = Literal["plain", "fast"]
"""Of the graph, as the card has it."""
Network = Callable[[tf.Tensor], tf.Tensor]


def concrete(model: keras.Model, form: Form) -> tf.types.experimental.ConcreteFunction:
    """Write a network down: float32[N, 32, 32, 1] pixels 0 to 255 → float32[N, classes] logits.

    Operators stand in a scope of their layer's name, which the comparison reads off the converted tensors.
    """
    network = _network(model, form)

    @tf.function(input_signature=[tf.TensorSpec((None, CANVAS, CANVAS, 1), tf.float32, "pixels")])
    def logits(pixels: tf.Tensor) -> tf.Tensor:
        return tf.identity(network(pixels), "logits")

    found = logits.get_concrete_function()
    found.network = network  # a function does not keep the variables it reads
    return found


def _network(model: keras.Model, form: Form) -> Network:
    if is_lenet5(model):
        return _lenet5(model, form)
    constant = constant_shapes(folded(model) if isinstance(model.layers[-1], Prototypes) else model)
    return partial(constant, training=False)  # some layers augment unless they are told


def is_lenet5(model: keras.Model) -> bool:
    """Whether it is the network of `train.lenet5`, by its layers."""
    return [layer.name for layer in model.layers] == ["scale", *LAYERS[:4], "flat", *LAYERS[4:]] and isinstance(
        model.get_layer("S2"), keras.layers.MaxPooling2D | keras.layers.AveragePooling2D
    )


def _lenet5(model: keras.Model, form: Form) -> Network:
    """Operator by operator, with the scale of the pixels folded into C1's kernel."""
    check_parameters(model, model.output_shape[-1], widths_of(model))
    weights = {name: [np.asarray(one) for one in model.get_layer(name).weights] for name in LAYERS}
    weights["C1"][0] = weights["C1"][0] * np.float32(model.get_layer("scale").scale)
    activation = {"relu": tf.nn.relu, "tanh": tf.nn.tanh}[model.get_layer("C1").activation.__name__]
    average = isinstance(model.get_layer("S2"), keras.layers.AveragePooling2D)
    pool = tf.nn.avg_pool2d if average else tf.nn.max_pool2d

    def convolve(values: tf.Tensor, name: str, pooling: str) -> tf.Tensor:
        kernel, bias = weights[name]
        with tf.name_scope(name):
            values = activation(tf.nn.bias_add(tf.nn.conv2d(values, kernel, 1, "VALID"), bias))
        with tf.name_scope(pooling):
            return pool(values, 2, 2, "VALID")

    def network(values: tf.Tensor) -> tf.Tensor:
        values = fast.c1_s2(values, *weights["C1"], activation) if form == "fast" else convolve(values, "C1", "S2")
        values = convolve(values, "C3", "S4")
        values = tf.reshape(values, (-1, len(weights["C5"][0])))
        for dense in ("C5", "F6"):
            kernel, bias = weights[dense]
            with tf.name_scope(dense):
                values = activation(tf.matmul(values, kernel) + bias)
        kernel, bias = weights["output"]
        return tf.matmul(values, kernel) + bias

    return network


def constant_shapes(model: keras.Model) -> keras.Model:
    """The same network, of the same layers, but for those that ask for the batch at run time."""

    def layer_of(layer: keras.layers.Layer) -> keras.layers.Layer:
        return ConstantShape(layer) if isinstance(layer, keras.layers.Flatten | keras.layers.Reshape) else layer

    inputs = keras.Input(model.input_shape[1:], name="pixels")
    return keras.models.clone_model(model, input_tensors=inputs, clone_function=layer_of, recursive=True)


class ConstantShape(keras.layers.Layer):
    """Stands in for Flatten or Reshape, which Keras writes as four operators; this is one."""

    def __init__(self, layer: keras.layers.Layer) -> None:
        """Take the layer that is replaced."""
        super().__init__(name=layer.name, trainable=False)
        self.replaced = layer

    def call(self, values: Any) -> Any:
        """Lay the values out as that layer does."""
        return keras.ops.reshape(values, (-1, *self.replaced.compute_output_shape(values.shape)[1:]))
