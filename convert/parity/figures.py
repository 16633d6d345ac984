"""What two networks say of the same glyphs: float32 and quantised, as counts, noise and confidence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.statistics import calibration_error, mcnemar, sqnr, wilson
from convert.temperature import fit_temperature
from device.classify import log_softmax

Float32 = NDArray[np.float32]
Uint8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Parity:
    """Both networks' answers to the same glyphs."""

    n: int
    float32_wrong: int
    quantised_wrong: int
    agreeing: int
    """Glyphs given the same class, right or wrong."""
    only_float32_wrong: int
    only_quantised_wrong: int
    largest_difference: float
    """Of any logit, dequantised against float."""
    sqnr: float
    """Of all logits, dB."""
    confidence_shift: float
    """Mean change of the confidence in float32's class; below zero the quantised network is less sure."""
    largest_shift: float
    """The same of one glyph, whichever way."""
    float32_calibration: float
    """Calibration error, 0 to 1."""
    quantised_calibration: float
    sharpness: float
    """The temperature that would make float32's logits honest; 1 where they are."""

    @property
    def float32_error(self) -> float:
        """Share of glyphs, 0 to 1."""
        return self.float32_wrong / self.n

    @property
    def quantised_error(self) -> float:
        """Share of glyphs, 0 to 1."""
        return self.quantised_wrong / self.n

    @property
    def agreement(self) -> float:
        """Share of glyphs, 0 to 1."""
        return self.agreeing / self.n

    @property
    def p(self) -> float:
        """McNemar's, exact, of the glyphs that one network alone gets wrong."""
        return mcnemar(self.only_float32_wrong, self.only_quantised_wrong)

    def record(self) -> dict[str, Any]:
        """All figures as JSON has them; shares from 0 to 1, intervals of 95 %."""
        return asdict(self) | {
            "float32_error": self.float32_error,
            "float32_interval": wilson(self.float32_wrong, self.n),
            "quantised_error": self.quantised_error,
            "quantised_interval": wilson(self.quantised_wrong, self.n),
            "argmax_agreement": self.agreement,
            "mcnemar_p": self.p,
        }


def compare(float32: Float32, quantised: Float32, labels: Uint8, temperature: float = 1.0) -> Parity:
    """Count and measure, from both networks' float32[N, classes] logits and uint8[N] labels.

    temperature: at which the device makes confidences of these logits.
    """
    first, second = float32.argmax(axis=1), quantised.argmax(axis=1)
    first_wrong, second_wrong = first != labels, second != labels
    sure, also = (np.exp(log_softmax(logits, temperature)) for logits in (float32, quantised))
    each = np.arange(len(labels))
    shift = also[each, first] - sure[each, first]
    return Parity(
        n=len(labels),
        float32_wrong=int(first_wrong.sum()),
        quantised_wrong=int(second_wrong.sum()),
        agreeing=int((first == second).sum()),
        only_float32_wrong=int((first_wrong & ~second_wrong).sum()),
        only_quantised_wrong=int((second_wrong & ~first_wrong).sum()),
        largest_difference=float(np.abs(float32 - quantised).max()),
        sqnr=sqnr(float32, quantised),
        confidence_shift=float(shift.mean()),
        largest_shift=float(np.abs(shift).max()),
        float32_calibration=calibration_error(sure.max(axis=1), ~first_wrong),
        quantised_calibration=calibration_error(also.max(axis=1), ~second_wrong),
        sharpness=fit_temperature(float32, labels),
    )
