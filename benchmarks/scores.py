"""Scoring: what counts as right, and the figures of many pictures."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.cases import ALONE, NOTHING_THERE, SEVERAL, Case, digits
from device import formats
from device.batch.truth import wilson

COVERAGE = 0.8
"""Share of the pictures, the surest ones, on which a reader is judged once more."""
BINS = 10
"""Of the calibration error, of equal count."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader made of one picture."""

    text: str
    """The digits that it stands by; empty for a refusal."""
    confidence: float | None
    """How sure it is of them, where it says so."""
    top: str = ""
    """The digits of its first reading, accepted or not."""
    top_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer held against the truth."""

    coded: bool
    """There is a code on the picture."""
    right: bool
    """The answer is that code.  Never so where there is none."""
    accepted: bool
    confidence: float | None
    top_right: bool
    top_confidence: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one reader on one kind of pictures."""

    n: int
    coded: int
    """Pictures with a code on them."""
    right: float | None
    """Share of those that are read wholly right; a refusal is wrong."""
    low: float | None
    high: float | None
    """Its Wilson 95 % interval."""
    right_at_coverage: float | None
    """Share right among the surest `COVERAGE` of them."""
    accepted: float
    """Share of all pictures with an accepted reading."""
    false_reads: int
    """Pictures with an accepted reading that is wrong."""
    ece: float | None
    """Expected calibration error of the first reading, accepted or not, 0 to 1."""


def ours(kind: str, readings: Sequence[Mapping[str, Any]]) -> Answer:
    """The answer in one JSON line's readings (accepted ones stand first there)."""
    accepted = [reading for reading in readings if reading["accepted"]]
    surest = max(accepted, key=lambda reading: reading["confidence"], default=None)
    first = readings[0] if readings else None
    top = (first["digits"], first["confidence"]) if first else ("", None)
    if kind in (SEVERAL, ALONE):
        in_order = sorted(accepted, key=lambda reading: reading["box"][1])
        least = min((reading["confidence"] for reading in accepted), default=None)
        return Answer(" ".join(reading["digits"] for reading in in_order), least, *top)
    return Answer(surest["digits"], surest["confidence"], *top) if surest else Answer("", None, *top)


def theirs(case: Case, text: str, confidence: float | None) -> Answer:
    """The answer in the text that a general reader found on a picture: all it says is taken for accepted.

    Of a page the last code of the wanted shape counts, since the sender's stands above the addressee's.
    """
    wanted = formats.get(case.format)
    if case.kind == SEVERAL:
        said = " ".join(filter(None, map(digits, text.split())))
    elif case.kind == ALONE:
        numbers = list(filter(None, map(digits, text.split())))
        said = " ".join(number for number in numbers if wanted.length in (None, len(number)))
    elif wanted.postal and case.kind not in NOTHING_THERE:
        said = (codes(wanted, text) or [""])[-1]
    else:
        said = digits(text)
    sure = confidence if said else None
    return Answer(said, sure, said, sure)


def codes(wanted: formats.Format, text: str) -> list[str]:
    """The digits of every group in a text that has a postal format's shape, whatever stands between its parts."""
    parts = r"\s?[-.\u2013\u2014_~]?\s?".join(rf"(\d{{{size}}})" for size in wanted.groups)
    return ["".join(found.groups()) for found in re.finditer(rf"(?<!\d){parts}(?!\d)", text, re.ASCII)]


def judge(case: Case, answer: Answer) -> Outcome:
    """Hold an answer against the truth."""
    coded = case.kind not in NOTHING_THERE and bool(case.text)
    top_right = answer.top in case.text.split() if case.kind == SEVERAL else answer.top == case.text
    return Outcome(
        coded=coded,
        right=coded and answer.text == case.text,
        accepted=bool(answer.text),
        confidence=answer.confidence,
        top_right=coded and bool(answer.top) and top_right,
        top_confidence=answer.top_confidence,
    )


def summarise(outcomes: Sequence[Outcome]) -> Summary:
    """The figures of some pictures; what cannot be told is None."""
    coded = [one for one in outcomes if one.coded]
    hits = sum(one.right for one in coded)
    low, high = wilson(hits, len(coded)) if coded else (None, None)
    tops = [(one.top_confidence, one.top_right) for one in outcomes if one.top_confidence is not None]
    return Summary(
        n=len(outcomes),
        coded=len(coded),
        right=hits / len(coded) if coded else None,
        low=low,
        high=high,
        right_at_coverage=right_at_coverage(coded),
        accepted=sum(one.accepted for one in outcomes) / max(len(outcomes), 1),
        false_reads=sum(one.accepted and not one.right for one in outcomes),
        ece=calibration_error(tops),
    )


def right_at_coverage(coded: Sequence[Outcome], coverage: float = COVERAGE) -> float | None:
    """Share right among the surest; a refusal is the least sure of all.  None where a reader says nothing of it."""
    if not coded or any(one.accepted and one.confidence is None for one in coded):
        return None
    ranked = sorted(coded, key=lambda one: -1.0 if one.confidence is None else one.confidence, reverse=True)
    kept = ranked[: max(1, round(coverage * len(ranked)))]
    return sum(one.right for one in kept) / len(kept)


def calibration_error(tops: Sequence[tuple[float, bool]], bins: int = BINS) -> float | None:
    """How far confidence is from the share that is right, over bins of equal count; None without any."""
    if not tops:
        return None
    ordered = sorted(tops, key=lambda top: top[0])
    edges = [round(k * len(ordered) / bins) for k in range(bins + 1)]
    error = 0.0
    for start, stop in itertools.pairwise(edges):
        part = ordered[start:stop]
        error += abs(sum(sure for sure, _ in part) - sum(good for _, good in part)) / len(ordered)
    return error
