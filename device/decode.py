"""Digits on a line → candidates: which digits, how sure, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.formats import KINDS, Format, Kind
from device.lattice import BEST_KNOWN, RIVALS_KNOWN, Path, Scores, Weights, best_paths
from device.opinions import Shares
from device.segment import LineInk, Spans

REASONS = ("not-sure", "wrong-length", "looks-like-text", "touching-digits", "not-the-addressee")
"""Every reason a reading can be turned down for (closed list; translated and counted)."""
DEFAULT_THRESHOLD = 0.5
TEXT_SHARE = 0.45
"""A line of which more than this share was passed over looks like text."""
LETTERS_SHARE = 0.2
"""One of which more than this was passed over is no line of digits, however sure each of them is (`Solidao`) ..."""
FEW_LETTERS, LETTER = 2, 0.25
"""... unless that is no more than so many pieces larger than this, in squares of the line's height: `R$`."""
ABUTTING = 0.4
"""Ink nearer than this to a code's ends, in heights, belongs to the same word."""
ATTACHED = 0.2
"""Letters with no more paper than this between them and a code are a word that goes on in it; by hand CEP may stand
hardly further from its digits than they stand from each other."""
KNOWN_REACH = 8.0
"""A known code is taken for what was written as long as its path scores no more than this below the best one."""
Known = frozenset[str]
"""The digits of the codes that are served."""
FEATURES = (
    "bias",
    "digits",
    "least_digit",
    "odds",
    "least_odds",
    "margin",
    "passed_over",
    "largest_gap_piece",
    "uneven",
    "length",
    "outside",
    "abutting",
    "sharp",
    "torn",
    "dissent",
    "among",
    "attached",
    "gap",
)
"""What whole-code confidence is computed from, in the order of its weights."""

