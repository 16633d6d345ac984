"""The lattice of spans and its best paths: which cuts, which digits.

Viterbi's search for the K best paths over the graph of LeCun 1998, section V: nodes are the
gaps between pieces, arcs are spans read as a digit, or single pieces passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nlargest

import numpy as np
from numpy.typing import NDArray

from device.segment import LineInk, Spans

Floats = NDArray[np.float64]

BEST, RIVALS = 3, 2
"""Paths kept at every node, and digits tried for each span."""
BEST_KNOWN, RIVALS_KNOWN = 12, 4
"""The same where a list of known codes will choose among them."""
HOPELESS = -3.5
"""Log odds below which a span is not tried as a digit."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What the parts of a path's score count; fitted on rendered lines, shipped in the card."""

    odds: float = 1.0
    """Log odds of digit against not a digit, ..."""
    odds_limit: float = 4.0
    """... never more than this either way."""
    digit: float = 1.0
    """Log probability of the digit."""
    piece: float = 0.15
    """Reward of each piece that a digit uses up: a path that explains more ink is the better one."""
    height: float = 1.5
    """Penalty of a digit whose height is not the line's, per unit of log ratio."""
    centre: float = 1.5
    """Penalty of a digit off the line's middle, per height."""
    skip: float = 3.0
    """Penalty of passing over a piece as large as a digit; it grows with the square of the size."""
    skip_small: float = 0.15
    """Penalty of passing over anything at all."""
    outside: float = 1.2
    """Penalty of a digit-like neighbour right outside a code of fixed length."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The networks' opinion of each span."""

    digit: Floats
    """float64[S, 10]: log probability of each digit, given that it is one."""
    odds: Floats
    """float64[S]: log odds of digit against not a digit."""


@dataclass(frozen=True, slots=True)
class Path:
    score: float
    digits: str
    spans: tuple[int, ...]


def arcs(ink: LineInk, found: Spans, scores: Scores, weights: Weights) -> tuple[Floats, Floats]:
    """Score of each span apart from its digit, float64[S], and of passing over each piece, float64[P]."""
    tall = ink.text_height
    x, y, width, height = found.boxes.T
    middle = _middle(ink)
    off = np.abs(y + height / 2 - np.interp(x + width / 2, *middle)) / tall if len(ink.boxes) else np.zeros(0)
    ratio = np.log(np.maximum(height, 0.3 * np.minimum(width, tall)) / tall)
    geometry = -weights.height * np.maximum(np.abs(ratio) - 0.12, 0) - weights.centre * np.maximum(off - 0.08, 0)
    used = weights.piece * (found.last - found.first + 1)
    odds = weights.odds * np.clip(scores.odds, -weights.odds_limit, weights.odds_limit)
    size = np.minimum(np.maximum(ink.boxes[:, 2], ink.boxes[:, 3]) / tall, 1.3)
    return geometry + used + odds, -weights.skip_small - weights.skip * size**2


def _middle(ink: LineInk) -> tuple[Floats, Floats]:
    """The line's middle as it goes along: x and y of a running median over the taller pieces."""
    x = ink.boxes[:, 0] + ink.boxes[:, 2] / 2
    y = ink.boxes[:, 1] + ink.boxes[:, 3] / 2
    tall = ink.boxes[:, 3] > 0.5 * ink.text_height
    if tall.sum() < 2:
        tall = np.ones(len(x), bool)
    x, y = x[tall], y[tall]
    near = np.abs(x[:, None] - x[None, :]) <= 2.5 * ink.text_height
    medians = np.array([np.median(y[row]) for row in near]) if len(x) else np.zeros(1)
    return (x if len(x) else np.zeros(1)), medians


