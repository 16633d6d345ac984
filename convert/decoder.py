"""Fit the decoder: a path's weights, a whole code's confidence and the thresholds, on lines that are rendered here.

Nothing real is looked at.  Lines are cut and classified once by the device's own reader; what
is searched afterwards is only how the lattice is read.  Three parts of pages, each with seeds of
its own: one fits the weights, one the confidence, and the third sets the thresholds and tells
how good all of it is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import files
from convert.errors import ConversionError
from convert.sheets import MAKERS, Case, Sheet, asked, render
from device.decode import FEATURES, Decoder, describe
from device.formats import KINDS, Kind, kind_of
from device.lattice import Weights, best_paths
from device.model import Bundle
from train.files import write_json
from train.rendered import Supplies
from train.workers import team

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GRID: dict[str, Sequence[float]] = {
    "odds": (0.3, 0.5, 0.7, 1.0, 1.4),
    "odds_limit": (2.5, 4.0, 6.0, 9.0),
    "digit": (0.5, 0.8, 1.2, 1.6, 2.2, 3.0),
    "piece": (0.0, 0.1, 0.25, 0.5, 0.8),
    "height": (0.0, 0.7, 1.5, 3.0, 5.0, 8.0),
    "centre": (0.0, 0.7, 1.5, 3.0, 5.0, 8.0),
    "skip": (1.0, 2.0, 3.0, 5.0, 8.0, 12.0),
    "torn": (0.0, 1.5, 3.0, 5.0),
    "skip_small": (0.0, 0.1, 0.3, 0.6, 1.0),
    "outside": (0.0, 0.6, 1.2, 2.4, 4.0),
}
"""Values tried for each weight, one weight after the other."""
ROUNDS = 2
SEARCHED = 1200
"""Lines on which weights are compared; each costs about a millisecond a trial."""
LEAST_GAIN = 0.008
"""A weight is moved for no less than this share of lines more: ten of 1,200.  Less is luck: half of it, once taken,
cost lines of MNIST digits held out more than a hundredth."""
RIDGE = 1e-3
"""Penalty on the confidence's weights; the features are scaled first."""
NEWTON_STEPS = 60
FALSE_READS = 0.015
"""Share of pages without a code that may have one accepted; every fifth of these pages holds numbers, telephones' and
houses', that are no code."""
LEAST_THRESHOLD, MOST_THRESHOLD = 0.15, 0.5
"""A threshold stays between these.  What is more likely right than wrong is accepted; and more than that where hardly
any page without a code has one accepted, since these pages are harder than most and real writing is read better."""
THRESHOLD_DIGITS = 3
"""Decimals of a threshold on the card."""
BINS = 10
"""Of the calibration error, of equal count."""
UNWEIGHED = "empty", "single", "street"
"""Pages that say nothing of how a path's parts weigh."""
WEIGHTS, CONFIDENCE, THRESHOLDS = 1, 2, 3
"""The parts of the pages."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the fitted decoder makes of fresh pages of one kind of format."""

    pages: int
    """Pages with a code on them."""
    accuracy_before: float
    """Share of them whose code is the best path, accepted or not, with the weights the card had."""
    accuracy: float
    ece: float
    """Expected calibration error of all lines' best paths, 0 to 1."""
    threshold: float
    coverage: float
    """Share of them with an accepted reading."""
    accepted_right: float
    """Share of those that are right."""
    without_code: int
    """Pages on which every reading is false."""
    false_reads: int
    """Those that have one accepted."""


