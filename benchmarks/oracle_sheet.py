"""A sheet of the hardest lines: each as it was cut out, its pieces in colours, what it says and what was read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.oracle_lines import Outcome, State, look, rendered
from device.decode import Candidate
from device.explain import CUT, PALETTE, PAPER, TEXT
from device.segment import LineInk
from train.pieces import Lattice

Uint8 = NDArray[np.uint8]
Colour = tuple[int, int, int]

CARD = 490
"""Width of one line's picture, pixels."""
TALLEST = 90
"""Of a strip as it is drawn."""
ZOOM = 2.0
MARGIN = 10
RIGHT, WRONG = (60, 150, 30), (40, 40, 200)
"""Blue, green, red."""
COLOURS = 32
"""Of the file, to keep the repository small."""


def draw(state: State, outcomes: Sequence[Outcome]) -> Uint8:
    """The lines of these outcomes, rendered and read once more, in two columns: uint8[h, w, 3]."""
    cards = [card(state, one) for one in outcomes]
    rows = [_beside(cards[at : at + 2]) for at in range(0, len(cards), 2)]
    return np.concatenate(rows) if rows else _blank(MARGIN, 2 * CARD)


def save(path: Path, picture: Uint8) -> None:
    """Write a picture as a small PNG."""
    image = Image.fromarray(np.ascontiguousarray(picture[..., ::-1]))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(COLOURS, kmeans=2, dither=Image.Dither.NONE).save(path, optimize=True)


def card(state: State, outcome: Outcome) -> Uint8:
    """One line."""
    made = rendered(state, int(outcome.name))
    page = look(state.reader, made)
    stage = outcome.loss.stage if outcome.loss else "right"
    read = f"{outcome.read or '-'}  ({outcome.confidence:.2f})"
    parts = [_words([(stage, TEXT), (outcome.truth, RIGHT), (read, WRONG)])]
    if page.main is None or stage == "line":
        return np.concatenate([*parts, _drawn(made.picture, _zoom(made.picture.shape))])
    line, candidate = page.lines[page.main], page.candidates(state.reader, state.reader.format)[page.main]
    zoom = _zoom(line.strip.grey.shape)
    parts += [_drawn(line.strip.grey, zoom), _drawn(pieces(line.ink), zoom, cv2.INTER_NEAREST)]
    return np.concatenate([*parts, _read(line, candidate, zoom)])


def pieces(ink: LineInk) -> Uint8:
    """The pieces in colours, red between two that were one: uint8[h, w, 3]."""
    colours = np.array([PAPER, *(PALETTE[k % len(PALETTE)] for k in range(len(ink.boxes)))], np.uint8)
    picture = colours[ink.labels]
    component = np.concatenate([[-1], ink.components])[ink.labels]
    here, beside = np.s_[:, :-1], np.s_[:, 1:]
    cut = (ink.labels[here] != ink.labels[beside]) & (component[here] == component[beside]) & (component[here] >= 0)
    picture[here][cut] = CUT
    return picture


def _read(line: Lattice, candidate: Candidate | None, zoom: float) -> Uint8:
    """What was read, each digit below its span."""
    row = _blank(32)
    if candidate is not None:
        for digit, (x, _, width, _) in zip(candidate.digits, candidate.boxes, strict=True):
            left, right = (MARGIN + round(float(end) * zoom) for end in (x, x + width))
            cv2.line(row, (left + 1, 3), (right - 1, 3), TEXT, 2)
            _text(row, digit, (left + right) // 2 - 6, 22, TEXT)
    return row


def _zoom(shape: tuple[int, ...]) -> float:
    return min(ZOOM, TALLEST / shape[0], (CARD - 2 * MARGIN) / shape[1])


def _drawn(picture: Uint8, zoom: float, how: int = cv2.INTER_AREA) -> Uint8:
    """A picture at its place on a card."""
    size = max(1, round(picture.shape[1] * zoom)), max(1, round(picture.shape[0] * zoom))
    large = cv2.resize(picture, size, interpolation=how)
    large = large if large.ndim == 3 else cv2.cvtColor(large, cv2.COLOR_GRAY2BGR)
    out = _blank(size[1] + 4)
    out[:-4, MARGIN : MARGIN + size[0]] = large
    return out


def _words(parts: Sequence[tuple[str, Colour]]) -> Uint8:
    out, x = _blank(34), MARGIN
    for text, colour in parts:
        _text(out, text, x, 24, colour)
        x += cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.55, 1)[0][0] + 16
    cv2.line(out, (MARGIN, 2), (CARD - MARGIN, 2), (220, 220, 220), 1)
    return out


def _text(picture: Uint8, text: str, x: int, y: int, colour: Colour) -> None:
    cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.55, colour, 1, cv2.LINE_AA)


def _beside(cards: Sequence[Uint8]) -> Uint8:
    """One or two cards in a row."""
    out = _blank(max(len(one) for one in cards), 2 * CARD)
    for k, one in enumerate(cards):
        out[: len(one), k * CARD : (k + 1) * CARD] = one
    return out


def _blank(height: int, width: int = CARD) -> Uint8:
    return np.full((height, width, 3), PAPER, np.uint8)
