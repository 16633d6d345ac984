"""Several networks' opinions become one; how much MNIST's own network has to say depends on the hand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from device.opinions import FEWEST_CLEAR, KNOWN, STRANGE, Shares, normalised

SHARES = Shares(strange=(0.0, 0.5), known=(0.5, 0.2))
OLD = Shares()


def clear(digits: str, share: float = 0.999) -> np.ndarray:
    """Log probabilities float64[N, 10]: so much for each digit, the rest for the others."""
    out = np.full((len(digits), 10), np.log((1 - share) / 9))
    out[np.arange(len(digits)), [int(digit) for digit in digits]] = np.log(share)
    return out


def doubt(
    clearly: str,
    says: str,
    sees: str,
    odds: float = 5.0,
    shares: Shares = SHARES,
    share: float = 0.999,
    feet: Sequence[float] | None = None,
) -> float:
    """Probability of a 7 in the last place, which the network of the role digit alone takes for one; before it digits
    that all others read as `clearly` and it as `says`.  feet: where the first ones stand, pixels of 40 that they are
    tall."""
    telling = np.concatenate([clear(clearly, share), clear("1", 0.9)])
    which = np.concatenate([clear(clearly, share), clear(sees, 0.9)])
    digit = np.concatenate([clear(says, share), clear("7", 0.95)])
    boxes = None
    if feet is not None:
        boxes = np.array([(30 * k, foot - 40, 25, 40) for k, foot in enumerate([*feet, 60])], np.int32)
    mixed = shares.mixed(telling, np.full(len(telling), odds), digit, which, boxes)
    return float(np.exp(mixed[-1, 7]))


def test_in_a_hand_that_it_knows_the_network_has_more_to_say() -> None:
    known, strange = doubt("0131", "0131", "1"), doubt("0131", "0737", "1")
    assert strange < doubt("0131", "0131", "1", shares=OLD) < known


def test_what_it_has_to_say_in_a_strange_hand_the_other_one_has() -> None:
    telling, which = (np.concatenate([clear("0131"), clear(last, 0.9)]) for last in "17")
    digit = clear("07371", 0.95)
    strange, usual = (one.mixed(telling, np.full(5, 5.0), digit, which)[-1, 7] for one in (SHARES, OLD))
    assert strange > usual


def test_between_them_its_share_grows_with_what_it_recognises() -> None:
    telling, means = np.concatenate([clear("0131"), clear("1", 0.9)]), np.linspace(STRANGE, KNOWN, 9)
    found = []
    for mean in means:
        digit = np.concatenate([clear("0131", float(np.exp(mean))), clear("7", 0.95)])
        found.append(float(np.exp(SHARES.mixed(telling, np.full(5, 5.0), digit, None))[-1, 7]))
    assert found == sorted(found)
    assert found[0] < found[4] < found[-1]


UNEVEN, LEANING = (60, 64, 58, 62), (60, 62, 64, 66)


def test_digits_that_stand_as_straight_as_print_are_no_hand_that_it_knows() -> None:
    """however well it reads them: it never saw a 1 with a flag, and has it for a 7."""
    plain, strange = replace(SHARES, plain_one=1.0), doubt("0131", "0737", "1")
    hand = doubt("0131", "0131", "1", shares=plain)
    assert doubt("0131", "0131", "1", shares=plain, feet=UNEVEN) == pytest.approx(hand)
    assert doubt("0131", "0131", "1", shares=plain, feet=(60,) * 4) == pytest.approx(strange)
    assert strange < hand - 0.05


def test_a_line_that_leans_is_as_straight() -> None:
    straight, leaning = (doubt("0131", "0131", "1", share=0.985, feet=feet) for feet in ((60,) * 4, LEANING))
    assert leaning == pytest.approx(straight)


def test_in_a_hand_that_it_knows_a_one_has_no_flag() -> None:
    """and so a 1 is less likely than the networks together have it, a 7 more; in a strange hand nothing is changed."""
    plain = replace(SHARES, plain_one=1.0)
    assert doubt("0131", "0131", "1", shares=plain) > doubt("0131", "0131", "1") + 0.02
    assert doubt("0131", "0737", "1", shares=plain) == pytest.approx(doubt("0131", "0737", "1"))


@pytest.mark.parametrize("changes", [{"odds": 1.0}, {"share": 0.6}])
def test_what_is_not_clear_tells_nothing_of_the_hand(changes) -> None:
    assert doubt("0131", "0131", "1", **changes) == doubt("0131", "0131", "1", shares=OLD, **changes)


def test_of_few_digits_nothing_is_concluded() -> None:
    few = "0131"[: FEWEST_CLEAR - 1]
    assert doubt(few, few, "1") == doubt(few, few, "1", shares=OLD)


def test_a_card_of_before_mixes_every_hand_alike() -> None:
    old = Shares.from_card({"digit_share": 0.2, "which_share": 0.3, "alone_share": 0.33})
    assert old == OLD
    assert doubt("0131", "0131", "1", shares=old) == pytest.approx(doubt("0131", "7777", "1", shares=old))


def test_a_network_that_is_not_there_leaves_its_share_to_the_one_that_tells_digits() -> None:
    telling, odds = clear("0131"), np.full(4, 5.0)
    assert np.allclose(OLD.mixed(telling, odds, clear("7777"), None), OLD.mixed(telling, odds, clear("7777"), telling))


def test_shares_go_into_a_card_and_come_back() -> None:
    for shares in (SHARES, Shares(), Shares((0.0, 1.0), alone=0.5), replace(SHARES, plain_one=1.0)):
        assert Shares.from_card(shares.as_card()) == shares


@given(arrays(np.float64, (3, 10), elements=st.floats(-50, 50)))
def test_normalised_opinions_are_probabilities_in_the_same_order(raw) -> None:
    made = normalised(raw)
    assert np.exp(made).sum(axis=1) == pytest.approx(1)
    assert (np.diff(np.take_along_axis(made, raw.argsort(axis=1), axis=1), axis=1) >= 0).all()
