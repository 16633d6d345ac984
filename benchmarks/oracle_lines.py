"""Lines for the oracles: rendered by number, read as they are, and once more with each thing put right."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.cases import NOTHING_THERE, SEVERAL, Case
from benchmarks.errors import TruthError
from benchmarks.oracle_paths import Loss, blame, held, lost, told
from device import formats, sources
from device.cells import in_cells
from device.decode import Candidate
from device.formats import Format
from device.glyphs import glyphs
from device.lattice import Scores
from device.model import Precision
from device.reader import Reader
from device.segment import LineInk, Spans
from device.trace import Trace
from train.align import aligned
from train.pieces import Lattice, lattices
from train.rendered import Supplies, hands
from train.strings import Scene, scene
from train.workers import spread
from train.writers import Hands

Uint8 = NDArray[np.uint8]

OURS = 0x0AC1E
"""First word of every seed here; those of a training, of the decoder's fit and of the other benchmarks are others."""
AS_IT_IS = "as it is"
VARIANTS = {
    AS_IT_IS: "",
    "clean ink": "the characters' ink alone, black on white",
    "true classes": "which digit a span is, where it is one",
    "true kinds": "which spans are digits, and which are not",
    "true classes and kinds": "both",
    "clean ink, classes and kinds": "all three: what is left was cut wrongly, or the path is wrong",
    "known length": "how many digits there are (`digits:N`)",
    "float32": "nothing, but the networks are not quantised",
}
"""What is tried with every line, and what the reader is told in it."""
EDGE = 0.6
"""Softness of clean ink's edges, pixels (sigma)."""
CHUNK = 20
"""Lines of one task."""
SAID = 5
"""How often it is said how far it is."""
HANDWRITTEN, PRINTED = "handwritten", "printed"

