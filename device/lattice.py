"""The lattice of spans and its best paths: which cuts, which digits.

Viterbi's search for the K best paths over the graph of LeCun 1998, section V: nodes are the
gaps between pieces, arcs are spans read as a digit, or single pieces passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from device.segment import LineInk, Spans

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

BEST, RIVALS = 3, 2
"""Paths kept at every node, and digits tried for each span."""
BEST_KNOWN, RIVALS_KNOWN = 12, 4
"""The same where a list of known codes will choose among them."""
HOPELESS = -3.5
"""Log odds below which a span is not tried as a digit."""
ROUNDING = 1e-6
"""Scores that differ by less may be the same sum, added up in another order."""


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
    torn: float = 3.0
    """The same besides for a piece that was cut from others: what touches a digit is one, or a part of it."""
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
    least: Floats | None = None
    """float64[S, 10]: the least log probability that any network gives each digit; None where one network spoke."""


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
    cut = np.bincount(ink.components, minlength=1)[ink.components] > 1
    return geometry + used + odds, -weights.skip_small - (weights.skip + weights.torn * cut) * size**2


def _middle(ink: LineInk) -> tuple[Floats, Floats]:
    """The line's middle as it goes along: x and y of a running median over the taller pieces."""
    x = ink.boxes[:, 0] + ink.boxes[:, 2] / 2
    y = ink.boxes[:, 1] + ink.boxes[:, 3] / 2
    tall = ink.boxes[:, 3] > 0.5 * ink.text_height
    if tall.sum() < 2:
        tall = np.ones(len(x), bool)
    x, y = x[tall], y[tall]
    near = np.abs(x[:, None] - x[None, :]) <= 2.5 * ink.text_height
    if not len(x):
        return np.zeros(1), np.zeros(1)
    ranked = np.sort(np.where(near, y, np.inf), axis=1)
    count, each = near.sum(axis=1), np.arange(len(x))
    return x, (ranked[each, (count - 1) // 2] + ranked[each, count // 2]) / 2


def most_digits(found: Spans) -> int:
    """How many digits a path can have at most, whatever they look like."""
    count = node = 0
    for last, first in sorted(zip(found.last.tolist(), found.first.tolist(), strict=True)):
        if first >= node:
            count, node = count + 1, last + 1
    return count


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
    span = np.flatnonzero(scores.odds > HOPELESS)
    digits = np.argsort(-scores.digit[span], axis=1)[:, :rivals]
    options = base[span, None] + weights.digit * np.take_along_axis(scores.digit[span], digits, axis=1)
    lattice = _Lattice(span, found.first[span], found.last[span] + 1, digits, options, skip)
    if length is None:
        return _search_any(lattice, best)
    return _search_length(lattice, length, _edges(ink, found, scores, weights), best)


@dataclass(frozen=True, slots=True, eq=False)
class _Lattice:
    """What a search goes through: A arcs read as a digit, and P pieces that may be passed over."""

    span: NDArray[np.intp]
    """intp[A]: the span of each arc, ..."""
    start: Ints
    """int32[A]: ... the node where it starts, ..."""
    end: Ints
    """int32[A]: ... and the one where it ends."""
    digits: NDArray[np.intp]
    """intp[A, rivals]: the digits to read it as, ..."""
    options: Floats
    """float64[A, rivals]: ... and what each scores."""
    skip: Floats
    """float64[P]"""

    def arcs(self, which: NDArray[np.intp]) -> list[tuple[int, int, int, list[tuple[float, str]]]]:
        """Of some arcs: start, end, span and (score, digit) of each option."""
        rows = (self.start, self.end, self.span, self.options, self.digits)
        return [
            (start, end, span, list(zip(scores, map(str, digits), strict=True)))
            for start, end, span, scores, digits in zip(*(row[which].tolist() for row in rows), strict=True)
        ]


Found = tuple[float, str, tuple[int, ...]]
"""Score, digits and spans of a path: a search makes many, and keeps few."""


def _search_any(lattice: _Lattice, best: int) -> list[Path]:
    ending: list[list[tuple[int, int, list[tuple[float, str]]]]] = [[] for _ in range(len(lattice.skip) + 1)]
    for start, end, span, options in lattice.arcs(np.arange(len(lattice.span))):
        ending[end].append((start, span, options))
    paths: list[list[Found]] = [[(0.0, "", ())]]
    for cost, arriving in zip(lattice.skip.tolist(), ending[1:], strict=True):
        new = [(score + cost, digits, spans) for score, digits, spans in paths[-1]]
        for start, span, options in arriving:
            new += _longer(paths[start], span, options)
        paths.append(_best(new, best))
    return [Path(*path) for path in paths[-1] if path[1]]


def _search_length(lattice: _Lattice, length: int, edges: Floats, best: int) -> list[Path]:
    """As above with the number of digits in the state; pieces before the first and after the last cost nothing
    themselves, but a digit-like neighbour does."""
    skip = lattice.skip.tolist()
    promising = _promising(lattice, length, edges, best)
    if not promising:
        return []
    paths: dict[int, list[Found]] = {node: [(-cost, "", ())] for node, cost in enumerate(edges[0].tolist())}
    for which, following in zip(promising, [*promising[1:], None], strict=True):
        arriving: dict[int, list[Found]] = {}
        for start, end, span, options in lattice.arcs(which):
            arriving.setdefault(end, []).extend(_longer(paths.get(start, []), span, options))
        if following is None:
            paths = {node: _best(new, best) for node, new in arriving.items()}
        else:
            paths = _passed_on(arriving, skip, int(lattice.start[following].max()), best)
    done = [
        (score - float(edges[1, node]), digits, spans) for node in sorted(paths) for score, digits, spans in paths[node]
    ]
    return [Path(*path) for path in _best(done, best)]


def _passed_on(arriving: dict[int, list[Found]], skip: list[float], stop: int, best: int) -> dict[int, list[Found]]:
    """The best paths at each node up to the last one, with those that pass over pieces on their way there."""
    out: dict[int, list[Found]] = {}
    here: list[Found] = []
    for node in range(min(arriving), stop + 1):
        here = [(score + skip[node - 1], digits, spans) for score, digits, spans in here]
        here = out[node] = _best(here + arriving.get(node, []), best)
    return out


def _promising(lattice: _Lattice, length: int, edges: Floats, best: int) -> list[NDArray[np.intp]]:
    """The arcs that may be the first, second, ... digit of one of the best paths: everything else is left out.

    Viterbi's search for the one best path, forwards and backwards, tells what the best path through each arc scores
    (the digits' number is the outer loop, all arcs and nodes are done at once).  That path with one other digit, each
    of its digits in turn, gives as many paths as are wanted, and so a score that all of the best ones reach.
    """
    start, end, top = lattice.start, lattice.end, lattice.options.max(axis=1, initial=-np.inf)
    passed = np.concatenate([[0.0], np.cumsum(lattice.skip)])  # cost of passing over everything before a node
    to = np.full((length, len(passed)), -np.inf)  # best score at each node after so many digits
    onward = to.copy()  # and from it, with so many to come
    to[0], onward[0] = -edges[0], -edges[1]
    for count in range(1, length):
        np.maximum.at(to[count], end, to[count - 1, start] + top)
        to[count] = np.maximum.accumulate(to[count] - passed) + passed
        np.maximum.at(onward[count], start, top + onward[count - 1, end])
        onward[count] = np.maximum.accumulate((onward[count] + passed)[::-1])[::-1] - passed
    through = to[:, start] + top + onward[::-1, end]
    if not through.size or through.max() == -np.inf:
        return []
    path = [int(through[-1].argmax())]
    for count in range(length - 2, -1, -1):
        arriving = np.where(end <= start[path[-1]], to[count, start] + top - passed[end], -np.inf)
        path.append(int(arriving.argmax()))
    worse = np.sort(np.sort(top[path, None] - lattice.options[path], axis=1)[:, 1:], axis=None)
    enough = np.concatenate([[0.0], worse, [np.inf] * best])[best - 1]
    return [np.flatnonzero((row > -np.inf) & (row >= through.max() - enough - ROUNDING)) for row in through]


def _longer(paths: list[Found], span: int, options: list[tuple[float, str]]) -> list[Found]:
    """Paths with one more digit."""
    return [
        (before + score, digits + digit, (*spans, span)) for before, digits, spans in paths for score, digit in options
    ]


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


def _best(paths: list[Found], best: int) -> list[Found]:
    """The best path of each digit string, and of those the best few."""
    if len(paths) < 2:
        return paths
    unique: dict[str, Found] = {}
    for path in paths:
        other = unique.get(path[1])
        if other is None or path[0] > other[0]:
            unique[path[1]] = path
    return sorted(unique.values(), key=itemgetter(0), reverse=True)[:best]
