"""What several looks read at one place of an envelope → one code, and how sure.

Looks see the same ink through other noise, turned a little otherwise.  So not whole codes are counted: what the looks
say of each digit is averaged (log probabilities, as several networks' opinions are), which is right where some looks
read one digit otherwise and others another one.  How sure the code is then depends on its least sure digit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from device.decode import Known
from device.formats import Format
from device.opinions import normalised
from device.types import Box, Reading

Floats = NDArray[np.float64]

ALIKE = 0.6
"""Votes are of one code where this share of their digits is the same; less is another line, or another cut of it."""
BIAS, LEAD, AGREEMENT = 0.0, 1.2, 1.5
"""Log odds of a code: to start with, for each unit of log probability by which its least sure digit leads, and for each
e-fold of the share of looks that read this very code: others, and looks that read nothing here, speak against it.
`python -m benchmarks.votes` shows what they make of rendered envelopes."""
MOST_LEAD = 8.0
"""More is not counted."""
BEYOND = 2.5
"""Looks that agree are never surer than they are alone, on average, by more log odds than this: each of them tells how
much like a code the line looks, and that does not change from one to the next."""
DATE, SUREST_DATE = 6.0, 4.0
"""Log odds that eight digits lose which are a day of these times, and what they have before that at most: 16.11.2020 is
a postmark's, hardly ever a code, however well it is written."""


@dataclass(slots=True)
class Place:
    """A line of an envelope, and what each look read there."""

    box: Box
    votes: list[Reading] = field(default_factory=list)
    done: bool = False
    """What stands here was announced."""
    missed: int = 0
    """Looks before it came into view."""

    def mates(self, digits: str) -> list[Reading]:
        """The votes for this code, or for one nearly like it."""
        return [vote for vote in self.votes if _alike(vote.digits, digits)]

    def agreed(self, digits: str, looks: int) -> float:
        """Log share of the looks that read this very code; half a look's where it is put together of several."""
        return math.log(max(sum(vote.digits == digits for vote in self.votes), 0.5) / looks)

    def winner(self, format: Format, known: Known | None, looks: int) -> Reading | None:
        """What so many looks together say, with their confidence; None where none of them read a code here."""
        weights: dict[str, float] = {}
        for vote in self.votes:
            weights[vote.digits] = weights.get(vote.digits, 0.0) + vote.confidence
        codes = [digits for digits in weights if _is_code(digits, format)]
        listed = [digits for digits in codes if known is not None and digits in known]
        if not codes:
            return None
        leading = max(listed or codes, key=lambda code: (weights[code], code))
        mates = self.mates(leading)
        scores = normalised(np.mean([vote.digit_scores for vote in mates], axis=0))
        likeliest = "".join(map(str, scores.argmax(axis=1)))
        may_be = {vote.digits for vote in mates} & set(listed or codes)
        if _is_code(likeliest, format) and (not listed or (known is not None and likeliest in known)):
            may_be.add(likeliest)
        digits = max(may_be, key=lambda code: (_of(scores, code).sum(), code))
        among = known if known is not None and digits in known else None
        best = max(mates, key=lambda vote: (vote.digits == digits, vote.confidence))
        return replace(
            best,
            code=format.write(digits),
            digits=digits,
            confidence=self._confidence(digits, lead(digits, scores, among), mates, looks),
            known=None if known is None else digits in known,
            digit_confidences=tuple(np.exp(_of(scores, digits)).tolist()),
            digit_scores=tuple(map(tuple, scores.tolist())),
        )

    def _confidence(self, digits: str, led_by: float, mates: list[Reading], looks: int) -> float:
        alone = sum(log_odds(vote.confidence) for vote in mates) / len(mates)
        odds = min(BIAS + LEAD * led_by, alone + BEYOND) + AGREEMENT * self.agreed(digits, looks)
        return logistic(min(odds, SUREST_DATE) - DATE if _is_date(digits) else odds)


def lead(digits: str, scores: Floats, known: Known | None = None) -> float:
    """By how much the least sure digit is likelier than any other in its place, log probability.

    scores: float64[N, 10], log probabilities.  known: where it is given, others are those that make one of its codes.
    """
    least = MOST_LEAD
    for place, (digit, row) in enumerate(zip(map(int, digits), scores.tolist(), strict=True)):
        for other in range(10):
            if other != digit and (known is None or f"{digits[:place]}{other}{digits[place + 1 :]}" in known):
                least = min(least, row[digit] - row[other])
    return least


def _of(scores: Floats, digits: str) -> Floats:
    """Of each digit, its own score."""
    return np.asarray(scores[np.arange(len(digits)), [int(digit) for digit in digits]], np.float64)


def _alike(digits: str, others: str) -> bool:
    if len(digits) != len(others):
        return False
    return sum(a == b for a, b in zip(digits, others, strict=True)) >= ALIKE * len(digits)


def _is_date(digits: str) -> bool:
    """Day, month, year."""
    if len(digits) != 8:
        return False
    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    return 1 <= day <= 31 and 1 <= month <= 12 and 1980 <= year < 2050


def _is_code(digits: str, format: Format) -> bool:
    return (format.length is None or len(digits) == format.length) and format.in_use(digits)


def log_odds(probability: float) -> float:
    clipped = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(clipped / (1 - clipped))


def logistic(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
