"""Of a page's codes one is the addressee's, and the others say why they are not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.addressee import PLAUSIBLE, one_addressee
from device.decode import REASONS
from device.types import Box, Reading

PAGE = 1000, 600
MIDDLE = (560, 330)
CORNER = (60, 60)


def reading(
    code: str = "01310-100",
    at: tuple[int, int] = MIDDLE,
    height: int = 40,
    confidence: float = 0.95,
    reason: str | None = None,
) -> Reading:
    x, y = at
    width = 6 * height
    box: Box = (x, y, width, height)
    digits = code.replace("-", "")
    return Reading(
        code=code,
        digits=digits,
        format="cep",
        confidence=confidence,
        accepted=reason is None,
        reason=reason,
        detail=None if reason is None else "0.10 is below 0.50",
        known=None,
        box=box,
        quad=((x, y), (x + width, y), (x + width, y + height), (x, y + height)),
        digit_boxes=tuple((x + k * width // 8, y, height // 2, height) for k in range(8)),
        digit_confidences=(confidence,) * 8,
        digit_scores=(),
    )


def accepted(readings: list[Reading]) -> list[str]:
    return [each.code for each in readings if each.accepted]


codes = st.builds(
    reading,
    code=st.from_regex(r"\A\d{5}-\d{3}\Z"),
    at=st.tuples(st.integers(0, 900), st.integers(0, 550)),
    height=st.integers(1, 90),
    confidence=st.floats(0, 1),
    reason=st.sampled_from([None, None, "not-sure", "looks-like-text"]),
)


@given(st.lists(codes, max_size=6))
def test_at_most_one_is_accepted_and_none_is_lost(readings: list[Reading]) -> None:
    ranked = one_addressee(readings, PAGE)
    assert len(accepted(ranked)) <= min(1, len(accepted(readings)))
    assert sorted(each.code for each in ranked) == sorted(each.code for each in readings)
    for each in ranked:
        assert each.accepted == (each.reason is None) == (each.detail is None)
        assert each.reason is None or each.reason in REASONS
    assert {each for each in ranked if each.reason not in (None, "not-the-addressee")} == {
        each for each in readings if not each.accepted
    }, "what was turned down before keeps its reason"


@given(st.lists(codes, max_size=6))
def test_the_accepted_one_comes_first_then_by_confidence(readings: list[Reading]) -> None:
    readings.sort(key=lambda each: (not each.accepted, -each.confidence))
    ranked = one_addressee(readings, PAGE)
    assert [each.accepted for each in ranked] == sorted((each.accepted for each in ranked), reverse=True)
    rest = [each.confidence for each in ranked if not each.accepted]
    assert rest == sorted(rest, reverse=True)


@given(st.lists(codes, max_size=6), st.randoms())
def test_the_order_in_which_lines_were_found_does_not_matter(readings: list[Reading], random) -> None:
    readings = [replace(each, confidence=0.5 + 0.01 * k) for k, each in enumerate(readings)]
    readings = [replace(each, digit_boxes=((0, 0, 9, 20 + k),)) for k, each in enumerate(readings)]
    shuffled = random.sample(readings, len(readings))
    assert accepted(one_addressee(readings, PAGE)) == accepted(one_addressee(shuffled, PAGE))


@pytest.mark.parametrize("at", [CORNER, MIDDLE])
def test_a_lone_code_is_the_addressees_wherever_it_stands(at: tuple[int, int]) -> None:
    hopeless = reading("22041-001", reason="not-sure", confidence=PLAUSIBLE - 0.01)
    text = reading("22041-001", reason="looks-like-text")
    readings = [reading(at=at, height=5), text, hopeless]
    assert one_addressee(readings, PAGE) == readings


def test_without_a_code_nothing_changes() -> None:
    readings = [reading("22041-001", reason="not-sure"), reading("22041-001", CORNER, reason="not-sure")]
    assert one_addressee(readings, PAGE) == readings


def test_the_senders_code_is_not_taken_for_the_addressees_that_could_not_be_read() -> None:
    sender, doubtful = reading("22041-001", CORNER), reading(confidence=PLAUSIBLE, reason="not-sure")
    best, other = one_addressee([sender, doubtful], PAGE)
    assert (best.code, best.accepted, best.reason) == (sender.code, False, "not-the-addressee")
    assert "was not read" in str(best.detail)
    assert other == doubtful
    stamp = reading(at=(600, 60), confidence=PLAUSIBLE, reason="not-sure")
    assert accepted(one_addressee([sender, stamp], PAGE)) == [sender.code], "a stamp has no code"


def test_print_in_the_corner_loses_though_it_is_read_with_more_confidence() -> None:
    best, _ = one_addressee([reading("22041-001", CORNER, confidence=1.0), reading(confidence=0.5)], PAGE)
    assert best.code == "01310-100"


def test_the_senders_corner_loses() -> None:
    sender, addressee = reading("22041-001", CORNER, confidence=0.99), reading("01310-100", MIDDLE, confidence=0.95)
    best, other = one_addressee([sender, addressee], PAGE)
    assert best == addressee
    assert other == replace(
        sender, accepted=False, reason="not-the-addressee", detail="it stands in the sender's corner"
    )


@pytest.mark.parametrize(("x", "y", "sender"), [(0, 0, True), (290, 0, True), (310, 0, False), (0, 190, True),
                                                (0, 200, False), (700, 500, False)])  # fmt: skip
def test_the_corner_is_the_upper_left(x: int, y: int, sender: bool) -> None:
    """By the middle of the code: left of 0.42 of the page and above 0.36 of it."""
    other = reading("22041-001", (x, y), confidence=0.95)
    best, _ = one_addressee([other, reading("01310-100", MIDDLE, confidence=0.9)], PAGE)
    assert (best.code == "01310-100") == sender


@pytest.mark.parametrize("taller", [1.2, 1.5, 2, 4])
def test_the_taller_wins(taller: float) -> None:
    small = reading("22041-001", (560, 200), height=30)
    large = reading("01310-100", MIDDLE, height=round(30 * taller))
    for readings in ([small, large], [large, small]):
        best, other = one_addressee(readings, PAGE)
        assert best == large
        assert other.reason == "not-the-addressee"
        assert other.detail == "it is smaller than 01310-100"


def test_the_surer_wins_among_codes_of_one_size() -> None:
    best, other = one_addressee([reading("22041-001", confidence=0.8), reading("01310-100", confidence=0.9)], PAGE)
    assert best.code == "01310-100"
    assert other.detail == "it is less sure than 01310-100"


def test_a_much_surer_code_wins_over_a_taller_one() -> None:
    best, _ = one_addressee([reading("22041-001", height=60, confidence=0.5), reading(confidence=0.999)], PAGE)
    assert best.code == "01310-100"


def test_certainty_and_doubt_are_no_errors() -> None:
    ranked = one_addressee([reading(confidence=1.0), reading("22041-001", confidence=0.0)], PAGE)
    assert accepted(ranked) == ["01310-100"]


def test_the_given_readings_are_left_as_they_were() -> None:
    readings = [reading(), reading("22041-001", CORNER)]
    before = list(readings)
    one_addressee(readings, PAGE)
    assert readings == before
    assert all(each.accepted for each in readings)
