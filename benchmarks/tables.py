"""Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from device.errors import InputError


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]], words: int = 2) -> str:
    """A table whose first columns are words, so many of them, and whose others are figures."""
    rule = [*["---"] * words, *["---:"] * (len(head) - words)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def percent(share: float | None) -> str:
    """A share in per cent, or a dash for what cannot be told."""
    return "–" if share is None else f"{100 * share:.1f}"


def renew(kind: str, document: Path, parts: Mapping[str, str]) -> None:
    """Put texts between the markers of a document, `<!-- KIND NAME -->` and `<!-- end of KIND NAME -->`."""
    text = document.read_text(encoding="utf-8")
    for name, part in parts.items():
        start, end = f"<!-- {kind} {name} -->\n", f"<!-- end of {kind} {name} -->"
        before, found, rest = text.partition(start)
        _, ended, after = rest.partition(end)
        if not found or not ended:
            raise InputError(f"{document}: has no place for a table: {start.strip()} and {end}")
        text = f"{before}{start}\n{part}\n\n{end}{after}"
    document.write_text(text, encoding="utf-8")
