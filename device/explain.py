"""Pictures that show why a page was read as it was: the lines found on it, and of each line every stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from device.annotate import ACCEPTED, REFUSED, Names, write
from device.decode import FEATURES, Candidate, describe
from device.formats import Format
from device.lattice import HOPELESS, Path, Scores
from device.lines import Line, Strip
from device.orientation import View
from device.reader import Reader
from device.segment import LineInk, Spans
from device.types import Frame, Reading

Uint8 = NDArray[np.uint8]
Colour = tuple[int, int, int]
"""Blue, green, red."""

TEXT, FAINT, PAPER, CUT = (60, 50, 45), (165, 160, 155), (255, 255, 255), (40, 40, 230)
PALETTE: tuple[Colour, ...] = (
    (180, 119, 31), (14, 127, 255), (44, 160, 44), (189, 103, 148), (75, 86, 140), (194, 119, 227), (207, 190, 23),
)  # fmt: skip
"""Neighbouring pieces differ."""
PAGE_SIDE = 1500
"""Longer side of the page's picture, pixels."""
WIDTH = 1500
"""What a line is enlarged to, pixels, ..."""
ZOOM = 1.5, 5.0
"""... as far as that is between these."""
BORDER = 28
GLYPH = 56
"""Side of a network input as drawn, pixels."""
CELL = GLYPH + 8, GLYPH + 48
"""Width and height of a span of the lattice with what is said of it, pixels."""
BAR = 190
"""Longest bar of the decision, pixels."""
IN_WORDS = {
    "bias": "to begin with",
    "digits": "the digits' log probabilities",
    "least_digit": "... of the least sure one",
    "odds": "log probability that all are digits",
    "least_odds": "odds of the least digit-like one",
    "margin": "lead over the next best path",
    "passed_over": "share of ink passed over",
    "largest_gap_piece": "largest piece passed over",
    "uneven": "unevenness of height",
    "length": "number of digits",
    "outside": "ink before and after the code",
    "abutting": "ink that abuts on the code",
}


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
    def colour(self) -> Colour:
        if self.reading is None:
            return FAINT
        return ACCEPTED if self.reading.accepted else REFUSED

    @property
    def title(self) -> str:
        if self.reading is None:
            return "no code"
        verdict = "accepted" if self.reading.accepted else f"turned down, {self.reading.reason}"
        return f"{self.reading.code}   confidence {self.reading.confidence:.2f}   {verdict}"


def save(names: Names, frame: Frame, readings: list[Reading], reader: Reader) -> list[str]:
    """Write the pictures of a page that a reader with a trace has just read: the page's own, then one a line."""
    if reader.trace is None:
        raise ValueError("the reader has no trace: set Reader.trace before it reads")
    page = reader.trace.take(readings)
    verdicts = [_verdict(line, page, reader) for line in page.lines]
    numbers = [next(k for k, found in enumerate(page.found, 1) if found is line.line) for line in page.lines]
    endings = ["-explain.png", *(f"-explain-line{number}.png" for number in numbers)]
    paths = names.paths(frame, endings)
    write(paths[0], draw_page(frame.image, page, dict(zip(numbers, verdicts, strict=True))))
    for path, number, line, verdict in zip(paths[1:], numbers, page.lines, verdicts, strict=True):
        write(path, draw_line(f"line {number}", line, verdict, reader))
    return [str(path) for path in paths]


def _verdict(line: LineTrace, page: PageTrace, reader: Reader) -> Verdict:
    """Decided once more, from what the reader told: the same code with the same figures gives the same."""
    told = line.ink, line.found, line.scores, reader.format, reader.known
    candidate = next(iter(reader.decoder.decode(*told)), None)
    if candidate is None:
        return Verdict([], None, None)
    turned = line.strip.frame_size
    size = turned if page.view.turn in (0, 180) else (turned[1], turned[0])
    boxes = tuple(page.view.box(line.strip.box(*map(float, box)), size) for box in candidate.boxes)
    given = (r for r in page.readings if r.digit_boxes == boxes and r.digits == candidate.digits)
    return Verdict(reader.decoder.paths(*told), candidate, next(given, None))


# ── The page ──


