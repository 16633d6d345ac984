"""Float against int8, digit by digit and glyph by glyph, through the device's own classifier."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.errors import ParityError
from convert.forms import FormParity
from device.classify import Classifier
from device.model import Bundle, Precision
from train.data import Glyphs, Mnist, Shown
from train.recipe import DIGIT, DIGIT_OR_NOT, WHICH_DIGIT
from train.rendered import NOT_A_DIGIT

LARGEST_ERROR_GAP = 0.0005
"""Share of digits by which the int8 error may differ from the float one: 0.05 points."""
LEAST_AGREEMENT = 0.999
"""Share of digits on which both must give the same class."""
LARGEST_RENDERED_GAP = 0.003
"""The same for the network that is shown rendered glyphs, halves of digits among them: 0.3 points, ..."""
LEAST_RENDERED_AGREEMENT = 0.995
"""... and the same class on so large a share of them."""
BATCH = 500
"""Digits in one invoke."""
Z95 = 1.959964
"""Standard normal quantile of a two-sided 95 % interval."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Limits:
    """How far int8 may be from float32, as shares."""

    error_gap: float = LARGEST_ERROR_GAP
    agreement: float = LEAST_AGREEMENT


ON_RENDERED = Limits(LARGEST_RENDERED_GAP, LEAST_RENDERED_AGREEMENT)


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
    limits: Limits = Limits()

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
        allowed, asked = self.limits.error_gap, self.limits.agreement
        if gap > allowed:
            found.append(f"the errors differ by {gap:.2%}, {gap - allowed:.2%} more than the {allowed:.2%} allowed")
        if self.agreement < asked:
            same = f"the classes agree on {self.agreement:.2%}"
            found.append(f"{same}, {asked - self.agreement:.2%} less than the {asked:.2%} asked")
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


@dataclass(frozen=True, slots=True)
class RenderedParity:
    """Both answers of the network that also knows what is no digit, to rendered glyphs."""

    every: Parity
    """All glyphs, and all eleven classes."""
    digits: Parity
    """Those that are digits."""
    float32_taken: float
    """Share of those that are none and are taken for one, 0 to 1."""
    int8_taken: float

    def require(self) -> None:
        """Raise a ParityError that names every threshold not met."""
        self.every.require()
        self.digits.require()

    def record(self) -> dict[str, Any]:
        """All figures as JSON has them."""
        taken = {"float32": self.float32_taken, "int8": self.int8_taken}
        return {"every": self.every.record(), "digits": self.digits.record(), "not_digits_taken": taken}

    def table(self) -> str:
        """The figures for people."""
        taken = f"not digits, taken for one: float32 {self.float32_taken:.2%}, int8 {self.int8_taken:.2%}"
        return f"rendered digits\n{self.digits.table()}\nall rendered glyphs\n{self.every.table()}\n{taken}"


@dataclass(frozen=True, slots=True)
class Compared:
    """Float against int8, of each network of a bundle, and its graph against the plain one."""

    digit: Parity
    rendered: RenderedParity | None
    """Of the second network, where there is one and glyphs to compare on."""
    which: Parity | None = None
    """Of the which-digit network, on those glyphs that are digits."""
    forms: tuple[FormParity, ...] = ()
    """The fast graph against the plain one; at conversion, and where there is a fast one."""

    def require(self) -> None:
        """Raise a ParityError that names every threshold not met."""
        for form in self.forms:
            form.require()
        self.digit.require()
        if self.rendered:
            self.rendered.require()
        if self.which:
            self.which.require()

    def record(self) -> dict[str, Any]:
        """All figures as JSON has them."""
        others = {"rendered": self.rendered, "which_digit": self.which}
        return self.digit.record() | {name: parity.record() for name, parity in others.items() if parity}

    def table(self) -> str:
        """The figures for people."""
        which = f"rendered digits, which-digit\n{self.which.table()}" if self.which else ""
        tables = [parity.table() for parity in (self.digit, self.rendered) if parity]
        return "\n".join(filter(None, [*tables, which, *(form.table() for form in self.forms)]))


def compare_bundle(bundle: Bundle, mnist: Mnist, glyphs: Glyphs | None) -> Compared:
    """The first network on MNIST's test digits, the others on glyphs, if there are any."""
    compared = Compared(measure(bundle, mnist.test), measure_rendered(bundle, glyphs) if glyphs else None)
    if glyphs is None or not any(network.role == WHICH_DIGIT for network in bundle.networks):
        return compared
    return replace(compared, which=measure_which(bundle, glyphs[np.flatnonzero(glyphs.labels < NOT_A_DIGIT)]))


def measure(bundle: Bundle, shown: Shown, threads: int = 1) -> Parity:
    """Classify all digits with both files of the bundle's digit network."""
    float32, int8 = (classify(bundle, shown, precision, threads) for precision in ("float32", "int8"))
    return compare(float32, int8, shown.labels)


def measure_rendered(bundle: Bundle, glyphs: Glyphs, threads: int = 1) -> RenderedParity:
    """Classify all glyphs with both files of the bundle's digit-or-not network."""
    float32, int8 = (classify(bundle, glyphs, one, threads, DIGIT_OR_NOT) for one in ("float32", "int8"))
    return compare_rendered(float32, int8, glyphs.labels)


def measure_which(bundle: Bundle, digits: Glyphs, threads: int = 1) -> Parity:
    """Classify rendered digits with both files of the bundle's which-digit network."""
    float32, int8 = (classify(bundle, digits, one, threads, WHICH_DIGIT) for one in ("float32", "int8"))
    return replace(compare(float32, int8, digits.labels), limits=ON_RENDERED)


def classify(bundle: Bundle, shown: Shown, precision: Precision, threads: int = 1, role: str = DIGIT) -> Float32:
    """Logits as the device computes them: float32[N, classes]."""
    classifier = Classifier.open(bundle.network(role), precision=precision, threads=threads)
    pixels = shown.pixels
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


def compare_rendered(float32: Float32, int8: Float32, labels: NDArray[np.uint8]) -> RenderedParity:
    """The same for float32[N, 11] logits, against limits of their own."""
    digit = labels < NOT_A_DIGIT
    every, digits = (
        replace(compare(float32[part], int8[part], labels[part]), limits=ON_RENDERED)
        for part in (np.ones(len(labels), bool), digit)
    )
    taken = [float((logits[~digit].argmax(axis=1) < NOT_A_DIGIT).mean()) for logits in (float32, int8)]
    return RenderedParity(every, digits, *taken)


def wilson(wrong: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), which stays sensible near zero."""
    share, z2 = wrong / n, Z95**2 / n
    middle = (share + z2 / 2) / (1 + z2)
    half = Z95 / (1 + z2) * math.sqrt(share * (1 - share) / n + z2 / n / 4)
    return max(0.0, middle - half), min(1.0, middle + half)
