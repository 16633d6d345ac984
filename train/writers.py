"""Who writes: hands with a pen each, and typefaces, and where their digits come from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from train.letters import LETTERS
from train.strokes import Stroke, drawn, place, render, zeros
from train.texts import DIGITS
from train.typefaces import Face

Uint8 = NDArray[np.uint8]


@dataclass
class Hands:
    """Where digits come from."""

    mnist: Uint8
    """uint8[N, 28, 28]"""
    labels: NDArray[np.int64]
    pens: list[tuple[str, list[Stroke]]]
    """UCI's pen digits; may be empty."""
    faces: list[Face]

    def __post_init__(self) -> None:
        self._mnist = {d: np.flatnonzero(self.labels == int(d)) for d in DIGITS}
        self._pens = {d: [strokes for label, strokes in self.pens if label == d] for d in DIGITS}
        families: dict[str, list[Face]] = {}
        for face in self.faces:
            families.setdefault(face.path.name.split("-")[0].split("[")[0], []).append(face)
        self._printed = [faces for faces in families.values() if not faces[0].hand]
        self._handwritten = [faces for faces in families.values() if faces[0].hand]

    def face(self, rng: np.random.Generator, hand: bool) -> Face:
        families = self._handwritten if hand else self._printed
        family = families[rng.integers(len(families))]
        return family[rng.integers(len(family))]

    def mnist_digit(self, digit: str, rng: np.random.Generator) -> Uint8:
        return np.asarray(self.mnist[rng.choice(self._mnist[digit])])

    def strokes(self, digit: str, rng: np.random.Generator) -> list[Stroke]:
        known = self._pens[digit]
        if known and rng.random() < 0.45:
            return known[rng.integers(len(known))]
        return drawn(digit, rng, float(rng.uniform(0.015, 0.06)))