MOST_AMONG = 3
"""More letters than this among a code's digits, or in a word that it is attached to, count no more."""
INSTEAD: Kind = "fixed"
"""The kind of format whose confidence stands in for one that a card does not have."""
DISSENT = -8.0
"""A network that is surer than this, log probability, that a digit is another counts as no surer."""
UNFITTED = {"bias": 3.0, "digits": 1.0, "odds": 1.0}
"""Confidence of a bundle whose decoder was not fitted: it falls with the product of its digits' probabilities."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Digits of one line that may be a code."""

    digits: str
    boxes: NDArray[np.int32]
    """int32[N, 4]: each digit's x, y, width, height on the strip."""
    pieces: NDArray[np.int32]
    """int32[N, 2]: number of each digit's first and last piece."""
    confidences: tuple[float, ...]
    scores: NDArray[np.float64]
    """float64[N, 10]: each digit's log probabilities."""
    confidence: float
    reason: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Decoder:
    """The shipped parameters, from the card."""

    weights: Weights
    temperature: float
    confidence: Mapping[str, NDArray[np.float64]]
    """Logistic weights of `FEATURES`, by the format's kind."""
    thresholds: Mapping[str, float]
    shares: Shares = field(default_factory=Shares)
    """Of the networks' opinions."""

    @classmethod
    def from_card(cls, decoder: Mapping[str, Any]) -> Decoder:
        names = {one.name for one in fields(Weights)}
        given = {name: float(value) for name, value in decoder.get("weights", {}).items() if name in names}
        confidence = decoder.get("confidence", {})
        return cls(
            Weights(**given),
            float(decoder.get("temperature", 1.0)),
            {kind: _row(confidence.get(kind, confidence.get(INSTEAD, UNFITTED))) for kind in KINDS},
            {str(name): float(value) for name, value in decoder.get("thresholds", {}).items()},
            Shares.from_card(decoder),
        )

    def threshold(self, format: Format) -> float:
        """Least confidence of an accepted reading: the format's own, its kind's, or the default."""
        return self.thresholds.get(format.name, self.thresholds.get(format.kind, DEFAULT_THRESHOLD))

    def decode(
        self, ink: LineInk, found: Spans, scores: Scores, format: Format, known: Known | None = None
    ) -> list[Candidate]:
        """The likeliest code on a line, if there is one; of the known codes, where a list of them is given."""
        paths = self.paths(ink, found, scores, format, known)
        return [self._candidate(paths, ink, found, scores, format)] if paths else []

    def paths(
        self, ink: LineInk, found: Spans, scores: Scores, format: Format, known: Known | None = None
    ) -> list[Path]:
        """The best paths through a line's lattice, the chosen one first."""
        if known is not None:
            paths = best_paths(ink, found, scores, self.weights, format.length, BEST_KNOWN, RIVALS_KNOWN)
            paths = _known_first(paths, known)
        else:
            paths = best_paths(ink, found, scores, self.weights, format.length)
        if not paths and not format.postal:
            paths = best_paths(ink, found, scores, self.weights)
        return paths

    def _candidate(self, paths: list[Path], ink: LineInk, found: Spans, scores: Scores, format: Format) -> Candidate:
        best = paths[0]
        features = describe(paths, ink, found, scores, format.kind)
        confidence = _logistic(float(np.dot(self.confidence[format.kind], features)))
        spans = list(best.spans)
        each = [
            float(np.exp(scores.digit[span, int(digit)])) * _logistic(float(scores.odds[span]))
            for span, digit in zip(spans, best.digits, strict=True)
        ]
        letters = int((_sizes(ink)[~_used(best, ink, found)] > LETTER).sum())
        reason, detail = self._verdict(best, confidence, features, letters, format)
        pieces = np.stack([found.first[spans], found.last[spans]], axis=1)
        return Candidate(
            best.digits, found.boxes[spans], pieces, tuple(each), scores.digit[spans], confidence, reason, detail
        )

    def _verdict(
        self, best: Path, confidence: float, features: NDArray[np.float64], letters: int, format: Format
    ) -> tuple[str | None, str | None]:
        if format.length is not None and len(best.digits) != format.length:
            return "wrong-length", f"{len(best.digits)} digits, {format.name} has {format.length}"
        least, passed = self.threshold(format), features[FEATURES.index("passed_over")]
        if format.length is None and passed > LETTERS_SHARE and letters > FEW_LETTERS:
            return "looks-like-text", f"{100 * passed:.0f} % of the line is no digit"
        if confidence >= least:
            return None, None
        detail = f"{confidence:.2f} is below {least:.2f}"
        if passed > TEXT_SHARE:
            return "looks-like-text", f"{detail}; {100 * passed:.0f} % of the line is no digit"
        if features[FEATURES.index("margin")] < 1.0 and features[FEATURES.index("least_odds")] < 0:
            return "touching-digits", f"{detail}; it may be cut otherwise"
        return "not-sure", detail


def _known_first(paths: list[Path], known: Known) -> list[Path]:
    """The paths whose code is known, unless what the ink says is too far from all of them."""
    listed = [path for path in paths if path.digits in known]
    return listed if listed and paths[0].score - listed[0].score < KNOWN_REACH else paths


def describe(paths: list[Path], ink: LineInk, found: Spans, scores: Scores, kind: Kind) -> NDArray[np.float64]:
    """`FEATURES` of the best path, float64[len(FEATURES)]; around a code of fixed length other writing is no matter."""
    best = paths[0]
    spans = np.array(best.spans)
    digit = np.array([scores.digit[span, int(d)] for span, d in zip(best.spans, best.digits, strict=True)])
    odds = np.clip(scores.odds[spans], -8, 8)
    sure = -np.logaddexp(0, -odds)  # log of the logistic: log probability that it is a digit
    margin = min(best.score - paths[1].score, 12.0) if len(paths) > 1 else 12.0
    used = _used(best, ink, found)
    inside = np.zeros(len(ink.boxes), bool)
    inside[found.first[spans[0]] : found.last[spans[-1]] + 1] = True
    size = _sizes(ink)
    counted = inside if kind == "fixed" else np.ones(len(used), bool)
    passed = size[counted & ~used]
    height = found.boxes[spans, 3] / ink.text_height
    near = size[~inside & ~used]
    ends = int(found.first[spans[0]]), int(found.last[spans[-1]])
    sides = _beside(ink, *ends, ABUTTING)
    attached = max(int((size[side] > LETTER).sum()) for side in _beside(ink, *ends, ATTACHED))
    return np.array(
        [
            1.0,
            digit.sum(),
            digit.min(),
            sure.sum(),
            odds.min(),
            margin,
            passed.sum() / max(size[counted].sum(), 1e-6),
            passed.max() if len(passed) else 0.0,
            float(np.std(np.log(np.maximum(height, 0.1)))),
            float(len(spans)),
            float(near.max()) if len(near) and kind != "fixed" else 0.0,
            max((float(size[side[0]]) for side in sides if len(side)), default=0.0),
            ink.sharp,
            _torn(ink, used, size),
            _dissent(scores, best),
            _among(used, size, inside),
            float(min(attached, MOST_AMONG)) if kind == "fixed" else 0.0,
            _widest_gap(ink, inside) if kind == "fixed" else 0.0,
        ]
    )


