"""What networks are compared on: MNIST's test digits, glyphs that the device cuts from rendered lines, and print."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from train.data import Digits, Glyphs
from train.rendered import NOT_A_DIGIT

MNIST, CUT, PRINTED, CODES = "mnist", "cut", "printed", "codes"
"""The sets' names, as the command line and the report have them; the last one is of whole codes."""


@dataclass(frozen=True, slots=True, eq=False)
class TestSet:
    """Glyphs and what they are."""

    __test__ = False  # to pytest it is no test

    name: str
    title: str
    """In words, for people."""
    glyphs: Glyphs

    def digits(self) -> TestSet:
        """Without what is no digit, for networks of ten classes."""
        held = self.glyphs.labels < NOT_A_DIGIT
        return self if held.all() else TestSet(self.name, self.title, self.glyphs[held])


def of_mnist(digits: Digits) -> TestSet:
    """MNIST digits on the device's canvas."""
    return TestSet(MNIST, "MNIST's test digits", Glyphs(digits.pixels, digits.labels))


def of_held_out(glyphs: Glyphs) -> TestSet:
    """Glyphs that a run on rendered lines held out, and that no range comes from."""
    return TestSet(CUT, "held-out glyphs of rendered lines", glyphs)


def thinned(shown: TestSet, most: int, seed: int = 0) -> TestSet:
    """So many glyphs of a set, drawn at random; all of them if there are no more."""
    if len(shown.glyphs) <= most:
        return shown
    chosen = np.sort(np.random.default_rng(seed).choice(len(shown.glyphs), most, replace=False))
    return TestSet(shown.name, shown.title, shown.glyphs[chosen])
