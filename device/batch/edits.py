"""What was read beside what stands there, digit for digit."""

from __future__ import annotations

NONE = "–"
"""A digit that was passed over, or one that is not there."""


def aligned(truth: str, read: str) -> list[tuple[str, str]]:
    """Digit for digit with the fewest edits (Levenshtein), `NONE` where one has none."""
    costs = [[max(i, j) if not i or not j else 0 for j in range(len(read) + 1)] for i in range(len(truth) + 1)]
    for i, a in enumerate(truth, start=1):
        for j, b in enumerate(read, start=1):
            costs[i][j] = min(costs[i - 1][j] + 1, costs[i][j - 1] + 1, costs[i - 1][j - 1] + (a != b))
    pairs, i, j = [], len(truth), len(read)
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + (truth[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((truth[i], read[j]))
        elif i and costs[i][j] == costs[i - 1][j] + 1:
            i -= 1
            pairs.append((truth[i], NONE))
        else:
            j -= 1
            pairs.append((NONE, read[j]))
    return pairs[::-1]


def edits(truth: str, read: str) -> int:
    """Digits to be put in, taken out or changed."""
    return sum(a != b for a, b in aligned(truth, read))
