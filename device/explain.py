"""Pictures that show why a page was read as it was: the lines found on it, and of each line every stage."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from device import paper
from device.annotate import ACCEPTED, REFUSED, Names, write
from device.decode import FEATURES, describe
from device.formats import Format
from device.lattice import HOPELESS
from device.lines import Line
from device.paper import CAPTION, FAINT, PAPER, TEXT, Colour
from device.reader import Reader
from device.segment import LineInk, Spans
from device.trace import LineTrace, PageTrace, Verdict, verdict_of
from device.types import Frame, Reading

Uint8 = NDArray[np.uint8]
CUT = (40, 40, 230)
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
NARROWEST = 1290
"""Room for what is written, pixels."""
GLYPH, SMALL_GLYPH = 72, 40
"""Side of a network input as drawn, pixels: of one that was tried as a digit, and of one that was not."""
WORDS = 62
"""Room for what is said of a span, pixels."""
BAR = 260
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
    "sharp": "sharpness of the ink's edges",
    "torn": "largest piece torn off a digit",
    "dissent": "least log probability that any network gives a digit",
    "among": "letters among the digits",
    "attached": "letters of the word it is attached to",
    "gap": "paper within it, beyond the usual",
}


def save(names: Names, frame: Frame, readings: list[Reading], reader: Reader) -> list[str]:
    """Write the pictures of a page that a reader with a trace has just read: the page's own, then one a line."""
    if reader.trace is None:
        raise ValueError("the reader has no trace: set Reader.trace before it reads")
    page = reader.trace.take(readings)
    verdicts = [verdict_of(line, page, reader) for line in page.lines]
    numbers = [next(k for k, found in enumerate(page.found, 1) if found is line.line) for line in page.lines]
    endings = ["-explain.png", *(f"-explain-line{number}.png" for number in numbers)]
    paths = names.paths(frame, endings)
    write(paths[0], draw_page(frame.image, page, dict(zip(numbers, verdicts, strict=True))))
    for path, number, line, verdict in zip(paths[1:], numbers, page.lines, verdicts, strict=True):
        write(path, draw_line(f"line {number}", line, verdict, reader))
    return [str(path) for path in paths]


# ── The page ──


def draw_page(image: Uint8, page: PageTrace, verdicts: dict[int, Verdict]) -> Uint8:
    """The page as it was looked at, uint8[h, w, 3]: every line numbered, in the colour of what was decided."""
    scale = PAGE_SIDE / max(image.shape[:2])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    small = small if small.ndim == 3 else cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    picture = np.array(page.view.apply(np.asarray(small, np.uint8)))
    none = Verdict([], None, None)
    order = sorted(enumerate(page.found, 1), key=lambda one: _colour(verdicts.get(one[0], none)) == ACCEPTED)
    for number, line in order:
        verdict = verdicts.get(number, none)
        corners = np.rint(_corners(line) * (scale / page.scale)).astype(np.int32)
        thick = 4 if _colour(verdict) == ACCEPTED else 2
        cv2.polylines(picture, [corners], True, _colour(verdict), thick, cv2.LINE_AA)
        x, y = int(corners[0, 0]), int(corners[0, 1])
        _tag(picture, f"{number}  {verdict.short}".strip(), x, y, _colour(verdict))
    return paper.stack([paper.heading(_page_title(page), TEXT, picture.shape[1]), picture])


def _colour(verdict: Verdict) -> Colour:
    if verdict.reading is None:
        return FAINT
    return ACCEPTED if verdict.reading.accepted else REFUSED


def _page_title(page: PageTrace) -> str:
    seen = [f"turned by {page.view.turn} degrees"] * bool(page.view.turn) + ["inverted"] * page.view.inverted
    accepted = [reading.code for reading in page.readings if reading.accepted]
    lines = f"lines found: {len(page.found)}, shown to the networks: {len(page.lines)}"
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
    paper.put(picture, text, x + 6, y - 5, PAPER, 0.6)


# ── A line ──


