"""Strings of digits and words on paper, with the truth of every pixel: what the reader's networks are shown.

Digits come from MNIST, from pen strokes and from typefaces; each string has one hand, one pen
and one sheet.  Every ink pixel knows which characters it belongs to (two where they touch), so
that a span of the device's own pieces can be labelled by whose ink it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from train.paper import lay, paper
from train.strokes import LETTERS, Stroke, drawn, place, render, zeros
from train.texts import DIGITS, WORDS, digits_text, letters_text, words_text
from train.typefaces import Face

Uint8 = NDArray[np.uint8]

OWNED = 76
"""Ink (0..255) from which on a pixel belongs to a character."""
UNLIKE_DIGITS = frozenset("ACEFHKLMNPRTUVWXYcdfhkmnprtuvwxyj")
"""Letters that nobody takes for a digit; others are examples of `not a digit` only where they are printed."""
PRINTED_APART = frozenset("SZBGJDQbgqaesz")


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A rendered picture and its truth."""

    picture: Uint8
    """uint8[H, W], grey."""
    owners: NDArray[np.int16]
    """int16[2, H, W]: 1 + number of the character a pixel belongs to, and of a second one; 0 none."""
    characters: tuple[str, ...]
    """By number; ``""`` for what is no character."""
    printed: bool
    truth: str
    """The digits that a reader is asked for; empty where every reading would be false."""
    length: int | None = None
    """Digits of the code that is looked for, where that is known."""


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
            own.append(self.hands.strokes(character, self.rng) if known else drawn(character, self.rng))
        strokes = own[self.rng.integers(len(own))]
        jitter = float(self.rng.normal(0, 0.012))
        strokes = [stroke + self.rng.normal(0, abs(jitter), (1, 2)) for stroke in strokes]
        turn = float(self.rng.normal(0, self.turn))
        return render(strokes, height, self.pen, self.slant + float(self.rng.normal(0, 0.04)), turn), 0.0

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


def scene(hands: Hands, rng: np.random.Generator) -> Scene:
    """One rendered line of digits, or of words, seeded by rng."""
    wordy = rng.random() < 0.2
    chances = [0.15, 0.25, 0.3, 0.3] if wordy else [0.35, 0.42, 0.16, 0.07]
    hand = _hand(hands, rng, chances)
    text: Sequence[str] = digits_text(rng)
    if wordy:
        text = letters_text(rng) if hand.kind in ("mnist", "strokes") else words_text(rng)
    ink, owners, characters = _write(hand, text, rng)
    if not wordy and hand.kind != "printed" and rng.random() < 0.16:
        _box(ink, owners, characters, hand, rng)
    _disturb(ink, hand, rng)
    truth = "" if wordy else "".join(character for character in characters if character in DIGITS)
    return _shown(ink, owners, characters, hand, truth, None, rng)


def postal_scene(hands: Hands, rng: np.random.Generator) -> Scene:
    """A line of an address: one with an eight-digit code (5-3), or one whose numbers are no code."""
    hand = _hand(hands, rng, [0.35, 0.3, 0.25, 0.1])
    code = "".join(rng.choice(list(DIGITS), 8))
    truth = code
    shown = code[:5] + str(rng.choice(["-", "-", "-", "", " ", ".", "-"])) + code[5:]
    style = rng.random()
    if style < 0.35:
        text = shown
    elif style < 0.6:
        text = f"{rng.choice(['CEP', 'CEP:', 'Cep'])} {shown}"
    elif style < 0.75:
        text = f"{shown} {rng.choice(WORDS)} {rng.choice(['SP', 'RJ', 'MG', 'PR'])}"
    elif style < 0.85:
        text, truth = f"{rng.choice(['Tel', 'Fone', ''])} {rng.integers(11, 99)} 9{code[:4]}-{code[4:]}", ""
    else:
        text, truth = words_text(rng), ""
    ink, owners, characters = _write(hand, text.strip(), rng)
    if style < 0.35 and hand.kind != "printed" and rng.random() < 0.3:
        _box(ink, owners, characters, hand, rng)
    _disturb(ink, hand, rng)
    return _shown(ink, owners, characters, hand, truth, 8, rng)


def empty_scene(hands: Hands, rng: np.random.Generator) -> Scene:
    """Paper with nothing to read: specks, ruled lines, scribbles, frames."""
    hand = _hand(hands, rng, [0.0, 1.0, 0.0, 0.0])
    ink = np.zeros((int(rng.integers(60, 200)), int(rng.integers(150, 560))), np.uint8)
    if rng.random() < 0.6:
        _specks(ink, rng)
    for _ in range(int(rng.integers(0, 3))):
        _rule(ink, hand, rng)
    if rng.random() < 0.4:
        _neighbours(ink, hand, rng)
    owners = np.zeros((2, *ink.shape), np.int16)
    return _shown(ink, owners, [], hand, "", None, rng)


