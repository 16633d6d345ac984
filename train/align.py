"""Forced alignment: the path through a line's lattice that spells what is known to stand there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from device.lattice import Path, Scores, Weights, arcs
from device.segment import LineInk, Spans

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PASSED_OVER = -1


def aligned(
    ink: LineInk,
    found: Spans,
    scores: Scores,
    weights: Weights,
    text: str,
    *,
    inside: bool = False,
    allowed: Bools | None = None,
) -> Path | None:
    """The best path through a line's lattice that spells a text of one digit or more, whatever else may win.

    Scores are the decoder's own, but every span may be every digit, even a hopeless one.  inside: the text may stand
    among other writing, as codes of fixed length do, and what is before and after it costs nothing.
    allowed: bool[S, len(text)], which spans may be which of the digits.
    """
    base, skip = arcs(ink, found, scores, weights)
    options = base[:, None] + weights.digit * scores.digit[:, [int(digit) for digit in text]]
    if allowed is not None:
        options = np.where(allowed, options, -np.inf)
    best, came = _forward(found, options, skip, inside)
    node = int(best[:, -1].argmax()) if inside else len(skip)
    score, count, spans = float(best[node, -1]), len(text), []
    if score == -np.inf:
        return None
    while count:
        span = int(came[node, count])
        if span == PASSED_OVER:
            node -= 1
        else:
            spans.append(span)
            node, count = int(found.first[span]), count - 1
    return Path(score, text, tuple(reversed(spans)))


def _forward(found: Spans, options: Floats, skip: Floats, inside: bool) -> tuple[Floats, NDArray[np.intp]]:
    """The best score at each node after so many digits of the text, float64[P + 1, N + 1], and the span that came last
    on the way there, intp[P + 1, N + 1]."""
    best = np.full((len(skip) + 1, options.shape[1] + 1), -np.inf)
    best[slice(None) if inside else 0, 0] = 0.0
    came = np.full(best.shape, PASSED_OVER, np.intp)
    ending: list[list[int]] = [[] for _ in best]
    for span, last in enumerate(found.last.tolist()):
        ending[last + 1].append(span)
    for node in range(1, len(best)):
        here = best[node]
        np.maximum(here, best[node - 1] + skip[node - 1], out=here)
        for span in ending[node]:
            longer = best[found.first[span], :-1] + options[span]
            better = longer > here[1:]
            here[1:][better] = longer[better]
            came[node, 1:][better] = span
    return best, came
