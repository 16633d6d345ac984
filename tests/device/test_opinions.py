"""Several networks' opinions become one; how much MNIST's own network has to say depends on the hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from device.opinions import FEWEST_CLEAR, KNOWN, STRANGE, Shares, normalised

SHARES = Shares(digit=0.2, strange=0.0, known=0.5)
CLEAR = 4


def clear(digits: str, share: float = 0.999) -> np.ndarray:
    """Log probabilities float64[N, 10]: so much for each digit, the rest for the others."""
    out = np.full((len(digits), 10), np.log((1 - share) / 9))
    out[np.arange(len(digits)), [int(digit) for digit in digits]] = np.log(share)
    return out


def share(others: np.ndarray, opinion: np.ndarray, odds: float = 5.0, shares: Shares = SHARES) -> float:
    return shares.of_hand(others, opinion, np.full(len(others), odds))


def test_in_a_hand_that_it_knows_the_network_has_much_to_say() -> None:
    assert share(clear("0131"), clear("0131")) == 0.5


def test_in_a_strange_hand_it_has_nothing_to_say() -> None:
    assert share(clear("0131"), clear("0737")) == 0.0


def test_between_them_its_share_grows_with_what_it_recognises() -> None:
    means = np.linspace(STRANGE, KNOWN, 9)
    found = [share(clear("0131"), clear("0131", float(np.exp(mean)))) for mean in means]
    assert found == sorted(found)
    assert found[4] == pytest.approx(0.25, abs=0.01)


def test_what_is_not_clear_tells_nothing_of_the_hand() -> None:
    doubtful, wrong = clear("013123", 0.6), clear("777777")
    assert share(doubtful, wrong) == SHARES.digit
    assert share(clear("0131"), clear("7777"), odds=1.0) == SHARES.digit
    assert share(clear("01311")[: FEWEST_CLEAR - 1], clear("77777")[: FEWEST_CLEAR - 1]) == SHARES.digit


def test_a_card_of_before_gives_the_network_the_same_share_in_every_hand() -> None:
    old = Shares.from_card({"digit_share": 0.2, "which_share": 0.3, "alone_share": 0.33})
    assert share(clear("0131"), clear("0131"), shares=old) == share(clear("0131"), clear("7777"), shares=old) == 0.2


def test_shares_go_into_a_card_and_come_back() -> None:
    for shares in (SHARES, Shares()):
        assert Shares.from_card(shares.as_card()) == shares


@given(arrays(np.float64, (3, 10), elements=st.floats(-50, 50)))
def test_normalised_opinions_are_probabilities_in_the_same_order(raw) -> None:
    made = normalised(raw)
    assert np.exp(made).sum(axis=1) == pytest.approx(1)
    assert (np.diff(np.take_along_axis(made, raw.argsort(axis=1), axis=1), axis=1) >= 0).all()