def _hand(hands: Hands, rng: np.random.Generator, chances: list[float]) -> Hand:
    kind = str(rng.choice(["mnist", "strokes", "printed", "handface"], p=chances))
    return Hand(hands, rng, kind, float(np.exp(rng.uniform(np.log(13), np.log(64)))))


def _disturb(ink: Uint8, hand: Hand, rng: np.random.Generator) -> None:
    """What else lies on the paper."""
    if rng.random() < 0.18:
        _rule(ink, hand, rng)
    if rng.random() < 0.12:
        _neighbours(ink, hand, rng)
    if rng.random() < 0.25:
        _specks(ink, rng)


def _shown(
    ink: Uint8,
    owners: NDArray[np.int16],
    characters: list[str],
    hand: Hand,
    truth: str,
    length: int | None,
    rng: np.random.Generator,
) -> Scene:
    """The ink turned a little and laid on paper."""
    matrix = cv2.getRotationMatrix2D((ink.shape[1] / 2, ink.shape[0] / 2), float(rng.normal(0, 2.0)), 1.0)
    size = ink.shape[1], ink.shape[0]
    ink = np.asarray(cv2.warpAffine(ink, matrix, size), np.uint8)
    turned = np.stack([cv2.warpAffine(layer, matrix, size, flags=cv2.INTER_NEAREST) for layer in owners])
    picture = lay(paper(*ink.shape, rng), ink.astype(np.float32) / 255, rng)
    return Scene(picture, turned, tuple(characters), hand.kind == "printed", truth, length)


def _write(hand: Hand, text: Sequence[str], rng: np.random.Generator) -> tuple[Uint8, NDArray[np.int16], list[str]]:
    """Set the characters side by side: ink, owners and characters."""
    height = hand.height
    even = hand.kind in ("printed", "handface")
    touching = 0.0 if even or rng.random() < 0.55 else float(rng.choice([0.5, 0.5, 0.9]))
    gap = (
        float(rng.uniform(0.02, 0.2)) if even else float(rng.choice([rng.uniform(0.02, 0.16), rng.uniform(0.1, 0.45)]))
    )
    small_zeros = float(rng.uniform(0.45, 0.9)) if not even and rng.random() < 0.25 else 1.0
    ladder = float(rng.normal(0, 0.02))
    joined = not even and rng.random() < 0.45
    linked = 0.35 if not even and rng.random() < 0.12 else 0.0
    placed: list[tuple[str, Uint8, float, float]] = []
    bridges: list[tuple[float, float, float, float]] = []
    x, at = 0.0, 0
    while at < len(text):
        character = text[at]
        count = 1
        if character == " ":
            x += height * float(rng.uniform(0.35, 0.6))
            at += 1
            continue
        scale = small_zeros if character == "0" and placed else 1.0
        chain = _zeros_from(text, at)
        if joined and chain > 1:
            count = chain
            glyphs = hand.zeros(count, scale)
        else:
            glyph, drop = hand.draw(character, scale)
            glyphs = [(glyph, 0.0, drop)] if glyph.size and glyph.any() else []
        at += count
        if not glyphs:
            continue
        y = ladder * x
        if not even:
            y += float(rng.normal(0, 0.04)) * height
            if scale < 1.0:  # small zeros hang from the top or stand on the line
                y += height * (1 - scale) * float(rng.choice([0.1, 0.5, 1.0, 1.0]))
        if placed:
            if rng.random() < touching:
                x -= height * float(rng.uniform(0.0, 0.17))
            else:
                x += height * gap * float(rng.uniform(0.5, 1.5))
            if rng.random() < linked:  # the pen stays down from one character to the next
                start, end = float(rng.uniform(0.0, 1.0)), float(rng.uniform(0.0, 0.5))
                _, before, before_x, before_y = placed[-1]
                first = glyphs[0][0]
                bridges.append(
                    (
                        before_x + 0.85 * before.shape[1],
                        before_y + start * before.shape[0],
                        x + 0.2 * first.shape[1],
                        y + glyphs[0][2] + end * first.shape[0],
                    )
                )
        placed += [(character, glyph, x + right, y + drop) for glyph, right, drop in glyphs]
        x = max(left + glyph.shape[1] for _, glyph, left, _ in placed[-count:])
    pad = max(8, round(0.45 * height)) + int(rng.integers(0, 12))
    top = min((y for _, _, _, y in placed), default=0.0)
    rows = max((y + glyph.shape[0] for _, glyph, _, y in placed), default=height) - top
    ink = np.zeros((int(rows) + 2 * pad + 2, int(x) + 2 * pad + 4), np.uint8)
    owners = np.zeros((2, *ink.shape), np.int16)
    for number, (_, glyph, left, y) in enumerate(placed, start=1):
        _put(ink, owners, glyph, max(0, round(left) + pad), max(0, round(y - top) + pad), number)
    thick = max(1, round(hand.pen))
    for from_x, from_y, to_x, to_y in bridges:
        ends = (round(from_x) + pad, round(from_y - top) + pad), (round(to_x) + pad, round(to_y - top) + pad)
        cv2.line(ink, *ends, 230, thick, cv2.LINE_AA)
    return ink, owners, [character for character, *_ in placed]


