"""Several networks' opinions of which digit a glyph is → one.

Opinions are mixed as log probabilities, each with its share (a logarithmic opinion pool).  The share of the network of
the role `digit` depends on whose hand wrote the line: it learnt MNIST's hands alone, and better than the others did,
but not print and not everybody's.  A hand that it knows is told by the digits that are clear to all: there it says what
the others say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CLEAR, SURELY_ONE = float(np.log(0.98)), 2.0
"""Log probability of a glyph's digit, and log odds that it is one, from which on it is clear."""
FEWEST_CLEAR = 3
"""Of fewer clear glyphs nothing is concluded."""
STRANGE, KNOWN = -0.3, -0.02
"""Mean log probability that the network gives the clear glyphs' digits: up to the first the hand is strange to it, from
the second on it is one that it knows.  Of rendered envelopes' codes by hand in MNIST's digits half reach -0.003, of
printed ones a sixth."""


@dataclass(frozen=True, slots=True)
class Shares:
    """What each network's opinion counts, 0 to 1; the rest is the one's that tells digits from what is none."""

    digit: float = 0.2
    """Of the role `digit`, where nothing is known of the hand; the others share what it leaves."""
    which: float = 0.3
    """Of the role `which-digit`, where `digit` has no more than that."""
    alone: float = 0.33
    """Of the role `digit-or-not-alone`, beside `digit-or-not`."""
    strange: float | None = None
    """Of `digit`, in a hand that it does not know; None: as in any other."""
    known: float | None = None
    """Of `digit`, in a hand that it knows; None: as in any other."""

    @classmethod
    def from_card(cls, decoder: Mapping[str, Any]) -> Shares:
        """Those that stand in the card's decoder as ``digit_share``, ``known_share``, …"""
        names = [one.name for one in fields(cls)]
        return cls(**{name: float(decoder[f"{name}_share"]) for name in names if f"{name}_share" in decoder})

    def as_card(self) -> dict[str, float]:
        given = {f"{one.name}_share": getattr(self, one.name) for one in fields(self)}
        return {name: share for name, share in given.items() if share is not None}

    @property
    def asks_digit(self) -> bool:
        """Whether the network of the role `digit` has a say at all."""
        return max(self.digit, self.strange or 0.0, self.known or 0.0) > 0

    def of_hand(self, others: Floats, opinion: Floats, odds: Floats) -> float:
        """Share of `digit` in the opinion of a line's glyphs.

        others, opinion: float64[S, 10], log probabilities, the other networks' and its own.  odds: float64[S], log odds
        that each glyph is a digit.
        """
        clear = np.flatnonzero((odds > SURELY_ONE) & (normalised(others).max(axis=1) > CLEAR))
        if self.strange is None or self.known is None or len(clear) < FEWEST_CLEAR:
            return self.digit
        agreed = float(opinion[clear, others[clear].argmax(axis=1)].mean())
        return float(np.interp(agreed, (STRANGE, KNOWN), (self.strange, self.known)))


def normalised(opinion: Floats) -> Floats:
    """Log probabilities that sum to one again, float64[S, K]."""
    return np.asarray(opinion - np.logaddexp.reduce(opinion, axis=1, keepdims=True), np.float64)