def draw_page(image: Uint8, page: PageTrace, verdicts: dict[int, Verdict]) -> Uint8:
    """The page as it was looked at, uint8[h, w, 3]: every line numbered, in the colour of what was decided."""
    scale = PAGE_SIDE / max(image.shape[:2])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    small = small if small.ndim == 3 else cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    picture = np.array(page.view.apply(np.asarray(small, np.uint8)))
    none = Verdict([], None, None)
    order = sorted(enumerate(page.found, 1), key=lambda one: verdicts.get(one[0], none).colour == ACCEPTED)
    for number, line in order:
        verdict = verdicts.get(number, none)
        corners = np.rint(_corners(line) * (scale / page.scale)).astype(np.int32)
        thick = 4 if verdict.colour == ACCEPTED else 2
        cv2.polylines(picture, [corners], True, verdict.colour, thick, cv2.LINE_AA)
        x, y = int(corners[0, 0]), int(corners[0, 1])
        _tag(picture, str(number) if verdict.reading is None else f"{number}  {verdict.title}", x, y, verdict.colour)
    return _stack([_heading(_page_title(page), TEXT, picture.shape[1]), picture])


def _page_title(page: PageTrace) -> str:
    seen = [f"turned by {page.view.turn} degrees"] * bool(page.view.turn) + ["inverted"] * page.view.inverted
    accepted = [reading.code for reading in page.readings if reading.accepted]
    lines = f"{len(page.found)} lines found, {len(page.lines)} shown to the networks"
    return "; ".join([*seen, lines, f"accepted: {', '.join(accepted) or 'nothing'}"])


def _corners(line: Line) -> NDArray[np.float64]:
    """float64[4, 2]: corners of a line's ink on the reduced picture, a little outside it."""
    half = np.array([line.width, line.height]) / 2 + 0.15 * line.text_height
    cos, sin = np.cos(line.angle), np.sin(line.angle)
    around = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    return np.asarray(around @ np.array([(cos, sin), (-sin, cos)]) + np.array(line.centre), np.float64)


def _tag(picture: Uint8, text: str, x: int, y: int, colour: Colour) -> None:
    """White text on a coloured label, its lower left at x, y."""
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1)
    x, y = min(max(x, 0), max(picture.shape[1] - width - 12, 0)), max(y, height + 10)
    cv2.rectangle(picture, (x, y - height - 10), (x + width + 12, y), colour, cv2.FILLED)
    _text(picture, text, x + 6, y - 5, PAPER, 0.6)


# ── A line ──


def draw_line(title: str, line: LineTrace, verdict: Verdict, reader: Reader) -> Uint8:
    """Every stage of a line from top to bottom, uint8[h, w, 3]."""
    rows, columns = line.ink.soft.shape
    zoom = float(np.clip(WIDTH / columns, *ZOOM))
    size = max(round(columns * zoom), 900), max(round(rows * zoom), 1)
    pieces, components = len(line.ink.boxes), len(np.unique(line.ink.components))
    panels = [
        _heading(f"{title}:  {verdict.title}", verdict.colour if verdict.reading else TEXT, size[0], 0.9),
        _caption("1  cut out of the page, upright", size[0]),
        _enlarged(line.strip.grey, zoom),
        _caption("2  its ink, the soft map that the networks are shown", size[0]),
        _enlarged(255 - line.ink.soft, zoom),
        _caption(f"3  {components} connected components, cut into {pieces} pieces (red: where ink was cut)", size[0]),
        _pieces(line.ink, zoom),
        _caption(f"4  lattice: each of the {len(line.pixels)} spans as the networks saw it, the digit that it may be,"
                 " its probability, log odds that it is a digit; the path chosen first", size[0]),
        _lattice(line, verdict, zoom, size[0]),
        _caption("5  decision", size[0]),
        _decision(line, verdict, reader, size[0]),
    ]  # fmt: skip
    return _stack(panels)


def _enlarged(grey: Uint8, zoom: float) -> Uint8:
    large = cv2.resize(grey, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), np.uint8)


def _pieces(ink: LineInk, zoom: float) -> Uint8:
    """The pieces in colours, a red line where two of one component meet, and each one's number below."""
    colours = np.array([PAPER, *(PALETTE[k % len(PALETTE)] for k in range(len(ink.boxes)))], np.uint8)
    labels = cv2.resize(ink.labels, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST)
    picture = colours[labels]
    component = np.concatenate([[-1], ink.components])[labels]
    for here, other in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        meet = (labels[here] != labels[other]) & (component[here] == component[other]) & (component[here] >= 0)
        picture[here][meet] = CUT
        picture[other][meet] = CUT
    numbers = _blank(picture.shape[1], 22)
    for number, (x, _, width, _) in enumerate(ink.boxes, 1):
        _centred(numbers, str(number), round((x + width / 2) * zoom), 16, PALETTE[(number - 1) % len(PALETTE)], 0.42)
    return np.concatenate([picture, numbers])


