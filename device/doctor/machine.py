"""Where the doctor looks: this machine, or what a test puts in its place."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

NOT_A_PI = "not a Raspberry Pi"


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


def run(command: Sequence[str], seconds: float) -> Said | None:
    """Run a command; None where there is none of that name, code 124 where it takes longer."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=seconds)
    except FileNotFoundError:
        return None
    except subprocess.TimeoutExpired:
        return Said(124, "", f"{command[0]}: no answer within {seconds:.0f} s")
    return Said(done.returncode, done.stdout, done.stderr)


def may_use(path: Path) -> bool:
    """Whether this user may read and write it."""
    return os.access(path, os.R_OK | os.W_OK)


def free_bytes(path: Path) -> int:
    return shutil.disk_usage(path).free


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine's files below a root, its commands, its clock and its user."""

    root: Path = Path("/")
    run: Callable[[Sequence[str], float], Said | None] = run
    may_use: Callable[[Path], bool] = may_use
    free_bytes: Callable[[Path], int] = free_bytes
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    user: Callable[[], str] = getpass.getuser

    def path(self, absolute: str | Path) -> Path:
        """A path of the machine as one of this process; relative ones are left as they are."""
        return self.root / str(absolute).lstrip("/") if Path(absolute).is_absolute() else Path(absolute)

    def glob(self, pattern: str) -> list[Path]:
        """Everything that an absolute pattern names, in order."""
        return sorted(self.root.glob(pattern.lstrip("/")))

    def named(self, path: Path) -> str:
        """A path as the machine itself has it."""
        return f"/{path.relative_to(self.root)}"

    def read(self, absolute: str | Path) -> str | None:
        """What a file says; None where there is none, or none that may be read."""
        try:
            return self.path(absolute).read_text(encoding="utf-8", errors="replace").strip("\0\n ")
        except OSError:
            return None

    @property
    def board(self) -> str | None:
        """``Raspberry Pi 5 Model B Rev 1.0``; None on any other machine."""
        model = self.read("/proc/device-tree/model") or ""
        return model if model.startswith("Raspberry Pi") else None
