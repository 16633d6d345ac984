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

from train.letters import LETTERS
from train.paper import lay, paper
from train.strokes import render
from train.texts import DIGITS, WORDS, digits_text, letters_text, street_text, words_text
from train.writers import Hand, Hands

Uint8 = NDArray[np.uint8]

OWNED = 76
"""Ink (0..255) from which on a pixel belongs to a character."""
UNLIKE_DIGITS = frozenset("ACEFHKLMNPRTUVWXYcdfhkmnprtuvwxyj")
"""Letters that nobody takes for a digit; others are examples of `not a digit` only where they are printed."""
PRINTED_APART = frozenset("SZBGJDQbgqaesz")
CELLS = 0.1
"""Share of lines of digits by hand that are written into the boxes of a form."""


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


def scene(hands: Hands, rng: np.random.Generator) -> Scene:
    """One rendered line of digits, or of words, seeded by rng."""
    wordy = rng.random() < 0.2
    chances = [0.15, 0.2, 0.25, 0.4] if wordy else [0.43, 0.33, 0.13, 0.11]
    hand = _hand(hands, rng, chances)
    text: Sequence[str] = digits_text(rng)
    if wordy:
        text = _wordy_text(hand, rng)
    if not wordy and hand.kind != "printed" and rng.random() < CELLS:
        ink, owners, characters = _in_cells(hand, text, rng)
    else:
        ink, owners, characters = _write(hand, text, rng)
        if not wordy and hand.kind != "printed" and rng.random() < 0.16:
            _box(ink, owners, characters, hand, rng)
    _disturb(ink, hand, rng)
    truth = "" if wordy else "".join(character for character in characters if character in DIGITS)
    return _shown(ink, owners, characters, hand, truth, None, rng)


def _wordy_text(hand: Hand, rng: np.random.Generator) -> Sequence[str]:
    """Letters in no order by hand; words, or letters that nobody takes for digits, in typefaces."""
    if hand.kind in ("mnist", "strokes"):
        return letters_text(rng)
    return letters_text(rng, sorted(UNLIKE_DIGITS)) if rng.random() < 0.5 else words_text(rng)


def postal_scene(hands: Hands, rng: np.random.Generator) -> Scene:
    """A line of an address: one with an eight-digit code (5-3), or one whose numbers are no code."""
    hand = _hand(hands, rng, [0.42, 0.26, 0.22, 0.1])
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


def street_scene(hands: Hands, rng: np.random.Generator) -> Scene:
    """The line that every address has beside its code's: words and a house's number, whose reading would be false."""
    hand = _hand(hands, rng, [0.3, 0.3, 0.1, 0.3])
    ink, owners, characters = _write(hand, street_text(rng), rng)
    _disturb(ink, hand, rng)
    return _shown(ink, owners, characters, hand, "", 8, rng)


def single_scene(hands: Hands, rng: np.random.Generator) -> Scene:
    """One character alone: a digit, or as often a letter, whose reading would be false."""
    letter = rng.random() < 0.5
    hand = _hand(hands, rng, [0.15, 0.2, 0.25, 0.4] if letter else [0.34, 0.4, 0.16, 0.1])
    known = LETTERS if hand.kind in ("mnist", "strokes") else sorted(UNLIKE_DIGITS)
    truth = "" if letter else str(rng.choice(list(DIGITS)))
    ink, owners, characters = _write(hand, truth or [str(rng.choice(list(known)))], rng)
    _disturb(ink, hand, rng)
    return _shown(ink, owners, characters, hand, truth, 1, rng)


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
    touching = 0.0 if even or rng.random() < 0.5 else float(rng.choice([0.5, 0.5, 0.9]))
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


def _in_cells(hand: Hand, text: Sequence[str], rng: np.random.Generator) -> tuple[Uint8, NDArray[np.int16], list[str]]:
    """A digit to each box of a printed row, as on a form: ink, owners and characters.

    The boxes are all of one size, up to three times a digit's height, with a common wall or apart.  Some writers keep
    to the middle of each, and some do not and come upon the walls.
    """
    height, characters = hand.height, [character for character in text if character in DIGITS]
    wide, tall = height * float(rng.uniform(0.8, 2.8)), height * float(rng.uniform(1.15, 3.0))
    pad, apart = int(rng.integers(4, 16)), float(rng.choice([0.0, 0.0, rng.uniform(0.08, 0.3)])) * wide
    thick, shade = max(1, round(height * rng.uniform(0.015, 0.06))), int(rng.integers(90, 256))
    ink = np.zeros((round(tall) + 2 * pad, round(len(characters) * (wide + apart)) + 2 * pad), np.uint8)
    owners = np.zeros((2, *ink.shape), np.int16)
    written, loose = [], np.array([wide / height, tall / height]) * float(rng.uniform(0.02, 0.14)) * height
    for number, character in enumerate(characters):
        left = pad + number * (wide + apart)
        corners = (round(left), pad), (round(left + wide), round(pad + tall))
        cv2.rectangle(ink, *corners, shade, thick)
        glyph, _ = hand.draw(character, 1.0)
        if not glyph.any():
            continue
        written.append(character)
        rows, columns = glyph.shape
        middle = left + (wide - columns) / 2, pad + (tall - rows) / 2
        x, y = np.rint(middle + rng.normal(0, loose * [1.0, 0.5])).astype(int).tolist()
        x, y = max(0, min(x, ink.shape[1] - columns)), max(0, min(y, ink.shape[0] - rows))
        _put(ink, owners, glyph, x, y, len(written))
    return ink, owners, written


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
