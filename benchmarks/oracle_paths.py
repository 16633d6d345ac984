"""Where a line was lost: the path that should have won through its lattice, and the first thing that is wrong on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from device.lattice import Path, Scores, Weights
from train.align import aligned
from train.pieces import NOT_A_DIGIT, UNSURE, WHOLE, Lattice
from train.strings import Scene
from train.texts import DIGITS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STAGES = {
    "line": "no line was found that holds all the digits",
    "ink": "too little of a digit's ink was found, or a rule's removal took it",
    "cut": "a digit has no span of its own, whole and pure, or two of them overlap",
    "class": "the best class of a right span is another digit",
    "digit or not": "the classes are right, but a right span is taken for no digit",
    "path": "all of that is right, and the decoder went another way",
    "format": "the right path won, and was turned down, or another line was preferred",
}
"""What loses a line, in the order in which a page goes through it."""
SPELLED = {
    "line": "no line was found",
    "cut": "no path spells the truth",
    "class": "on the best path that does, the best class of a span is another digit",
    "digit or not": "the classes are right, but a span there is taken for no digit",
    "path": "all of that is right, and the decoder went another way",
    "format": STAGES["format"],
}
"""The same where no pixel's truth is known, and the best path that spells the truth is taken for the right one."""
ON_LINE = 0.5
"""A digit is on a line if so much of it is on the strip."""
SURE = 20.0
"""Log odds, and minus log probabilities, of what an oracle says."""

Confusion = tuple[str, str]
"""The digit that was written, and the one that was read."""


@dataclass(frozen=True, slots=True)
class Loss:
    """The first stage that lost a line."""

    stage: str
    """One of `STAGES`."""
    confused: tuple[Confusion, ...] = ()
    """What the right spans were taken for, where that is another digit."""


def blame(path: Path, scores: Scores) -> Loss:
    """What is wrong on the path that should have won."""
    spans = list(path.spans)
    read = scores.digit[spans].argmax(axis=1)
    confused = tuple((digit, str(other)) for digit, other in zip(path.digits, read, strict=True) if digit != str(other))
    if confused:
        return Loss("class", confused)
    return Loss("digit or not" if (scores.odds[spans] < 0).any() else "path")


def lost(made: Scene, line: Lattice | None, scores: Scores | None, weights: Weights) -> Loss:
    """What lost a rendered line whose best path is not its truth.  line: the one that holds most of it, if any."""
    if line is None or scores is None:
        return Loss("line")
    there, inked = held(made, line)
    if (there < ON_LINE).any():
        return Loss("line")
    right = right_spans(made, line)
    text = "".join(made.characters[number] for number in written(made))
    path = aligned(line.ink, line.spans, scores, weights, text, allowed=right)
    if path is not None:
        return blame(path, scores)
    return Loss("ink" if (inked[~right.any(axis=0)] <= WHOLE).any() else "cut")


def written(made: Scene) -> list[int]:
    """The numbers of the characters that are digits."""
    return [number for number, character in enumerate(made.characters) if character and character in DIGITS]


def right_spans(made: Scene, line: Lattice) -> Bools:
    """Which spans hold one of the digits, whole and pure: bool[S, N]."""
    numbers = written(made)
    values = np.array([int(made.characters[number]) for number in numbers])
    same = line.owners[:, None] == np.array(numbers)
    return np.asarray(same & (line.labels[:, None] == values))


def held(made: Scene, line: Lattice) -> tuple[Floats, Floats]:
    """Of each digit the share that is on the strip, and the share of its ink there that is in a piece, float64[N] each.

    A faint edge that is in no piece counts half, as it does for the labels.
    """
    size, width = line.ink.labels.shape[::-1], len(made.characters) + 1
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    owners = cv2.warpAffine(made.owners[0], line.strip.to_frame, size, flags=flags)
    scale = abs(float(np.linalg.det(line.strip.to_frame[:2, :2])))  # pixels of the picture in one of the strip
    every, kept = (np.bincount(part.ravel(), minlength=width) for part in (owners, owners[line.ink.labels > 0]))
    whole = np.bincount(made.owners[0].ravel(), minlength=width)
    numbers = np.array(written(made)) + 1
    there = np.where(whole > 0, scale * every / np.maximum(whole, 1), 1.0)
    inked = kept / np.maximum((every + kept) / 2, 1)
    return there[numbers], inked[numbers]


def told(scores: Scores, labels: NDArray[np.int64], *, classes: bool = False, kinds: bool = False) -> Scores:
    """The networks' opinion, where an oracle puts it right: what has no label stays as it is.

    labels: int64[S] as `train.pieces` has them.  classes: which digit a digit is.  kinds: what is one at all.
    """
    digit, odds = scores.digit.copy(), scores.odds.copy()
    is_digit = (labels != UNSURE) & (labels != NOT_A_DIGIT)
    if classes:
        digit[is_digit] = -SURE
        digit[is_digit, labels[is_digit]] = 0.0
    if kinds:
        odds[is_digit] = SURE
        odds[labels == NOT_A_DIGIT] = -SURE
    return Scores(digit, odds)


def most_common(confusions: Sequence[Confusion], most: int) -> list[tuple[Confusion, int]]:
    """The confusions that came most often, and how often; of equal ones the lower digits first."""
    counts = {one: confusions.count(one) for one in sorted(set(confusions))}
    return sorted(counts.items(), key=lambda item: -item[1])[:most]