Seen = tuple[LineInk, Spans, Scores]
"""A line as the decoder is given it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a line."""

    right: bool
    """The best path of the line is its truth."""
    accepted: bool
    """... and that is the surest accepted reading of the picture."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line, and where it was lost."""

    group: str
    """The rows of the tables that it counts in."""
    name: str
    """Its number, or its file."""
    truth: str
    read: str
    """The digits of its best path, accepted or not."""
    confidence: float
    """Of that reading; 0 without one."""
    loss: Loss | None
    """None where the truth was read and accepted."""
    guess: Loss | None = None
    """Of a rendered line what would be said if no pixel's truth were known, as of the lines of a folder."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """By variant; empty where no pixel's truth is known."""

    def record(self) -> dict[str, Any]:
        """As JSON."""
        loss = {"stage": None, "confused": ()} if self.loss is None else asdict(self.loss)
        answers = {name: asdict(answer) for name, answer in self.answers.items()}
        told = {"group": self.group, "name": self.name, "truth": self.truth, "read": self.read}
        guess = None if self.guess is None else self.guess.stage
        return {**told, "confidence": round(self.confidence, 4), **loss, "guess": guess, "answers": answers}


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A rendered line as a reader sees it."""

    lines: Sequence[Lattice]
    scores: Sequence[Scores]
    """Of each line's spans."""
    main: int | None
    """The line that holds most of the digits."""

    def told(self, reader: Reader, truth: str, *, classes: bool = False, kinds: bool = False) -> Page:
        """The same page, where an oracle corrects the networks."""
        labels = [line.labels for line in self.lines]
        if self.main is not None:
            labels[self.main] = self._labels(self.main, reader, truth)
        pairs = zip(self.scores, labels, strict=True)
        return replace(self, scores=[told(one, known, classes=classes, kinds=kinds) for one, known in pairs])

    def _labels(self, number: int, reader: Reader, truth: str) -> NDArray[np.int64]:
        """A line's labels, int64[S].  What a right reading took for a digit is one, however much of its ink it has:
        the labels are drawn where most spans are as they say, and an oracle must not know less than the reader."""
        line = self.lines[number]
        paths = reader.decoder.paths(line.ink, line.spans, self.scores[number], reader.format)
        labels = line.labels.copy()
        if paths and paths[0].digits == truth:
            labels[list(paths[0].spans)] = [int(digit) for digit in truth]
        return labels

    def candidates(self, reader: Reader, format: Format) -> list[Candidate | None]:
        """What each line is read as."""
        return [
            next(iter(reader.decoder.decode(line.ink, line.spans, scores, format)), None)
            for line, scores in zip(self.lines, self.scores, strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a worker needs."""

    readers: dict[Precision, Reader]
    precision: Precision
    hands: Hands
    seed: int

    @property
    def reader(self) -> Reader:
        return self.readers[self.precision]


# ── Lines that are rendered here ──


def run(
    card: str | None, precision: Precision, supplies: Supplies, seed: int, count: int, workers: int
) -> list[Outcome]:
    """Render so many lines, and read each of them with and without every oracle."""
    tasks = [range(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]
    out: list[Outcome] = []
    for made in spread(_examined, tasks, begin, (card, precision, supplies, seed), workers):
        before, after = len(out), len(out) + len(made)
        out += made
        if after * SAID // count > before * SAID // count:
            print(f"read {after:,} of {count:,} lines", file=sys.stderr)
    return out


def begin(card: str | None, precision: Precision, supplies: Supplies, seed: int) -> State:
    """Open the bundle in both precisions, and the supplies."""
    precisions: tuple[Precision, ...] = ("int8", "float32")
    readers = {name: Reader.load(card, "digits", precision=name) for name in precisions}
    return State(readers, precision, hands(supplies), seed)


def _examined(state: State, numbers: range) -> list[Outcome]:
    return [examined(state, number) for number in numbers]


def rendered(state: State, number: int) -> Scene:
    """The line of this number: of digits, since a line of words has nothing to lose."""
    attempt = 0
    while True:
        made = scene(state.hands, np.random.default_rng((OURS, state.seed, number, attempt)))
        if made.truth:
            return made
        attempt += 1


def cleaned(made: Scene) -> Scene:
    """The same characters where they were, black on white: no paper, no rules and boxes, no specks, no lens."""
    ink = cv2.GaussianBlur((made.owners[0] > 0).astype(np.float32), (0, 0), EDGE)
    return replace(made, picture=np.rint(255 * (1 - ink)).astype(np.uint8))


def look(reader: Reader, made: Scene, lines: Sequence[Lattice] | None = None) -> Page:
    """A scene's lines (found already, where they are given) and what the networks say of them."""
    lines = list(lattices(made)) if lines is None else lines
    there = [float(held(made, line)[0].sum()) for line in lines]
    main = int(np.argmax(there)) if any(there) else None
    return Page(
        lines,
        [
            in_cells(reader.score(glyphs(line.ink, line.spans), line.spans.boxes), line.ink, line.spans)
            for line in lines
        ],
        main,
    )


def examined(state: State, number: int) -> Outcome:
    """A line, and what each variant makes of it."""
    made = rendered(state, number)
    page, reader = look(state.reader, made), state.reader
    read = page.candidates(reader, reader.format)
    own = read[page.main] if page.main is not None else None
    answers = _answers(state, made, page, read)
    loss = guess = None
    if not answers[AS_IT_IS].accepted:
        seen = [(line.ink, line.spans, scores) for line, scores in zip(page.lines, page.scores, strict=True)]
        loss, guess = _loss(reader, made, page, answers[AS_IT_IS]), misread(reader, made.truth, seen)
    text, sure = (own.digits, own.confidence) if own else ("", 0.0)
    group = PRINTED if made.printed else HANDWRITTEN
    return Outcome(group, str(number), made.truth, text, sure, loss, guess, answers)


def _answers(state: State, made: Scene, page: Page, read: Sequence[Candidate | None]) -> dict[str, Answer]:
    reader = state.reader
    clean = look(reader, cleaned(made))
    pages = {
        "clean ink": clean,
        "true classes": page.told(reader, made.truth, classes=True),
        "true kinds": page.told(reader, made.truth, kinds=True),
        "true classes and kinds": page.told(reader, made.truth, classes=True, kinds=True),
        "clean ink, classes and kinds": clean.told(reader, made.truth, classes=True, kinds=True),
    }
    out = {AS_IT_IS: _answer(made, page, read)}
    out |= {name: _answer(made, one, one.candidates(reader, reader.format)) for name, one in pages.items()}
    long = formats.get(f"digits:{len(made.truth)}")
    out["known length"] = _answer(made, page, page.candidates(reader, long))
    if state.precision == "int8":
        other = state.readers["float32"]
        exact = look(other, made, page.lines)
        out["float32"] = _answer(made, exact, exact.candidates(other, other.format))
    return out


def _answer(made: Scene, page: Page, read: Sequence[Candidate | None]) -> Answer:
    own = read[page.main] if page.main is not None else None
    if own is None or own.digits != made.truth:
        return Answer(False, False)
    accepted = [one for one in read if one is not None and one.reason is None]
    return Answer(True, max(accepted, key=lambda one: one.confidence, default=None) is own)


def _loss(reader: Reader, made: Scene, page: Page, answer: Answer) -> Loss:
    if answer.right:
        return Loss("format")
    main = page.main
    line, scores = (None, None) if main is None else (page.lines[main], page.scores[main])
    return lost(made, line, scores, reader.decoder.weights)


# ── Lines of a folder, of which no pixel's truth is known ──


def folder(card: str | None, precision: Precision, cases: Sequence[Case]) -> list[Outcome]:
    """Read the pictures of single lines among the cases; the best path that spells the truth tells what lost a line."""
    lines = [case for case in cases if case.kind not in NOTHING_THERE and case.kind != SEVERAL and case.text]
    if not lines:
        raise TruthError("no picture of a single line is among them: nothing to lose")
    reader = Reader.load(card, "digits", precision=precision)
    readers = {name: replace(reader, format=formats.get(name)) for name in {case.format for case in lines}}
    return [_spelled(readers[case.format], case) for case in lines]


def _spelled(reader: Reader, case: Case) -> Outcome:
    frame = next(iter(sources.pages(case.path)))
    reader.trace = Trace()
    readings = reader.read(frame)
    seen = [(line.ink, line.found, line.scores) for line in reader.trace.take(readings).lines]
    first = readings[0] if readings else None
    text, sure = (first.digits, first.confidence) if first else ("", 0.0)
    good = first is not None and first.accepted and first.digits == case.text
    loss = None if good else misread(reader, case.text, seen)
    return Outcome(case.kind, case.path.name, case.text, text, sure, loss)


def misread(reader: Reader, text: str, seen: Sequence[Seen]) -> Loss:
    """What lost a text that stands on one of these lines: on the one where the path that spells it scores most."""
    if not seen:
        return Loss("line")
    weights, fixed = reader.decoder.weights, reader.format.length is not None
    paths = [aligned(*line, weights, text, inside=fixed) for line in seen]
    spelled = [(path, line) for path, line in zip(paths, seen, strict=True) if path is not None]
    if not spelled:
        return Loss("cut")
    path, line = max(spelled, key=lambda one: one[0].score)
    won = reader.decoder.paths(*line, reader.format)
    return Loss("format") if won and won[0].digits == text else blame(path, line[2])