def fit(bundle: Bundle, supplies: Supplies, seed: int, lines: int, command: str, workers: int) -> dict[str, Outcome]:
    """Fit the decoder on so many lines of each kind, judge it on half as many more, and write it into the card."""
    counts = dict.fromkeys(MAKERS, max(lines // 2, 1))
    card, old = str(bundle.path), Decoder.from_card(bundle.decoder)
    pages = render(card, supplies, seed, WEIGHTS, counts | dict.fromkeys(UNWEIGHED, 0), workers)
    weights = fit_weights(_searched(pages), old.weights, workers)
    pages = render(card, supplies, seed, CONFIDENCE, counts, workers)
    confidence = {kind: fit_confidence(*described(asked(pages, kind), weights)) for kind in KINDS}
    pages = render(card, supplies, seed, THRESHOLDS, counts, workers)
    outcomes = {kind: judge(asked(pages, kind), old.weights, weights, confidence[kind]) for kind in KINDS}
    known = supplies.record()
    fitted = {
        "command": command,
        "seed": seed,
        "lines": lines,
        "mnist": known["mnist"],
        "pendigits": known["pendigits"],
        "fonts": {name: font["version"] for name, font in known["fonts"].items()},
        **{kind: _rounded(outcome) for kind, outcome in outcomes.items()},
    }
    thresholds = {kind: outcome.threshold for kind, outcome in outcomes.items()}
    kept = old.shares.as_card() | {"fitted": fitted}  # the shares are chosen, not fitted: docs/accuracy.md
    decoder = as_card(weights, confidence, old.temperature, thresholds) | kept
    _rewrite(bundle, decoder)
    return outcomes


def fit_weights(lines: Sequence[Case], start: Weights, workers: int = 1) -> Weights:
    """Coordinate ascent on the share of lines that are read wholly right."""
    with team(tuple, (lines,), workers) as each:
        best, (score,) = start, each(right, [start])
        _say(f"weights: {score:.4f} of {len(lines):,} lines right to start with")
        idle = 0
        for name in list(GRID) * ROUNDS:
            trials = [replace(best, **{name: value}) for value in GRID[name] if value != getattr(best, name)]
            found, tried = max(zip(each(right, trials), trials, strict=True), key=lambda pair: pair[0])
            idle = idle + 1 if found <= score + LEAST_GAIN else 0
            if found > score + LEAST_GAIN:
                best, score = tried, found
            _say(f"weights: {score:.4f} with {name} {getattr(best, name)}")
            if idle == len(GRID):  # no weight alone would gain anything
                break
    return best


def right(lines: Sequence[Case], weights: Weights) -> float:
    """Share of lines whose best path is their truth."""
    return sum(_is_right(case, weights) for case in lines) / max(len(lines), 1)


def described(sheets: Sequence[Sheet], weights: Weights) -> tuple[Floats, Bools]:
    """Features float64[N, F] of the best path of each line that has one, and whether it is right, bool[N]."""
    found = [(row, good) for sheet in sheets for row, good in _described(sheet, weights)]
    if not found:
        raise ConversionError("no line was found on any rendered page; give more --lines")
    return np.array([row for row, _ in found]), np.array([good for _, good in found])


def fit_confidence(features: Floats, good: Bools) -> Floats:
    """Logistic weights float64[F] by Newton's method, ridge on all but the bias; what never changes has no weight."""
    spread = features.std(axis=0)
    varies = spread > 1e-6
    varies[0] = True
    scale = np.where(spread > 1e-6, spread, 1.0)
    x, y = (features / scale)[:, varies], good.astype(np.float64)
    ridge = np.full(x.shape[1], RIDGE * len(x))
    ridge[0] = 1e-6
    weights = np.zeros(x.shape[1])
    loss = _loss(weights, x, y, ridge)
    for _ in range(NEWTON_STEPS):
        p = _logistic(x @ weights)
        gradient = x.T @ (p - y) + ridge * weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        while (tried := _loss(weights - step, x, y, ridge)) > loss and np.abs(step).max() > 1e-9:
            step /= 2  # far out, where the slope is nearly flat, a full step overshoots
        weights, gained, loss = weights - step, loss - tried, tried
        if gained < 1e-9 * len(x):
            break
    out = np.zeros(len(scale))
    out[varies] = weights
    return np.asarray(out / scale)


def _loss(weights: Floats, x: Floats, y: Floats, ridge: Floats) -> float:
    """Minus the log likelihood, and the penalty."""
    z = x @ weights
    return float((np.logaddexp(0, z) - y * z).sum() + (ridge * weights**2).sum() / 2)


def judge(sheets: Sequence[Sheet], before: Weights, weights: Weights, confidence: Floats) -> Outcome:
    """Set the threshold on pages that nothing was fitted on, and count what it lets through."""
    read = [(sheet, _described(sheet, weights)) for sheet in sheets]
    coded = [sheet for sheet in sheets if sheet.truth]
    rows, good = described(sheets, weights)
    surest = [
        (sheet.truth, *max((_confidence(row, confidence), is_right) for row, is_right in found))
        for sheet, found in read
        if found
    ]
    false = np.array([sure for truth, sure, _ in surest if not truth])
    without = len(sheets) - len(coded)
    least = threshold(false, without)
    accepted = [is_right for truth, sure, is_right in surest if truth and sure >= least]
    return Outcome(
        pages=len(coded),
        accuracy_before=accuracy(coded, before),
        accuracy=accuracy(coded, weights),
        ece=calibration_error(_logistic(rows @ confidence), good),
        threshold=least,
        coverage=len(accepted) / max(len(coded), 1),
        accepted_right=sum(accepted) / max(len(accepted), 1),
        without_code=without,
        false_reads=int((false >= least).sum()),
    )


def accuracy(coded: Sequence[Sheet], weights: Weights) -> float:
    """Share of pages whose code is the best path of its line; a line that was not found is wrong."""
    hits = sum(any(case.truth and _is_right(case, weights) for case in sheet.lines) for sheet in coded)
    return hits / max(len(coded), 1)


def threshold(false: Floats, without: int) -> float:
    """The least confidence, in steps of 0.001, that keeps false reads rare enough.

    false: float64[M], the surest reading of each page without a code that has any.  without: how many such pages.
    """
    ordered = np.sort(false)[::-1]
    allowed = int(FALSE_READS * without)
    step = 10**-THRESHOLD_DIGITS
    least = ceil(ordered[allowed] / step + 1e-6) * step if allowed < len(ordered) else 0.0
    return round(float(np.clip(least, LEAST_THRESHOLD, MOST_THRESHOLD)), THRESHOLD_DIGITS)


def calibration_error(confidence: Floats, good: Bools, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal count: how far confidence is from the share that is right."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(len(p) / len(order) * abs(confidence[p].mean() - good[p].mean()) for p in parts))


def as_card(
    weights: Weights, confidence: dict[str, Floats], temperature: float, thresholds: dict[str, float]
) -> dict[str, Any]:
    """The card's decoder section."""
    return {
        "temperature": temperature,
        "weights": {field.name: float(getattr(weights, field.name)) for field in fields(weights)},
        "confidence": {
            kind: {name: round(float(value), 5) for name, value in zip(FEATURES, row, strict=True)}
            for kind, row in confidence.items()
        },
        "thresholds": thresholds,
    }


def table(outcomes: dict[str, Outcome]) -> str:
    """The outcomes for people."""
    rows = ["format   pages  right before  after   calibration  threshold  coverage  accepted right  false reads"]
    rows += [
        f"{kind:<8} {one.pages:>5,}  {one.accuracy_before:>12.1%}  {one.accuracy:>6.1%}  {100 * one.ece:>8.2f} pts"
        f"  {one.threshold:>9.3f}  {one.coverage:>8.1%}  {one.accepted_right:>14.1%}"
        f"  {one.false_reads:>3} of {one.without_code:,}"
        for kind, one in outcomes.items()
    ]
    return "\n".join(rows)


def _searched(pages: dict[str, list[Sheet]]) -> list[Case]:
    """Lines that have a code, evenly out of all."""
    kinds: tuple[Kind, ...] = "any", "fixed"
    every = [case for kind in kinds for sheet in asked(pages, kind) for case in sheet.lines if case.truth]
    if not every:
        raise ConversionError("no line with a code was found on any rendered page; give more --lines")
    chosen = np.linspace(0, len(every) - 1, min(SEARCHED, len(every))).round().astype(int)
    return [every[k] for k in chosen]


def _is_right(case: Case, weights: Weights) -> bool:
    paths = best_paths(case.ink, case.spans, case.scores, weights, case.length)
    return bool(paths) and paths[0].digits == case.truth


def _described(sheet: Sheet, weights: Weights) -> list[tuple[Floats, bool]]:
    """Features of each line's best path, and whether it is right."""
    out = []
    for case in sheet.lines:
        paths = best_paths(case.ink, case.spans, case.scores, weights, case.length)
        if paths:
            row = describe(paths, case.ink, case.spans, case.scores, kind_of(case.length))
            out.append((row, paths[0].digits == case.truth))
    return out


def _confidence(row: Floats, weights: Floats) -> float:
    return float(_logistic(np.dot(row, weights)))


def _logistic(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -40, 40))))


def _rounded(outcome: Outcome) -> dict[str, Any]:
    values = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}


def _rewrite(bundle: Bundle, decoder: dict[str, Any]) -> None:
    """Put the decoder into the card as it is now, all else untouched.  Raises ConversionError for other networks."""
    try:
        card = json.loads(bundle.path.read_bytes())
        same = files.hashes(card) == files.hashes(bundle.card)
    except files.UNREADABLE:
        same = False
    if not same:
        raise ConversionError(f"{bundle.path}: the bundle was made anew while the decoder was fitted; run it again")
    write_json(bundle.path, card | {"decoder": decoder})


def _say(text: str) -> None:
    print(text, file=sys.stderr)
