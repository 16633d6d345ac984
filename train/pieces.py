"""Rendered lines through the device's own ink and cuts: labelled glyphs for the network that tells digits.

A span is a digit when it holds nearly all of one digit's ink and little else; it is `not a
digit` when it clearly does not; what lies between is not shown (the labels would be noise).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from device.glyphs import glyphs
from device.ink import reduce
from device.lines import SEARCH_PIXELS, find_lines
from device.segment import LineInk, Spans, line_ink, spans
from device.strips import Strip
from train.strings import (
    PRINTED_APART,
    UNLIKE_DIGITS,
    Scene,
    empty_scene,
    postal_scene,
    scene,
)
from train.texts import DIGITS
from train.writers import Hands

Uint8 = NDArray[np.uint8]
Ints = NDArray[np.int64]

NOT_A_DIGIT = 10
UNSURE = -1
WHOLE, PURE = 0.80, 0.72
"""A digit's span covers this share of its ink, and this share of the span's ink is the digit's: less than it covers,
since the piece between two joined loops is both's."""
MOST_PER_DIGIT = 3
"""Spans of one digit that are shown."""
BLUR = 6
"""How far a lens may spread ink on a strip, pixels."""
KINDS = (0.76, 0.18, 0.06)
"""Shares of lines of digits or words, of lines of an address, of empty paper."""
SECOND = 0.6
"""A span that also covers this share of another character's ink holds two, ..."""
SPECK = 0.1
"""... unless that is less than this share of its ink: a dot that touches a digit does no harm."""
FEWEST_NOT = 10
"""Spans of each line that are shown as no digits, at least, ..."""
HARD_CHANCE = 3.0
"""... among which whole letters and pairs are so much likelier than parts."""
PART, MIXED = 0.66, 0.62
"""A span that covers less of every digit, or is less pure, is no digit."""


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """A line of a scene as the device sees it, with the truth of every span."""

    strip: Strip
    ink: LineInk
    spans: Spans
    labels: Ints
    """int64[S]: 0 to 9, `NOT_A_DIGIT`, or `UNSURE`."""
    owners: Ints
    """int64[S]: number of the character whose ink a span holds most of; -1 for none."""
    hard: NDArray[np.bool_]
    """bool[S]: spans of a whole character that is no digit, and of two characters."""
    seen: NDArray[np.float64]
    """float64[M]: share of each character's ink, of those anywhere on the strip, that came through as ink."""


def lattices(made: Scene) -> Iterator[Lattice]:
    """Every line that the device finds in a scene."""
    small, scale = reduce(made.picture, SEARCH_PIXELS)
    for line in find_lines(small):
        strip, ink = line_ink(made.picture, small, scale, line)
        found = spans(ink)
        if len(found.first):
            labels, owners, hard, seen = label(made, strip, ink, found)
            yield Lattice(strip, ink, found, labels, owners, hard, seen)