def draw_line(title: str, line: LineTrace, verdict: Verdict, reader: Reader) -> Uint8:
    """Every stage of a line from top to bottom, uint8[h, w, 3]."""
    zoom = float(np.clip(WIDTH / line.ink.soft.shape[1], *ZOOM))
    width = max(round(line.ink.soft.shape[1] * zoom), NARROWEST)
    inked = _inked_rows(line.ink)
    pieces, components = len(line.ink.boxes), len(np.unique(line.ink.components))
    panels = [
        paper.heading(f"{title}:  {verdict.title}", _colour(verdict) if verdict.reading else TEXT, width, 0.9),
        paper.caption("1  cut out of the page, upright", width),
        _enlarged(line.strip.grey, zoom),
        paper.caption("2  its ink, the soft map that the networks are shown", width),
        _enlarged(255 - line.ink.soft[inked], zoom),
        paper.caption(f"3  {components} connected components, cut into {pieces} pieces (red: where it was cut)", width),
        _pieces(line.ink, inked, zoom),
        paper.caption(f"4  the {len(line.pixels)} spans of the lattice as the networks saw them: best digit, its"
                 " probability, log odds that it is one at all; green: the path; small: not tried", width),
        _lattice(line, verdict, zoom, width),
        paper.caption("5  decision", width),
        _decision(line, verdict, reader, width),
    ]  # fmt: skip
    return paper.stack(panels)


def _enlarged(grey: Uint8, zoom: float) -> Uint8:
    large = cv2.resize(grey, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), np.uint8)


def _inked_rows(ink: LineInk) -> slice:
    """The rows of a strip that hold its pieces, and a little more."""
    rows = np.flatnonzero(ink.labels.any(axis=1))
    return slice(max(int(rows[0]) - 4, 0), int(rows[-1]) + 5)


def _pieces(ink: LineInk, rows: slice, zoom: float) -> Uint8:
    """The pieces in colours, a red line where two of one component meet, and each one's number below."""
    colours = np.array([PAPER, *(PALETTE[k % len(PALETTE)] for k in range(len(ink.boxes)))], np.uint8)
    labels = cv2.resize(ink.labels[rows], None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST)
    picture = colours[labels]
    component = np.concatenate([[-1], ink.components])[labels]
    cut = np.zeros(labels.shape, np.uint8)
    for here, other in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        meet = (labels[here] != labels[other]) & (component[here] == component[other]) & (component[here] >= 0)
        cut[here] |= meet
    picture[cv2.dilate(cut, np.ones((5, 5), np.uint8)) > 0] = CUT
    numbers = paper.blank(picture.shape[1], 26)
    for number, (x, _, width, _) in enumerate(ink.boxes, 1):
        paper.centred(
            numbers, str(number), round((x + width / 2) * zoom), 18, PALETTE[(number - 1) % len(PALETTE)], 0.55
        )
    return np.concatenate([picture, numbers])


def _lattice(line: LineTrace, verdict: Verdict, zoom: float, width: int) -> Uint8:
    """All spans under their place: the chosen ones first, then what else was tried as a digit, small what was not."""
    read = dict(zip(verdict.paths[0].spans, verdict.paths[0].digits, strict=True)) if verdict.paths else {}
    others = [span for span in range(len(line.pixels)) if span not in read]
    others.sort(key=lambda span: (line.found.last[span] - line.found.first[span], line.found.boxes[span, 0]))
    tried = [span for span in others if line.scores.odds[span] > HOPELESS]
    hopeless = [span for span in others if line.scores.odds[span] <= HOPELESS]
    parts = []
    for spans, side in ((list(read), GLYPH), (tried, GLYPH), (hopeless, SMALL_GLYPH)):
        for row in _packed(spans, line.found, zoom, side):
            part = paper.blank(width, side + (WORDS if side == GLYPH else 18))
            for span in row:
                _span(part, line, span, zoom, side, read.get(span))
            parts.append(part)
    return np.concatenate(parts)


def _packed(spans: Sequence[int], found: Spans, zoom: float, side: int) -> list[list[int]]:
    """Rows of spans that do not overlap: each in the first one that has room."""
    rows: list[list[int]] = []
    for span in spans:
        left, right = _reach(found, span, zoom, side)
        for row in rows:
            taken = (_reach(found, other, zoom, side) for other in row)
            if all(right <= start or end <= left for start, end in taken):
                row.append(span)
                break
        else:
            rows.append([span])
    return rows


def _reach(found: Spans, span: int, zoom: float, side: int) -> tuple[float, float]:
    """From where to where a span's drawing keeps others away: neighbours may touch."""
    x, width = float(found.boxes[span, 0]) * zoom, float(found.boxes[span, 2]) * zoom
    half = (side + 8) / 2
    centre = max(x + width / 2, half)
    return min(x + 6, centre - half), max(x + width - 6, centre + half)


