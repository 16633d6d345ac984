"""Every layer's error: what is quantised worse is worse there, and the worst layer is named."""

import numpy as np
import pytest

from convert import calibrate, quantize
from convert.errors import ConversionError
from convert.parity import layers
from convert.parity.layers import Layer, worst

DRAWN = ["C1", "S2", "C3", "S4", "C5", "F6", "output"]


@pytest.fixture(scope="module")
def pixels(mnist):
    return mnist.test.pixels[:100]


@pytest.fixture(scope="module")
def float32(shipped):
    return quantize.to_float32(shipped)


@pytest.fixture(scope="module")
def representative(mnist):
    return calibrate.representative(mnist.train[:3000], per_class=20)


@pytest.fixture(scope="module")
def int8(shipped, representative):
    return quantize.to_int8(shipped, representative)


def test_every_layer_is_there_under_its_name(float32, int8, pixels):
    found = layers.measure(float32, int8, pixels)
    assert [layer.name for layer in found] == DRAWN
    assert [layer.weights_sqnr is not None for layer in found] == [True, False, True, False, True, True, True]
    assert all(30 < layer.sqnr < 60 for layer in found)
    assert all(layer.clipped < 0.005 for layer in found)


@pytest.mark.parametrize("scheme", ["dynamic-range", "float16", "int16x8"])
def test_so_is_that_of_other_schemes(scheme, shipped, float32, int8, representative, pixels):
    found = layers.measure(float32, quantize.to_scheme(shipped, scheme, representative), pixels)
    assert [layer.name for layer in found] == DRAWN
    assert found[-1].sqnr > layers.measure(float32, int8, pixels)[-1].sqnr


def test_the_fast_graphs_layers_have_the_same_names_and_errors(shipped, float32, int8, representative, pixels):
    fast = layers.measure(
        quantize.to_float32(shipped, "fast"), quantize.to_int8(shipped, representative, "fast"), pixels
    )
    plain = layers.measure(float32, int8, pixels)
    assert [layer.name for layer in fast] == DRAWN
    assert [layer.sqnr for layer in fast] == pytest.approx([layer.sqnr for layer in plain], abs=0.1)


def test_a_network_beside_itself_has_no_error(float32, pixels):
    found = layers.measure(float32, float32, pixels)
    assert {layer.sqnr for layer in found} == {layers.LARGEST_SQNR}
    assert max(layer.added for layer in found) < 1e-12
    assert {layer.clipped for layer in found} == {0.0}


def test_ranges_that_are_too_narrow_show_as_clipping(shipped, float32, pixels, mnist):
    one = np.repeat(mnist.train.pixels[mnist.train.labels == 1][:1], 10, axis=0)
    found = layers.measure(float32, quantize.to_int8(shipped, one), pixels)
    assert max(layer.clipped for layer in found) > 0.02
    assert found[-1].sqnr < 25


def test_two_networks_that_are_not_drawn_alike_are_refused(shipped, float32, pixels):
    from train.lenet5 import lenet5

    with pytest.raises(ConversionError, match="not drawn alike"):
        layers.measure(float32, quantize.to_float32(lenet5(activation="tanh")), pixels)


def test_the_layer_to_blame_is_where_most_noise_comes_in():
    quiet, loud = Layer("C1", "CONV_2D", 40.0, 0.0001, 0.0, 45.0), Layer("C3", "CONV_2D", 20.0, 0.0099, 0.03, 21.0)
    after = Layer("output", "FULLY_CONNECTED", 19.0, 0.002, 0.0, 44.0)
    assert worst([quiet, loud, after]) is loud
    assert worst([]) is None
    assert loud.said() == "C3 (20.0 dB, 3.00% of its values clipped, its weights 21.0 dB)"