def _zeros_from(text: Sequence[str], at: int) -> int:
    """How many zeros follow one another."""
    end = at
    while end < len(text) and text[end] == "0":
        end += 1
    return end - at


def _put(ink: Uint8, owners: NDArray[np.int16], glyph: Uint8, x: int, y: int, number: int) -> None:
    height, width = min(glyph.shape[0], ink.shape[0] - y), min(glyph.shape[1], ink.shape[1] - x)
    glyph = glyph[:height, :width]
    window = np.s_[y : y + height, x : x + width]
    np.maximum(ink[window], glyph, out=ink[window])
    own = glyph > OWNED
    second = own & (owners[0][window] > 0)
    owners[1][window][second] = number
    owners[0][window][own & ~second] = number


def _box(ink: Uint8, owners: NDArray[np.int16], characters: list[str], hand: Hand, rng: np.random.Generator) -> None:
    """A printed box around each character, or one around all of them."""
    thick, shade = max(1, round(hand.height * rng.uniform(0.015, 0.06))), int(rng.integers(90, 256))
    columns = np.flatnonzero((owners[0] > 0).any(axis=0))
    if not len(columns):
        return
    top, bottom = int(rng.integers(1, 6)), ink.shape[0] - int(rng.integers(2, 7))
    edges = [
        max(1, columns[0] - round(0.2 * hand.height)),
        min(ink.shape[1] - 2, columns[-1] + round(0.2 * hand.height)),
    ]
    if rng.random() < 0.8:
        for number in range(1, len(characters)):
            here, then = (np.flatnonzero((owners[0] == k).any(axis=0)) for k in (number, number + 1))
            if len(here) and len(then):
                edges.append(round((here[-1] + then[0]) / 2))
    frame = np.zeros_like(ink)
    for x in edges:
        cv2.line(frame, (int(x), top), (int(x), bottom), shade, thick)
    for y in (top, bottom):
        cv2.line(frame, (int(min(edges)), y), (int(max(edges)), y), shade, thick)
    np.maximum(ink, frame, out=ink)


def _rule(ink: Uint8, hand: Hand, rng: np.random.Generator) -> None:
    """A ruled line under, through or over the writing."""
    thick = max(1, round(hand.height * rng.uniform(0.015, 0.06)))
    y = int(rng.uniform(0.35, 0.97) * ink.shape[0])
    ruled = np.zeros_like(ink)
    cv2.line(ruled, (0, y), (ink.shape[1], y + int(rng.integers(-3, 4))), int(rng.integers(70, 256)), thick)
    np.maximum(ink, ruled, out=ink)


def _neighbours(ink: Uint8, hand: Hand, rng: np.random.Generator) -> None:
    """Remains of other writing at the edges: tails of the line above, the next word."""
    for _ in range(int(rng.integers(1, 4))):
        points = rng.uniform(0, 1, (int(rng.integers(2, 5)), 2)) * hand.height * np.array([0.8, 0.5])
        mark = render([points], 1.0, hand.pen)
        side = rng.integers(4)
        y = 0 if side == 0 else ink.shape[0] - mark.shape[0] if side == 1 else int(rng.integers(0, ink.shape[0]))
        x = 0 if side == 2 else ink.shape[1] - mark.shape[1] if side == 3 else int(rng.integers(0, ink.shape[1]))
        y, x = max(0, y), max(0, x)
        part = ink[y : y + mark.shape[0], x : x + mark.shape[1]]
        np.maximum(part, mark[: part.shape[0], : part.shape[1]], out=part)


def _specks(ink: Uint8, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(1, 8))):
        x, y = int(rng.integers(ink.shape[1])), int(rng.integers(ink.shape[0]))
        cv2.circle(ink, (x, y), int(rng.integers(1, 3)), int(rng.integers(120, 256)), -1)
