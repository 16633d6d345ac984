"""Writes networks that are not the device's into a folder; run in a process of its own, since it takes tensorflow."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf


def network(side: int = 32, classes: int = 10, inputs: int = 1, *, int8: bool = True, white: float = 255.0) -> bytes:
    """A linear network, pixels to scores; white: the largest value its calibration saw."""
    weights = np.random.default_rng(0).normal(size=(side * side, classes)).astype(np.float32) / (side * white)
    shapes = [tf.TensorSpec((None, side, side, 1), tf.float32) for _ in range(inputs)]

    @tf.function(input_signature=shapes)
    def linear(*pictures: tf.Tensor) -> tf.Tensor:
        return tf.matmul(tf.reshape(tf.add_n(pictures), (-1, side * side)), weights)

    def examples() -> Iterator[list[np.ndarray]]:
        for level in np.linspace(0, white, 8, dtype=np.float32):
            picture = np.full((1, side, side, 1), level, np.float32)
            picture[:, ::2] = white
            picture[:, ::3] = 0
            yield [picture] * inputs

    converter = tf.lite.TFLiteConverter.from_concrete_functions([linear.get_concrete_function()])
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = examples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name, content in {
        "good": network(),
        "side": network(side=28),
        "classes": network(classes=12),
        "float": network(int8=False),
        "scale": network(white=1.0),
        "inputs": network(inputs=2, int8=False),
    }.items():
        (folder / f"{name}.tflite").write_bytes(content)
