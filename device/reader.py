"""The pipeline: frame → lines → ink → glyphs → digits → readings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from device import formats
from device.classify import Classifier, RuntimeName
from device.decode import Candidate, Decoder
from device.ink import reduce, to_grey
from device.lines import SEARCH_PIXELS, Strip, cut_out, find_lines
from device.model import Bundle, Precision
from device.segment import glyph_pixels, is_digit_sized, segment
from device.types import Frame, Reading


@dataclass(slots=True)
class Reader:
    """Reads the codes of one format off frames.  For one thread."""

    bundle: Bundle
    format: formats.Format
    decoder: Decoder
    digit: Classifier

    @classmethod
    def load(
        cls,
        model: str | Path | None = None,
        format: str = formats.DEFAULT,
        *,
        precision: Precision = "int8",
        runtime: RuntimeName = "auto",
        threads: int = 1,
    ) -> Reader:
        """Open a bundle (by name or card path; the shipped one by default) for a format.

        Raises FormatError, ModelError, RuntimeMissing.
        """
        format_ = formats.get(format)
        bundle = Bundle.load(model)
        classifier = Classifier.open(bundle.network("digit"), precision, runtime, threads)
        return cls(bundle, format_, Decoder.from_card(bundle.decoder), classifier)

    def read(self, frame: Frame) -> list[Reading]:
        """The readings of a frame: accepted ones first, then by confidence."""
        grey = to_grey(frame.image)
        small, scale = reduce(grey, SEARCH_PIXELS)
        readings = [
            reading for line in find_lines(small) for reading in self.read_line(cut_out(grey, small, scale, line))
        ]
        readings.sort(key=lambda reading: (not reading.accepted, -reading.confidence))
        return _one_addressee(readings) if self.format.postal else readings

    def read_line(self, strip: Strip) -> list[Reading]:
        """The readings of one line: all its glyphs go through the network in one batch."""
        ink = segment(strip)
        pieces = [piece for piece in ink.pieces if is_digit_sized(piece, ink.text_height)]
        if not pieces:
            return []
        logits = self.digit.logits(np.stack([glyph_pixels(ink, piece) for piece in pieces]))
        return [self._reading(candidate, strip) for candidate in self.decoder.decode(ink, logits, self.format)]

    def _reading(self, candidate: Candidate, strip: Strip) -> Reading:
        pieces = candidate.pieces
        x, y = min(piece.x for piece in pieces), min(piece.y for piece in pieces)
        extent = x, y, max(piece.right for piece in pieces) - x, max(piece.y + piece.height for piece in pieces) - y
        return Reading(
            code=self.format.write(candidate.digits),
            digits=candidate.digits,
            format=self.format.name,
            confidence=candidate.confidence,
            accepted=candidate.reason is None,
            reason=candidate.reason,
            detail=candidate.detail,
            known=None,
            box=strip.box(*extent),
            quad=strip.quad(*extent),
            digit_boxes=tuple(strip.box(piece.x, piece.y, piece.width, piece.height) for piece in pieces),
            digit_confidences=candidate.confidences,
        )


def _one_addressee(readings: list[Reading]) -> list[Reading]:
    """A page has one addressee: the surest reading stays accepted, the others are told apart."""
    return [
        replace(reading, accepted=False, reason="not-the-addressee", detail="another line is the surer one")
        if reading.accepted and k
        else reading
        for k, reading in enumerate(readings)
    ]