def best_paths(
    ink: LineInk,
    found: Spans,
    scores: Scores,
    weights: Weights,
    length: int | None = None,
    best: int = BEST,
    rivals: int = RIVALS,
) -> list[Path]:
    """The best paths, each with other digits, best first; of `length` digits, with anything before and after."""
    base, skip = arcs(ink, found, scores, weights)
    pieces = len(ink.boxes)
    order = np.argsort(-scores.digit, axis=1)[:, :rivals]
    ending: list[list[tuple[int, int, list[tuple[float, str]]]]] = [[] for _ in range(pieces + 1)]
    for span in np.flatnonzero(scores.odds > HOPELESS):
        options = [(float(base[span] + weights.digit * scores.digit[span, d]), str(d)) for d in order[span]]
        ending[int(found.last[span]) + 1].append((int(found.first[span]), int(span), options))
    if length is None:
        return _search_any(pieces, ending, skip, best)
    return _search_length(pieces, ending, skip, length, _edges(ink, found, scores, weights), best)


Ending = list[list[tuple[int, int, list[tuple[float, str]]]]]


def _search_any(pieces: int, ending: Ending, skip: Floats, best: int) -> list[Path]:
    paths: list[list[Path]] = [[Path(0.0, "", ())]]
    for node in range(1, pieces + 1):
        cost = float(skip[node - 1])
        new = [Path(path.score + cost, path.digits, path.spans) for path in paths[node - 1]]
        for start, span, options in ending[node]:
            new += [
                Path(path.score + score, path.digits + digit, (*path.spans, span))
                for path in paths[start]
                for score, digit in options
            ]
        paths.append(_best(new, best))
    return [path for path in paths[-1] if path.digits]


def _search_length(pieces: int, ending: Ending, skip: Floats, length: int, edges: Floats, best: int) -> list[Path]:
    """As above with the number of digits in the state; pieces before the first and after the last cost nothing
    themselves, but a digit-like neighbour does."""
    paths: list[list[list[Path]]] = [[[] for _ in range(length + 1)] for _ in range(pieces + 1)]
    done: list[Path] = []
    for node in range(pieces + 1):
        here = paths[node]
        if node:
            cost = float(skip[node - 1])
            for count in range(1, length):
                here[count] += [Path(p.score + cost, p.digits, p.spans) for p in paths[node - 1][count]]
            for start, span, options in ending[node]:
                for count in range(1, length + 1):
                    here[count] += [
                        Path(path.score + score, path.digits + digit, (*path.spans, span))
                        for path in paths[start][count - 1]
                        for score, digit in options
                    ]
            for count in range(1, length + 1):
                here[count] = _best(here[count], best)
        here[0] = [Path(-float(edges[0, node]), "", ())]
        done += [Path(p.score - float(edges[1, node]), p.digits, p.spans) for p in here[length]]
    return _best(done, best)


def _edges(ink: LineInk, found: Spans, scores: Scores, weights: Weights) -> Floats:
    """float64[2, P + 1]: cost of starting, and of ending, a code at each node, from the digit that stands beside it."""
    pieces = len(ink.boxes)
    out = np.zeros((2, pieces + 1))
    likely = weights.outside * np.clip(scores.odds + 1.0, 0, weights.odds_limit)
    left, right = ink.boxes[:, 0], ink.boxes[:, 0] + ink.boxes[:, 2]
    for span in np.flatnonzero(likely > 0):
        first, last = int(found.first[span]), int(found.last[span])
        if last + 1 < pieces and left[last + 1] - right[last] < 0.8 * ink.text_height:
            out[0, last + 1] = max(out[0, last + 1], likely[span])
        if first > 0 and left[first] - right[first - 1] < 0.8 * ink.text_height:
            out[1, first] = max(out[1, first], likely[span])
    return out


def _best(paths: list[Path], best: int) -> list[Path]:
    """The best path of each digit string, and of those the best few."""
    if len(paths) < 2:
        return paths
    unique: dict[str, Path] = {}
    for path in paths:
        other = unique.get(path.digits)
        if other is None or path.score > other.score:
            unique[path.digits] = path
    return nlargest(best, unique.values(), key=lambda path: path.score)