@dataclass
class Hand:
    """One writer with one pen, or one typeface."""

    hands: Hands
    rng: np.random.Generator
    kind: str
    height: float
    """Of a digit, pixels."""

    def __post_init__(self) -> None:
        rng = self.rng
        self.pen = float(np.exp(rng.normal(np.log(0.085), 0.35))) * self.height
        self.pen = float(np.clip(self.pen, 1.0, 0.2 * self.height))
        self.slant, self.turn = float(rng.normal(0.08, 0.16)), 0.05
        self.stretch = float(np.exp(rng.normal(0, 0.10)))
        self.face = self.hands.face(rng, self.kind == "handface")
        self.weight = float(rng.uniform(-1, 1))
        self.personal: dict[str, list[list[Stroke]]] = {}

    def draw(self, character: str, scale: float = 1.0) -> tuple[Uint8, float]:
        """A character's ink uint8[h, w] and how far below the digits' top it hangs, pixels."""
        if self.kind in ("printed", "handface") or (character not in LETTERS and character not in DIGITS):
            return self._set(character, scale)
        height = self.height * scale * float(np.exp(self.rng.normal(0, 0.05)))
        if self.kind == "mnist" and character in DIGITS:
            return self._mnist(character, height), 0.0
        own = self.personal.setdefault(character, [])
        if not own or self.rng.random() < 0.25:  # a writer keeps to a shape or two
            known = character in DIGITS
            own.append(self.hands.strokes(character, self.rng) if known else self._letter(character))
        strokes = own[self.rng.integers(len(own))]
        jitter = float(self.rng.normal(0, 0.012))
        strokes = [stroke + self.rng.normal(0, abs(jitter), (1, 2)) for stroke in strokes]
        turn = float(self.rng.normal(0, self.turn))
        return render(strokes, height, self.pen, self.slant + float(self.rng.normal(0, 0.04)), turn), 0.0

    def _letter(self, character: str) -> list[Stroke]:
        """A letter as this writer makes it, neatly or not."""
        return drawn(character, self.rng, float(self.rng.uniform(0.02, 0.08)))

    def zeros(self, count: int, scale: float) -> list[tuple[Uint8, float, float]]:
        """Zeros in one stroke of the pen: each one's ink and where it lies, x and y, pixels."""
        slant, height = self.slant + float(self.rng.normal(0, 0.04)), self.height * scale
        pen = self.pen if self.kind == "strokes" else float(self.rng.uniform(0.08, 0.14)) * self.height
        made = [place(strokes, height, pen, slant) for strokes in zeros(count, self.rng)]
        left = min(x for _, (x, _) in made)
        return [(ink, x - left, y) for ink, (x, y) in made]

    def _set(self, character: str, scale: float) -> tuple[Uint8, float]:
        if self.kind in ("printed", "handface"):
            ink, rise = self.face.glyph(character, self.height * scale), self.face.rise(character, self.height * scale)
        else:
            mark = PUNCTUATION.get(character)
            if mark is None:
                return self.face.glyph(character, self.height), self.face.rise(character, self.height)
            strokes, drop = mark
            moved = [np.array(stroke) + self.rng.normal(0, 0.02, (len(stroke), 2)) for stroke in strokes]
            return render(moved, self.height, self.pen), drop * self.height
        return ink, rise

    def _mnist(self, digit: str, height: float) -> Uint8:
        rng = self.rng
        image = self.hands.mnist_digit(digit, rng).astype(np.float32)
        scale = height / 20.0
        size = max(8, round(28 * scale))
        centre = size / 2
        lean = self.slant - 0.08 + float(rng.normal(0, 0.04))
        turn = float(rng.normal(0, 0.07))
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.array(
            [[1, -lean], [0, 1]]
        )
        matrix = matrix * np.array([[self.stretch], [1.0]]) * scale
        shift = np.array([centre * 1.2, centre]) - matrix @ np.array([14.0, 14.0])
        out = cv2.warpAffine(
            image, np.concatenate([matrix, shift[:, None]], axis=1), (int(size * 1.2), size), flags=cv2.INTER_CUBIC
        )
        kernel = np.ones((3, 3), np.uint8)
        if abs(self.weight) > 0.6:
            other = cv2.dilate(out, kernel) if self.weight > 0 else cv2.erode(out, kernel)
            out = (1 - abs(self.weight) * 0.6) * out + abs(self.weight) * 0.6 * other
        out = np.clip(out, 0, 255).astype(np.uint8)
        rows, columns = np.flatnonzero(out.max(axis=1) > 40), np.flatnonzero(out.max(axis=0) > 40)
        if not len(rows):
            return out
        return np.asarray(out[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


PUNCTUATION: dict[str, tuple[list[list[tuple[float, float]]], float]] = {
    ".": ([[(0.0, 0.0), (0.02, 0.02)]], 0.92),
    ",": ([[(0.06, 0.0), (0.05, 0.08), (0.0, 0.18)]], 0.88),
    "-": ([[(0.0, 0.02), (0.3, 0.0)]], 0.5),
    "/": ([[(0.3, 0.0), (0.0, 1.1)]], -0.05),
    "=": ([[(0.0, 0.0), (0.4, 0.0)], [(0.0, 0.18), (0.4, 0.18)]], 0.4),
    "#": ([[(0.15, 0), (0.05, 0.8)], [(0.4, 0), (0.3, 0.8)], [(0, 0.3), (0.5, 0.25)], [(0, 0.55), (0.5, 0.5)]], 0.1),
    "$": ([[(0.4, 0.1), (0.1, 0.2), (0.3, 0.5), (0.05, 0.8)], [(0.22, 0), (0.2, 0.95)]], 0.0),
    "*": ([[(0.0, 0.0), (0.25, 0.3)], [(0.25, 0.0), (0.0, 0.3)]], 0.2),
    "~": ([[(0.0, 0.1), (0.3, 0.0), (0.6, 0.12), (1.0, 0.0)]], 0.5),
}
"""Marks by hand: strokes in heights of a digit, and how far below its top they hang."""