def _span(row: Uint8, line: LineTrace, span: int, zoom: float, side: int, read: str | None) -> None:
    """One span: a bar as wide as its ink, the network's input, and what the networks say."""
    x, width = (round(float(value) * zoom) for value in line.found.boxes[span, [0, 2]])
    colour = FAINT if side != GLYPH else (TEXT if read is None else ACCEPTED)
    cv2.rectangle(row, (x, 2), (x + width, 4 if read is None else 6), colour, cv2.FILLED)
    left = min(max(x + width // 2 - side // 2, 2), row.shape[1] - side - 2)
    glyph = cv2.resize(line.pixels[span], (side, side), interpolation=cv2.INTER_AREA if side < 32 else cv2.INTER_CUBIC)
    row[10 : 10 + side, left : left + side] = (glyph if side == GLYPH else glyph // 2 + 100)[..., None]
    if side != GLYPH:
        return
    cv2.rectangle(row, (left - 1, 9), (left + side, 10 + side), colour, 1 if read is None else 3)
    digit = int(line.scores.digit[span].argmax()) if read is None else int(read)
    probability = f"{np.exp(line.scores.digit[span, digit]):.2f}".removeprefix("0")
    paper.centred(row, f"{digit}  {probability}", left + side // 2, side + 30, colour, 0.6)
    paper.centred(row, f"{line.scores.odds[span]:+.1f}", left + side // 2, side + 49, colour, 0.5)


# ── The decision ──


def _decision(line: LineTrace, verdict: Verdict, reader: Reader, width: int) -> Uint8:
    """In words, with a bar for what each feature gives to the log odds that the whole code is right."""
    candidate = verdict.candidate
    if candidate is None:
        return paper.words([_nothing(reader.format)], width)
    features = describe(list(verdict.paths), line.ink, line.found, line.scores, reader.format.kind)
    weights = reader.decoder.confidence[reader.format.kind]
    given = weights * features
    others = ", ".join(f"{path.digits} ({path.score:.1f})" for path in verdict.paths[1:]) or "none"
    least = reader.decoder.threshold(reader.format)
    words = [
        f"best path {candidate.digits} (score {verdict.paths[0].score:.1f}); next: {others}",
        f"log odds {given.sum():+.2f}, confidence {candidate.confidence:.3f}; accepted from {least:.2f} on",
        _reason(verdict.reading),
    ]
    return np.concatenate([paper.words(words, width), _bars(features, weights, width)])


def _nothing(format: Format) -> str:
    return "no digits here" if format.length is None else f"no {format.length} digits here that follow one another"


def _reason(reading: Reading | None) -> str:
    if reading is None:
        return "not given out: another line's reading covers it and is longer"
    served = {None: "", True: "; it is in the list of known codes", False: "; it is in no list of known codes"}
    if reading.accepted:
        return f"accepted as {reading.format} {reading.code}{served[reading.known]}"
    return f"turned down: {reading.reason} ({reading.detail}){served[reading.known]}"


def _bars(features: NDArray[np.float64], weights: NDArray[np.float64], width: int) -> Uint8:
    step, zero = 30, 660 + BAR
    shown = [k for k in range(len(FEATURES)) if weights[k]]
    sheet = paper.blank(width, step * len(shown) + 40)
    given = weights * features
    unit = BAR / max(float(np.abs(given).max()), 1e-6)
    paper.put(sheet, "feature", 0, 22, CAPTION, 0.6)
    paper.put(sheet, "value x weight", 350, 22, CAPTION, 0.6)
    paper.put(sheet, "what it gives to the log odds", zero - BAR, 22, CAPTION, 0.6)
    cv2.line(sheet, (zero, 32), (zero, sheet.shape[0] - 2), FAINT, 1)
    for row, k in enumerate(shown):
        base = 56 + row * step
        paper.put(sheet, IN_WORDS.get(FEATURES[k], FEATURES[k].replace("_", " ")), 0, base, TEXT, 0.6)
        paper.put(sheet, f"{round(float(features[k]), 2) + 0.0:.2f} x {weights[k]:.2f}", 430, base, TEXT, 0.6)
        end = zero + round(float(given[k]) * unit)
        gives = round(float(given[k]), 2) + 0.0  # no minus before a zero
        colour = FAINT if gives == 0 else (ACCEPTED if gives > 0 else REFUSED)
        cv2.rectangle(sheet, (min(zero, end), base - 16), (max(zero, end), base + 4), colour, cv2.FILLED)
        paper.put(sheet, f"{gives:+.2f}", zero + BAR + 12, base, colour, 0.6)
    return sheet
