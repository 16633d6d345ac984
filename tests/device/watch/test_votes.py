"""What several looks say of each digit becomes one code, as sure as its least sure digit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device import formats
from device.watch.votes import MOST_LEAD, Place, lead

CEP = formats.get("cep")
CODE = "01310100"
ODDS = st.floats(-6, 6)


def rows(text: str, **doubts: tuple[str, float]) -> tuple[tuple[float, ...], ...]:
    """Scores of digits that are all clear but for some: at_7=("3", 0.4) says 0.4 of a 3 in the last place."""
    out = np.full((len(text), 10), np.log(1e-4))
    out[np.arange(len(text)), [int(digit) for digit in text]] = np.log(1 - 9e-4)
    for name, (rival, share) in doubts.items():
        place = int(name.removeprefix("at_"))
        out[place, int(text[place])], out[place, int(rival)] = np.log(1 - share), np.log(share)
    return tuple(map(tuple, out.tolist()))


def won(*votes, looks: int | None = None):
    """What these votes at one place elect, of so many looks (one each)."""
    return Place(votes[0].box, list(votes)).winner(CEP, None, len(votes) if looks is None else looks)


def test_looks_that_err_in_different_digits_are_right_together(reading) -> None:
    first = reading("71310100", 0.6, digit_scores=rows("71310100", at_0=("0", 0.45)))
    second = reading("01310107", 0.6, digit_scores=rows("01310107", at_7=("0", 0.45)))
    together = won(first, second)
    assert (together.digits, together.code) == (CODE, "01310-100")


def test_a_code_is_as_sure_as_its_least_sure_digit(reading) -> None:
    doubts = [0.01, 0.2, 0.4, 0.49]
    sure = [won(*[reading(CODE, 0.9, digit_scores=rows(CODE, at_3=("7", share)))] * 4).confidence for share in doubts]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] > 0.95
    assert sure[-1] < 0.7


def test_a_line_that_hardly_looks_like_a_code_stays_doubtful_however_clear_its_digits(reading) -> None:
    assert won(*[reading(CODE, 0.03, digit_scores=rows(CODE))] * 8).confidence < 0.5


def test_what_most_looks_read_otherwise_is_less_sure(reading) -> None:
    one, other = reading(CODE, 0.9, digit_scores=rows(CODE)), reading("26242394", 0.7, digit_scores=rows("26242394"))
    alone, beside = won(one, one), won(one, one, other, other)
    assert beside.digits == alone.digits == CODE
    assert beside.confidence < alone.confidence


def test_looks_that_read_nothing_there_make_it_less_sure(reading) -> None:
    vote = reading(CODE, 0.9, digit_scores=rows(CODE))
    sure = [won(vote, vote, looks=looks).confidence for looks in (2, 3, 5, 8)]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] - sure[-1] > 0.02


def test_another_cut_of_the_line_has_no_say_in_the_digits(reading) -> None:
    whole, part = reading(CODE, 0.9, digit_scores=rows(CODE)), reading("0131010", 0.9, digit_scores=rows("0131010"))
    together = won(whole, part, whole)
    assert together.digits == CODE
    assert len(together.digit_scores) == len(together.digit_confidences) == 8


def test_what_the_format_does_not_have_is_not_made_up_of_what_looks_read(reading) -> None:
    """0x000-000 begins nothing; a code in which one look doubts the second digit stays the code that was read."""
    assert not CEP.in_use("00310100")
    votes = [reading(CODE, 0.6, digit_scores=rows(CODE, at_1=("0", 0.7)))] * 2
    assert won(*votes).digits == CODE


def test_of_known_codes_only_those_are_rivals_that_are_known(reading) -> None:
    scores = np.array(rows(CODE, at_7=("7", 0.45)))
    assert lead(CODE, scores) == pytest.approx(np.log(0.55 / 0.45))
    assert lead(CODE, scores, frozenset({CODE})) == MOST_LEAD
    assert lead(CODE, scores, frozenset({CODE, "01310107"})) == lead(CODE, scores)


@given(st.lists(st.lists(st.lists(ODDS, min_size=10, max_size=10), min_size=5, max_size=5), min_size=1, max_size=5))
def test_the_order_of_looks_does_not_matter(looks) -> None:
    from tests.device.watch.conftest import reading_of

    votes = []
    for look in looks:
        scores = np.array(look) - np.logaddexp.reduce(look, axis=1, keepdims=True)
        text = "".join(map(str, scores.argmax(axis=1)))
        votes.append(reading_of(text, 0.7, format="digits", digit_scores=tuple(map(tuple, scores.tolist()))))
    digits = formats.get("digits:5")
    orders = votes[:1] * 2 + votes, votes[::-1] + votes[:1] * 2
    there, back = (Place(order[0].box, order).winner(digits, None, len(order)) for order in orders)
    assert (there.digits, there.confidence) == (back.digits, pytest.approx(back.confidence))
    assert 0 <= there.confidence <= 1


def test_of_known_codes_the_one_wins_that_all_looks_together_say(reading) -> None:
    first = reading(CODE, 0.8, digit_scores=rows(CODE, at_7=("7", 0.45)))
    second = reading("01310107", 0.75, digit_scores=rows("01310107"))
    listed = Place(first.box, [first, second]).winner(CEP, frozenset({CODE, "01310107"}), 2)
    assert (listed.digits, listed.known) == ("01310107", True)
    assert listed.confidence == pytest.approx(won(first, second).confidence)


def test_whether_a_code_is_known_is_told_of_the_code_that_won(reading) -> None:
    first = reading("71310100", 0.6, known=False, digit_scores=rows("71310100", at_0=("0", 0.45)))
    second = reading("01310107", 0.6, known=False, digit_scores=rows("01310107", at_7=("0", 0.45)))
    together = Place(first.box, [first, second]).winner(CEP, frozenset({CODE}), 2)
    assert (together.digits, together.known) == (CODE, True)
