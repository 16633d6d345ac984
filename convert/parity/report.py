"""The report of a comparison: every figure as JSON, as text, and as one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convert import gate
from convert.parity.codes import Code, CodeParity, by_kind, compare_codes
from convert.parity.compare import Comparison, Sides
from convert.statistics import wilson
from device.model import Bundle, Precision
from train.files import json_bytes, write_atomically
from train.runs import versions

REPORT_SCHEMA = 1
FILES = "parity.json", "parity.txt", "parity.html"
"""What a report's folder holds."""
LISTED = 40
"""Codes that change, in the text; JSON and the page have them all."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All that was compared, and of what."""

    sides: Sides
    command: str
    digits: str
    """Whose digits the rendered pages show, in words."""
    networks: tuple[Comparison, ...]
    codes: tuple[Code, ...] = ()

    @property
    def whole(self) -> CodeParity | None:
        """Of all codes, where any were read."""
        return compare_codes(self.codes) if self.codes else None

    def failures(self) -> list[str]:
        """Each threshold that is not met, with the network and the set, or `whole codes`."""
        found = [f"{one.role} on {one.shown.title}: {said}" for one in self.networks for said in one.failures()]
        whole = self.whole
        if whole is None:
            return found
        missed = gate.code_failures(whole.n, whole.float32_right, whole.quantised_right)
        return [*found, *(f"{whole.n:,} whole codes: {said}" for said in missed)]

    def require(self) -> None:
        """Raise a ParityError that names every threshold not met."""
        gate.require(f"{self.sides.scheme} is not good enough", self.failures())

    def record(self) -> dict[str, Any]:
        """All figures as JSON has them; shares from 0 to 1, SQNR in dB, intervals of 95 %."""
        whole = self.whole
        kinds = {kind: found.record() for kind, found in by_kind(self.codes).items()}
        for found in kinds.values():
            del found["changed"]  # the list of all of them has their kinds
        return {
            "schema": REPORT_SCHEMA,
            "bundle": self.sides.float32.name,
            "scheme": self.sides.scheme,
            "sha256": self.hashes(),
            "command": self.command,
            "versions": versions(),
            "digits": self.digits,
            "networks": [one.record() for one in self.networks],
            "codes": None if whole is None else whole.record() | {"kinds": kinds},
            "failures": self.failures(),
        }

    def hashes(self) -> dict[str, dict[str, str]]:
        """Of the files compared, by role."""
        each = self.sides.float32.networks
        return {
            one.role: {"float32": self._hash("float32", one.role), "quantised": self._other(one.role)} for one in each
        }

    def _hash(self, precision: Precision, role: str) -> str:
        return self.sides.float32.network(role).file(precision).sha256

    def _other(self, role: str) -> str:
        return self.sides.quantised.network(role).file(self.sides.precision).sha256

    def table(self) -> str:
        """The figures for people."""
        parts = [one.table() for one in self.networks]
        if self.codes:
            parts.append(codes_table(self.codes, self.sides.scheme))
        return "\n\n".join(parts)

    def write(self, folder: Path) -> list[Path]:
        """Leave the report in a folder, three files; returns them."""
        from convert.parity.page import page  # needs matplotlib

        contents = json_bytes(self.record()), f"{self.table()}\n{self.verdict()}\n".encode(), page(self).encode()
        paths = [folder / name for name in FILES]
        for path, content in zip(paths, contents, strict=True):
            write_atomically(path, content)
        return paths

    def verdict(self) -> str:
        """In one line, or in one for every threshold that is not met."""
        return "\n".join(self.failures()) or "every threshold is met"


def codes_table(codes: Sequence[Code], scheme: str) -> str:
    """Whole codes for people: each kind of pages, all of them, and those that change."""
    whole = compare_codes(codes)
    rows = [f"whole codes       pages   float32   {scheme:<14} only float32 right, only {scheme}"]
    for kind, found in (*by_kind(codes).items(), ("all", whole)):
        right = f"{found.float32_right / found.n:>8.1%}  {found.quantised_right / found.n:>8.1%}"
        rows.append(
            f"{kind:<16} {found.n:>6,}  {right}        {found.only_float32_right}, {found.only_quantised_right}"
        )
    low, high = wilson(whole.quantised_right, whole.n)
    rows.append(
        f"{scheme} less float32: {whole.gap:+.2%}, McNemar p = {whole.p:.3g}; {scheme} 95 % {low:.1%} to {high:.1%}"
    )
    rows.append(f"false: {whole.float32_false} and {whole.quantised_false}; {len(whole.changed)} answers change")
    rows += [f"  {one.kind:<9} {one.truth:<10} {_said(one)}" for one in whole.changed[:LISTED]]
    left_out = len(whole.changed) - LISTED
    return "\n".join(rows + ([f"  and {left_out:,} more"] if left_out > 0 else []))


def _said(code: Code) -> str:
    answers = []
    for answer in (code.float32, code.quantised):
        sure = "" if answer.confidence is None else f" {answer.confidence:.2f}"
        answers.append(f"{answer.said or answer.reason or 'nothing'}{sure}")
    return " → ".join(answers)


def identity(bundle: Bundle, scheme: str) -> str:
    """Which bundle, told from others of its name by its networks' hashes."""
    return f"{bundle.name}, {scheme} ({', '.join(one.file('float32').sha256[:8] for one in bundle.networks)})"
