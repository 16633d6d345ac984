"""The wheels of a bundle: fetched by hash, and listed by hash again."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import DeployError
from deploy.targets import Target

INSTALLER = "pip"
"""Installs the others on the device, and is not installed there itself."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel's file, and what its name says."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name.split("-")[0].replace("_", "-").lower()

    @property
    def version(self) -> str:
        return self.path.name.split("-")[1]

    @property
    def requirement(self) -> str:
        """The line of a requirements file that takes this very file."""
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        return f"{self.name}=={self.version} --hash=sha256:{digest}"

    def unpacked(self) -> int:
        """Bytes."""
        with zipfile.ZipFile(self.path) as archive:
            return sum(entry.file_size for entry in archive.infolist())


def fetch(target: Target, folder: Path) -> list[Wheel]:
    """Download every wheel of the target's lock.  Raises DeployError."""
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--only-binary=:all:"]
    command = [sys.executable, "-m", "pip", "download", *options, "--require-hashes", *target.pip_options()]
    done = subprocess.run(
        [*command, "--dest", str(folder), "--requirement", str(target.lock)], capture_output=True, text=True
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it does not say why"])[-1]
        raise DeployError(f"{target.lock.name}: pip cannot fetch the wheels ({said}); is there a network?")
    return [Wheel(path) for path in sorted(folder.glob("*.whl"))]


def requirements(wheels: Iterable[Wheel]) -> str:
    """The bundle's requirements.txt: no index, no other file than these."""
    return "".join(f"{wheel.requirement}\n" for wheel in wheels if wheel.name != INSTALLER)
