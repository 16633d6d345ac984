"""Lines of writing as ink: laid out here, apart from the layout that the networks were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from train.paper import lay, paper
from train.texts import DIGITS
from train.writers import Hand

Uint8 = NDArray[np.uint8]
Placed = tuple[Uint8, float, float]
"""A glyph uint8[h, w] and where its upper left corner stands: x, y."""

INKED = 76
"""Ink (0..255) from which on a pixel counts as written."""
OVERLAP = 0.02, 0.09
"""How far a digit runs into its neighbour where they touch, in heights; a stroke is about 0.1 wide."""
JOINED = 0.65
"""Share of neighbours that are pushed together, where a writer's digits touch; one pair always is."""
INTERLOCKED = 0.6
"""How far one digit may reach over or under the other on the way, as a share of the narrower one."""
WORD_GAP = 0.45
"""Between words, in heights of a digit."""


@dataclass(frozen=True, slots=True)
class Spacing:
    """Between the digits of a hand."""

    low: float = 0.08
    high: float = 0.4
    """Paper between two digits, in heights."""
    touching: bool = False


def line(parts: Sequence[tuple[Hand, str]], spacing: Spacing, rng: np.random.Generator) -> Uint8:
    """Words and numbers one after the other, each in its own hand: ink uint8[h, w], cut to its extent."""
    placed: list[Placed] = []
    x = 0.0
    for hand, text in parts:
        for word in text.split():
            here = _number(hand, word, spacing, rng) if _by_hand(hand, word) else _word(hand, word)
            placed += [(glyph, x + left, top) for glyph, left, top in here]
            x = max((left + glyph.shape[1] for glyph, left, _ in placed), default=x) + WORD_GAP * hand.height
    return joined(placed)


def boxed(hand: Hand, text: str, rng: np.random.Generator) -> Uint8:
    """Digits in boxes that were printed beforehand, each about in the middle of its own."""
    side = (round(hand.height * rng.uniform(1.05, 1.45)), round(hand.height * rng.uniform(1.25, 1.6)))
    gap = round(hand.height * rng.uniform(0.1, 0.4)) if rng.random() < 0.4 else 0
    thick, shade = int(rng.integers(1, 4)), int(rng.integers(110, 256))
    width, height = len(text) * (side[0] + gap) - gap + 2 * thick, side[1] + 2 * thick
    frame = np.zeros((height, width), np.uint8)
    placed: list[Placed] = []
    for k, digit in enumerate(text):
        left = thick + k * (side[0] + gap)
        cv2.rectangle(frame, (left, thick), (left + side[0], thick + side[1]), shade, thick)
        glyph, _ = hand.draw(digit)
        x = left + (side[0] - glyph.shape[1]) / 2 + rng.normal(0, 0.06) * hand.height
        y = thick + (side[1] - glyph.shape[0]) / 2 + rng.normal(0, 0.05) * hand.height
        placed.append((glyph, float(x), float(y)))
    return joined([(frame, 0.0, 0.0), *placed])


def joined(placed: Sequence[Placed]) -> Uint8:
    """Everything on one sheet just large enough."""
    corners = np.array([(round(x), round(y), round(x) + g.shape[1], round(y) + g.shape[0]) for g, x, y in placed])
    left, top = corners[:, :2].min(axis=0)
    right, bottom = corners[:, 2:].max(axis=0)
    sheet = np.zeros((bottom - top, right - left), np.uint8)
    for (glyph, _, _), (x, y, _, _) in zip(placed, corners, strict=True):
        put(sheet, glyph, int(x - left), int(y - top))
    return sheet


def put(sheet: Uint8, glyph: Uint8, x: int, y: int) -> None:
    """Add ink to a sheet; what lies beyond its edges is lost."""
    top, left = max(y, 0), max(x, 0)
    part = sheet[top : max(y + glyph.shape[0], 0), left : max(x + glyph.shape[1], 0)]
    np.maximum(part, glyph[top - y :, left - x :][: part.shape[0], : part.shape[1]], out=part)


def framed(ink: Uint8, margin: int) -> Uint8:
    """The ink with empty paper around it."""
    return np.pad(ink, margin)


def turned(ink: Uint8, degrees: float) -> Uint8:
    """The sheet as it lies on a scanner, a little askew."""
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(ink, matrix, (width, height)), np.uint8)


def _by_hand(hand: Hand, word: str) -> bool:
    """A number, in a hand whose digits are drawn one by one."""
    return hand.kind not in ("printed", "handface") and any(letter in DIGITS for letter in word)


def _word(hand: Hand, word: str) -> list[Placed]:
    """A word as its typeface sets it."""
    return [(hand.face.glyph(word, hand.height), 0.0, hand.face.rise(word, hand.height))]


def _number(hand: Hand, number: str, spacing: Spacing, rng: np.random.Generator) -> list[Placed]:
    """Digits and marks one by one."""
    placed: list[Placed] = []
    certain = int(rng.integers(1, max(len(number), 2)))
    for k, character in enumerate(number):
        glyph, drop = hand.draw(character)
        y = drop + float(rng.normal(0, 0.04)) * hand.height
        if not placed:
            placed.append((glyph, 0.0, y))
            continue
        before, left, top = placed[-1]
        x = left + before.shape[1]
        if spacing.touching and (k == certain or rng.random() < JOINED):
            x -= clearance(before, glyph, round(y - top)) + hand.height * float(rng.uniform(*OVERLAP))
        else:
            x += hand.height * float(rng.uniform(spacing.low, spacing.high))
        placed.append((glyph, x, y))
    return placed


def clearance(left: Uint8, right: Uint8, drop: int) -> int:
    """How far `right`, set against `left` and `drop` pixels lower, can move before their ink meets, pixels.

    At most `INTERLOCKED`; 0 where they share no row with ink in both.
    """
    after = _paper(left[:, ::-1])
    before = _paper(right)
    top, bottom = max(0, drop), min(len(after), len(before) + drop)
    both = after[top:bottom] + before[top - drop : bottom - drop] if bottom > top else np.zeros(0)
    free = float(both.min()) if len(both) else np.inf
    return int(min(free, INTERLOCKED * min(left.shape[1], right.shape[1]))) if np.isfinite(free) else 0


def _paper(glyph: Uint8) -> NDArray[np.float64]:
    """Paper before the first ink of each row, pixels; infinite in a row without any: float64[h]."""
    inked = glyph > INKED
    return np.where(inked.any(axis=1), inked.argmax(axis=1), np.inf)


def laid(ink: Uint8, rng: np.random.Generator) -> Uint8:
    """The ink on a sheet of paper, as a scanner sees it."""
    height, width = ink.shape
    return lay(paper(height, width, rng), np.asarray(ink, np.float32) / np.float32(255), rng)


def specks(sheet: Uint8, rng: np.random.Generator) -> None:
    """Dirt, and now and then a ruled line."""
    height, width = sheet.shape
    for _ in range(int(rng.integers(0, 6))):
        centre = int(rng.integers(width)), int(rng.integers(height))
        cv2.circle(sheet, centre, int(rng.integers(1, 3)), int(rng.integers(120, 256)), -1)
    if rng.random() < 0.5:
        y = int(rng.integers(height))
        end = width, y + int(rng.integers(-4, 5))
        cv2.line(sheet, (0, y), end, int(rng.integers(90, 256)), int(rng.integers(1, 4)))
