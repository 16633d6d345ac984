"""Which of a page's codes is the addressee's: the others stay, and say why they are not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from device.types import Reading

CORNER = 0.42, 0.36
"""The sender writes into the upper left, within these shares of the page's width and height."""
CORNER_PENALTY = 6.0
"""Log odds that a code loses there: senders print theirs, and it is read with more confidence than what is written."""
SURE = 0.99
"""A code is not preferred for being surer than this."""
PLAUSIBLE = 0.02
"""Confidence from which on what was turned down may be the addressee's code."""
SIZE_REWARD = 1.0
"""Log odds that a code gains for being twice as tall as another."""


def one_addressee(readings: Sequence[Reading], size: tuple[int, int]) -> list[Reading]:
    """At most one accepted reading, first; size: width and height of the page, pixels.

    A code in the sender's corner is the addressee's only where nothing else may be a code.
    """
    accepted = [reading for reading in readings if reading.accepted]
    refused = [reading for reading in readings if not reading.accepted]
    if not accepted:
        return list(readings)
    ranked = sorted(accepted, key=lambda reading: -_rank(reading, size))
    best, others = ranked[0], [_turned_down(reading, ranked[0], size) for reading in ranked[1:]]
    if from_sender(best, size) and any(_plausible(reading, size) for reading in refused):
        why = "it stands in the sender's corner, and what may be the addressee's code was not read"
        best = replace(best, accepted=False, reason="not-the-addressee", detail=why)
    return sorted([best, *others, *refused], key=lambda reading: (not reading.accepted, -reading.confidence))


def _rank(reading: Reading, size: tuple[int, int]) -> float:
    confidence = min(max(reading.confidence, 1e-6), SURE)
    height = max(box[3] for box in reading.digit_boxes)
    rank = math.log(confidence / (1 - confidence)) + SIZE_REWARD * math.log2(height)
    return rank - (CORNER_PENALTY if from_sender(reading, size) else 0.0)


def _plausible(reading: Reading, size: tuple[int, int]) -> bool:
    """Whether a reading that was turned down may be the code all the same, and stands where the addressee's does."""
    may_be = reading.confidence >= PLAUSIBLE and reading.reason not in ("wrong-length", "looks-like-text")
    return may_be and not above_address(_middle(reading), size[1])


def _middle(reading: Reading) -> float:
    return reading.box[1] + reading.box[3] / 2


def from_sender(reading: Reading, size: tuple[int, int]) -> bool:
    """Whether a reading stands where the sender writes; size: width and height of the page, pixels."""
    x, _, width, _ = reading.box
    return x + width / 2 < CORNER[0] * size[0] and above_address(_middle(reading), size[1])


def above_address(y: float, height: float) -> bool:
    """Whether a line at y stands as high on a page as senders, stamps and postmarks do."""
    return y < CORNER[1] * height


def _turned_down(reading: Reading, best: Reading, size: tuple[int, int]) -> Reading:
    if from_sender(reading, size) and not from_sender(best, size):
        why = "it stands in the sender's corner"
    elif reading.confidence < best.confidence:
        why = f"it is less sure than {best.code}"
    else:
        why = f"it is smaller than {best.code}"
    return replace(reading, accepted=False, reason="not-the-addressee", detail=why)
