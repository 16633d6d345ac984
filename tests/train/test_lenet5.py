"""The paper's network, layer by layer."""

import keras
import numpy as np
import pytest

from train.lenet5 import LAYERS, check_parameters, lenet5

# LeCun 1998, section II.B, for the layers that are as the paper has them; C3 with all connections.
COUNTS = {"C1": 156, "S2": 0, "C3": 2416, "S4": 0, "C5": 48120, "F6": 10164, "output": 850}
SIDES = {"C1": (28, 28, 6), "S2": (14, 14, 6), "C3": (10, 10, 16), "S4": (5, 5, 16), "C5": (120,), "F6": (84,)}


def test_it_has_the_papers_layers_in_the_papers_order():
    names = [layer.name for layer in lenet5().layers if layer.name in LAYERS]
    assert names == ["C1", "S2", "C3", "S4", "C5", "F6", "output"]


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_a_layer_has_its_parameters(name, count):
    assert lenet5().get_layer(name).count_params() == count


def test_there_are_61706_parameters_in_all():
    assert lenet5().count_params() == sum(COUNTS.values()) == 61_706


@pytest.mark.parametrize(("name", "shape"), SIDES.items())
def test_a_layer_gives_the_papers_maps(name, shape):
    assert lenet5().get_layer(name).output.shape[1:] == shape


def test_an_eleventh_class_costs_85_parameters():
    assert lenet5(classes=11).count_params() == 61_706 + 85


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("pooling", ["max", "average"])
def test_activation_and_pooling_are_options_that_cost_no_parameters(activation, pooling):
    model = lenet5(activation=activation, pooling=pooling)
    assert model.get_layer("C3").activation.__name__ == activation
    assert pooling in type(model.get_layer("S4")).__name__.lower()
    assert model.count_params() == 61_706


def test_it_takes_raw_pixels_and_scales_them_itself():
    model = lenet5()
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 1)).astype(np.float32)
    inner = keras.Model(model.get_layer("scale").output, model.outputs[0])
    np.testing.assert_allclose(model(pixels), inner(pixels / 255), atol=1e-5)


def test_it_gives_logits_and_no_probabilities():
    assert lenet5().get_layer("output").activation.__name__ == "linear"


def test_a_layer_of_another_size_is_noticed():
    model = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Conv2D(7, 5, name="C1")])
    with pytest.raises(AssertionError, match="C1 has 182 parameters, the drawing 156"):
        check_parameters(model)
