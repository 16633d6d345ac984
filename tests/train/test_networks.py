"""The tutorials' networks and the paper's own: layers, parameters, what they give, that they learn and can be kept."""

import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest

from train.augment import Warp
from train.fit import train
from train.networks.codebook import codebook
from train.networks.count import costs
from train.networks.layers import Prototypes, Subsampling, TableConv2D, scaled_tanh
from train.networks.lenet5_1998 import C3_TABLE
from train.networks.loss import MapCriterion
from train.networks.registry import NETWORKS, build, recipe_of
from train.recipe import RECIPES

# LeCun 1998, section II.B, for lenet5 (C3 of the tutorials' with all connections) and lenet5-1998; else by hand.
COUNTS = {
    "lenet5": {"C1": 156, "S2": 0, "C3": 2416, "S4": 0, "C5": 48120, "F6": 10164, "output": 850},
    "lenet5-wide": {"C1": 416, "S2": 0, "C3": 16040, "S4": 0, "C5": 168168, "F6": 14196, "output": 850},
    "lenet5-1998": {"C1": 156, "S2": 12, "C3": 1516, "S4": 32, "C5": 48120, "F6": 10164, "output": 0},
    "lenet-keras": {"C1": 832, "S2": 0, "C3": 38448, "S4": 0, "C5": 307456, "F6": 21588, "output": 850},
    "cnn-simple": {"conv1": 832, "pool1": 0, "conv2": 51264, "pool2": 0, "dense": 1025000, "output": 10010},
    "cnn-deep": {
        **{"conv1": 500, "conv2": 8640, "conv3": 20736, "conv4": 41472, "dense5": 110592, "output": 1290},
        **{"norm1": 80, "norm2": 192, "norm3": 192, "norm4": 384, "norm5": 512},
    },
}
TOTALS = {
    "lenet5": 61_706,
    "lenet5-wide": 199_670,
    "lenet5-1998": 60_000,
    "lenet-keras": 369_174,
    "cnn-simple": 1_087_106,
    "cnn-deep": 184_590,
}
MACS = {
    "lenet5": 416_520,
    "lenet5-wide": 2_096_552,
    "lenet5-1998": 328_096,
    "lenet-keras": 4_796_744,
    "cnn-simple": 4_771_600,
    "cnn-deep": 4_194_880,
}
NAMES = list(COUNTS)
NEW = NAMES[1:]


@pytest.fixture(scope="module")
def networks():
    """Each network once, untrained."""
    keras.utils.set_random_seed(1)
    return {name: build(NETWORKS[name].recipe) for name in NAMES}


@pytest.fixture(scope="module")
def pixels(small):
    """float32[50, 32, 32, 1]."""
    return small.test.pixels[:50, ..., None].astype(np.float32)


