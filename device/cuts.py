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
SPREAD = 0.3
"""Cost of a pixel between the first and the last ink of a column, in full pixels of ink."""
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
    cost: NDArray[np.float32]
    """float32[w]: of a cut along the seam through each column of the middle row; infinite where there is none."""
    valleys: NDArray[np.intp]
    """intp[V]: the columns whose seams are worth trying, left to right."""
    reach: int
    """Least distance of two seams, pixels."""
    rows: tuple[int, int]
    """Rows of the upper half (with the middle one) and of the lower half (with it)."""

    def choose(self, left: int, right: int, text_height: float) -> list[int]:
        """Columns of the middle row at which to cut a component between left and right: the cheapest seams."""
        # near its ends the component only grows thinner, and the last column looked at would always be the cheapest
        edge = max(2, int(EDGE * text_height))
        start, stop = np.searchsorted(self.valleys, (left + edge, right - edge))
        columns = self.valleys[start:stop]
        most = max(1, int((right - left) / (PER_HEIGHT * text_height)))
        chosen: list[int] = []
        for column in columns[np.argsort(self.cost[columns], kind="stable")].tolist():
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


def seam_field(ink: Uint8, extent: Ints, text_height: float) -> SeamField:
    """Dynamic programming over a strip's soft ink uint8[h, w], from its upper and lower edge to the middle row.

    extent: int32[w], rows from the first to the last ink of each column.
    """
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
    price = _cost(crossed, extent, text_height)
    return SeamField(totals, price, _valleys(price, text_height), reach, (upper, lower))


def _cost(crossed: NDArray[np.float32], extent: Ints, text_height: float) -> NDArray[np.float32]:
    """What a cut along each seam costs, float32[w].

    Digits touch at one place: a cut through the middle of a zero crosses no more ink, but at its top and its bottom.
    """
    # what goes around the component is no cut, and must not keep a cut beside it from being the cheapest there
    cut = (crossed > LEAST_INK) & (crossed < MOST_INK * text_height)
    return np.where(cut, crossed + np.float32(SPREAD) * extent, np.inf).astype(np.float32)


def _valleys(cost: NDArray[np.float32], text_height: float) -> NDArray[np.intp]:
    """The columns whose seams are cuts, and the cheapest of those beside them.  cost: float32[w]."""
    valley = max(2, int(VALLEY * text_height))
    padded = np.pad(cost, valley, constant_values=np.inf)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * valley + 1).min(axis=1)
    return np.flatnonzero((cost == lowest) & np.isfinite(cost))
