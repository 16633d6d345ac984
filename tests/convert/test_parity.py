"""The comparison of float and int8, and the gate that it is."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert import __main__ as command
from convert.errors import ParityError
from convert.parity import (
    LARGEST_ERROR_GAP,
    LARGEST_RENDERED_GAP,
    LEAST_AGREEMENT,
    LEAST_RENDERED_AGREEMENT,
    Parity,
    compare,
    compare_rendered,
    measure,
    wilson,
)
from device.model import Bundle

EQUAL = Parity(10_000, 50, 50, 10_000, 0, 0, 0.1)


@pytest.fixture(scope="module")
def shipped_parity(root, mnist):
    return measure(Bundle.load(root / "models" / "lenet5.json"), mnist.test)


def test_the_shipped_network_errs_on_at_most_65_digits_of_ten_thousand(shipped_parity):
    assert shipped_parity.n == 10_000
    assert shipped_parity.float32_error <= 0.0065


def test_the_shipped_int8_network_errs_as_often_within_five_digits(shipped_parity):
    assert abs(shipped_parity.int8_wrong - shipped_parity.float32_wrong) <= 5


def test_the_shipped_networks_agree_on_999_of_1000_digits(shipped_parity):
    assert shipped_parity.agreement >= 0.999
    assert shipped_parity.failures() == []


def test_the_thresholds_are_those_promised():
    assert (LARGEST_ERROR_GAP, LEAST_AGREEMENT) == (0.0005, 0.999)
    assert (LARGEST_RENDERED_GAP, LEAST_RENDERED_AGREEMENT) == (0.003, 0.995)


def test_rendered_glyphs_are_counted_as_digits_and_as_others():
    labels = np.array([3, 4, 10, 10], np.uint8)
    float32, int8 = (np.eye(11, dtype=np.float32)[answers] for answers in ([3, 10, 10, 7], [3, 4, 10, 10]))
    found = compare_rendered(float32, int8, labels)
    assert (found.digits.n, found.digits.float32_wrong, found.digits.int8_wrong) == (2, 1, 0)
    assert (found.every.n, found.every.agreeing) == (4, 2)
    assert (found.float32_taken, found.int8_taken) == (0.5, 0)
    with pytest.raises(ParityError, match=r"99\.50% asked"):
        found.require()


def test_answers_are_counted():
    labels = np.array([0, 1, 2, 2, 1], np.uint8)
    float32 = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 0]]
    int8 = np.eye(3, dtype=np.float32)[[0, 2, 2, 2, 0]] * 3
    assert compare(float32, int8, labels) == Parity(5, 2, 2, 3, 1, 1, 3.0)


@given(seed=st.integers(0, 2**32), n=st.integers(1, 60))
def test_the_counts_agree_with_one_another(seed, n):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, n, 4)).astype(np.float32)
    found = compare(first, second, rng.integers(0, 4, n).astype(np.uint8))
    assert found.float32_wrong - found.only_float32_wrong == found.int8_wrong - found.only_int8_wrong
    assert found.only_float32_wrong + found.only_int8_wrong <= n - found.agreeing
    assert 0 < found.p <= 1


@pytest.mark.parametrize(
    ("only_float32", "only_int8", "p"), [(0, 0, 1), (1, 1, 1), (0, 3, 0.25), (0, 10, 2 / 1024), (3, 7, 0.34375)]
)
def test_mcnemar_is_exact(only_float32, only_int8, p):
    assert replace(EQUAL, only_float32_wrong=only_float32, only_int8_wrong=only_int8).p == pytest.approx(p)


def test_wilsons_interval_is_the_textbooks():
    assert wilson(10, 100) == pytest.approx((0.05523, 0.17437), abs=1e-4)
    assert wilson(0, 10_000)[0] == 0
    assert wilson(0, 10_000)[1] == pytest.approx(0.000384, abs=1e-6)


@given(n=st.integers(1, 10_000), share=st.floats(0, 1))
def test_the_interval_holds_the_share(n, share):
    wrong = round(share * n)
    low, high = wilson(wrong, n)
    assert 0 <= low <= wrong / n + 1e-12
    assert wrong / n - 1e-12 <= high <= 1


def test_exactly_at_the_thresholds_it_passes():
    replace(EQUAL, int8_wrong=55, agreeing=9_990).require()
    replace(EQUAL, int8_wrong=45, agreeing=9_990).require()


@pytest.mark.parametrize("wrong", [44, 56])
def test_one_digit_beyond_the_errors_do_not_match(wrong):
    with pytest.raises(ParityError, match=r"errors differ by 0\.06%, 0\.01% more than the 0\.05% allowed"):
        replace(EQUAL, int8_wrong=wrong).require()


def test_one_digit_beyond_the_classes_do_not_match():
    with pytest.raises(ParityError, match=r"agree on 99\.89%, 0\.01% less than the 99\.90% asked"):
        replace(EQUAL, agreeing=9_989).require()


def test_every_threshold_missed_is_named_in_one_line():
    broken = replace(EQUAL, int8_wrong=9_000, agreeing=900)
    assert len(broken.failures()) == 2
    with pytest.raises(ParityError) as caught:
        broken.require()
    assert "\n" not in str(caught.value)


def test_the_table_has_the_figures():
    table = replace(EQUAL, int8_wrong=53, agreeing=9_995, only_int8_wrong=3).table()
    assert "50 of 10,000 wrong   0.50%" in table
    assert "53 of 10,000 wrong   0.53%" in table
    assert "same class on 9,995 of 10,000 (99.95%)" in table
    assert "p = 0.25" in table


def test_the_command_prints_the_shipped_networks_parity(capsys, shipped_parity):
    assert command.main(["parity"]) == 0
    assert capsys.readouterr().out == shipped_parity.table() + "\n"


def test_the_command_prints_json(capsys, shipped_parity, monkeypatch):
    monkeypatch.setattr("convert.parity.measure", lambda bundle, digits: shipped_parity)
    assert command.main(["parity", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["n"] == 10_000
    assert figures["argmax_agreement"] == shipped_parity.agreement
    assert figures["failures"] == []


def test_the_command_fails_and_says_why(capsys, monkeypatch):
    monkeypatch.setattr("convert.parity.measure", lambda bundle, digits: replace(EQUAL, agreeing=9_000))
    assert command.main(["parity"]) == 1
    out, err = capsys.readouterr()
    assert "same class on 9,000" in out
    assert err.startswith("python -m convert: int8 does not match float32")
    assert err.count("\n") == 1
