"""Statistics of a comparison: intervals, tests, noise and calibration."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959964
"""Standard normal quantile of a two-sided 95 % interval."""
LARGEST_SQNR = 150.0
"""dB; what is nearer than that is equal but for the last bits of float32's sums, and zero noise has no logarithm."""
BINS = 15
"""Of equal count, for the calibration error."""


def wilson(wrong: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), which stays sensible near zero; of no trials, everything."""
    if not n:
        return 0.0, 1.0
    share, z2 = wrong / n, Z95**2 / n
    middle = (share + z2 / 2) / (1 + z2)
    half = Z95 / (1 + z2) * math.sqrt(share * (1 - share) / n + z2 / n / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided McNemar: how likely as uneven a split of the disagreements is by chance alone."""
    split = only_first + only_second
    tail = sum(math.comb(split, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, float(2 * tail / 2**split))


def sqnr(signal: NDArray[np.floating], noisy: NDArray[np.floating]) -> float:
    """Signal to quantisation noise, dB: the power of the values over that of the differences, any one shape.

    What is not a number, or infinite, is as bad as can be.
    """
    if not (np.isfinite(signal).all() and np.isfinite(noisy).all()):
        return -LARGEST_SQNR
    power = float(np.square(signal, dtype=np.float64).sum())
    noise = float(np.square(noisy.astype(np.float64) - signal).sum())
    if not noise:
        return LARGEST_SQNR
    decibels = 10 * math.log10(power / noise) if power / noise else -LARGEST_SQNR
    return max(-LARGEST_SQNR, min(LARGEST_SQNR, decibels))


def calibration_error(confidences: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS) -> float:
    """How far float64[N] confidences are from the share that is right, bool[N], in bins of equal count; 0 to 1."""
    return sum(count * abs(sure - share) for sure, share, count in reliability(confidences, right, bins)) / max(
        len(right), 1
    )


def reliability(
    confidences: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS
) -> list[tuple[float, float, int]]:
    """Mean confidence, share right and count of each bin that holds anything, from the least sure on."""
    order = np.argsort(confidences, kind="stable")
    edges = [round(k * len(order) / bins) for k in range(bins + 1)]
    parts = [order[start:stop] for start, stop in itertools.pairwise(edges) if stop > start]
    return [(float(confidences[part].mean()), float(right[part].mean()), len(part)) for part in parts]
