"""Which systems a bundle is made for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"
OLDEST_GLIBC = 17
"""Minor version: wheels are tagged with the glibc that they ask for, 2.17 at least."""


@dataclass(frozen=True, slots=True)
class Target:
    """A release of Raspberry Pi OS, and what it has of its own."""

    suite: str
    """As /etc/os-release names it: VERSION_CODENAME."""
    python: str
    """Of /usr/bin/python3, which apt's picamera2 is for."""
    glibc: int
    """Minor version."""
    machine: str = "aarch64"

    @property
    def lock(self) -> Path:
        return REQUIREMENTS / f"pi-{self.suite}.txt"

    def pip_options(self) -> list[str]:
        """What makes `pip download` choose this system's wheels on any other."""
        digits = self.python.replace(".", "")
        platforms = [f"manylinux_2_{minor}_{self.machine}" for minor in range(self.glibc, OLDEST_GLIBC - 1, -1)]
        platforms.append(f"manylinux2014_{self.machine}")
        return [
            *(f"--platform={platform}" for platform in platforms),
            f"--python-version={self.python}",
            "--implementation=cp",
            *(f"--abi={abi}" for abi in (f"cp{digits}", "abi3", "none")),
        ]


TARGETS = {
    target.suite: target
    for target in (Target("bookworm", python="3.11", glibc=36), Target("trixie", python="3.13", glibc=41))
}
