"""Instructions of an invoke on a Raspberry Pi's processors, the fast graph's beside the plain one's.

Counted under emulation, where they are the same each time, whatever else the machine does: not a time, but what can be
held to.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.aarch64 import invokes, lane
from benchmarks.errors import BenchmarkError
from benchmarks.tables import markdown
from device.model import Bundle, Precision

BATCH = 8
"""Glyphs in one invoke."""
LARGEST_RATIO = {
    "lenet5": {"cortex-a72": 0.42, "cortex-a76": 0.36},
    "lenet5-wide": {"cortex-a72": 0.55, "cortex-a76": 0.73},
}
"""Of the fast int8 graph's instructions to the plain one's, that is let pass, by the network's name."""
PATIENCE = 600.0
"""Seconds for all networks on one processor."""


@dataclass(frozen=True, slots=True)
class Count:
    """Instructions of one invoke of a network in both forms."""

    cpu: str
    role: str
    arch: str
    """The network's name."""
    plain: int
    fast: int

    @property
    def ratio(self) -> float:
        return self.fast / self.plain

    @property
    def allowed(self) -> float:
        """The largest ratio that is let pass."""
        return LARGEST_RATIO[self.arch][self.cpu]

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "batch": BATCH, "ratio": round(self.ratio, 4)}


def run(plain: Bundle, fast: Bundle, precision: Precision) -> list[Count]:
    """Count, on every processor of the lane, with LiteRT.  Raises MissingError where it is not set up."""
    found = []
    for cpu in lane.BOARDS:
        pairs = [(plain.network(one.role), one) for one in fast.networks]
        files = [one.file(precision).path.resolve() for pair in pairs for one in pair]
        taken = count(cpu, files)
        found += [
            Count(cpu, one.role, one.arch, *counts)
            for one, *counts in zip(fast.networks, taken[::2], taken[1::2], strict=True)
        ]
    return found


def failures(counts: Sequence[Count]) -> list[str]:
    """Each int8 network whose fast graph takes too large a share."""
    return [
        f"the fast graph of {one.role} takes {one.ratio:.3f} of the plain one's instructions on {one.cpu}, "
        f"{one.allowed} is allowed"
        for one in counts
        if one.ratio > one.allowed
    ]


def table(counts: Sequence[Count]) -> str:
    """The Markdown table, thousands of instructions a glyph."""
    head = ("processor", "network", "plain, thousands a glyph", "fast, thousands a glyph", "ratio")
    per_glyph = 1000 * BATCH
    rows = [
        [
            f"{one.cpu} ({lane.BOARDS[one.cpu]})",
            one.role,
            *(f"{number / per_glyph:.1f}" for number in (one.plain, one.fast)),
            f"{one.ratio:.3f}",
        ]
        for one in counts
    ]
    return markdown(head, rows)


def count(cpu: str, networks: Sequence[Path]) -> list[int]:
    """The least instructions of an invoke of each network; the same file may stand there twice."""
    with tempfile.TemporaryDirectory(prefix="postread-count-") as folder:
        into = Path(folder) / "marks"
        given = ["-m", invokes.__name__, str(BATCH), *map(str, networks)]
        command = lane.command(cpu, "litert", *given, count_into=into)
        try:
            done = subprocess.run(command, cwd=lane.ROOT, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise BenchmarkError(f"{cpu}: counted nothing within {PATIENCE:g} s") from None
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:] or [f"code {done.returncode}"]
            raise BenchmarkError(f"{cpu}: cannot be counted on ({said[0]})")
        return least(into.read_text(encoding="ascii"), len(networks))


def least(marks: str, networks: int) -> list[int]:
    """The least difference of a network's marks, lines of its number and the instructions up to there."""
    seen: list[list[int]] = [[] for _ in range(networks)]
    for line in marks.splitlines():
        number, executed = map(int, line.split())
        seen[number].append(executed)
    return [min(after - before for before, after in pairwise(one)) for one in seen]
