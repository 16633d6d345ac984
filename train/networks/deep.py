"""A network of today, for teaching: too slow for the device, and better than LeNet-5 on the same digits.

What it has that LeNet-5 has not: four convolutions, batch normalisation (Ioffe, Szegedy, ICML 2015) and dropout
(Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, JMLR 2014), with three times the weights and ten times the
multiplications.
"""

from __future__ import annotations

import keras

from device.pixels import CANVAS

MOMENTUM = 0.9
"""Of the normalisation's running averages: a training has too few steps for Keras' 0.99."""
DROPPED = 0.3
"""Share of the dense layer's inputs, and of its outputs, that a training step leaves out."""


def cnn_deep() -> keras.Model:
    """Build the network: float32[N, 32, 32, 1], pixels 0 to 255 → float32[N, 10], logits."""
    return keras.Sequential(
        [
            keras.Input((CANVAS, CANVAS, 1), name="pixels"),
            keras.layers.Rescaling(1 / 255, name="scale"),
            *_normalised(keras.layers.Conv2D(20, 5, use_bias=False, name="conv1")),
            keras.layers.MaxPooling2D(2, name="pool1"),
            *_normalised(keras.layers.Conv2D(48, 3, use_bias=False, name="conv2")),
            *_normalised(keras.layers.Conv2D(48, 3, use_bias=False, name="conv3")),
            keras.layers.MaxPooling2D(2, name="pool3"),
            *_normalised(keras.layers.Conv2D(96, 3, use_bias=False, name="conv4")),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dropout(DROPPED, name="dropout4"),
            *_normalised(keras.layers.Dense(128, use_bias=False, name="dense5")),
            keras.layers.Dropout(DROPPED, name="dropout5"),
            keras.layers.Dense(10, name="output"),
        ],
        name="cnn-deep",
    )


def _normalised(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """A layer without biases, since the normalisation has its own, and what follows it."""
    number = layer.name[-1]
    normalisation = keras.layers.BatchNormalization(momentum=MOMENTUM, name=f"norm{number}")
    return [layer, normalisation, keras.layers.ReLU(name=f"relu{number}")]
