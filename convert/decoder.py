"""Fit the decoder: a path's weights, the confidence of a whole code, and the thresholds, on lines that are rendered here.

Nothing real is looked at.  Lines are cut and classified once by the device's own reader; what
is searched afterwards is only how the lattice is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.decode import FEATURES, describe
from device.lattice import Scores, Weights, best_paths
from device.reader import Reader
from device.segment import LineInk, Spans, glyphs
from train.pieces import lattices
from train.strings import Hands, Scene

Floats = NDArray[np.float64]

GRID: dict[str, Sequence[float]] = {
    "odds": (0.3, 0.5, 0.7, 1.0, 1.4),
    "odds_limit": (2.5, 4.0, 6.0, 9.0),
    "digit": (0.5, 0.8, 1.2, 1.6, 2.2),
    "piece": (0.0, 0.1, 0.25, 0.5, 0.8),
    "height": (0.0, 0.7, 1.5, 3.0, 5.0),
    "centre": (0.0, 0.7, 1.5, 3.0, 5.0),
    "skip": (1.0, 2.0, 3.0, 5.0, 8.0, 12.0),
    "skip_small": (0.0, 0.1, 0.3, 0.6, 1.0),
    "outside": (0.0, 0.6, 1.2, 2.4, 4.0),
}
"""Values tried for each weight, one weight after the other."""
ROUNDS = 2
RIDGE = 1e-3
"""Penalty on the confidence's weights; the features are scaled first."""
FALSE_READS = 0.002
"""Share of lines without a code that may be accepted."""
LEAST_THRESHOLD = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A line as the reader sees it, and what it says."""

    ink: LineInk
    spans: Spans
    scores: Scores
    truth: str
    """Its digits; empty where a reading would be false."""
    length: int | None


def cases(
    reader: Reader, hands: Hands, make: Callable[[Hands, np.random.Generator], Scene], seed: int, count: int
) -> Iterator[Case]:
    """Lines of `count` scenes; of a scene's lines the one that holds most characters is the one that counts."""
    for number in range(count):
        made = make(hands, np.random.default_rng((seed, number)))
        lines = list(lattices(made))
        held = [len(np.unique(line.owners[line.owners >= 0])) for line in lines]
        for k, line in enumerate(lines):
            scores = reader.score(glyphs(line.ink, line.spans))
            counts = bool(held[k]) and k == int(np.argmax(held))
            yield Case(line.ink, line.spans, scores, made.truth if counts else "", made.length)


def fit_weights(lines: Sequence[Case], start: Weights, say: Callable[[str], None]) -> Weights:
    """Coordinate ascent on the share of lines that are read wholly right."""
    asked = [case for case in lines if case.truth]
    best, score = start, right(asked, start)
    say(f"weights: {score:.4f} to start with")
    for _ in range(ROUNDS):
        for name, values in GRID.items():
            for value in values:
                tried = replace(best, **{name: value})
                found = right(asked, tried) if tried != best else score
                if found > score:
                    best, score = tried, found
            say(f"weights: {score:.4f} with {name} {getattr(best, name)}")
    return best


def right(lines: Sequence[Case], weights: Weights) -> float:
    """Share of lines whose best path is their truth."""
    hits = 0
    for case in lines:
        paths = best_paths(case.ink, case.spans, case.scores, weights, case.length)
        hits += bool(paths) and paths[0].digits == case.truth
    return hits / max(len(lines), 1)


def described(lines: Sequence[Case], weights: Weights) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Features float64[N, F] of each line's best path, whether it is right, and whether there is a code at all."""
    rows, good, asked = [], [], []
    for case in lines:
        paths = best_paths(case.ink, case.spans, case.scores, weights, case.length)
        if paths:
            rows.append(describe(paths, case.ink, case.spans, case.scores, case.length is not None))
            good.append(paths[0].digits == case.truth)
            asked.append(bool(case.truth))
    return np.array(rows), np.array(good), np.array(asked)


def fit_confidence(features: Floats, good: NDArray[np.bool_]) -> Floats:
    """Logistic weights float64[F] by Newton's method, ridge on all but the bias."""
    scale = np.maximum(features.std(axis=0), 1e-6)
    scale[0] = 1.0
    x, y = features / scale, good.astype(np.float64)
    weights = np.zeros(x.shape[1])
    ridge = np.full(x.shape[1], RIDGE * len(x))
    ridge[0] = 1e-9
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -40, 40)))
        gradient = x.T @ (p - y) + ridge * weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + np.diag(ridge + 1e-9)
        step = np.linalg.solve(hessian, gradient)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(weights / scale)


def threshold(confidence: Floats, asked: NDArray[np.bool_]) -> float:
    """The least confidence that keeps false reads of lines without a code rare enough."""
    false = np.sort(confidence[~asked])[::-1]
    allowed = int(FALSE_READS * len(false))
    return float(np.clip(false[allowed] + 1e-6 if allowed < len(false) else 0.0, LEAST_THRESHOLD, 0.9))


def calibration_error(confidence: Floats, good: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error over bins of equal count."""
    order = np.argsort(confidence)
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(len(p) / len(order) * abs(confidence[p].mean() - good[p].mean()) for p in parts))


def as_card(weights: Weights, confidence: Floats, temperature: float, thresholds: dict[str, float]) -> dict[str, Any]:
    """The card's decoder section."""
    return {
        "temperature": temperature,
        "weights": {field.name: float(getattr(weights, field.name)) for field in fields(weights)},
        "confidence": {name: round(float(value), 5) for name, value in zip(FEATURES, confidence, strict=True)},
        "thresholds": {name: round(value, 3) for name, value in thresholds.items()},
    }
