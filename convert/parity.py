"""Float against int8, digit by digit, through the device's own classifier."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.errors import ParityError
from device.classify import Classifier
from device.model import Bundle, Precision
from device.pixels import canvas
from train.data import Digits

LARGEST_ERROR_GAP = 0.0005
"""Share of digits by which the int8 error may differ from the float one: 0.05 points."""
LEAST_AGREEMENT = 0.999
"""Share of digits on which both must give the same class."""
BATCH = 500
"""Digits in one invoke."""
Z95 = 1.959964
"""Standard normal quantile of a two-sided 95 % interval."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Parity:
    """Both networks' answers to the same digits."""

    n: int
    float32_wrong: int
    int8_wrong: int
    agreeing: int
    """Digits given the same class, right or wrong."""
    only_float32_wrong: int
    only_int8_wrong: int
    largest_difference: float
    """Of any logit, dequantised against float."""

    @property
    def float32_error(self) -> float:
        """Share of digits, 0 to 1."""
        return self.float32_wrong / self.n

    @property
    def int8_error(self) -> float:
        """Share of digits, 0 to 1."""
        return self.int8_wrong / self.n

    @property
    def agreement(self) -> float:
        """Share of digits, 0 to 1."""
        return self.agreeing / self.n

    @property
    def p(self) -> float:
        """Exact two-sided McNemar: how likely as uneven a split of the disagreements is by chance alone."""
        split = self.only_float32_wrong + self.only_int8_wrong
        tail = sum(math.comb(split, k) for k in range(min(self.only_float32_wrong, self.only_int8_wrong) + 1))
        return min(1.0, float(2 * tail / 2**split))

    def failures(self) -> list[str]:
        """Each threshold that is not met, and by how much; empty when the network may be shipped."""
        found = []
        gap = abs(self.int8_wrong - self.float32_wrong) / self.n
        if gap > LARGEST_ERROR_GAP:
            over = gap - LARGEST_ERROR_GAP
            found.append(f"the errors differ by {gap:.2%}, {over:.2%} more than the {LARGEST_ERROR_GAP:.2%} allowed")
        if self.agreement < LEAST_AGREEMENT:
            short = LEAST_AGREEMENT - self.agreement
            same = f"the classes agree on {self.agreement:.2%}"
            found.append(f"{same}, {short:.2%} less than the {LEAST_AGREEMENT:.2%} asked")
        return found

    def require(self) -> None:
        """Raise a ParityError that names every threshold not met."""
        failures = self.failures()
        if failures:
            raise ParityError(f"int8 does not match float32 on {self.n:,} digits: {'; '.join(failures)}")

    def record(self) -> dict[str, Any]:
        """All figures as JSON has them; shares from 0 to 1, intervals of 95 %."""
        return asdict(self) | {
            "float32_error": self.float32_error,
            "float32_interval": wilson(self.float32_wrong, self.n),
            "int8_error": self.int8_error,
            "int8_interval": wilson(self.int8_wrong, self.n),
            "argmax_agreement": self.agreement,
            "mcnemar_p": self.p,
            "failures": self.failures(),
        }

    def table(self) -> str:
        """The figures for people."""
        rows = []
        for name, wrong in (("float32", self.float32_wrong), ("int8", self.int8_wrong)):
            low, high = wilson(wrong, self.n)
            interval = f"95 % {low:.2%} to {high:.2%}"
            rows.append(f"{name:<8} {wrong:>4} of {self.n:,} wrong   {wrong / self.n:.2%}   {interval}")
        parted = f"{self.only_float32_wrong} only float32 wrong, {self.only_int8_wrong} only int8"
        return "\n".join(
            [
                *rows,
                f"same class on {self.agreeing:,} of {self.n:,} ({self.agreement:.2%})",
                f"{parted}; McNemar p = {self.p:.3g}",
                f"largest logit difference {self.largest_difference:.3f}",
            ]
        )


def measure(bundle: Bundle, digits: Digits, threads: int = 1) -> Parity:
    """Classify all digits with both files of the bundle's digit network."""
    both = {precision: classify(bundle, digits, precision, threads) for precision in ("float32", "int8")}
    return compare(both["float32"], both["int8"], digits.labels)


def classify(bundle: Bundle, digits: Digits, precision: Precision, threads: int = 1) -> Float32:
    """Logits as the device computes them: float32[N, classes]."""
    classifier = Classifier.open(bundle.network("digit"), precision=precision, threads=threads)
    pixels = canvas(digits.images)
    return np.concatenate([classifier.logits(pixels[i : i + BATCH]) for i in range(0, len(pixels), BATCH)])


def compare(float32: Float32, int8: Float32, labels: NDArray[np.uint8]) -> Parity:
    """Count, from both networks' float32[N, classes] logits and uint8[N] labels."""
    first, second = float32.argmax(axis=1), int8.argmax(axis=1)
    first_wrong, second_wrong = first != labels, second != labels
    return Parity(
        n=len(labels),
        float32_wrong=int(first_wrong.sum()),
        int8_wrong=int(second_wrong.sum()),
        agreeing=int((first == second).sum()),
        only_float32_wrong=int((first_wrong & ~second_wrong).sum()),
        only_int8_wrong=int((second_wrong & ~first_wrong).sum()),
        largest_difference=float(np.abs(float32 - int8).max()),
    )


def wilson(wrong: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), which stays sensible near zero."""
    share, z2 = wrong / n, Z95**2 / n
    middle = (share + z2 / 2) / (1 + z2)
    half = Z95 / (1 + z2) * math.sqrt(share * (1 - share) / n + z2 / n / 4)
    return max(0.0, middle - half), min(1.0, middle + half)
