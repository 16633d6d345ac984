"""What became of a page: told by a reader while it reads, and what was decided about each line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from device.decode import Candidate
from device.lattice import Path, Scores
from device.lines import Line
from device.orientation import View
from device.segment import LineInk, Spans, digit_box
from device.strips import Strip
from device.types import Reading

if TYPE_CHECKING:
    from device.reader import Reader

Uint8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class LineTrace:
    """What became of one line."""

    line: Line
    strip: Strip
    ink: LineInk
    found: Spans
    pixels: Uint8
    """uint8[S, 32, 32]: what the networks saw."""
    scores: Scores


@dataclass(frozen=True, slots=True, eq=False)
class PageTrace:
    """What became of a page, looked at in one way."""

    view: View
    scale: float
    """Of the picture that lines were found on: reduced / full."""
    found: Sequence[Line]
    lines: Sequence[LineTrace]
    """Those of the found ones that the networks were asked about."""
    readings: list[Reading]


@dataclass(slots=True)
class Trace:
    """What a reader tells while it reads (`Reader.trace`)."""

    pages: list[PageTrace] = field(default_factory=list)
    lines: list[LineTrace] = field(default_factory=list)

    def line(self, line: Line, strip: Strip, ink: LineInk, found: Spans, pixels: Uint8, scores: Scores) -> None:
        self.lines.append(LineTrace(line, strip, ink, found, pixels, scores))

    def page(self, view: View, scale: float, found: Sequence[Line], readings: list[Reading]) -> None:
        self.pages.append(PageTrace(view, scale, found, self.lines, readings))
        self.lines = []

    def take(self, readings: list[Reading]) -> PageTrace:
        """The look at a page that gave these readings; the others are forgotten."""
        page = next(page for page in self.pages if page.readings is readings)
        self.pages, self.lines = [], []
        return page


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What was decided about a line."""

    paths: Sequence[Path]
    """The best ones, the chosen one first; none where there is no code of the format's length."""
    candidate: Candidate | None
    reading: Reading | None
    """The candidate as it was given out, after the page's addressee was chosen."""

    @property
    def short(self) -> str:
        if self.reading is None:
            return ""
        return f"{self.reading.code}  {self.reading.confidence:.2f}  {self.reading.reason or 'accepted'}"

    @property
    def title(self) -> str:
        if self.reading is None:
            return "no code" if self.candidate is None else f"{self.candidate.digits}   part of a longer reading"
        verdict = "accepted" if self.reading.accepted else f"turned down, {self.reading.reason}"
        return f"{self.reading.code}   confidence {self.reading.confidence:.2f}   {verdict}"


def verdict_of(line: LineTrace, page: PageTrace, reader: Reader) -> Verdict:
    """Decided once more, from what the reader told: the same code with the same figures gives the same."""
    told = line.ink, line.found, line.scores, reader.format, reader.known
    candidate = next(iter(reader.decoder.decode(*told)), None)
    if candidate is None:
        return Verdict([], None, None)
    turned = line.strip.frame_size
    size = turned if page.view.turn in (0, 180) else (turned[1], turned[0])
    digits = zip(candidate.pieces, candidate.boxes, strict=True)
    boxes = tuple(page.view.box(digit_box(line.strip, line.ink, *digit), size) for digit in digits)
    given = (r for r in page.readings if r.digit_boxes == boxes and r.digits == candidate.digits)
    return Verdict(reader.decoder.paths(*told), candidate, next(given, None))
