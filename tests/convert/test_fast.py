"""C1 and S2 over blocks of pixels: the same sums as drawn."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from convert import fast
from convert.errors import ConversionError
from convert.quantize import form_of
from train.lenet5 import lenet5

ACTIVATIONS = {"relu": tf.nn.relu, "tanh": tf.nn.tanh}


def drawn(values, kernel, bias, activation):
    """C1, its activation and S2 as the paper draws them."""
    values = activation(tf.nn.bias_add(tf.nn.conv2d(values, kernel, 1, "VALID"), bias))
    return tf.nn.max_pool2d(values, 2, 2, "VALID")


@given(seed=st.integers(0, 2**32), activation=st.sampled_from(sorted(ACTIVATIONS)), n=st.integers(1, 3))
def test_spread_out_weights_give_the_same_maps(seed, activation, n):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 32, 32, 1)).astype(np.float32)
    kernel, bias = (rng.normal(size=shape).astype(np.float32) / 5 for shape in ((5, 5, 1, 6), 6))
    ours, theirs = (one(values, kernel, bias, ACTIVATIONS[activation]) for one in (fast.c1_s2, drawn))
    assert ours.shape == (n, 14, 14, 6)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@given(seed=st.integers(0, 2**32))
def test_whole_numbers_come_out_equal_to_the_last_bit(seed):
    """As int8 sums do: what is added is the same, so only the order could tell, and here it cannot."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-128, 128, (1, 32, 32, 1)).astype(np.float32)
    kernel, bias = (rng.integers(-127, 128, shape).astype(np.float32) for shape in ((5, 5, 1, 6), 6))
    ours, theirs = (one(values, kernel, bias, tf.nn.relu) for one in (fast.c1_s2, drawn))
    np.testing.assert_array_equal(ours, theirs)


@given(seed=st.integers(0, 2**32), maps=st.integers(1, 7), dtype=st.sampled_from([np.int8, np.float32]))
def test_each_weight_stands_once_in_each_of_eight_windows_among_zeros(seed, maps, dtype):
    kernel = np.random.default_rng(seed).integers(1, 128, (5, 5, 1, maps)).astype(dtype)
    blocks = fast.spread(kernel)
    assert (blocks.shape, blocks.dtype) == ((3, 2, 8, 8 * maps), dtype)
    for number in range(8 * maps):
        window = blocks[..., number]
        np.testing.assert_array_equal(np.sort(window[window != 0]), np.sort(kernel[..., number % maps], axis=None))


def test_a_bias_stands_at_every_channel_of_its_map():
    assert fast.tile(np.arange(6)).tolist() == list(range(6)) * 8


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_networks_that_pool_by_maxima_become_fast_unless_told_otherwise(activation):
    model = lenet5(activation=activation)
    assert [form_of(model, asked) for asked in (None, "fast", "plain")] == ["fast", "fast", "plain"]


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_averages_stay_plain(activation):
    model = lenet5(activation=activation, pooling="average")
    assert [form_of(model, asked) for asked in (None, "plain")] == ["plain", "plain"]
    with pytest.raises(ConversionError, match="no fast graph: its S2 does not pool by maxima"):
        form_of(model, "fast")


def sequence(*layers):
    return keras.Sequential([keras.Input((32, 32, 1)), *layers])


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (sequence(keras.layers.Flatten()), "C1"),
        (sequence(keras.layers.Conv2D(8, 5, name="C1"), keras.layers.MaxPooling2D(name="S2")), "C1"),
        (sequence(keras.layers.Conv2D(6, 5, padding="same", name="C1"), keras.layers.MaxPooling2D(name="S2")), "C1"),
        (sequence(keras.layers.Conv2D(6, 5, name="C1")), "S2"),
        (
            sequence(keras.layers.Conv2D(6, 5, name="C1", activation="gelu"), keras.layers.MaxPooling2D(name="S2")),
            "gelu",
        ),
    ],
)
def test_other_networks_stay_plain(model, why):
    assert why in fast.refusal(model)
    assert form_of(model, None) == "plain"
