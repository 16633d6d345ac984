"""The pipeline: frame → lines → ink → glyphs → digits → readings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from device import formats
from device.addressee import above_address, from_sender, one_addressee
from device.cells import in_cells
from device.classify import Classifier, RuntimeName, log_softmax
from device.decode import Candidate, Decoder, Known
from device.errors import ModelError
from device.glance import promises
from device.glyphs import glyphs
from device.ink import reduce, to_grey
from device.lattice import HOPELESS, Scores, most_digits
from device.lines import SEARCH_PIXELS, Line, Writing, find_faint, find_writing
from device.model import ALONE, Bundle, Precision
from device.opinions import normalised
from device.orientation import Orientation, View, parse_orientation, read_turned
from device.segment import LineInk, Spans, digit_box, line_ink, spans
from device.strips import Strip
from device.types import Frame, Reading, around

if TYPE_CHECKING:
    from device.trace import Trace

Uint8 = NDArray[np.uint8]
Ints = NDArray[np.int32]

PART_OF = 0.6
"""A reading of which another, longer one covers this share is a part of it."""
SETTLED, SENDER_ONLY = 2.0, 0.25
"""Once the addressee's code was read surely lines that promise less than this are left unread, log odds for each digit,
and this once only one was that stands where the sender's does."""
SURE = 0.75
"""Confidence of a code that is read surely: a house's number after a word may be read as one with less, while the code
stands on a line that promises less."""
IN_VAIN, RATHER_NOT = 2, 0.0
"""Once so many lines were read, whatever they gave, those that promise less than this are left."""
NOTHING = 0.1
"""Where no reading has more confidence, the code may be written in ink too faint beside something else on the page."""
MOST_READ = 12
"""Lines that are read of a page with one code: more of them are a texture.  Of 671 codes none was on a later one."""
CERTAIN = 0.9
"""Confidence of an addressee's code from which on the sender's line, the stamp and its postmark are left unread."""
MOST_AFTER = 2
"""Lines that are read once the addressee's code was, with that confidence: few pages have more that promise one."""
BEYOND_HOPE = 2 * HOPELESS
"""Log odds below which no second opinion makes a glyph a digit: it is not asked for."""
NO_OPINION = 3.0
"""Log odds of a glyph that the ten-class network is sure of, where no second one knows what is no digit."""


