"""Where a component may be cut in two: seams from top to bottom that cross little ink."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Uint8 = NDArray[np.uint8]
Ints = NDArray[np.int32]

LEAN = 40
"""Cost of stepping sideways by one pixel, in units of ink (255 = full)."""
PAPER = 6
"""Cost of a pixel without ink, so that seams are short and straight."""
APART = 0.17
"""Least distance between two seams, in heights of the line."""
MOST_INK = 0.62
"""A seam that crosses more ink than this, in heights of the line, cuts a stroke along."""
PER_HEIGHT = 0.24
"""At most one seam per this width, in heights of the line."""


def seams(ink: Uint8, text_height: float) -> Ints:
    """Seams through a component's soft ink uint8[h, w], left to right.

    int32[K, h]: for each seam and row the first column right of it.  Least-cost paths (Avidan and
    Shamir 2007, Seam Carving) through every column of the middle row; of their local minima the
    cheapest are taken, at a distance from one another.
    """
    height, width = ink.shape
    if height < 3 or width < 4:
        return np.zeros((0, height), np.int32)
    cost = ink.astype(np.int32) + PAPER
    middle = height // 2
    upper, up_steps = _paths(cost[middle::-1])
    lower, down_steps = _paths(cost[middle:])
    total = upper + lower - cost[middle]
    chosen = _choose(total, text_height, height)
    out = np.empty((len(chosen), height), np.int32)
    out[:, middle::-1] = _trace(up_steps, chosen)
    out[:, middle:] = _trace(down_steps, chosen)
    return out


def _paths(cost: Ints) -> tuple[Ints, NDArray[np.int8]]:
    """Least cost int32[w] from each column of the first row to the last row, and the steps int8[h - 1, w] taken.

    Dynamic programming from the last row back, so that the paths start in the first.
    """
    total = cost[-1].copy()
    steps = np.zeros((len(cost) - 1, cost.shape[1]), np.int8)
    far = np.int32(1 << 28)
    for row in range(len(cost) - 2, -1, -1):
        left = np.concatenate([[far], total[:-1] + LEAN])
        right = np.concatenate([total[1:] + LEAN, [far]])
        step = np.where(left < total, np.where(right < left, 1, -1), np.where(right < total, 1, 0))
        steps[row] = step
        total = cost[row] + np.minimum(np.minimum(left, right), total)
    return np.asarray(total, np.int32), steps


def _trace(steps: NDArray[np.int8], start: Ints) -> Ints:
    """Columns int32[K, h] of the paths that start in the given columns of the first row."""
    columns = np.empty((len(start), len(steps) + 1), np.int32)
    at = start.copy()
    columns[:, 0] = at
    for row in range(len(steps)):
        at = at + steps[row, at]
        columns[:, row + 1] = at
    return columns


def _choose(total: Ints, text_height: float, height: int) -> Ints:
    """The cheapest local minima, apart from one another, left to right."""
    ink = (total - PAPER * height) / 255
    edge = max(2, int(0.06 * text_height))
    candidates = np.arange(edge, len(total) - edge)
    if not len(candidates):
        return np.zeros(0, np.int32)
    reach = max(1, int(APART * text_height))
    padded = np.pad(total, reach, constant_values=1 << 28)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    candidates = candidates[(total[candidates] == lowest[candidates]) & (ink[candidates] < MOST_INK * text_height)]
    most = max(1, int(len(total) / (PER_HEIGHT * text_height)))
    chosen: list[int] = []
    for column in candidates[np.argsort(total[candidates], kind="stable")]:
        if len(chosen) < most and all(abs(column - other) >= reach for other in chosen):
            chosen.append(int(column))
    return np.array(sorted(chosen), np.int32)
