"""Keras → TFLite: the float32 network and the full-integer int8 one, from the same graph.

The graph is the plain one, layer by layer as drawn, or the fast one, which has C1 and S2
in another form (`convert.fast`) and gives the same answers.  Both take raw pixels, 0 to
255: the network's scaling by 1/255 is folded into C1's kernel, so that no operator is
spent on it and int8 input has the scale 1 and the zero point -128 (quantising a pixel is
then flipping its top bit).  Both give logits.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from typing import Literal

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from convert import fast, ranges
from convert.errors import ConversionError
from convert.graph import Graph, inspect
from device.pixels import CANVAS
from train.lenet5 import LAYERS, S4_VALUES, check_parameters

Uint8 = NDArray[np.uint8]

LARGEST_INT8 = 80 * 1024
"""Bytes an int8 network may have."""
Form = Literal["plain", "fast"]
"""Of the graph, as the card has it."""
FUSED = {"CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "TANH"}
"""Operators a plain network is made of; ReLU stands inside the others.  SHAPE, STRIDED_SLICE and PACK would mean a
reshape that is not constant, QUANTIZE a part that stayed float."""
OPERATORS: dict[Form, set[str]] = {"plain": FUSED, "fast": FUSED | {"TRANSPOSE"}}


def form_of(model: keras.Model, asked: Form | None) -> Form:
    """The form asked for; without one the fast one, if the network has it."""
    refusal = fast.refusal(model)
    if asked == "fast" and refusal:
        raise ConversionError(f"the network has no fast graph: {refusal}; leave --graph out, or give --graph plain")
    return asked or ("plain" if refusal else "fast")


def to_float32(model: keras.Model, form: Form = "plain") -> bytes:
    """Convert without quantisation: float32[N, 32, 32, 1] pixels 0 to 255 → float32[N, classes] logits."""
    content = _convert(_converter(model, form))
    check(inspect(content), "float32", model.output_shape[-1], form)
    return content


def to_int8(model: keras.Model, pixels: Uint8, form: Form = "plain") -> bytes:
    """Convert with ranges from a representative set, uint8[N, 32, 32]: int8[N, 32, 32, 1] → int8[N, classes]."""
    converter = _converter(model, form)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _one_by_one(pixels)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    content = _convert(converter)
    if form == "fast":
        content = ranges.adopt(content, to_int8(model, pixels))
    check(inspect(content), "int8", model.output_shape[-1], form)
    if len(content) > LARGEST_INT8:
        raise ConversionError(f"the int8 network has {len(content):,} bytes, more than {LARGEST_INT8:,}")
    return content


def check(graph: Graph, dtype: str, classes: int, form: Form = "plain") -> None:
    """Refuse a graph that the device would not take, or would run slowly."""
    strange = sorted(set(graph.operators) - OPERATORS[form])
    if strange:
        raise ConversionError(f"the {dtype} network has operators it should not have: {', '.join(strange)}")
    for tensor, shape in ((graph.input, (-1, CANVAS, CANVAS, 1)), (graph.output, (-1, classes))):
        if (tensor.shape, tensor.dtype) != (shape, dtype):
            found = f"{tensor.dtype}{list(tensor.shape)}"
            raise ConversionError(f"the {dtype} network has a tensor {found}, not {dtype}{list(shape)}")
    if dtype == "int8" and (graph.input.scale, graph.input.zero_point) != (1.0, -128):
        found = f"scale {graph.input.scale}, zero point {graph.input.zero_point}"
        raise ConversionError(f"int8 input has {found}, not 1 and -128: the representative set lacks black or white")


def _converter(model: keras.Model, form: Form) -> tf.lite.TFLiteConverter:
    # Given the Keras model as well, the converter fails in int8; the weights are constants of the function.
    return tf.lite.TFLiteConverter.from_concrete_functions([_function(model, form)])


def _convert(converter: tf.lite.TFLiteConverter) -> bytes:
    """Convert without two warnings: that there is no Keras model, and no statistics besides the representative set."""
    log = logging.getLogger("absl")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Statistics for quantized inputs were expected")
            return bytes(converter.convert())
    finally:
        log.setLevel(level)


def _function(model: keras.Model, form: Form) -> tf.types.experimental.ConcreteFunction:
    """Write the network down again, operator by operator, with the batch left open.

    Operators stand in a scope of their layer's name, which `convert.parity.layers` reads off the converted tensors.
    """
    check_parameters(model, model.output_shape[-1])
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

    @tf.function(input_signature=[tf.TensorSpec((None, CANVAS, CANVAS, 1), tf.float32, "pixels")])
    def network(values: tf.Tensor) -> tf.Tensor:
        if form == "fast":
            values = fast.c1_s2(values, *weights["C1"], activation)
        else:
            values = convolve(values, "C1", "S2")
        values = convolve(values, "C3", "S4")
        # A constant shape: Keras' Reshape asks for the batch at run time, in three more operators.
        values = tf.reshape(values, (-1, S4_VALUES))
        for dense in ("C5", "F6"):
            kernel, bias = weights[dense]
            with tf.name_scope(dense):
                values = activation(tf.matmul(values, kernel) + bias)
        kernel, bias = weights["output"]
        return tf.identity(tf.matmul(values, kernel) + bias, "logits")

    return network.get_concrete_function()


def _one_by_one(pixels: Uint8) -> Iterator[list[NDArray[np.float32]]]:
    for one in pixels:
        yield [one[None, :, :, None].astype(np.float32)]