def label(
    made: Scene, strip: Strip, ink: LineInk, found: Spans
) -> tuple[Ints, Ints, NDArray[np.bool_], NDArray[np.float64]]:
    """Labels and owners, int64[S] each: whose ink each span holds; and what came through of each character."""
    size = ink.labels.shape[1], ink.labels.shape[0]
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    first, second = (cv2.warpAffine(layer, strip.to_frame, size, flags=flags) for layer in made.owners)
    layers = [_spread(first), second.astype(np.int64)]
    count, width = len(ink.boxes), len(made.characters) + 1
    held = np.zeros((count + 1, width), np.int64)
    for layer in layers:
        held += np.bincount((ink.labels * width + layer).ravel(), minlength=(count + 1) * width).reshape(-1, width)
    lost = np.bincount(first[ink.labels == 0], minlength=width)[1:]
    whole = held[1:, 1:].sum(axis=0) + lost // 2  # a faint edge that is in no piece counts half
    sums = np.concatenate([np.zeros((1, width - 1), np.int64), np.cumsum(held[1:, 1:], axis=0)])
    inside = sums[found.last + 1] - sums[found.first]
    areas = np.concatenate([[0], np.cumsum(ink.areas)])
    area = areas[found.last + 1] - areas[found.first]
    out = np.full(len(found.first), NOT_A_DIGIT)
    if width == 1:
        return out, np.full(len(out), -1), np.zeros(len(out), bool), np.zeros(0)
    covers = inside / np.maximum(whole, 1)
    pure = inside / np.maximum(area, 1)[:, None]
    best = np.where(covers > 0.5, pure, pure * 0.5).argmax(axis=1)
    each = np.arange(len(out))
    cover, purity = covers[each, best], np.minimum(pure[each, best], 1.0)
    character = np.array(made.characters)[best]
    value = np.array([int(c) if c in DIGITS else UNSURE for c in character])
    is_digit = value >= 0
    second = (covers > SECOND) & (pure > SPECK)
    second[each, best] = False
    two = second.any(axis=1)
    good = (cover > WHOLE) & (purity > PURE) & ~two
    clearly_not = (covers.max(axis=1) < PART) | (purity < MIXED) | two
    out = np.where(good & is_digit, value, np.where(clearly_not, NOT_A_DIGIT, UNSURE))
    apart = np.array(
        [
            len(c) > 1 or c in UNLIKE_DIGITS or (made.printed and c in PRINTED_APART) or not c.isalnum()
            for c in character
        ]
    )
    seen = held[1:, 1:].sum(axis=0) / np.maximum(whole, 1)
    letters = good & ~is_digit
    return np.where(letters, np.where(apart, NOT_A_DIGIT, UNSURE), out), best, letters | two, seen


def _spread(owners: NDArray[np.int16]) -> Ints:
    """Each pixel within `BLUR` of a character's ink is that character's: a lens spreads ink beyond the pen's edge."""
    if not owners.any():
        return owners.astype(np.int64)
    away, nearest = cv2.distanceTransformWithLabels(
        (owners == 0).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    by_label = np.zeros(int(nearest.max()) + 1, np.int64)
    inked = owners > 0
    by_label[nearest[inked]] = owners[inked]
    return np.where(away <= BLUR, by_label[nearest], 0)


def examples(hands: Hands, seed: int, count: int, most_not: float = 1.6) -> tuple[Uint8, NDArray[np.uint8]]:
    """Glyphs uint8[N, 2, 32, 32] and labels uint8[N] of `count` scenes; at most `most_not` non-digits a digit."""
    pixels, labels = [], []
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        make = rng.choice(np.array([scene, postal_scene, empty_scene], object), p=KINDS)
        for lattice in lattices(make(hands, rng)):
            keep = _choose(lattice, most_not, rng)
            if len(keep):
                kept = Spans(lattice.spans.first[keep], lattice.spans.last[keep], lattice.spans.boxes[keep])
                pixels.append(glyphs(lattice.ink, kept))
                labels.append(lattice.labels[keep])
    return np.concatenate(pixels), np.concatenate(labels).astype(np.uint8)


def _choose(lattice: Lattice, most_not: float, rng: np.random.Generator) -> Ints:
    """A few spans of each digit (they differ by a speck), and not too many that are none."""
    labels = lattice.labels
    digits = rng.permutation(np.flatnonzero((labels >= 0) & (labels < 10)))
    _, again = np.unique(lattice.owners[digits], return_inverse=True)
    order = np.argsort(again, kind="stable")
    starts = np.searchsorted(again[order], np.arange(again.max() + 1)) if len(again) else np.zeros(0, np.int64)
    nth = np.arange(len(order)) - starts[again[order]]
    digits = digits[order[nth < MOST_PER_DIGIT]]
    others = np.flatnonzero(labels == NOT_A_DIGIT)
    most = max(FEWEST_NOT, int(most_not * len(digits)))
    if len(others) > most:  # whole letters and pairs are the harder ones
        chances = np.where(lattice.hard[others], HARD_CHANCE, 1.0)
        others = rng.choice(others, most, replace=False, p=chances / chances.sum())
    return np.sort(np.concatenate([digits, others]))