@dataclass(slots=True)
class Reader:
    """Reads the codes of one format off frames.  For one thread."""

    bundle: Bundle
    format: formats.Format
    decoder: Decoder
    digit: Classifier
    digit_or_not: Classifier | None
    known: Known | None = None
    """The codes that are served, without separators: the likeliest of them wins."""
    orientation: Orientation = 0
    """Degrees that pages are turned by, clockwise, before they are read; ``auto`` finds out."""
    trace: Trace | None = None
    """What is told of every page and line, for pictures of them."""
    which_digit: Classifier | None = None
    """The network that was shown nothing but digits off rendered lines, where there is one."""
    digit_or_not_alone: Classifier | None = None
    """A second opinion of what is a digit, of one that does not see the neighbours, where there is one."""

    @classmethod
    def load(
        cls,
        model: str | Path | None = None,
        format: str = formats.DEFAULT,
        *,
        precision: Precision = "int8",
        runtime: RuntimeName = "auto",
        threads: int = 1,
        known: Iterable[str] | None = None,
        orientation: Orientation = 0,
    ) -> Reader:
        """Open a bundle (by name or card path; the shipped one by default) for a format.

        Raises FormatError, UsageError, ModelError, RuntimeMissing.
        """
        format_ = formats.get(format)
        bundle = Bundle.load(model)
        decoder = _decoder(bundle)
        opened = {network.role: Classifier.open(network, precision, runtime, threads) for network in bundle.networks}
        return cls(
            bundle,
            format_,
            decoder,
            opened["digit"],
            opened.get("digit-or-not"),
            None if known is None else frozenset(re.sub(r"\D", "", code) for code in known),
            parse_orientation(orientation),
            which_digit=opened.get("which-digit"),
            digit_or_not_alone=opened.get("digit-or-not-alone"),
        )

    def read(self, frame: Frame) -> list[Reading]:
        """The readings of a frame: accepted ones first, then by confidence."""
        grey = to_grey(frame.image)
        return read_turned(grey, self.orientation, self.format.postal, lambda view: self._read_view(grey, view))

    def _read_view(self, page: Uint8, view: View) -> list[Reading]:
        """The readings of a page looked at in one way, in the page's own pixels."""
        grey = view.apply(page)
        small, scale = reduce(grey, SEARCH_PIXELS)
        writing = find_writing(small)
        lines = writing.lines
        readings = _whole(self._read_lines(grey, small, scale, writing))
        if self.format.postal and max((one.confidence for one in readings), default=0.0) < NOTHING:
            faint = find_faint(writing)
            if faint is not None:
                lines = [*lines, *faint.lines]
                readings = _once(_whole([*readings, *self._read_lines(grey, small, scale, faint)]))
        readings.sort(key=lambda reading: (not reading.accepted, -reading.confidence))
        if self.format.postal:
            readings = one_addressee(readings, (grey.shape[1], grey.shape[0]))
        readings = [view.back(reading, (page.shape[1], page.shape[0])) for reading in readings]
        if self.trace is not None:
            self.trace.page(view, scale, lines, readings)
        return readings

    def _read_lines(self, grey: Uint8, small: Uint8, scale: float, writing: Writing) -> list[Reading]:
        """The readings of the lines on which a code may stand, the addressee's and the most promising first: those are
        few of an address, and fewer where its code is soon read."""
        promised = self._promises(writing)
        height = float(small.shape[0])
        above = np.array([self.format.postal and above_address(line.centre[1], height) for line in writing.lines])
        readings: list[Reading] = []
        least, certain = -np.inf, False
        read, most = 0, MOST_READ
        for number in np.lexsort((-promised, above)).tolist():
            if read == IN_VAIN:
                least = max(least, RATHER_NOT)
            if self.format.postal and read == most:
                break
            if promised[number] == -np.inf or promised[number] < least or (certain and above[number]):
                continue
            read += 1
            for reading in self.read_line(grey, small, scale, writing.lines[number]):
                readings.append(reading)
                if self.format.postal and reading.accepted and reading.known is not False:
                    sent = from_sender(reading, (grey.shape[1], grey.shape[0]))
                    unsure = reading.confidence < SURE
                    least = max(least, SENDER_ONLY if sent else RATHER_NOT if unsure else SETTLED)
                    if not sent and reading.confidence >= CERTAIN:
                        certain, most = True, min(most, read + MOST_AFTER)
        return readings

    def _promises(self, writing: Writing) -> NDArray[np.float64]:
        """What promises a code on each line, see `device.glance.promises`; all of them are read where it can be any."""
        if not self.format.postal or self.format.length is None or self.digit_or_not is None:
            return np.full(len(writing.lines), np.inf)
        return promises(writing, self.format.length, self._odds)

    def _odds(self, alone: Uint8) -> NDArray[np.float64]:
        """Log odds float64[N] of digit against not a digit, of glyphs uint8[N, 32, 32] without their neighbours."""
        network = self.digit_or_not_alone or self.digit_or_not
        assert network is not None
        every = log_softmax(network.logits(alone))
        return np.asarray(np.logaddexp.reduce(every[:, :10], axis=1) - every[:, 10], np.float64)

    def read_line(self, grey: Uint8, small: Uint8, scale: float, line: Line) -> list[Reading]:
        """The readings of one line: all its spans go through each network in one batch."""
        strip, ink = line_ink(grey, small, scale, line)
        found = spans(ink)
        if not len(found.first) or (self.trace is None and self._too_few(found)):
            return []
        shown = glyphs(ink, found)
        scores = in_cells(self.score(shown, found.boxes), ink, found)
        if self.trace is not None:
            self.trace.line(line, strip, ink, found, shown[:, ALONE], scores)
        candidates = self.decoder.decode(ink, found, scores, self.format, self.known)
        return [self._reading(candidate, strip, ink) for candidate in candidates]

    def _too_few(self, found: Spans) -> bool:
        """Whether the spans cannot make up a code, so that no network need look at them."""
        return self.format.postal and self.format.length is not None and most_digits(found) < self.format.length

    def score(self, shown: Uint8, boxes: Ints | None = None) -> Scores:
        """The networks' opinion of one line's glyphs uint8[S, 2, 32, 32], as `device.glyphs.glyphs` gives them.

        boxes: int32[S, 4], x, y, width, height of each on the line; None where that is not known."""
        if self.digit_or_not is None:
            digit = log_softmax(_opinion(self.digit, shown), self.decoder.temperature)
            return Scores(digit, digit.max(axis=1) + NO_OPINION, digit)
        every = self._digit_or_not(shown)
        is_digit = np.logaddexp.reduce(every[:, :10], axis=1)
        digit, odds = every[:, :10] - is_digit[:, None], is_digit - every[:, 10]
        least = digit.copy()
        likely = np.flatnonzero(odds > HOPELESS)
        if len(likely):  # other opinions of which digit it is, where it may be one
            placed = None if boxes is None else boxes[likely]
            digit[likely], least[likely] = self._mixed(digit[likely], odds[likely], shown[likely], placed)
        return Scores(digit, odds, least)

    def _digit_or_not(self, shown: Uint8) -> NDArray[np.float64]:
        """Log probabilities float64[S, 11]: of both networks that tell, and of the one that does not see the neighbours
        alone where it has no hope: it is asked first, since it may be the smaller one."""
        assert self.digit_or_not is not None
        if self.digit_or_not_alone is None:
            return log_softmax(_opinion(self.digit_or_not, shown))
        every = log_softmax(_opinion(self.digit_or_not_alone, shown))
        asked = np.flatnonzero(np.logaddexp.reduce(every[:, :10], axis=1) - every[:, 10] > BEYOND_HOPE)
        if len(asked):
            share = self.decoder.shares.alone
            both = share * every[asked] + (1 - share) * log_softmax(_opinion(self.digit_or_not, shown[asked]))
            every[asked] = normalised(both)
        return every

    def _mixed(
        self, digit: NDArray[np.float64], odds: NDArray[np.float64], shown: Uint8, boxes: Ints | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Log probabilities float64[S, 10] of the digits, in which the other networks have their share, and the least
        that any of the networks gives.  digit, odds: what the network says that tells digits from what is none."""
        ten = log_softmax(_opinion(self.digit, shown), self.decoder.temperature)
        which = None if self.which_digit is None else log_softmax(_opinion(self.which_digit, shown))
        least = np.minimum(digit, ten)
        mixed = self.decoder.shares.mixed(digit, odds, ten, which, boxes)
        return mixed, least if which is None else np.minimum(least, which)

    def _reading(self, candidate: Candidate, strip: Strip, ink: LineInk) -> Reading:
        low = candidate.boxes[:, :2].min(axis=0)
        high = (candidate.boxes[:, :2] + candidate.boxes[:, 2:]).max(axis=0)
        extent = tuple(float(value) for value in (*low, *(high - low)))
        boxes = tuple(digit_box(strip, ink, *one) for one in zip(candidate.pieces, candidate.boxes, strict=True))
        return Reading(
            code=self.format.write(candidate.digits),
            digits=candidate.digits,
            format=self.format.name,
            confidence=candidate.confidence,
            accepted=candidate.reason is None,
            reason=candidate.reason,
            detail=candidate.detail,
            known=None if self.known is None else candidate.digits in self.known,
            box=around(boxes),
            quad=strip.quad(*extent),
            digit_boxes=boxes,
            digit_confidences=candidate.confidences,
            digit_scores=tuple(map(tuple, candidate.scores.tolist())),
        )


def _decoder(bundle: Bundle) -> Decoder:
    try:
        return Decoder.from_card(bundle.decoder)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"decoder, {type(error).__name__}: {error}"
        raise ModelError(f"{bundle.path}: the card is damaged ({what}); restore the bundle") from error


def _opinion(classifier: Classifier, shown: Uint8) -> NDArray[np.float32]:
    """A network's logits of glyphs uint8[S, 2, 32, 32], which it looks at in its own way."""
    return classifier.logits(shown[:, classifier.network.view])


def _whole(readings: list[Reading]) -> list[Reading]:
    """Without those that are a part of a longer one: a stroke that stands apart is found as a line of its own too."""
    return [
        reading
        for reading in readings
        if not any(len(other.digits) > len(reading.digits) and _covers(other, reading) for other in readings)
    ]


def _once(readings: list[Reading]) -> list[Reading]:
    """Of those that both looks found at one place, the surer one."""
    ranked = sorted(readings, key=lambda reading: -reading.confidence)
    return [one for k, one in enumerate(ranked) if not any(_covers(surer, one) for surer in ranked[:k])]


def _covers(other: Reading, reading: Reading) -> bool:
    (x, y, width, height), (left, top, across, down) = reading.box, other.box
    shared = max(0, min(x + width, left + across) - max(x, left)) * max(0, min(y + height, top + down) - max(y, top))
    return shared > PART_OF * width * height
