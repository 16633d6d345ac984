"""Keras → TFLite: the float32 network and the full-integer int8 one, from the same graph.

The graph is the plain one, layer by layer as drawn, or, of LeNet-5, the fast one, which has
C1 and S2 in another form (`convert.fast`) and gives the same answers.  Both take raw pixels,
0 to 255, and a scaling by 1/255 ends up in the first kernel, so that no operator is spent on
it and int8 input has the scale 1 and the zero point -128 (quantising a pixel is then
flipping its top bit).  Both give logits.
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
from tensorflow.lite.python.convert_phase import ConverterError

from convert import fast, ranges
from convert.concrete import Form, concrete, is_lenet5
from convert.errors import ConversionError
from convert.graph import Graph, inspect
from device.pixels import CANVAS
from train.lenet5 import PAPER, widths_of

Uint8 = NDArray[np.uint8]

LARGEST_INT8 = 80 * 1024
"""Bytes an int8 LeNet-5 may have."""
FUSED = {"CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "TANH"}
"""Operators a plain LeNet-5 is made of; ReLU stands inside the others.  SHAPE, STRIDED_SLICE and PACK would mean a
reshape that is not constant, QUANTIZE a part that stayed float."""
OPERATORS: dict[Form, set[str]] = {"plain": FUSED, "fast": FUSED | {"TRANSPOSE"}}
Scheme = Literal["dynamic-range", "float16", "int16x8"]
"""Besides the int8 of bundles: weights alone as int8 or as float16, or int16 values by int8 weights."""
FLOATING = {"DEQUANTIZE", "CUSTOM"}
"""Operators that no network may have: a part that stayed float, and what the device's interpreter does not know."""


def form_of(model: keras.Model, asked: Form | None) -> Form:
    """The form asked for; without one the fast one, if the network has it."""
    refusal = fast.refusal(model)
    if asked == "fast" and refusal:
        raise ConversionError(f"the network has no fast graph: {refusal}; leave --graph out, or give --graph plain")
    return asked or ("plain" if refusal else "fast")


def to_float32(model: keras.Model, form: Form = "plain") -> bytes:
    """Convert without quantisation: float32[N, 32, 32, 1] pixels 0 to 255 → float32[N, classes] logits."""
    content = _convert(_converter(model, form))
    check(inspect(content), "float32", model.output_shape[-1], _operators(model, form))
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
    check(inspect(content), "int8", model.output_shape[-1], _operators(model, form))
    if is_lenet5(model) and widths_of(model) == PAPER and len(content) > LARGEST_INT8:
        raise ConversionError(f"the int8 network has {len(content):,} bytes, more than {LARGEST_INT8:,}")
    return content


def to_scheme(model: keras.Model, scheme: Scheme, pixels: Uint8, form: Form = "plain") -> bytes:
    """Convert with another way of quantising, to be compared with; its input and output stay float32.

    pixels: the representative set, uint8[N, 32, 32], which int16x8 needs.
    """
    converter = _converter(model, form)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme == "float16":
        converter.target_spec.supported_types = [tf.float16]
    elif scheme == "int16x8":
        ops = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [ops]
        converter.representative_dataset = lambda: _one_by_one(pixels)
    return _convert(converter)


def check(graph: Graph, dtype: str, classes: int, allowed: set[str] | None = None) -> None:
    """Refuse a graph that the device would not take, or would run slowly.

    allowed: the operators that the network is made of; None: any but those that no network may have.
    """
    strange = sorted(set(graph.operators) & FLOATING if allowed is None else set(graph.operators) - allowed)
    if strange:
        raise ConversionError(f"the {dtype} network has operators it should not have: {', '.join(strange)}")
    for tensor, shape in ((graph.input, (-1, CANVAS, CANVAS, 1)), (graph.output, (-1, classes))):
        if (tensor.shape, tensor.dtype) != (shape, dtype):
            found = f"{tensor.dtype}{list(tensor.shape)}"
            raise ConversionError(f"the {dtype} network has a tensor {found}, not {dtype}{list(shape)}")
    if dtype == "int8" and (graph.input.scale, graph.input.zero_point) != (1.0, -128):
        found = f"scale {graph.input.scale}, zero point {graph.input.zero_point}"
        raise ConversionError(f"int8 input has {found}, not 1 and -128: the representative set lacks black or white")


def _operators(model: keras.Model, form: Form) -> set[str] | None:
    return OPERATORS[form] if is_lenet5(model) else None


def _converter(model: keras.Model, form: Form) -> tf.lite.TFLiteConverter:
    # Given the Keras model as well, the converter fails in int8; the function keeps its weights.
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete(model, form)])


def _convert(converter: tf.lite.TFLiteConverter) -> bytes:
    """Convert without two warnings: that there is no Keras model, and no statistics besides the representative set."""
    log = logging.getLogger("absl")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Statistics for quantized inputs were expected")
            return bytes(converter.convert())
    except (ConverterError, RuntimeError, ValueError) as error:
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        first = first.rpartition("error: ")[2]  # and not where in TensorFlow it was found
        raise ConversionError(f"TFLite cannot express the network: {first}") from error
    finally:
        log.setLevel(level)


def _one_by_one(pixels: Uint8) -> Iterator[list[NDArray[np.float32]]]:
    for one in pixels:
        yield [one[None, :, :, None].astype(np.float32)]
