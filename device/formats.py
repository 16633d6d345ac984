"""Postal-code formats as data: every country whose codes are digits alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from device.errors import FormatError

Range = tuple[int, int]
Kind = Literal["any", "fixed", "single"]
"""All the digits of a line; so many of them, which may stand among other writing; or one digit alone on its line, since
among letters there is always a stroke that looks like one."""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Format:
    name: str
    groups: tuple[int, ...]
    """Digits in each group; empty: any number of digits in one group."""
    separator: str = ""
    """Between the groups as the country writes the code."""
    country: str = ""
    postal: bool = True
    """A postal format has one addressee on a page; in others every line counts."""
    prefix: int = 2
    """Leading digits that `areas` speaks of."""
    areas: tuple[Range, ...] = ()
    """Ranges of the leading digits that are in use, ends included; empty: all of them."""

    @property
    def length(self) -> int | None:
        """Digits of a code; None for any number."""
        return sum(self.groups) or None

    @property
    def kind(self) -> Kind:
        """What the decoder's confidence was fitted for."""
        return kind_of(self.length)

    def write(self, digits: str) -> str:
        """The digits as the country writes them: 01310100 → 01310-100."""
        if len(digits) != self.length:
            return digits
        parts, at = [], 0
        for size in self.groups:
            parts.append(digits[at : at + size])
            at += size
        return self.separator.join(parts)

    def in_use(self, digits: str) -> bool:
        """Whether codes that begin like this one are given out at all."""
        head = int(digits[: self.prefix] or "0")
        return not self.areas or any(low <= head <= high for low, high in self.areas)


def kind_of(length: int | None) -> Kind:
    """The kind of format that asks for so many digits; None for any number."""
    if length is None:
        return "any"
    return "single" if length == 1 else "fixed"


CEP_AREAS = ((10, 788), (790, 999))
"""First three digits of Brazil's codes: 010 (São Paulo) to 999 (Rio Grande do Sul); 789 is no state's any more
(Correios, Faixas de CEP)."""
ZIP_AREAS = ((5, 212), (214, 268), (270, 342), (344, 344), (346, 347), (349, 352), (354, 418), (420, 427),
             (430, 516), (520, 528), (530, 532), (534, 535), (537, 551), (553, 567), (570, 577), (580, 588),
             (590, 620), (622, 631), (633, 641), (644, 658), (660, 662), (664, 681), (683, 693), (700, 701),
             (703, 708), (710, 714), (716, 731), (733, 741), (743, 770), (772, 816), (820, 838), (840, 847),
             (850, 853), (855, 857), (859, 860), (863, 865), (870, 885), (889, 908), (910, 928), (930, 961),
             (962, 969), (970, 986), (988, 999))  # fmt: skip
"""First three digits of US ZIP codes that are in use (USPS, Labeling List L002)."""

FORMATS = {
    format.name: format
    for format in (
        Format("cep", (5, 3), "-", "Brazil", prefix=3, areas=CEP_AREAS),
        Format("zip", (5,), "", "United States", prefix=3, areas=ZIP_AREAS),
        Format("zip+4", (5, 4), "-", "United States", prefix=3, areas=ZIP_AREAS),
        Format("de", (5,), "", "Germany", areas=((1, 99),)),
        Format("fr", (5,), "", "France", areas=((1, 98),)),
        Format("es", (5,), "", "Spain", areas=((1, 52),)),
        Format("it", (5,), "", "Italy", areas=((0, 98),)),
        Format("mx", (5,), "", "Mexico", areas=((1, 16), (20, 99))),
        Format("fi", (5,), "", "Finland"),
        Format("se", (3, 2), " ", "Sweden", areas=((10, 98),)),
        Format("gr", (3, 2), " ", "Greece", areas=((10, 85),)),
        Format("cz", (3, 2), " ", "Czechia", areas=((10, 79),)),
        Format("sk", (3, 2), " ", "Slovakia", areas=((1, 9), (80, 99))),
        Format("pl", (2, 3), "-", "Poland"),
        Format("ee", (5,), "", "Estonia"),
        Format("tr", (5,), "", "Turkey", areas=((1, 81),)),
        Format("ua", (5,), "", "Ukraine"),
        Format("kr", (5,), "", "South Korea", areas=((1, 63),)),
        Format("th", (5,), "", "Thailand", areas=((10, 96),)),
        Format("my", (5,), "", "Malaysia"),
        Format("id", (5,), "", "Indonesia", areas=((10, 99),)),
        Format("pt", (4, 3), "-", "Portugal", areas=((10, 99),)),
        Format("jp", (3, 4), "-", "Japan"),
        Format("cl", (3, 4), "", "Chile"),
        Format("in", (3, 3), " ", "India", areas=((11, 85), (90, 99))),
        Format("cn", (6,), "", "China"),
        Format("ru", (6,), "", "Russia", areas=((10, 69),)),
        Format("ro", (6,), "", "Romania"),
        Format("sg", (6,), "", "Singapore", areas=((1, 82),)),
        Format("co", (6,), "", "Colombia"),
        Format("at", (4,), "", "Austria", areas=((10, 99),)),
        Format("be", (4,), "", "Belgium", areas=((10, 99),)),
        Format("ch", (4,), "", "Switzerland", areas=((10, 96),)),
        Format("dk", (4,), "", "Denmark"),
        Format("no", (4,), "", "Norway"),
        Format("hu", (4,), "", "Hungary", areas=((10, 99),)),
        Format("si", (4,), "", "Slovenia", areas=((10, 99),)),
        Format("bg", (4,), "", "Bulgaria", areas=((10, 99),)),
        Format("lu", (4,), "", "Luxembourg", areas=((10, 99),)),
        Format("au", (4,), "", "Australia"),
        Format("nz", (4,), "", "New Zealand"),
        Format("za", (4,), "", "South Africa"),
        Format("ph", (4,), "", "Philippines"),
    )
}
"""By name: the country's ISO 3166 code, but for Brazil and the United States."""
DEFAULT = "cep"
ALIASES = {"br": "cep", "us": "zip"}
WITH_LETTERS = {
    "postcode": "the United Kingdom",
    "uk": "the United Kingdom",
    "gb": "the United Kingdom",
    "ca": "Canada",
    "canada": "Canada",
    "nl": "the Netherlands",
    "netherlands": "the Netherlands",
    "ie": "Ireland",
    "ar": "Argentina",
    "mt": "Malta",
}


def get(name: str) -> Format:
    """A format by its name: ``cep``, ``zip``, ``de``, ``digits``, ``digits:N``.  Raises FormatError."""
    key = name.strip().lower()
    key = ALIASES.get(key, key)
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
