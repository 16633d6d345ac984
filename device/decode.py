"""Digits on a line → readings: which of them are the code, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.classify import softmax
from device.formats import Format
from device.segment import LineInk, Piece, is_digit_sized

REASONS = ("not-sure", "wrong-length", "not-the-addressee")
"""Every reason a reading can be turned down for (closed list; translated and counted)."""
DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Digits of one line that may be a code."""

    pieces: tuple[Piece, ...]
    digits: str
    confidences: tuple[float, ...]
    confidence: float
    reason: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Decoder:
    """The shipped parameters: temperature and thresholds, from the card."""

    temperature: float = 1.0
    thresholds: Mapping[str, float] | None = None

    @classmethod
    def from_card(cls, decoder: Mapping[str, Any]) -> Decoder:
        thresholds = {str(name): float(value) for name, value in decoder.get("thresholds", {}).items()}
        return cls(float(decoder.get("temperature", 1.0)), thresholds)

    def threshold(self, format: Format) -> float:
        return (self.thresholds or {}).get(format.name, DEFAULT_THRESHOLD)

    def decode(self, ink: LineInk, logits: NDArray[np.float32], format: Format) -> list[Candidate]:
        """The candidates of a line; logits: float32[pieces of digit size, 10], in their order."""
        pieces = [piece for piece in ink.pieces if is_digit_sized(piece, ink.text_height)]
        probabilities = softmax(logits, self.temperature)
        values, confidences = probabilities.argmax(axis=1), probabilities.max(axis=1)
        if format.length is None or len(pieces) < format.length:
            windows = [(0, len(pieces))]
        else:
            windows = [(start, start + format.length) for start in range(len(pieces) - format.length + 1)]
        best = max(windows, key=lambda window: float(np.log(confidences[slice(*window)]).sum()))
        return [self._candidate(pieces[slice(*best)], values[slice(*best)], confidences[slice(*best)], format)]

    def _candidate(
        self, pieces: Sequence[Piece], values: NDArray[np.int64], confidences: NDArray[np.float32], format: Format
    ) -> Candidate:
        digits = "".join(str(value) for value in values)
        confidence = float(np.prod(confidences))
        reason = detail = None
        if format.length is not None and len(digits) != format.length:
            reason, detail = "wrong-length", f"{len(digits)} digits, {format.name} has {format.length}"
        elif confidence < self.threshold(format):
            reason, detail = "not-sure", f"{confidence:.2f} is below {self.threshold(format):.2f}"
        return Candidate(tuple(pieces), digits, tuple(map(float, confidences)), confidence, reason, detail)
