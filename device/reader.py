"""The pipeline: frame → lines → ink → glyphs → digits → readings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device import formats
from device.addressee import one_addressee
from device.classify import Classifier, RuntimeName, log_softmax
from device.decode import Candidate, Decoder, Known
from device.ink import reduce, to_grey
from device.lattice import HOPELESS, Scores
from device.lines import SEARCH_PIXELS, Line, Strip, find_lines
from device.model import Bundle, Precision
from device.segment import glyphs, line_ink, spans
from device.types import Frame, Reading

Uint8 = NDArray[np.uint8]

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
    ) -> Reader:
        """Open a bundle (by name or card path; the shipped one by default) for a format.

        Raises FormatError, ModelError, RuntimeMissing.
        """
        format_ = formats.get(format)
        bundle = Bundle.load(model)
        opened = {network.role: Classifier.open(network, precision, runtime, threads) for network in bundle.networks}
        return cls(
            bundle,
            format_,
            Decoder.from_card(bundle.decoder),
            opened["digit"],
            opened.get("digit-or-not"),
            None if known is None else frozenset(re.sub(r"\D", "", code) for code in known),
        )

    def read(self, frame: Frame) -> list[Reading]:
        """The readings of a frame: accepted ones first, then by confidence."""
        grey = to_grey(frame.image)
        small, scale = reduce(grey, SEARCH_PIXELS)
        readings = [reading for line in find_lines(small) for reading in self.read_line(grey, small, scale, line)]
        readings.sort(key=lambda reading: (not reading.accepted, -reading.confidence))
        return one_addressee(readings, (grey.shape[1], grey.shape[0])) if self.format.postal else readings

    def read_line(self, grey: Uint8, small: Uint8, scale: float, line: Line) -> list[Reading]:
        """The readings of one line: all its spans go through each network in one batch."""
        strip, ink = line_ink(grey, small, scale, line)
        found = spans(ink)
        if not len(found.first):
            return []
        scores = self.score(glyphs(ink, found))
        candidates = self.decoder.decode(ink, found, scores, self.format, self.known)
        return [self._reading(candidate, strip) for candidate in candidates]

    def score(self, pixels: Uint8) -> Scores:
        """The networks' opinion of glyphs uint8[S, 32, 32]."""
        if self.digit_or_not is None:
            digit = log_softmax(self.digit.logits(pixels), self.decoder.temperature)
            return Scores(digit, digit.max(axis=1) + NO_OPINION)
        every = log_softmax(self.digit_or_not.logits(pixels))
        is_digit = np.logaddexp.reduce(every[:, :10], axis=1)
        digit, odds = every[:, :10] - is_digit[:, None], is_digit - every[:, 10]
        share, likely = self.decoder.digit_share, np.flatnonzero(odds > HOPELESS)
        if share and len(likely):  # two opinions of which digit it is, where it may be one
            other = log_softmax(self.digit.logits(pixels[likely]), self.decoder.temperature)
            mixed = (1 - share) * digit[likely] + share * other
            digit[likely] = mixed - np.logaddexp.reduce(mixed, axis=1, keepdims=True)
        return Scores(digit, odds)

    def _reading(self, candidate: Candidate, strip: Strip) -> Reading:
        low = candidate.boxes[:, :2].min(axis=0)
        high = (candidate.boxes[:, :2] + candidate.boxes[:, 2:]).max(axis=0)
        extent = tuple(float(value) for value in (*low, *(high - low)))
        return Reading(
            code=self.format.write(candidate.digits),
            digits=candidate.digits,
            format=self.format.name,
            confidence=candidate.confidence,
            accepted=candidate.reason is None,
            reason=candidate.reason,
            detail=candidate.detail,
            known=None if self.known is None else candidate.digits in self.known,
            box=strip.box(*extent),
            quad=strip.quad(*extent),
            digit_boxes=tuple(strip.box(*map(float, box)) for box in candidate.boxes),
            digit_confidences=candidate.confidences,
        )