def _lattice(line: LineTrace, verdict: Verdict, zoom: float, width: int) -> Uint8:
    """All spans under their place: the chosen ones in the first row, then in rows of one piece, two pieces, …"""
    chosen = list(verdict.paths[0].spans) if verdict.paths else []
    read = dict(zip(chosen, verdict.paths[0].digits if verdict.paths else "", strict=True))
    counts = line.found.last - line.found.first + 1
    rows = _packed(chosen, line.found, zoom)
    for count in np.unique(counts):
        rows += _packed([k for k in np.flatnonzero(counts == count).tolist() if k not in read], line.found, zoom)
    sheet = _blank(width, max(len(rows), 1) * CELL[1])
    for row, spans in enumerate(rows):
        for span in spans:
            _span(sheet, line, int(span), row * CELL[1], zoom, read.get(span))
    return sheet


def _packed(spans: Sequence[int], found: Spans, zoom: float) -> list[list[int]]:
    """Rows of spans that do not overlap, as few as will do."""
    rows: list[list[int]] = []
    ends: list[float] = []
    for span in sorted(spans, key=lambda span: int(found.boxes[span, 0])):
        left, right = _reach(found, span, zoom)
        row = next((k for k, end in enumerate(ends) if end + 4 <= left), len(rows))
        if row == len(rows):
            rows.append([])
            ends.append(0.0)
        rows[row].append(span)
        ends[row] = right
    return rows


def _reach(found: Spans, span: int, zoom: float) -> tuple[float, float]:
    """From where to where a span's drawing goes."""
    x, width = float(found.boxes[span, 0]) * zoom, float(found.boxes[span, 2]) * zoom
    centre = max(x + width / 2, CELL[0] / 2)
    return min(x, centre - CELL[0] / 2), max(x + width, centre + CELL[0] / 2)


