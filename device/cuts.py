"""Where ink may be cut in two: seams from top to bottom of a line that cross little of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Uint8 = NDArray[np.uint8]
Ints = NDArray[np.int32]

LEAN = 40
"""Cost of stepping sideways by one pixel, in units of ink (255 = full)."""
PAPER = 6
"""Cost of a pixel without ink, so that seams are short and straight."""
APART = 0.16
"""Least distance between two seams, in heights of the line."""
MOST_INK = 0.62
"""A seam that crosses more ink than this, in heights of the line, cuts a stroke along."""
LEAST_INK = 0.5
"""A seam that crosses less ink than this, full pixels, goes around the component."""
VALLEY = 0.05
"""A seam is worth trying when no other cut within this distance, in heights of the line, is cheaper."""
PER_HEIGHT = 0.22
"""At most one seam per this width, in heights of the line."""
EDGE = 0.1
"""Nearest that a seam may come to the end of a component, in heights of the line."""
FAR = np.int32(1 << 28)


@dataclass(frozen=True, slots=True, eq=False)
class SeamField:
    """Every least-cost path through a strip: Avidan and Shamir 2007, Seam Carving, from its middle row both ways."""

    totals: Ints
    """int32[2, R, w + 2]: least cost from each pixel to the strip's edge, of the upper half (turned over) and of the
    lower one; row 0 is the middle row, and the outermost columns are walls."""
    ink: NDArray[np.float32]
    """float32[w]: ink that the seam through each column of the middle row crosses, full pixels."""
    reach: int
    """Least distance of two seams, pixels."""
    rows: tuple[int, int]
    """Rows of the upper half (with the middle one) and of the lower half (with it)."""

    def choose(self, left: int, right: int, text_height: float) -> list[int]:
        """Columns of the middle row at which to cut a component between left and right: the cheapest seams."""
        edge = max(2, int(EDGE * text_height))
        ink = self.ink[left:right]
        # what goes around the component is no cut, and must not keep a cut beside it from being the cheapest there
        cost = np.where((ink > LEAST_INK) & (ink < MOST_INK * text_height), ink, np.float32(np.inf))
        valley = max(2, int(VALLEY * text_height))
        padded = np.full(len(cost) + 2 * valley, np.inf, np.float32)
        padded[valley:-valley] = cost
        lowest = np.array([padded[k : k + len(cost)] for k in range(2 * valley + 1)]).min(axis=0)
        # near its ends the component only grows thinner, and the last column looked at would always be the cheapest
        inner = np.arange(edge, len(ink) - edge)
        columns = left + inner[(cost[inner] == lowest[inner]) & np.isfinite(cost[inner])]
        most = max(1, int((right - left) / (PER_HEIGHT * text_height)))
        chosen: list[int] = []
        for column in columns[np.argsort(self.ink[columns], kind="stable")].tolist():
            if len(chosen) < most and all(abs(column - other) >= self.reach for other in chosen):
                chosen.append(column)
        return sorted(chosen)

    def trace(self, columns: list[int]) -> Ints:
        """The seams through columns of the middle row: int32[K, h], the first column right of the seam in each row."""
        upper, lower = self.rows
        middle = self.totals[:, 1:, 1:-1]
        left, right = self.totals[:, 1:, :-2] + LEAN, self.totals[:, 1:, 2:] + LEAN
        steps = (right < np.minimum(left, middle)).astype(np.int32) - ((left <= right) & (left < middle))
        at = np.array([columns, columns], np.intp)
        path = [at]
        half = np.array([[0], [1]])
        for row in range(steps.shape[1]):
            at = at + steps[half, row, at]
            path.append(at)
        both = np.array(path, np.int32)
        return np.concatenate([both[:upper, 0][::-1], both[1:lower, 1]]).T


def seam_field(ink: Uint8, text_height: float) -> SeamField:
    """Dynamic programming over a strip's soft ink uint8[h, w], from its upper and lower edge to the middle row."""
    height, width = ink.shape
    upper = height // 2 + 1
    lower = height - height // 2
    rows = max(upper, lower)
    cost = np.full((2, rows, width + 2), PAPER, np.int32)
    cost[0, :upper, 1:-1] += ink[upper - 1 :: -1]
    cost[1, :lower, 1:-1] += ink[upper - 1 :]
    cost[:, :, 0] = cost[:, :, -1] = FAR
    totals = np.empty_like(cost)
    totals[:, -1] = cost[:, -1]
    best = np.empty((2, width), np.int32)
    for row in range(rows - 2, -1, -1):
        below = totals[:, row + 1]
        np.minimum(below[:, :-2], below[:, 2:], out=best)
        best += LEAN
        np.minimum(best, below[:, 1:-1], out=best)
        totals[:, row] = cost[:, row]
        totals[:, row, 1:-1] += best
    through = totals[0, 0, 1:-1] + totals[1, 0, 1:-1] - cost[0, 0, 1:-1]
    reach = max(1, int(APART * text_height))
    crossed = (through - PAPER * (2 * rows - 1)).astype(np.float32) / 255
    return SeamField(totals, crossed, reach, (upper, lower))
