"""A Keras classifier of digits, given the ends that the device wants: canvas in, logits out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras

from convert.errors import ConversionError
from convert.scaling import Scaling
from device.pixels import CANVAS, MARGIN, MNIST_SIDE

CLASSES = 10
SIDES = (MNIST_SIDE, CANVAS)
"""Of the pictures that a network may take."""
TAKEN_OFF = ("softmax", "log_softmax", "sigmoid", "log_sigmoid", "tanh")
"""Last activations that are taken off: what is below them has the same order, and is what an int8 output can hold."""
PASSING = (keras.layers.Flatten, keras.layers.Reshape, keras.layers.Dropout, keras.layers.Identity)
"""Layers after the last activation that give the values they are given."""


def side_of(model: keras.Model, path: Path) -> int:
    """The side of the pictures that a network takes, 28 or 32.  Raises ConversionError where it cannot serve."""
    if not getattr(model, "built", False) or not model.layers:
        built = "model.build((None, 28, 28, 1))"
        raise ConversionError(
            f"{path} was saved before it had any weights; build it, {built}, train it and save it again"
        )
    for end, tensors in (("inputs", model.inputs), ("outputs", model.outputs)):
        if len(tensors) != 1:
            names = ", ".join(tensor.name for tensor in tensors)
            raise ConversionError(f"{path} has {len(tensors)} {end} ({names}), one is wanted")
    shape, classes = tuple(model.inputs[0].shape[1:]), tuple(model.outputs[0].shape[1:])
    if classes != (CLASSES,):
        raise ConversionError(f"{path} gives {_said(classes)} for a digit, {CLASSES} classes are wanted, 0 to 9")
    wide = tuple(length for length in shape if length != 1)
    for side in SIDES:
        if wide in ((side, side), (side * side,)):
            return side
    wanted = ", ".join(f"{side}x{side}" for side in SIDES)
    raise ConversionError(f"{path} takes {_said(shape)}, one channel of {wanted} is wanted, or that flattened")


def on_canvas(model: keras.Model, scaling: Scaling, side: int, gain: float = 1.0) -> keras.Model:
    """The network with other ends: float32[N, 32, 32, 1], pixels 0 to 255 → float32[N, 10].

    scaling: what the model expects of pixels.  side: of the pictures that it takes.  gain: what its outputs are
    multiplied by.
    """
    values = pixels = keras.Input((CANVAS, CANVAS, 1), name="pixels")
    if side != CANVAS:
        values = keras.layers.Cropping2D(MARGIN, name="crop_canvas")(values)
    if scaling != Scaling(0, 255):
        values = keras.layers.Rescaling(scaling.multiplier, scaling.paper, name="scale_pixels")(values)
    shape = tuple(model.inputs[0].shape[1:])
    if shape != (side, side, 1):
        values = keras.layers.Reshape(shape, name="lay_out")(values)
    values = model(values)
    if gain != 1:
        values = keras.layers.Rescaling(gain, name="gain")(values)
    return keras.Model(pixels, values, name=model.name)


def without_last_activation(model: keras.Model) -> tuple[keras.Model, str]:
    """The same network, of the same layers, giving logits, and the name of the activation that was taken off.

    The input's type is float32, whatever it was, and its batch is open.
    """
    last = _last(model)
    taken = _activation(last)

    def layer_of(layer: keras.layers.Layer) -> keras.layers.Layer:
        return _linear(layer) if layer is last and taken != "linear" else layer

    inputs = keras.Input(model.inputs[0].shape[1:], name="pixels")
    bare = keras.models.clone_model(
        _from_one_to_one(model), input_tensors=inputs, clone_function=layer_of, recursive=True
    )
    return bare, taken


def _from_one_to_one(model: keras.Model) -> keras.Model:
    """A network whose only input or output has a name, or stands in a list, without that."""
    if isinstance(model, keras.Sequential):
        return model
    return keras.Model(model.inputs[0], model.outputs[0], name=model.name)


def _last(model: keras.Model) -> Any:
    """The layer, or the operation, that computes what the network gives."""
    last = model.outputs[0]._keras_history.operation
    while isinstance(last, PASSING):
        last = last.input._keras_history.operation
    return _last(last) if isinstance(last, keras.Model) else last


def _activation(last: Any) -> str:
    """Which of the activations that can be taken off it ends with; linear: none of them."""
    if isinstance(last, keras.layers.Softmax):
        return "softmax"
    if isinstance(last, keras.layers.Layer):
        name = getattr(getattr(last, "activation", None), "__name__", "linear")
    else:  # keras.ops.softmax(values), as an operation: Softmax, LogSoftmax
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(last).__name__)[1:]
    return name if name in TAKEN_OFF else "linear"


def _linear(last: Any) -> keras.layers.Layer:
    """The same layer without its activation."""
    if not isinstance(last, keras.layers.Layer) or not last.weights:
        return Nothing(name=last.name)
    bare = type(last).from_config(last.get_config() | {"activation": "linear"})
    bare.build(last.input.shape)
    bare.set_weights(last.get_weights())
    return bare


class Nothing(keras.layers.Layer):
    """Stands in for an activation that was a layer of its own."""

    def call(self, values: Any, mask: Any = None) -> Any:
        """Give what it is given."""
        return values


def _said(shape: tuple[int | None, ...]) -> str:
    """A shape in words."""
    sides = "x".join("?" if length is None else str(length) for length in shape)
    return f"{sides} values" if shape and None not in shape and math.prod(shape) > 1 else f"the shape [{sides}]"
