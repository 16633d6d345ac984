"""Rendered pages as the reader sees them: cut and classified once, to be read again and again with other weights."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from device.cells import in_cells
from device.formats import Kind
from device.glyphs import glyphs
from device.lattice import HOPELESS, Scores
from device.reader import Reader
from device.segment import LineInk, Spans
from train.pieces import Lattice, lattices
from train.rendered import Supplies, hands
from train.strings import Scene, empty_scene, postal_scene, scene, single_scene, street_scene
from train.texts import DIGITS
from train.workers import spread
from train.writers import Hands

CHUNK = 50
"""Pages of one task."""
OURS = 0xDEC0DE
"""First word of every seed here; a training's seeds are other ones."""
MAKERS: dict[str, Callable[[Hands, np.random.Generator], Scene]] = {
    "digits": scene,
    "postal": postal_scene,
    "empty": empty_scene,
    "single": single_scene,
    "street": street_scene,
}
"""The kinds of pages."""
CODE_LENGTH = 8
"""Digits of the code that a postal page is asked for."""
LEAST_SEEN = 0.5
"""Share of a digit's ink that must have come through for it to be there."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A line as the reader sees it, and what it says."""

    ink: LineInk
    """Its pieces' boxes alone; the pixels have been looked at."""
    spans: Spans
    """Those that may be a digit at all."""
    scores: Scores
    truth: str
    """Its digits; empty where a reading would be false."""
    length: int | None
    """Digits of the code that is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A rendered page: the code on it, or an empty string, and every line that was found."""

    truth: str
    lines: tuple[Case, ...]
    """At most one of them, the one that holds most of the page's characters, has the page's truth."""
    numbers: bool = False
    """Whether digits stand on it that are no code, as in an address."""


@dataclass(frozen=True, slots=True)
class Task:
    kind: str
    seed: int
    part: int
    first: int
    count: int


def render(
    card: str, supplies: Supplies, seed: int, part: int, counts: dict[str, int], workers: int
) -> dict[str, list[Sheet]]:
    """Pages of each kind, read by the bundle of this card.

    part: its number; pages of another part are other ones.  counts: pages, by kind.
    """
    tasks = [
        Task(kind, seed, part, first, min(CHUNK, count - first))
        for kind, count in counts.items()
        for first in range(0, count, CHUNK)
    ]
    out: dict[str, list[Sheet]] = {kind: [] for kind in counts}
    for task, made in zip(tasks, spread(_sheets, tasks, _begin, (card, supplies), workers), strict=True):
        out[task.kind] += made
        if task.first + task.count == counts[task.kind]:
            print(f"part {part}: read {counts[task.kind]:,} pages, {task.kind}", file=sys.stderr)
    return out


def asked(pages: Mapping[str, Sequence[Sheet]], kind: Kind) -> list[Sheet]:
    """The pages that a kind of format is fitted to, with the length it would ask for.

    Lines of digits serve both: as they come, and as codes whose length is known.  Lines of letters are asked for codes
    of all lengths, streets with a house's number for a postal one.  One digit is asked of characters that stand alone:
    there a stroke passed over is half a letter, where between many digits it is a trait of the hand.
    """
    digits, empty = pages["digits"], pages.get("empty", ())
    if kind == "single":
        return [with_length(one, 1) for one in (*pages["single"], *empty)]
    if kind == "any":
        # among words a house's number is a line of digits like any other: neither right nor false
        return [with_length(one, None) for one in (*digits, *empty) if one.truth or not one.numbers]
    known = [
        with_length(one, len(one.truth) or 2 + k % (CODE_LENGTH - 1))
        for k, one in enumerate(digits)
        if len(one.truth) > 1 or not one.numbers
    ]
    lines = (*pages["postal"], *empty, *pages.get("street", ()))
    return [*known, *(with_length(one, CODE_LENGTH) for one in lines)]


def with_length(sheet: Sheet, length: int | None) -> Sheet:
    """The same page, asked for a code of this length."""
    return replace(sheet, lines=tuple(replace(case, length=length) for case in sheet.lines))


def _begin(card: str, supplies: Supplies) -> tuple[Reader, Hands]:
    return Reader.load(card, format="digits"), hands(supplies)


def _sheets(state: tuple[Reader, Hands], task: Task) -> list[Sheet]:
    reader, writers = state
    kind = list(MAKERS).index(task.kind)
    made = (
        sheet(reader, MAKERS[task.kind](writers, np.random.default_rng((OURS, task.seed, task.part, kind, number))))
        for number in range(task.first, task.first + task.count)
    )
    return [one for one in made if one is not None]


def sheet(reader: Reader, made: Scene) -> Sheet | None:
    """Find, cut and classify the lines of a scene; none of one whose code is there no more.

    Blur, light and noise take whole digits away at times.  What is left looks like a shorter code, and nothing on the
    page tells otherwise: calibrated on such pages, confidence would be too low on all others.
    """
    lines = list(lattices(made))
    held = [len(np.unique(line.owners[line.owners >= 0])) for line in lines]
    main = int(np.argmax(held)) if any(held) else -1
    if made.truth and (main < 0 or _lost(made, lines[main])):
        return None
    cases = (_case(reader, line, made.truth if k == main else "", made.length) for k, line in enumerate(lines))
    return Sheet(made.truth, tuple(cases), any(character in DIGITS for character in made.characters))


def _lost(made: Scene, line: Lattice) -> bool:
    """Whether a digit of the scene is not on the line, or most of its ink is not."""
    digits = [k for k, character in enumerate(made.characters) if character in DIGITS]
    return bool((line.seen[digits] < LEAST_SEEN).any())


def _case(reader: Reader, line: Lattice, truth: str, length: int | None) -> Case:
    scores = in_cells(reader.score(glyphs(line.ink, line.spans), line.spans.boxes), line.ink, line.spans)
    likely = np.flatnonzero(scores.odds > HOPELESS)
    spans = Spans(line.spans.first[likely], line.spans.last[likely], line.spans.boxes[likely])
    nothing: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
    ink = replace(line.ink, soft=nothing, labels=nothing.astype(np.int32))
    least = None if scores.least is None else scores.least[likely]
    return Case(ink, spans, Scores(scores.digit[likely], scores.odds[likely], least), truth, length)
