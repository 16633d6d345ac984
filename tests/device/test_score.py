"""Which digit, and whether it is one: what several networks say becomes one opinion."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from device.classify import Classifier
from device.decode import Decoder
from device.formats import get
from device.model import ALONE, AMONG, Bundle
from device.reader import BEYOND_HOPE, NO_OPINION, Reader

Floats = NDArray[np.float32]
GLYPHS = np.zeros((2, 2, 32, 32), np.uint8)
GLYPHS[:, AMONG] = 90


class Says:
    """A network with one answer to everything."""

    def __init__(self, *logits: float) -> None:
        self.answer = np.array(logits, np.float32)
        self.asked = 0
        self.network = SimpleNamespace(view=ALONE)
        self.shown: set[int] = set()

    def logits(self, pixels: NDArray[np.uint8]) -> Floats:
        self.asked += len(pixels)
        self.shown |= set(pixels.max(axis=(1, 2)).tolist())
        return np.tile(self.answer, (len(pixels), 1))


def prefers(digit: int, classes: int = 10, by: float = 4.0) -> Says:
    return Says(*(by if k == digit else 0.0 for k in range(classes)))


def reader(
    digit: Says,
    digit_or_not: Says | None = None,
    which: Says | None = None,
    alone: Says | None = None,
    **decoder: Any,
) -> Reader:
    every = digit, digit_or_not, which, alone
    digit_, or_not, which_, alone_ = (cast("Classifier | None", network) for network in every)
    return Reader(
        cast(Bundle, None),
        get("digits"),
        Decoder.from_card(decoder),
        cast(Classifier, digit_),
        or_not,
        which_digit=which_,
        digit_or_not_alone=alone_,
    )


def test_probabilities_of_the_digits_sum_to_one() -> None:
    for one in (reader(prefers(3)), reader(prefers(3), prefers(5, 11)), reader(prefers(3), prefers(5, 11), prefers(7))):
        assert np.exp(one.score(GLYPHS).digit).sum(axis=1) == pytest.approx(1)


def test_alone_the_ten_class_network_is_believed() -> None:
    scores = reader(prefers(3)).score(GLYPHS)
    assert scores.digit.argmax(axis=1).tolist() == [3, 3]
    assert (scores.odds <= NO_OPINION).all()


@pytest.mark.parametrize(("shares", "digit"), [((0.0, 0.0), 5), ((1.0, 0.0), 3), ((0.0, 1.0), 7), ((0.2, 0.7), 7)])
def test_each_network_counts_by_its_share(shares: tuple[float, float], digit: int) -> None:
    mixed = reader(prefers(3), prefers(5, 11), prefers(7), digit_share=shares[0], which_share=shares[1])
    assert mixed.score(GLYPHS).digit.argmax(axis=1).tolist() == [digit, digit]


def test_the_share_of_a_network_that_is_not_there_goes_to_the_eleven_class_one() -> None:
    two = reader(prefers(3), prefers(5, 11), digit_share=0.3, which_share=0.7)
    assert two.score(GLYPHS).digit.argmax(axis=1).tolist() == [5, 5]


def test_only_the_eleven_class_network_says_whether_it_is_a_digit() -> None:
    doubtful = prefers(10, 11, 2.0)
    odds = [reader(prefers(3), doubtful, which).score(GLYPHS).odds for which in (None, prefers(7, by=9.0))]
    assert (odds[0] == odds[1]).all()
    assert odds[0][0] == pytest.approx(np.log(10) - 2.0, abs=1e-5)


def test_what_is_plainly_no_digit_is_not_shown_to_the_others() -> None:
    first, which = prefers(3), prefers(7)
    reader(first, prefers(10, 11, 12.0), which).score(GLYPHS)
    assert (first.asked, which.asked) == (0, 0)


def test_the_two_that_tell_digits_count_by_their_shares() -> None:
    for share, digit in ((0.2, 5), (0.8, 6)):
        both = reader(prefers(3), prefers(5, 11), alone=prefers(6, 11), digit_share=0.0, alone_share=share)
        assert both.score(GLYPHS).digit.argmax(axis=1).tolist() == [digit, digit]


def test_what_has_no_hope_alone_is_not_shown_among_its_neighbours() -> None:
    among = prefers(5, 11)
    scores = reader(prefers(3), among, alone=prefers(10, 11, -2 * BEYOND_HOPE)).score(GLYPHS)
    assert among.asked == 0
    assert (scores.odds < BEYOND_HOPE).all()
    reader(prefers(3), among, alone=prefers(10, 11, 2.0)).score(GLYPHS)
    assert among.asked == len(GLYPHS)


def test_each_network_looks_in_its_own_way() -> None:
    digit, among, which = prefers(3), prefers(5, 11), prefers(7)
    among.network.view = AMONG
    reader(digit, among, which).score(GLYPHS)
    assert (digit.shown, among.shown, which.shown) == ({0}, {90}, {0})
