"""Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first two columns are words and whose others are figures."""
    rule = ["---", "---", *["---:"] * (len(head) - 2)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def percent(share: float | None) -> str:
    """A share in per cent, or a dash for what cannot be told."""
    return "–" if share is None else f"{100 * share:.1f}"
