"""Which pixels a network wants: found out, told, or given up."""

from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert import ends, scaling
from convert.errors import ConversionError
from convert.scaling import USUAL, Scaling, Trial, choose, parse, rank
from convert.temperature import fit_temperature
from train.evaluate import logits_of
from train.fit import train
from train.recipe import Recipe


@pytest.fixture(scope="module")
def digits(small):
    return small.train[:300]


@pytest.fixture(scope="module")
def usual(small):
    """LeNet-5 as a tutorial trains it, on MNIST as it is: the shipped one has seen digits of all contrasts, and minds
    none."""
    recipe = Recipe(epochs=8, batch=50, validation=0, warped=0)
    return train(recipe, small.train[:2000], None, Path())[0]


@pytest.fixture(scope="module")
def network_for(usual):
    """Make that network one of 28x28 pixels scaled in some way."""

    def make(wanted, *last):
        back = 1 / (wanted.ink - wanted.paper)
        layers = [keras.layers.Rescaling(back, -wanted.paper * back), keras.layers.ZeroPadding2D(2)]
        return keras.Sequential([keras.Input((28, 28, 1)), *layers, *usual.layers[1:], *last])

    return make


def chosen(model, digits, told=None):
    return choose(lambda one: ends.on_canvas(model, one, 28), digits, told, "net.keras")


@pytest.mark.parametrize("wanted", USUAL, ids=str)
def test_each_usual_scaling_is_found_out(wanted, network_for, digits):
    choice = chosen(network_for(wanted), digits)
    assert (choice.scaling, choice.told, choice.one_hot) == (wanted, False, False)
    assert choice.trials[0].right > 0.95
    assert len(choice.trials) == len(USUAL)
    assert f"pixels: {wanted} (paper..ink), found out" in choice.table()


def test_a_scaling_that_nobody_uses_has_to_be_told(network_for, digits):
    odd = Scaling(1000, 1001)  # far from zero: most others only make digits fainter or bolder
    model = network_for(odd)
    with pytest.raises(ConversionError, match=r"at best, with the scaling .*; then give --scaling"):
        chosen(model, digits)
    choice = chosen(model, digits, odd)
    assert (choice.scaling, choice.told, len(choice.trials)) == (odd, True, 1)
    assert choice.record()["told"]


def test_a_wrong_scaling_that_is_told_is_refused(network_for, digits):
    with pytest.raises(ConversionError, match=r"rightly with the scaling 1\.\.0, 80% are wanted"):
        chosen(network_for(Scaling(0, 1)), digits, Scaling(1, 0))


def test_outputs_of_ones_and_zeros_are_told_from_log_odds(network_for, digits):
    """As networks give that were trained on squared errors."""
    shares = keras.layers.Softmax(), keras.layers.Rescaling(0.9, 0.01)
    choice = chosen(network_for(Scaling(-1, 1), *shares), digits)
    assert (choice.scaling, choice.one_hot) == (Scaling(-1, 1), True)


def test_a_gain_makes_log_odds_of_them(network_for, digits):
    model = network_for(Scaling(0, 1), keras.layers.Softmax(), keras.layers.Rescaling(0.9, 0.01))
    found = scaling.gain(ends.on_canvas(model, Scaling(0, 1), 28), digits)
    louder = ends.on_canvas(model, Scaling(0, 1), 28, found)
    assert found > 5
    assert fit_temperature(logits_of(louder, digits), digits.labels) == pytest.approx(1, abs=0.01)


def test_a_network_that_knows_no_digits_is_refused(network_for, digits):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    with pytest.raises(ConversionError, match=r"net\.keras reads \d+% of MNIST's digits rightly at best"):
        chosen(model, digits)


def test_classes_in_another_order_are_refused(network_for, digits):
    turned = keras.layers.Dense(10, use_bias=False)
    model = network_for(Scaling(0, 1), turned)
    turned.set_weights([np.roll(np.eye(10, dtype=np.float32), 1, axis=1)])
    with pytest.raises(ConversionError, match="no classifier of these digits"):
        chosen(model, digits)


def test_outputs_that_are_not_numbers_are_refused(network_for, digits):
    with pytest.raises(ConversionError, match="its outputs are not numbers"):
        chosen(network_for(Scaling(0, 1), keras.layers.Rescaling(float("nan"))), digits)


def test_of_scalings_as_good_the_most_usual_is_taken():
    close = [Trial(USUAL[0], 0.95, 0.121, 1), Trial(USUAL[1], 0.2, 5.0, 1), Trial(USUAL[5], 0.95, 0.117, 1)]
    assert [one.scaling for one in rank(close, False)] == [USUAL[0], USUAL[5], USUAL[1]]
    apart = [Trial(USUAL[0], 0.95, 0.14, 1), Trial(USUAL[5], 0.95, 0.117, 1)]
    assert rank(apart, False)[0].scaling == USUAL[5]


@given(paper=st.floats(-300, 300), ink=st.floats(-300, 300))
def test_a_scaling_is_parsed_from_how_it_is_written(paper, ink):
    if paper != ink:
        assert parse(f"{paper!r}..{ink!r}") == Scaling(paper, ink)


@pytest.mark.parametrize("one", USUAL, ids=str)
def test_the_usual_ones_are_parsed_from_how_they_are_printed(one):
    assert parse(str(one)) == one


@pytest.mark.parametrize("text", ["", "0", "0-1", "0..", "..1", "0..0", "a..b", "0..nan", "0..inf", "0...1..2"])
def test_what_is_no_scaling_is_refused(text):
    with pytest.raises(ValueError, match=r"PAPER\.\.INK|could not convert|two numbers"):
        parse(text)


@given(paper=st.integers(-9, 9), ink=st.integers(-9, 9), pixel=st.integers(0, 255))
def test_paper_and_ink_become_what_it_says(paper, ink, pixel):
    one = Scaling(paper, ink)
    assert 0 * one.multiplier + one.paper == paper
    assert 255 * one.multiplier + one.paper == pytest.approx(ink)
    inverted = (255 - pixel) * one.inverted.multiplier + one.inverted.paper
    assert inverted == pytest.approx(pixel * one.multiplier + one.paper)


def test_the_card_tells_what_was_tried(network_for, digits, monkeypatch):
    monkeypatch.setattr(scaling, "USUAL", USUAL[:2])
    record = chosen(network_for(Scaling(0, 255)), digits).record()
    assert (record["paper"], record["ink"], record["told"]) == (0, 255, False)
    assert list(record["tried"]) == ["0..255", "0..1"]
