"""Scoring as properties, and what each kind of picture wants."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.cases import Case
from benchmarks.scores import (
    Answer,
    Outcome,
    calibration_error,
    codes,
    judge,
    ours,
    right_at_coverage,
    summarise,
    theirs,
    wilson,
)
from device import formats

shares = st.floats(0, 1)
tops = st.lists(st.tuples(shares, st.booleans()), min_size=1, max_size=60)
counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def case(kind: str, text: str, format: str = "digits") -> Case:
    return Case(Path("a.png"), kind, text, format)


def reading(digits: str, confidence: float = 0.9, accepted: bool = True, y: int = 0) -> dict:
    return {"digits": digits, "confidence": confidence, "accepted": accepted, "box": [0, y, 9, 9]}


def outcome(right: bool, confidence: float | None) -> Outcome:
    return Outcome(True, right, confidence is not None, confidence, right, confidence)


# ── Wilson ──


@given(counts)
def test_the_interval_holds_the_share_and_stays_within_0_and_1(count: tuple[int, int]) -> None:
    hits, n = count
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert low < high


@given(counts)
def test_the_interval_is_mirrored_when_hits_become_misses(count: tuple[int, int]) -> None:
    hits, n = count
    low, high = wilson(hits, n)
    other_low, other_high = wilson(n - hits, n)
    assert (1 - other_high, 1 - other_low) == pytest.approx((low, high))


@given(counts, st.integers(2, 20))
def test_more_of_the_same_narrows_the_interval(count: tuple[int, int], times: int) -> None:
    (low, high), (less_low, less_high) = wilson(count[0] * times, count[1] * times), wilson(*count)
    assert high - low < less_high - less_low


def test_the_interval_is_the_textbook_one() -> None:
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998, table I, method 3
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


# ── Coverage ──


@given(st.lists(st.tuples(st.booleans(), shares), min_size=1, max_size=60))
def test_full_coverage_is_the_plain_share(each: list[tuple[bool, float]]) -> None:
    outcomes = [outcome(right, sure) for right, sure in each]
    assert right_at_coverage(outcomes, 1.0) == sum(right for right, _ in each) / len(each)


@given(st.integers(1, 50))
def test_the_least_sure_fifth_does_not_count(fives: int) -> None:
    wrong = [outcome(False, 0.1)] * fives
    assert right_at_coverage([*wrong, *[outcome(True, 0.9)] * 4 * fives]) == 1.0


def test_a_refusal_is_the_least_sure_of_all() -> None:
    assert right_at_coverage([outcome(False, None), *[outcome(True, 0.0)] * 4]) == 1.0


def test_there_is_no_coverage_without_confidence() -> None:
    assert right_at_coverage([Outcome(True, True, True, None, True, None)]) is None
    assert right_at_coverage([]) is None


# ── Calibration ──


@given(tops, st.randoms())
def test_the_calibration_error_is_a_share_whatever_the_order(each: list[tuple[float, bool]], chance: Random) -> None:
    distinct = list(dict(each).items())
    error = calibration_error(distinct)
    assert error is not None
    assert 0 <= error <= 1 + 1e-9
    chance.shuffle(distinct)
    assert calibration_error(distinct) == error


@given(tops)
def test_certainty_that_is_always_right_has_no_error_and_always_wrong_all_of_it(each: list[tuple[float, bool]]) -> None:
    assert calibration_error([(1.0, True) for _ in each]) == 0
    assert calibration_error([(1.0, False) for _ in each]) == pytest.approx(1)


@given(tops)
def test_one_bin_compares_the_means(each: list[tuple[float, bool]]) -> None:
    means = abs(sum(sure for sure, _ in each) - sum(good for _, good in each)) / len(each)
    assert calibration_error(each, bins=1) == pytest.approx(means)
    assert calibration_error(each, bins=10) >= means - 1e-9


def test_bins_are_of_equal_count() -> None:
    # Two bins: five at 0.2, of which one is right, and five at 0.9, of which three are.
    low, high = [(0.2, k == 0) for k in range(5)], [(0.9, k < 3) for k in range(5)]
    assert calibration_error(low + high, bins=2) == pytest.approx(0.5 * 0.0 + 0.5 * 0.3)


# ── Kinds ──


@pytest.mark.parametrize(
    ("kind", "text", "readings", "right"),
    [
        ("hand", "12345", [reading("12345")], True),
        ("hand", "12345", [reading("12345", accepted=False)], False),
        ("hand", "12345", [], False),
        ("hand", "12345", [reading("999", 0.6), reading("12345", 0.9)], True),
        ("hand", "12345", [reading("999", 0.9), reading("12345", 0.6)], False),
        ("lines", "12 345", [reading("345", 0.9, y=50), reading("12", 0.8, y=10)], True),
        ("lines", "12 345", [reading("345", 0.9, y=50)], False),
        ("page", "123456789", [reading("123456789"), reading("111111111", accepted=False)], True),
        ("page", "123456789", [reading("123456789"), reading("111111111")], False),
        ("cam", "01310100", [reading("01310100"), reading("20040002", 0.99, accepted=False)], True),
    ],
)
def test_what_is_right_of_ours(kind: str, text: str, readings: list[dict], right: bool) -> None:
    judged = judge(case(kind, text), ours(kind, readings))
    assert judged.right == right
    assert judged.accepted == any(one["accepted"] for one in readings)


@pytest.mark.parametrize("kind", ["blank", "words"])
def test_where_nothing_is_every_digit_is_a_false_read(kind: str) -> None:
    def false_reads(readings: list[dict]) -> int:
        return summarise([judge(case(kind, ""), ours(kind, readings))]).false_reads

    assert [false_reads(one) for one in ([reading("7")], [reading("7", accepted=False)], [])] == [1, 0, 0]
    assert judge(case(kind, ""), theirs(case(kind, ""), "Rua 7", 0.5)).accepted


@pytest.mark.parametrize(
    ("kind", "format", "said", "digits"),
    [
        ("hand", "digits", "1 2-3 O", "123"),
        ("address", "cep", "CEP 01310 - 100 Sao Paulo 99", "01310100"),
        ("envhand", "cep", "Rua 12 20040-002 Ana Rua 1578 CEP 01310100", "01310100"),
        ("envhand", "cep", "Rua 12 123456789", ""),
        ("cam", "zip", "apt 12 NY 10001", "10001"),
        ("lines", "digits", "12-3 abc 45", "123 45"),
        ("page", "digits:9", "No. 12 123456789", "123456789"),
        ("page", "digits:9", "111111111 123456789", "111111111 123456789"),
        ("words", "cep", "casa 5", "5"),
    ],
)
def test_what_a_peer_is_taken_to_say(kind: str, format: str, said: str, digits: str) -> None:
    assert theirs(case(kind, "", format), said, 0.5) == Answer(
        digits, 0.5 if digits else None, digits, 0.5 if digits else None
    )


@given(st.sampled_from(sorted(formats.FORMATS)), st.data())
def test_a_code_is_found_in_a_text_as_its_country_writes_it(name: str, data: st.DataObject) -> None:
    format_ = formats.get(name)
    digits = data.draw(st.text("0123456789", min_size=format_.length, max_size=format_.length))
    assert codes(format_, f"to {format_.write(digits)}, there") == [digits]


def test_the_first_reading_counts_for_calibration_accepted_or_not() -> None:
    judged = judge(case("hand", "123"), ours("hand", [reading("123", 0.3, accepted=False)]))
    assert (judged.right, judged.top_right, judged.top_confidence) == (False, True, 0.3)
    several = judge(case("lines", "12 345"), ours("lines", [reading("345", 0.7)]))
    assert (several.right, several.top_right) == (False, True)


def test_a_summary_counts_codes_where_there_are_codes() -> None:
    outcomes = [
        judge(case("hand", "12"), Answer("12", 0.9, "12", 0.9)),
        judge(case("hand", "12"), Answer("13", 0.8, "13", 0.8)),
        judge(case("hand", "12"), Answer("", None)),
        judge(case("blank", ""), Answer("1", 0.5, "1", 0.5)),
    ]
    found = summarise(outcomes)
    assert (found.n, found.coded, found.right, found.accepted, found.false_reads) == (4, 3, 1 / 3, 0.75, 2)
    assert summarise(outcomes[3:]).right is None
