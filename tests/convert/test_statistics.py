"""Intervals, tests, noise and calibration: textbook values, and what must hold of all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.statistics import LARGEST_SQNR, calibration_error, mcnemar, reliability, sqnr, wilson


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"), [(0, 0, 1), (1, 1, 1), (0, 3, 0.25), (0, 10, 2 / 1024), (3, 7, 0.34375)]
)
def test_mcnemar_is_exact(only_first, only_second, p):
    assert mcnemar(only_first, only_second) == pytest.approx(p)
    assert mcnemar(only_second, only_first) == pytest.approx(p)


def test_wilsons_interval_is_the_textbooks():
    assert wilson(10, 100) == pytest.approx((0.05523, 0.17437), abs=1e-4)
    assert wilson(0, 10_000)[0] == 0
    assert wilson(0, 10_000)[1] == pytest.approx(0.000384, abs=1e-6)
    assert wilson(0, 0) == (0, 1)


@given(n=st.integers(1, 10_000), share=st.floats(0, 1))
def test_the_interval_holds_the_share(n, share):
    wrong = round(share * n)
    low, high = wilson(wrong, n)
    assert 0 <= low <= wrong / n + 1e-12
    assert wrong / n - 1e-12 <= high <= 1


def test_sqnr_is_in_decibels_of_power():
    signal = np.array([[3.0, 4.0], [0.0, 5.0]], np.float32)
    assert sqnr(signal, signal + np.float32(0.5)) == pytest.approx(10 * np.log10(50 / 1))
    assert sqnr(signal, signal) == LARGEST_SQNR
    assert sqnr(np.zeros(3, np.float32), np.ones(3, np.float32)) == -LARGEST_SQNR


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_is_as_bad_as_can_be(wrong):
    signal, spoilt = np.ones(5, np.float32), np.ones(5, np.float32)
    spoilt[2] = wrong
    assert sqnr(signal, spoilt) == sqnr(spoilt, signal) == sqnr(spoilt, spoilt) == -LARGEST_SQNR


def test_hardly_any_signal_is_as_bad_as_can_be_too():
    assert sqnr(np.array([1e-160]), np.array([1e10])) == -LARGEST_SQNR


@given(bits=st.integers(4, 12), seed=st.integers(0, 2**32))
def test_every_bit_is_worth_six_decibels(bits, seed):
    values = np.random.default_rng(seed).uniform(-1, 1, 5000)
    step = 2 / 2**bits
    assert sqnr(values, np.rint(values / step) * step) == pytest.approx(6.02 * bits, abs=0.6)


def test_calibration_error_is_the_gap_between_sure_and_right():
    sure = np.array([0.6] * 10 + [0.9] * 10)
    right = np.array([True] * 6 + [False] * 4 + [True] * 5 + [False] * 5)
    assert calibration_error(sure, right, bins=2) == pytest.approx(0.2)
    assert calibration_error(sure[:10], right[:10], bins=1) == pytest.approx(0)
    assert calibration_error(sure[:0], right[:0]) == 0


@given(n=st.integers(1, 200), bins=st.integers(1, 20), seed=st.integers(0, 2**32))
def test_every_glyph_is_in_one_bin(n, bins, seed):
    rng = np.random.default_rng(seed)
    found = reliability(rng.uniform(0, 1, n), rng.random(n) < 0.5, bins)
    assert sum(count for *_, count in found) == n
    assert [sure for sure, *_ in found] == sorted(sure for sure, *_ in found)
