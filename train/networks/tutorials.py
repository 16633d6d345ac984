"""Two networks of the well-known Keras tutorials on MNIST, at this project's ends.

Both tutorials show the network MNIST's 28x28 pixels as shares of 255.  Here the input is
the device's canvas of 32x32 pixels from 0 to 255, as for every other network: the graph
itself crops the canvas' border of 2 pixels, which MNIST digits leave empty, and scales.
The softmax, which the tutorials have as the last layer, belongs to the loss: the output
is logits.
"""

from __future__ import annotations

import keras

from device.pixels import CANVAS, MARGIN

KERNEL = 5
"""Side of a convolution's window in both, pixels."""

LENET_KERAS_PARAMETERS = {
    "C1": 832, "S2": 0, "C3": 38_448, "S4": 0, "C5": 307_456, "F6": 21_588, "output": 850,
}  # fmt: skip
"""Named after the layers of LeNet-5 in whose place they stand; 369,174 in all."""
CNN_SIMPLE_PARAMETERS = {
    "conv1": 832, "pool1": 0, "conv2": 51_264, "pool2": 0, "dense": 1_025_000, "output": 10_010,
}  # fmt: skip
"""1,087,106 in all."""


def lenet_keras() -> keras.Model:
    """Build the wide LeNet: 32 maps from 28x28 pixels edged with zeros, 48 maps, dense layers of 256 and 84.

    float32[N, 32, 32, 1], pixels 0 to 255 → float32[N, 10], logits.
    """
    model = keras.Sequential(
        [
            *_ends(),
            keras.layers.Conv2D(32, KERNEL, padding="same", activation="relu", name="C1"),
            keras.layers.MaxPooling2D(2, name="S2"),
            keras.layers.Conv2D(48, KERNEL, activation="relu", name="C3"),
            keras.layers.MaxPooling2D(2, name="S4"),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(256, activation="relu", name="C5"),
            keras.layers.Dense(84, activation="relu", name="F6"),
            keras.layers.Dense(10, name="output"),
        ],
        name="lenet-keras",
    )
    check_parameters(model, LENET_KERAS_PARAMETERS)
    return model


def cnn_simple() -> keras.Model:
    """Build the simple convolutional network: 32 maps, 64 maps, a dense layer of 1,000.

    float32[N, 32, 32, 1], pixels 0 to 255 → float32[N, 10], logits.
    """
    model = keras.Sequential(
        [
            *_ends(),
            keras.layers.Conv2D(32, KERNEL, activation="relu", name="conv1"),
            keras.layers.MaxPooling2D(2, name="pool1"),
            keras.layers.Conv2D(64, KERNEL, activation="relu", name="conv2"),
            keras.layers.MaxPooling2D(2, name="pool2"),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(1000, activation="relu", name="dense"),
            keras.layers.Dense(10, name="output"),
        ],
        name="cnn-simple",
    )
    check_parameters(model, CNN_SIMPLE_PARAMETERS)
    return model


def check_parameters(model: keras.Model, expected: dict[str, int]) -> None:
    """Assert each layer's parameter count against the table."""
    for name, wanted in expected.items():
        count = model.get_layer(name).count_params()
        assert count == wanted, f"{name} has {count} parameters, the tutorial's {wanted}"
    assert model.count_params() == sum(expected.values()), f"{model.count_params()} parameters in all"


def _ends() -> list[keras.KerasTensor | keras.layers.Layer]:
    """The canvas, without its border and scaled: float32[N, 28, 28, 1], 0 to 1."""
    return [
        keras.Input((CANVAS, CANVAS, 1), name="pixels"),
        keras.layers.Cropping2D(MARGIN, name="crop"),
        keras.layers.Rescaling(1 / 255, name="scale"),
    ]
