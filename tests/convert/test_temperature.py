"""The temperature that makes the labels likeliest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.temperature import fit_temperature
from train.evaluate import softmax


def drawn(seed, temperature, n=20_000):
    """Logits, and labels drawn from softmax(logits / temperature)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (n, 10)).astype(np.float32)
    shares = softmax(logits / np.float32(temperature)).cumsum(axis=1)
    return logits, (shares < rng.random((n, 1))).sum(axis=1).clip(0, 9).astype(np.uint8)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7, 3.0])
def test_it_finds_the_temperature_that_labels_were_drawn_with(temperature):
    assert fit_temperature(*drawn(1, temperature)) == pytest.approx(temperature, rel=0.05)


@given(seed=st.integers(0, 1000), factor=st.floats(0.5, 2))
def test_logits_so_many_times_as_large_have_a_temperature_so_many_times_as_high(seed, factor):
    logits, labels = drawn(seed, 1.5, 500)
    expected = fit_temperature(logits, labels) * factor
    assert fit_temperature(logits * np.float32(factor), labels) == pytest.approx(expected, rel=1e-3)


@given(seed=st.integers(0, 1000), other=st.floats(0.3, 5))
def test_no_other_temperature_is_likelier(seed, other):
    logits, labels = drawn(seed, 1.2, 300)

    def likelihood(temperature):
        return np.log(softmax(logits.astype(np.float64) / temperature)[np.arange(300), labels]).sum()

    assert likelihood(fit_temperature(logits, labels)) >= likelihood(other) - 1e-3


def test_a_faultless_network_is_made_as_sharp_as_allowed():
    assert fit_temperature(np.eye(10, dtype=np.float32), np.arange(10, dtype=np.uint8)) == pytest.approx(0.1)