def _beside(ink: LineInk, first: int, last: int, reach: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pieces before and after those from first to last, the nearest ones first, as far as no paper between them is
    wider than the reach, in heights."""
    left, right = ink.boxes[:, 0], ink.boxes[:, 0] + ink.boxes[:, 2]
    apart = np.flatnonzero(left[1:] - right[:-1] >= reach * ink.text_height)  # a word ends after these
    start = int(apart[apart < first].max(initial=-1)) + 1
    stop = int(apart[apart >= last].min(initial=len(ink.boxes) - 1)) + 1
    return np.arange(first - 1, start - 1, -1), np.arange(last + 1, stop)


def _widest_gap(ink: LineInk, inside: NDArray[np.bool_]) -> float:
    """How much wider than usual the widest paper between a code's pieces bool[P] is, in heights: a word's last letters
    and the house's number after it, read as one.  A hyphen is a piece too, and in a form's boxes a narrow 1 has much
    paper around it."""
    if ink.cells is not None and ink.cells[inside].all():
        return 0.0
    boxes = ink.boxes[inside]
    left, right = boxes[:, 0], np.maximum.accumulate(boxes[:, 0] + boxes[:, 2])
    paper = np.maximum(left[1:] - right[:-1], 0)
    return float(paper.max() - np.median(paper)) / ink.text_height if len(paper) else 0.0


def _used(path: Path, ink: LineInk, found: Spans) -> NDArray[np.bool_]:
    """Which pieces a path's digits are made of, bool[P]."""
    used = np.zeros(len(ink.boxes), bool)
    for span in path.spans:
        used[found.first[span] : found.last[span] + 1] = True
    return used


def _sizes(ink: LineInk) -> NDArray[np.float64]:
    """Of each piece, in squares of the line's height."""
    return np.asarray(np.minimum(np.maximum(ink.boxes[:, 2], ink.boxes[:, 3]) / ink.text_height, 1.3) ** 2, np.float64)


def _dissent(scores: Scores, path: Path) -> float:
    """The least log probability that any network gives any digit of a path."""
    least = scores.digit if scores.least is None else scores.least
    return max(
        DISSENT, min(float(least[span, int(digit)]) for span, digit in zip(path.spans, path.digits, strict=True))
    )


def _among(used: NDArray[np.bool_], size: NDArray[np.float64], inside: NDArray[np.bool_]) -> float:
    """Pieces larger than a `LETTER` that are passed over between the first digit and the last: a word's, in which some
    letters look like digits."""
    return float(min(int(np.count_nonzero((size > LETTER) & inside & ~used)), MOST_AMONG))


def _torn(ink: LineInk, used: NDArray[np.bool_], size: NDArray[np.float64]) -> float:
    """Size of the largest piece bool[P] that no digit uses, of a component that has digits: half a letter."""
    digits = np.bincount(ink.components[used], minlength=ink.components.max() + 1) > 0
    left = size[~used & digits[ink.components]]
    return float(left.max()) if len(left) else 0.0


def _row(named: Mapping[str, float]) -> NDArray[np.float64]:
    return np.array([float(named.get(name, 0.0)) for name in FEATURES])


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -40, 40))))
