"""Every network of the tutorials through conversion: the operators it becomes, and that it stays the same network."""

import json

import keras
import numpy as np
import pytest

from convert import bundle as bundles
from convert import forms, quantize
from convert.calibrate import representative
from convert.errors import ConversionError
from convert.fold import folded
from convert.forms import Delegation
from convert.graph import inspect
from convert.parity.compare import Compared
from device import Images, Reader
from device.classify import log_softmax
from train.evaluate import logits_of
from train.networks.registry import NETWORKS, build

POOLED = ("CONV_2D", "MAX_POOL_2D") * 2
SQUASHED = ("CONV_2D", "TANH", "DEPTHWISE_CONV_2D", "TANH") * 2
DENSE = "FULLY_CONNECTED"
OPERATORS = {
    "lenet5-1998": (*SQUASHED, "RESHAPE", *(DENSE, "TANH") * 2, DENSE),
    "lenet-keras": ("STRIDED_SLICE", *POOLED, "RESHAPE", *[DENSE] * 3),
    "cnn-simple": ("STRIDED_SLICE", *POOLED, "RESHAPE", *[DENSE] * 2),
    "cnn-deep": ("CONV_2D", "MAX_POOL_2D", *["CONV_2D"] * 2, "MAX_POOL_2D", "CONV_2D", "RESHAPE", *[DENSE] * 2),
}
NAMES = list(OPERATORS)


@pytest.fixture(scope="module")
def networks():
    """Each network once, with weights that nobody trained, biases and coefficients among them."""
    keras.utils.set_random_seed(5)
    made = {name: build(NETWORKS[name].recipe) for name in NAMES}
    rng = np.random.default_rng(5)
    for model in made.values():
        for variable in model.weights:
            if variable.name in ("bias", "coefficient"):
                variable.assign(variable + rng.normal(0, 0.1, variable.shape))
    return made


@pytest.fixture(scope="module")
def float32(networks):
    return {name: quantize.to_float32(model) for name, model in networks.items()}


@pytest.fixture(scope="module")
def int8(networks, small):
    pixels = representative(small.train, 5)
    return {name: quantize.to_int8(model, pixels) for name, model in networks.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_these_operators_and_no_more(name, float32, int8):
    assert inspect(float32[name]).operators == inspect(int8[name]).operators == OPERATORS[name]


@pytest.mark.parametrize("name", NAMES)
def test_xnnpack_takes_it_whole(name, int8):
    assert forms.delegation(int8[name]) == Delegation(1, True)


@pytest.mark.parametrize("name", NAMES)
def test_pixels_go_in_as_they_are(name, int8):
    first, last = inspect(int8[name]).input, inspect(int8[name]).output
    assert (first.shape, first.dtype, first.scale, first.zero_point) == ((-1, 32, 32, 1), "int8", 1.0, -128)
    assert (last.shape, last.dtype) == ((-1, 10), "int8")


@pytest.mark.parametrize("name", NAMES)
def test_the_float_network_gives_what_keras_gives(name, networks, float32, small):
    digits = small.test[:64]
    ours, theirs = forms.outputs(float32[name], digits.pixels), logits_of(networks[name], digits)
    np.testing.assert_allclose(log_softmax(ours), log_softmax(theirs), atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_int8_is_about_the_same(name, float32, int8, small):
    pixels = small.test[:64].pixels
    spec, raw = inspect(int8[name]).output, forms.outputs(int8[name], pixels)
    ours, exact = (raw.astype(np.float32) - spec.zero_point) * spec.scale, forms.outputs(float32[name], pixels)
    assert np.abs(ours - exact).max() < 0.1 * np.ptp(exact)


def test_lenet5_of_1998_folds_into_plain_layers(networks, small):
    """To the same number for all classes of a digit: the square of F6's values, which no comparison needs."""
    model, plain = networks["lenet5-1998"], folded(networks["lenet5-1998"])
    assert {type(layer).__module__.split(".")[0] for layer in plain.layers} == {"keras"}
    apart = logits_of(model, small.test[:50]) - logits_of(plain, small.test[:50])
    assert np.ptp(apart, axis=1).max() < 1e-3
    assert apart.max() <= -84  # and that of the codes, of 84 ones


@pytest.mark.parametrize("name", NAMES)
def test_only_lenet5_has_a_fast_graph(name, networks):
    assert quantize.form_of(networks[name], None) == "plain"
    with pytest.raises(ConversionError, match="no fast graph"):
        quantize.form_of(networks[name], "fast")


def test_a_network_that_tflite_has_no_operators_for_is_refused_in_one_line():
    inputs = keras.Input((32, 32, 1))
    values = keras.layers.Flatten()(keras.ops.erfinv(inputs / 300))
    with pytest.raises(ConversionError, match="TFLite cannot express the network") as caught:
        quantize.to_float32(keras.Model(inputs, keras.layers.Dense(10)(values)))
    assert "\n" not in str(caught.value)


def test_the_card_names_the_network(networks, make_run, small, tmp_path, monkeypatch):
    monkeypatch.setattr(Compared, "require", lambda self: None)  # nobody trained it
    run = make_run(model=networks["lenet5-1998"], arch="lenet5-1998", validation=0)
    bundles.make_bundle(run, "old", tmp_path / "out", small, "python -m convert model run")
    (network,) = json.loads((tmp_path / "out/old.json").read_bytes())["networks"]
    assert (network["role"], network["arch"], network["graph"]) == ("digit", "lenet5-1998", "plain")


def test_lines_are_read_with_a_bundle_of_ten_classes_alone(make_run, small, sample, tmp_path):
    bundles.make_bundle(make_run(), "ten", tmp_path, small, "python -m convert model run")
    reader = Reader.load(tmp_path / "ten.json", "digits")
    (frame,) = Images(sample.path)
    assert reader.digit_or_not is None
    assert max(len(reading.digits) for reading in reader.read(frame)) >= len(sample.digits)
