"""The figures of two networks' answers to the same glyphs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.parity.figures import compare

LABELS = np.array([0, 1, 2, 2, 1], np.uint8)


def test_answers_are_counted():
    float32 = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 0]]
    quantised = np.eye(3, dtype=np.float32)[[0, 2, 2, 2, 0]] * 3
    found = compare(float32, quantised, LABELS)
    assert (found.n, found.float32_wrong, found.quantised_wrong, found.agreeing) == (5, 2, 2, 3)
    assert (found.only_float32_wrong, found.only_quantised_wrong) == (1, 1)
    assert found.largest_difference == 3.0
    assert (found.float32_error, found.agreement, found.p) == (0.4, 0.6, 1)


def test_the_shift_is_that_of_the_confidence_in_float32s_class():
    float32 = np.log(np.array([[0.8, 0.2], [0.6, 0.4]], np.float32))
    quantised = np.log(np.array([[0.7, 0.3], [0.3, 0.7]], np.float32))
    found = compare(float32, quantised, np.array([0, 1], np.uint8))
    assert found.confidence_shift == pytest.approx((-0.1 - 0.3) / 2, abs=1e-6)
    assert found.largest_shift == pytest.approx(0.3, abs=1e-6)


def test_confidence_is_taken_at_the_devices_temperature():
    float32 = np.array([[2.0, 0.0]], np.float32)
    quantised = np.array([[1.0, 0.0]], np.float32)
    found = compare(float32, quantised, np.array([0], np.uint8), temperature=2.0)
    assert found.confidence_shift == pytest.approx(1 / (1 + np.exp(-0.5)) - 1 / (1 + np.exp(-1)), abs=1e-6)


def test_logits_a_hundred_times_too_large_are_told_by_their_temperature():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (2000, 10)).astype(np.float32)
    labels = np.array([rng.choice(10, p=np.exp(row) / np.exp(row).sum()) for row in logits], np.uint8)
    assert compare(logits, logits, labels).sharpness == pytest.approx(1, abs=0.1)
    assert compare(logits * 100, logits, labels).sharpness > 5


@given(seed=st.integers(0, 2**32), n=st.integers(1, 60))
def test_the_counts_agree_with_one_another(seed, n):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, n, 4)).astype(np.float32)
    found = compare(first, second, rng.integers(0, 4, n).astype(np.uint8))
    assert found.float32_wrong - found.only_float32_wrong == found.quantised_wrong - found.only_quantised_wrong
    assert found.only_float32_wrong + found.only_quantised_wrong <= n - found.agreeing
    assert 0 < found.p <= 1


def test_the_record_has_intervals_and_no_value_that_json_lacks():
    float32 = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 0]]
    record = compare(float32, float32, LABELS).record()
    assert record["float32_interval"][0] < 0.4 < record["float32_interval"][1]
    assert record["argmax_agreement"] == 1
    assert all(np.isfinite(value) for value in record.values() if isinstance(value, float))
