"""Several networks' opinions of which digit a glyph is → one.

Opinions are mixed as log probabilities, each with its share (a logarithmic opinion pool).  The share of the network of
the role `digit` depends on whose hand wrote the line: it learnt MNIST's hands alone, and better than the others did,
but not print and not everybody's.  A hand that it knows is told by the digits that are clear to all together: there it
says what they say, and they do not stand as straight as print.  In such a hand a 1 is a plain stroke, so that what
looks like a 1 with a flag is rather a 7; in print it is a 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

CLEAR, SURELY_ONE = float(np.log(0.98)), 2.0
"""Log probability of a glyph's digit, and log odds that it is one, from which on it is clear."""
FEWEST_CLEAR = 3
"""Of fewer clear glyphs, several cuts of one digit among them, nothing is concluded."""
STRANGE, KNOWN = -0.3, -0.02
"""Mean log probability that the network gives the clear glyphs' digits: up to the first the hand is strange to it, from
the second on it is one that it knows.  Of rendered envelopes' codes by hand in MNIST's digits three in four reach the
second; of printed ones three in ten, and so what stands as print does is never such a hand."""
PRINTED, WRITTEN = 0.02, 0.035
"""How far clear glyphs' feet are off a straight line, root mean square, in heights: up to the first they stand as print
does, from the second on as it does not.  Of rendered envelopes' printed codes 90 % have less than the first, of those
by hand 95 % more than 0.034."""
ONE = 1
"""Column of the digit 1."""

Pair = tuple[float, float]
"""Shares of the roles `digit` and `which-digit`; the rest, to 1, is the one's that tells digits from what is none."""


@dataclass(frozen=True, slots=True)
class Shares:
    """What each network's opinion counts, 0 to 1."""

    usual: Pair = (0.2, 0.3)
    """Where nothing is known of the hand."""
    strange: Pair | None = None
    """In a hand that `digit` does not know; None: as ever."""
    known: Pair | None = None
    """In one that it knows; None: as ever."""
    alone: float = 0.33
    """Of the role `digit-or-not-alone`, beside `digit-or-not`."""
    plain_one: float = 0.0
    """Log probability that a 1 loses in a hand that `digit` knows: the others also learnt print and hands in which a 1
    has a flag, and take some sevens for one."""

    @classmethod
    def from_card(cls, decoder: Mapping[str, Any]) -> Shares:
        """Those that the card's decoder has."""
        own = cls()
        usual = float(decoder.get("digit_share", own.usual[0])), float(decoder.get("which_share", own.usual[1]))
        strange, known = (_pair(decoder.get(name)) for name in ("strange_shares", "known_shares"))
        alone, plain_one = decoder.get("alone_share", own.alone), decoder.get("plain_one", own.plain_one)
        return cls(usual, strange, known, float(alone), float(plain_one))

    def as_card(self) -> dict[str, Any]:
        given = {"digit_share": self.usual[0], "which_share": self.usual[1], "alone_share": self.alone}
        given |= {"plain_one": self.plain_one} if self.plain_one else {}
        hands = {"strange_shares": self.strange, "known_shares": self.known}
        return given | {name: list(pair) for name, pair in hands.items() if pair is not None}

    def mixed(
        self, telling: Floats, odds: Floats, digit: Floats, which: Floats | None, boxes: Ints | None = None
    ) -> Floats:
        """All networks' opinion of the glyphs of one line, log probabilities float64[S, 10].

        telling: the same of the network that tells digits from what is none, and odds, float64[S], its log odds that a
        glyph is a digit.  digit, which: the other two's; None where there is none.  boxes: int32[S, 4], x, y, width,
        height of each glyph on its line; None where that is not known.
        """
        opinion = _pooled(self.usual, telling, digit, which)
        clear = np.flatnonzero((odds > SURELY_ONE) & (opinion.max(axis=1) > CLEAR))
        if len(clear) < FEWEST_CLEAR:
            return opinion
        agreed = float(digit[clear, opinion[clear].argmax(axis=1)].mean())
        by_hand = 1.0 if boxes is None else 1 - _print_like(boxes[clear])
        known = by_hand * float(np.interp(agreed, (STRANGE, KNOWN), (0.0, 1.0)))
        ends = zip(self.strange or self.usual, self.known or self.usual, strict=True)
        first, second = ((1 - known) * at_strange + known * at_known for at_strange, at_known in ends)
        pooled = _pooled((first, second), telling, digit, which)
        pooled[:, ONE] -= known * self.plain_one
        return normalised(pooled)


def _pooled(shares: Pair, telling: Floats, digit: Floats, which: Floats | None) -> Floats:
    """A network that is not there leaves its share to the one that tells digits."""
    pooled = telling + shares[0] * (digit - telling)
    return normalised(pooled if which is None else pooled + shares[1] * (which - telling))


def _print_like(boxes: Ints) -> float:
    """How much glyphs, boxes int32[N, 4], stand as print does, on one straight line: 0 to 1."""
    left, top, width, height = boxes.astype(np.float64).T
    across, feet = left + width / 2, top + height
    across, feet = across - across.mean(), feet - feet.mean()
    off = feet - across * (across @ feet) / max(float(across @ across), 1.0)
    return float(np.interp(np.sqrt((off**2).mean()) / np.median(height), (PRINTED, WRITTEN), (1.0, 0.0)))


def _pair(given: Sequence[float] | None) -> Pair | None:
    return None if given is None else (float(given[0]), float(given[1]))


def normalised(opinion: Floats) -> Floats:
    """Log probabilities that sum to one again, float64[S, K]."""
    return np.asarray(opinion - np.logaddexp.reduce(opinion, axis=1, keepdims=True), np.float64)
