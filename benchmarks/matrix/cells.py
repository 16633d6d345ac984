"""The cells of the matrix: a runtime on a processor, and the Python that has it."""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.aarch64 import lane
from benchmarks.child import Child
from benchmarks.errors import BenchmarkError, MissingError

HERE = platform.machine()
"""The processor of this machine, ``x86_64``; no other is emulated than those of `lane.BOARDS`."""
TFLITE = lane.ROOT / ".venv" / "3.11-tflite" / "bin" / "python"
PATIENCE = 900.0
"""Seconds for all that a cell does."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One runtime on one processor."""

    runtime: str
    """As `--runtime` has it."""
    processor: str

    @property
    def name(self) -> str:
        """``litert x86_64``"""
        return f"{self.runtime} {self.processor}"

    def answers(self, folder: Path) -> dict[str, Any]:
        """All that it answers to what lies in the folder (`shown.prepare`), as `inside` prints it.

        Raises MissingError where it is not installed, BenchmarkError where it dies or hangs.
        """
        command = self.command("-m", "benchmarks.matrix.inside", str(folder), self.runtime)
        with Child(self.name, command, PATIENCE) as child:
            line = child.line()
        try:
            return dict(json.loads(line))
        except ValueError as error:
            raise BenchmarkError(f"{self.name}: answered {line[:80]!r}") from error

    def command(self, *arguments: str) -> list[str]:
        """That of its Python, with these arguments."""
        if self.processor != HERE:
            return lane.command(self.processor, self.runtime, *arguments)
        if self.runtime != "tflite-runtime":
            return [sys.executable, *arguments]
        if not TFLITE.exists():
            raise MissingError(f"{TFLITE.relative_to(lane.ROOT)} is not there: {lane.SET_UP}")
        return [str(TFLITE), *arguments]


REFERENCE = Cell("litert", HERE)
"""To whose answers the others are held."""
CELLS = (
    REFERENCE,
    Cell("tf", HERE),
    Cell("tflite-runtime", HERE),
    *(Cell(runtime, cpu) for cpu in lane.BOARDS for runtime in ("litert", "tflite-runtime")),
)
