"""Readings of one envelope over several looks → one reading that is settled.

Each line that may hold a code is a place, at which every look has a vote (`device.watch.votes`).  Of several places the
addressee's is settled, or each of them in a format that knows of none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from device.addressee import CORNER, CORNER_PENALTY, SIZE_REWARD
from device.decode import Known
from device.formats import Format
from device.types import Box, Reading, shifted
from device.watch.votes import Place, log_odds, logistic

MOST_LOOKS, MOST_CARRIED = 8, 40
"""Looks at one envelope that rests before it is given up, and at one that is carried past."""
SURE, FEW, MANY = 0.97, 2, 4
"""A code as sure as this is settled when so few looks read it or one nearly like it, any other one when so many did."""
SAME_PLACE = 0.3
"""Boxes that share this much of the smaller one's area are at one place."""
RIVAL = 2.0
"""Another code as likely as this many log odds less makes it a toss-up, which is refused."""
PLAUSIBLE = 0.3
"""Confidence of a rival, at least."""
LEAST_VOTE = 0.02
"""Confidence below which a reading has no vote."""


@dataclass(slots=True)
class Track:
    """One envelope, from when it is first looked at until it is settled or has gone."""

    format: Format
    least: float
    """Confidence from which on a reading is settled."""
    known: Known | None = None
    looks: int = 0
    places: list[Place] = field(default_factory=list)
    elected: list[tuple[Place, Reading]] = field(default_factory=list)
    """What all looks together say at each place at which a code was read."""

    def carry(self, across: int, down: int) -> None:
        """What was read went on by so many pixels of the full picture."""
        for place in self.places:
            place.box = shifted(place.box, across, down)
            place.votes = [vote.moved(across, down) for vote in place.votes]
        self.elected = [(place, reading.moved(across, down)) for place, reading in self.elected]

    def add(self, readings: Sequence[Reading]) -> None:
        """What another look read, on the full picture."""
        self.looks += 1
        self._vote(readings, 0)

    def add_carried(self, readings: Sequence[Reading]) -> bool:
        """The same while it comes into view: a look that saw no code was too early, and so it was for each place where
        none was read before.  Returns whether it saw one."""
        if not any(_has_a_vote(reading) for reading in readings):
            return False
        self.looks += 1
        self._vote(readings, self.looks - 1)
        return True

    def _vote(self, readings: Sequence[Reading], missed: int) -> None:
        """missed: looks that did not see a place that is new."""
        voted: list[Place] = []
        for reading in sorted(readings, key=lambda one: -one.confidence):
            if _has_a_vote(reading):
                place = self._place(reading.box, missed)
                if not any(place is other for other in voted):  # a look has one vote at a place: the surest
                    place.votes.append(reading)
                    voted.append(place)
        won = ((place, place.winner(self.format, self.known, self.looks - place.missed)) for place in self.places)
        self.elected = [(place, reading) for place, reading in won if reading is not None]

    def settled(self, paper: Box | None) -> list[Reading]:
        """What looking on would not change and was not given before: for a postal format one reading, then no other."""
        if self.format.postal and any(place.done for place in self.places):
            return []
        out = []
        for place, reading in self.standing(paper):
            steady = len(place.mates(reading.digits)) >= (FEW if reading.confidence >= SURE else MANY)
            if reading.accepted and steady and not place.done:
                place.done = True
                out.append(reading)
        return out

    def standing(self, paper: Box | None) -> list[tuple[Place, Reading]]:
        """What the votes say now, likeliest first, accepted or not: of a postal format the addressee's code alone.

        paper: the envelope's box on the full picture, when it is told from the table.
        """
        if not self.format.postal:
            return [(place, self._judged(reading)) for place, reading in self.elected]
        ranked = sorted(self._addressees(paper), key=lambda one: -_rank(one[1]))
        if not ranked:
            return []
        place, reading = ranked[0]
        rival = ranked[1][1] if len(ranked) > 1 else None
        lead = math.inf if rival is None else _rank(reading) - _rank(rival)
        if rival is not None and rival.confidence > PLAUSIBLE and lead < RIVAL:
            return [(place, refused(reading, "not-sure", f"{rival.code} may be the addressee's as well"))]
        if in_corner(reading.box, paper):
            reading = replace(reading, confidence=logistic(log_odds(reading.confidence) - CORNER_PENALTY))
            if reading.confidence < self.least:
                return [(place, refused(reading, "not-the-addressee", "it stands in the sender's corner"))]
        return [(place, self._judged(reading))]

    def _addressees(self, paper: Box | None) -> list[tuple[Place, Reading]]:
        """What may be the addressee's: in the sender's corner only where nothing else may be a code."""
        others = [one for one in self.elected if not in_corner(one[1].box, paper)]
        return others or self.elected

    @property
    def code_like(self) -> bool:
        """Something here may be a code."""
        return any(vote.confidence > 0.1 for place in self.places for vote in place.votes)

    def _judged(self, reading: Reading) -> Reading:
        if reading.confidence < self.least:
            return refused(reading, "not-sure", f"{reading.confidence:.2f} is below {self.least:.2f}")
        return replace(reading, accepted=True, reason=None, detail=None)

    def _place(self, box: Box, missed: int) -> Place:
        for place in self.places:
            if _shared(place.box, box) > SAME_PLACE:
                return place
        self.places.append(Place(box, missed=missed))
        return self.places[-1]


def _rank(reading: Reading) -> float:
    """Of two codes on an envelope the addressee's is the surer one, and the larger one."""
    return log_odds(reading.confidence) + SIZE_REWARD * math.log2(max(box[3] for box in reading.digit_boxes))


def _has_a_vote(reading: Reading) -> bool:
    return reading.confidence >= LEAST_VOTE and reading.reason not in ("wrong-length", "looks-like-text")


def refused(reading: Reading, reason: str, detail: str) -> Reading:
    """The reading, turned down."""
    return replace(reading, accepted=False, reason=reason, detail=detail)


def in_corner(box: Box, paper: Box | None) -> bool:
    """Whether a box stands where the sender writes on an envelope, both on the full picture; False without one."""
    if paper is None:
        return False
    x, y = box[0] + box[2] / 2 - paper[0], box[1] + box[3] / 2 - paper[1]
    return x < CORNER[0] * paper[2] and y < CORNER[1] * paper[3]


def _shared(a: Box, b: Box) -> float:
    across = max(0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    down = max(0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    return across * down / min(a[2] * a[3], b[2] * b[3])
