"""What networks are compared on: MNIST's test digits, glyphs that the device cuts from rendered lines, and print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.glyphs import glyphs
from device.model import Network
from device.segment import Spans
from train.data import Digits, Glyphs
from train.paper import lay, paper
from train.pieces import NOT_A_DIGIT, lattices
from train.rendered import Supplies, hands, load, shards
from train.strings import OWNED, Scene
from train.texts import DIGITS
from train.workers import spread
from train.writers import Hand, Hands

MNIST, CUT, PRINTED, CODES = "mnist", "cut", "printed", "codes"
"""The sets' names, as the command line and the report have them; the last one is of whole codes."""
OURS = 0x9A217
"""First word of every seed here; those of trainings, fits and benchmarks are others."""
LINE = 5, 10
"""Digits of a printed line: from, and below."""
CHUNK = 25
"""Printed lines of one task."""

Uint8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class TestSet:
    """Glyphs and what they are."""

    __test__ = False  # to pytest it is no test

    name: str
    title: str
    """In words, for people."""
    glyphs: Glyphs
    """As one network looks at them, or in all of the device's views, uint8[N, views, 32, 32]."""

    def seen_by(self, network: Network) -> TestSet:
        """The set as a network is shown it: in its own view, and without what it has no class for."""
        pixels, labels = self.glyphs.pixels, self.glyphs.labels
        if pixels.ndim == 4:
            pixels = pixels[:, network.view]
        held = labels < len(network.classes)
        return TestSet(self.name, self.title, Glyphs(pixels[held], labels[held]))


def of_mnist(digits: Digits) -> TestSet:
    """MNIST digits on the device's canvas."""
    return TestSet(MNIST, "MNIST's test digits", Glyphs(digits.pixels, digits.labels))


def of_held_out(glyphs: Glyphs) -> TestSet:
    """Glyphs that a run on rendered lines held out, and that no range comes from."""
    return TestSet(CUT, "held-out glyphs of rendered lines", glyphs)


def cut(supplies: Supplies, seed: int, scenes: int, kept: Path, workers: int) -> TestSet:
    """What the device cuts out of so many rendered lines, addresses and empty sheets, digits and others.

    kept: the folder in which the glyphs stay for the next time.  Raises DataError for a file there that is damaged.
    """
    found = [load(file) for file in shards(supplies, OURS + seed, scenes, kept, workers)]
    pixels, labels = (np.concatenate([getattr(one, name) for one in found]) for name in ("pixels", "labels"))
    return TestSet(CUT, "glyphs cut from rendered lines", Glyphs(pixels, labels))


def printed(supplies: Supplies, seed: int, lines: int, workers: int) -> TestSet:
    """The digits that the device cuts out of so many printed lines."""
    tasks = [(seed, first, min(CHUNK, lines - first)) for first in range(0, lines, CHUNK)]
    found = list(spread(_printed, tasks, hands, (supplies,), workers))
    pixels, labels = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return TestSet(PRINTED, "printed digits, cut from rendered lines", Glyphs(pixels, labels))


def _printed(writers: Hands, task: tuple[int, int, int]) -> tuple[Uint8, Uint8]:
    seed, first, count = task
    pixels, labels = zip(*_printed_digits(writers, seed, range(first, first + count)), strict=True)
    return np.concatenate(pixels), np.concatenate(labels)


def _printed_digits(writers: Hands, seed: int, numbers: range) -> Iterator[tuple[Uint8, Uint8]]:
    """Each digit once, by the first span that holds it: the pixels of `glyphs` and labels uint8[N] of every line."""
    for number in numbers:
        for lattice in lattices(printed_scene(writers, np.random.default_rng((OURS, seed, number)))):
            digits = np.flatnonzero((lattice.labels >= 0) & (lattice.labels < NOT_A_DIGIT))
            keep = digits[np.unique(lattice.owners[digits], return_index=True)[1]]
            spans = Spans(lattice.spans.first[keep], lattice.spans.last[keep], lattice.spans.boxes[keep])
            yield glyphs(lattice.ink, spans), lattice.labels[keep].astype(np.uint8)


def printed_scene(writers: Hands, rng: np.random.Generator) -> Scene:
    """One line of digits in one typeface, set as type is: upright, on one line, none touching."""
    hand = Hand(writers, rng, "printed", float(np.exp(rng.uniform(np.log(14), np.log(60)))))
    text = "".join(rng.choice(list(DIGITS), int(rng.integers(*LINE))))
    gap, margin = float(rng.uniform(0.06, 0.2)) * hand.height, round(0.6 * hand.height) + 8
    drawn = [hand.draw(character) for character in text]
    width = sum(round(ink.shape[1] + gap) for ink, _ in drawn) + 2 * margin
    height = max(ink.shape[0] for ink, _ in drawn) + round(0.5 * hand.height) + 2 * margin
    sheet, owners, x = np.zeros((height, width), np.uint8), np.zeros((2, height, width), np.int16), margin
    for number, (ink, drop) in enumerate(drawn, start=1):
        y = margin + round(drop)
        window = np.s_[y : y + ink.shape[0], x : x + ink.shape[1]]
        sheet[window] = np.maximum(sheet[window], ink)
        owners[0][window][ink > OWNED] = number
        x += round(ink.shape[1] + gap)
    picture = lay(paper(height, width, rng), sheet.astype(np.float32) / 255, rng)
    return Scene(picture, owners, tuple(text), True, text)