def _span(sheet: Uint8, line: LineTrace, span: int, top: int, zoom: float, read: str | None) -> None:
    x, width = (round(float(value) * zoom) for value in line.found.boxes[span, [0, 2]])
    digit = int(read) if read is not None else int(line.scores.digit[span].argmax())
    odds = float(line.scores.odds[span])
    colour = ACCEPTED if read is not None else (TEXT if odds > HOPELESS else FAINT)
    cv2.rectangle(sheet, (x, top + 2), (x + width, top + (6 if read is not None else 4)), colour, cv2.FILLED)
    centre = max(x + width // 2, CELL[0] // 2)
    left = min(max(centre - GLYPH // 2, 2), sheet.shape[1] - GLYPH - 2)
    glyph = cv2.resize(line.pixels[span], (GLYPH, GLYPH), interpolation=cv2.INTER_CUBIC)
    shown = glyph if colour != FAINT else glyph // 2 + 100
    sheet[top + 10 : top + 10 + GLYPH, left : left + GLYPH] = shown[..., None]
    edge = 3 if read is not None else 1
    cv2.rectangle(sheet, (left - 1, top + 9), (left + GLYPH, top + 10 + GLYPH), colour, edge)
    probability = f"{np.exp(line.scores.digit[span, digit]):.2f}".removeprefix("0")
    _centred(sheet, f"{digit}  {probability}", left + GLYPH // 2, top + GLYPH + 26, colour, 0.45)
    _centred(sheet, f"{odds:+.1f}", left + GLYPH // 2, top + GLYPH + 41, colour, 0.38)


# ── The decision ──


def _decision(line: LineTrace, verdict: Verdict, reader: Reader, width: int) -> Uint8:
    """In words, with a bar for what each feature gives to the log odds that the whole code is right."""
    candidate, reading = verdict.candidate, verdict.reading
    if candidate is None or reading is None:
        return _words([_nothing(reader.format)], width)
    features = describe(list(verdict.paths), line.ink, line.found, line.scores, reader.format.length is not None)
    weights = reader.decoder.confidence[reader.format.kind]
    given = weights * features
    others = ", ".join(f"{path.digits} ({path.score:.1f})" for path in verdict.paths[1:]) or "none"
    least = reader.decoder.threshold(reader.format)
    words = [
        f"best path {candidate.digits} (score {verdict.paths[0].score:.1f}); next: {others}",
        f"log odds {given.sum():+.2f}, confidence {candidate.confidence:.3f}; accepted from {least:.2f} on",
        _reason(reading),
    ]
    return np.concatenate([_words(words, width), _bars(features, weights, width)])


def _nothing(format: Format) -> str:
    return "no digits here" if format.length is None else f"no {format.length} digits here that follow one another"


def _reason(reading: Reading) -> str:
    served = {None: "", True: "; it is in the list of known codes", False: "; it is in no list of known codes"}
    if reading.accepted:
        return f"accepted as {reading.format} {reading.code}{served[reading.known]}"
    return f"turned down: {reading.reason} ({reading.detail}){served[reading.known]}"


def _bars(features: NDArray[np.float64], weights: NDArray[np.float64], width: int) -> Uint8:
    step, zero = 24, 560 + BAR
    shown = [k for k in range(len(FEATURES)) if weights[k]]
    sheet = _blank(width, step * len(shown) + 34)
    given = weights * features
    unit = BAR / max(float(np.abs(given).max()), 1e-6)
    _text(sheet, "feature", 0, 18, FAINT, 0.45)
    _text(sheet, "value x weight", 350, 18, FAINT, 0.45)
    _text(sheet, "what it gives to the log odds", zero - BAR, 18, FAINT, 0.45)
    cv2.line(sheet, (zero, 26), (zero, sheet.shape[0] - 2), FAINT, 1)
    for row, k in enumerate(shown):
        base = 46 + row * step
        _text(sheet, IN_WORDS.get(FEATURES[k], FEATURES[k].replace("_", " ")), 0, base, TEXT, 0.48)
        _text(sheet, f"{features[k]:.2f} x {weights[k]:.2f}", 350, base, TEXT, 0.45)
        end = zero + round(float(given[k]) * unit)
        colour = ACCEPTED if given[k] >= 0 else REFUSED
        cv2.rectangle(sheet, (min(zero, end), base - 13), (max(zero, end), base + 3), colour, cv2.FILLED)
        _text(sheet, f"{given[k]:+.2f}", zero + BAR + 12, base, colour, 0.45)
    return sheet


# ── Paper and words ──


def _blank(width: int, height: int) -> Uint8:
    return np.full((height, width, 3), 255, np.uint8)


def _stack(panels: Sequence[Uint8]) -> Uint8:
    """Panels below one another on white, with a border."""
    width = max(panel.shape[1] for panel in panels)
    wide = [cv2.copyMakeBorder(p, 0, 0, 0, width - p.shape[1], cv2.BORDER_CONSTANT, value=PAPER) for p in panels]
    sheet = cv2.copyMakeBorder(np.concatenate(wide), *(BORDER,) * 4, cv2.BORDER_CONSTANT, value=PAPER)
    return np.asarray(sheet, np.uint8)


def _heading(text: str, colour: Colour, width: int, size: float = 0.75) -> Uint8:
    sheet = _blank(width, 44)
    _text(sheet, text, 0, 26, colour, size)
    return sheet


def _caption(text: str, width: int) -> Uint8:
    sheet = _blank(width, 44)
    _text(sheet, text, 0, 32, FAINT, 0.55)
    return sheet


def _words(lines: Sequence[str], width: int) -> Uint8:
    sheet = _blank(width, 26 * len(lines) + 8)
    for row, text in enumerate(lines):
        _text(sheet, text, 0, 20 + 26 * row, TEXT, 0.55)
    return sheet


def _text(sheet: Uint8, text: str, x: int, y: int, colour: Colour, size: float) -> None:
    """OpenCV's own typeface, which has ASCII only; x, y: left end of the base line."""
    plain = text.encode("ascii", "replace").decode()
    thick = 2 if size > 0.8 else 1
    cv2.putText(sheet, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, colour, thick, cv2.LINE_AA)


def _centred(sheet: Uint8, text: str, x: int, y: int, colour: Colour, size: float) -> None:
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    _text(sheet, text, x - width // 2, y, colour, size)