def test_the_registry_has_these_networks():
    assert list(NETWORKS) == NAMES
    assert {name: network.recipe.arch for name, network in NETWORKS.items()} == {name: name for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_network_has_its_parameters_layer_by_layer(networks, name):
    counted = {cost.name: cost.parameters for cost in costs(networks[name]) if cost.name in COUNTS[name]}
    assert counted == COUNTS[name]
    assert networks[name].count_params() == sum(COUNTS[name].values()) == TOTALS[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_trained_but_for_running_averages(networks, name):
    kept = [weight.name for weight in networks[name].non_trainable_weights if weight.name != "seed_generator_state"]
    assert kept == (["moving_mean", "moving_variance"] * 5 if name == "cnn-deep" else [])


@pytest.mark.parametrize("name", NAMES)
def test_a_network_has_its_multiplications(networks, name):
    assert sum(cost.macs for cost in costs(networks[name])) == MACS[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_network_takes_the_canvas_and_gives_ten_logits(networks, name, pixels):
    assert networks[name].input_shape == (None, 32, 32, 1)
    logits = np.asarray(networks[name](pixels))
    assert (logits.shape, logits.dtype) == ((50, 10), np.float32)
    assert networks[name].layers[-1].get_config().get("activation", "linear") == "linear"


@pytest.mark.parametrize("name", NAMES)
def test_a_network_has_no_lambda(networks, name):
    assert not any(isinstance(layer, keras.layers.Lambda) for layer in networks[name].layers)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_saved_and_opened_gives_the_same_logits(networks, name, pixels, tmp_path):
    networks[name].save(tmp_path / "kept.keras")
    opened = keras.models.load_model(tmp_path / "kept.keras", compile=False)
    assert np.array_equal(np.asarray(opened(pixels)), np.asarray(networks[name](pixels)))


@pytest.mark.parametrize("name", NEW)
def test_a_network_learns(name, small, tmp_path):
    recipe = replace(NETWORKS[name].recipe, epochs=3, batch=50, cosine=False, warped=0, warp=Warp(fields=1))
    _, history = train(recipe, small.train[:300], small.test[:100], tmp_path / "best.keras")
    assert history["loss"][-1] < 0.8 * history["loss"][0]


@pytest.mark.parametrize("name", ["lenet-keras", "cnn-simple"])
def test_the_tutorials_networks_do_not_see_the_canvas_border(networks, name, pixels):
    edged = pixels.copy()
    edged[:, [0, 1, -2, -1]] = edged[:, :, [0, 1, -2, -1]] = 255
    assert np.array_equal(np.asarray(networks[name](edged)), np.asarray(networks[name](pixels)))


def test_the_tutorials_recipes_are_theirs():
    keras_lenet, simple = NETWORKS["lenet-keras"].recipe, NETWORKS["cnn-simple"].recipe
    assert (keras_lenet.epochs, keras_lenet.validation) == (5, 12_000)
    assert (simple.epochs, simple.batch) == (10, 128)
    for recipe in (keras_lenet, simple):
        assert (recipe.warped, recipe.cosine, recipe.keep_best, recipe.rate) == (0, False, False, 1e-3)


@pytest.mark.parametrize("role", RECIPES)
def test_lenet5_and_the_wide_one_have_the_recipes_and_classes_of_their_roles(role):
    assert recipe_of(role, "lenet5") == RECIPES[role]
    wide = recipe_of(role, "lenet5-wide")
    assert wide == replace(RECIPES[role], arch="lenet5-wide")
    assert build(wide).output_shape == (None, wide.classes)


def test_the_squashing_function_is_the_papers():
    assert np.allclose(scaled_tanh(np.array([-1.0, 0.0, 1.0, 50.0])), [-1, 0, 1, 1.7159], atol=1e-4)


def test_the_pixels_go_from_less_than_zero_to_more_than_one(networks):
    scaled = networks["lenet5-1998"].get_layer("scale")(np.array([[0.0, 255.0]]))
    assert np.allclose(scaled, [[-0.1, 1.175]])


def test_c3_is_connected_as_table_one_says(networks):
    assert [len(row) for row in C3_TABLE] == [3] * 6 + [4] * 9 + [6]
    assert len(set(C3_TABLE)) == 16
    assert np.bincount(np.concatenate(C3_TABLE)).tolist() == [10] * 6
    kernel = np.asarray(networks["lenet5-1998"].get_layer("C3").dense_kernel())
    assert kernel.shape == (5, 5, 6, 16)
    connected = {(int(source), int(to)) for source, to in np.argwhere(np.abs(kernel).sum(axis=(0, 1)) > 0)}
    assert connected == {(source, to) for to, row in enumerate(C3_TABLE) for source in row}


def test_a_table_of_all_connections_is_a_plain_convolution(pixels):
    layer = TableConv2D([[0]] * 3, 5)
    ours = np.asarray(layer(pixels / 255))
    plain = keras.layers.Conv2D(3, 5, activation=scaled_tanh)
    plain.build((None, 32, 32, 1))
    plain.set_weights([np.asarray(layer.dense_kernel()), np.asarray(layer.bias)])
    np.testing.assert_allclose(ours, np.asarray(plain(pixels / 255)), atol=1e-6)


def test_subsampling_is_the_squashed_sum_of_four_times_a_coefficient_plus_a_bias():
    layer, values = Subsampling(), np.random.default_rng(0).normal(size=(1, 4, 6, 2)).astype(np.float32)
    layer.build(values.shape)
    layer.set_weights([np.array([0.3, -0.2], np.float32), np.array([0.1, 0.4], np.float32)])
    sums = values.reshape(1, 2, 2, 3, 2, 2).sum(axis=(2, 4))
    expected = 1.7159 * np.tanh(2 / 3 * (sums * [0.3, -0.2] + [0.1, 0.4]))
    np.testing.assert_allclose(np.asarray(layer(values)), expected, atol=1e-5)


def test_the_output_is_the_negated_squared_distance_to_each_code():
    codes, values = codebook(), np.random.default_rng(0).normal(size=(5, 84)).astype(np.float32)
    expected = -((values[:, None] - codes[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(np.asarray(Prototypes(codes.tolist())(values)), expected, rtol=1e-5)
    assert np.asarray(Prototypes(codes.tolist())(codes.astype(np.float32))).argmax(axis=1).tolist() == list(range(10))


def test_the_codes_are_ten_bitmaps_of_ink_and_paper_well_apart():
    codes = codebook()
    assert (codes.shape, codes.dtype, set(codes.ravel().tolist())) == ((10, 84), np.int8, {-1, 1})
    apart = (codes[:, None] != codes[None]).sum(axis=2)
    assert apart[~np.eye(10, dtype=bool)].min() >= 6
    bitmaps = codes.reshape(10, 12, 7) > 0
    assert (bitmaps.sum(axis=(1, 2)) > 15).all()
    assert np.array_equal(bitmaps[0], bitmaps[0][::-1, ::-1])


def test_the_loss_is_the_papers_equation_nine():
    penalties, labels, j = np.array([[1.0, 3.0, 9.0], [4.0, 2.0, 2.5]], np.float32), np.array([0, 1]), 5.0
    rest = np.log(np.exp(-j) + np.exp(-penalties).sum(axis=1))
    expected = (penalties[[0, 1], labels] + rest).mean()
    assert float(MapCriterion(j)(labels, -penalties)) == pytest.approx(expected, rel=1e-5)


def test_the_loss_can_be_kept():
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(MapCriterion(7.0)))
    assert (type(again), again.rubbish) == (MapCriterion, 7.0)


def test_the_registry_is_read_without_tensorflow(root):
    code = "import sys, train.networks.registry; assert not {'tensorflow', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True, timeout=60)
