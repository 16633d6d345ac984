"""Postal-code formats as data."""

from __future__ import annotations

import re
from dataclasses import dataclass

from device.errors import FormatError


@dataclass(frozen=True, slots=True)
class Format:
    name: str
    groups: tuple[int, ...]
    """Digits in each group; empty: any number of digits in one group."""
    separator: str = ""
    """Between the groups as the country writes the code."""
    postal: bool = True
    """A postal format has one addressee on a page; in others every line counts."""
    country: str = ""

    @property
    def length(self) -> int | None:
        return sum(self.groups) or None

    def write(self, digits: str) -> str:
        """The digits as the country writes them: 01310100 → 01310-100."""
        parts, at = [], 0
        for size in self.groups:
            parts.append(digits[at : at + size])
            at += size
        return self.separator.join(parts) if parts else digits


FORMATS = {
    f.name: f
    for f in (
        Format("cep", (5, 3), "-", country="Brazil"),
        Format("zip", (5,), country="United States"),
    )
}
DEFAULT = "cep"
WITH_LETTERS = {
    "postcode": "the United Kingdom",
    "uk": "the United Kingdom",
    "gb": "the United Kingdom",
    "canada": "Canada",
    "ca": "Canada",
    "nl": "the Netherlands",
    "netherlands": "the Netherlands",
}


def get(name: str) -> Format:
    """A format by its name: ``cep``, ``zip``, ``digits``, ``digits:N``.  Raises FormatError."""
    key = name.strip().lower()
    if key in FORMATS:
        return FORMATS[key]
    if key == "digits":
        return Format("digits", (), postal=False)
    if found := re.fullmatch(r"digits:([1-9]\d?)", key):
        return Format(key, (int(found[1]),), postal=False)
    if key in WITH_LETTERS:
        raise FormatError(f"format {name!r}: the codes of {WITH_LETTERS[key]} have letters, this reader knows digits")
    names = ", ".join(FORMATS)
    raise FormatError(f"no format is called {name!r}; there is {names}, digits and digits:N (N from 1 to 99)")
