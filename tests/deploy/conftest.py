"""What the tests of the installer share: bundles for this very machine, in which a program stands in for postread.

It answers as a test wants, also wrongly; test_emulated.py installs the real wheels with the real pip.
"""

import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy import bundle
from deploy.targets import Target
from deploy.wheels import Wheel

HERE = Target("bookworm", f"{sys.version_info.major}.{sys.version_info.minor}", glibc=0, machine=platform.machine())
"""This machine, which says that it is bookworm."""

STAND_IN = """
import sys

def main():
    print("{said}")
    sys.exit({code} if sys.argv[1] == "read" else 0)
"""


def wheel(folder: Path, version: str, said: str = r"envelope.png\t01310-100", code: int = 0) -> Wheel:
    """A wheel whose `postread` says that, whatever it is asked."""
    path = folder / f"postread-{version}-py3-none-any.whl"
    about = f"postread-{version}.dist-info"
    files = {
        "stand_in.py": STAND_IN.format(said=said, code=code),
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: postread\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": "[console_scripts]\npostread = stand_in:main\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 2, 2, 0, 0, 0)), text)
    return Wheel(path)


INSTALLER = """
import re, sys, sysconfig, zipfile
from pathlib import Path

wheels = Path(sys.argv[sys.argv.index("--find-links") + 1])
name, version = re.match("(.*?)==(.*?) --hash", Path(sys.argv[-1]).read_text()).groups()
zipfile.ZipFile(wheels / f"{name}-{version}-py3-none-any.whl").extractall(sysconfig.get_path("purelib"))
script = Path(sysconfig.get_path("scripts"), "postread")
script.write_text(f'#!/bin/sh\\n"exec" "{sys.executable}" "$0" "$@"\\nimport stand_in\\nstand_in.main()\\n')
script.chmod(0o755)
"""
"""In place of pip, which takes seconds; the tests under emulation have the real one."""


@pytest.fixture
def unpacked(tmp_path: Path) -> Callable[..., Path]:
    """unpacked(version, …): the folder of a bundle for this machine, as its archive would leave it."""

    def unpacked(version: str, **answers) -> Path:
        folder = tmp_path / f"bundle-{version}"
        (folder / "wheels").mkdir(parents=True)
        pip = folder / "wheels/pip-1.0-py3-none-any.whl"
        with zipfile.ZipFile(pip, "w") as archive:
            archive.writestr("pip/__main__.py", INSTALLER)
        bundle.lay_out(folder, HERE, wheel(tmp_path, version, **answers), [Wheel(pip)])
        return folder

    return unpacked


@dataclass(frozen=True, slots=True)
class Pi:
    """Where a bundle is installed to: a folder in place of a Pi's card."""

    root: Path

    def run(self, script: Path, *arguments: str, code: int = 0) -> str:
        """Run an install.sh; returns all that it says."""
        command = [str(script), "--prefix", str(self.root), "--python", sys.executable, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def install(self, folder: Path, *arguments: str, code: int = 0) -> str:
        return self.run(folder / "install.sh", *arguments, code=code)

    @property
    def home(self) -> Path:
        return self.root / "opt/postread"

    @property
    def settings(self) -> Path:
        return self.root / "etc/postread/postread.toml"

    @property
    def version(self) -> str:
        """Of what is in use, as its own metadata has it."""
        (about,) = (self.home / "current/venv/lib").glob("python*/site-packages/postread-*.dist-info")
        return about.name.removeprefix("postread-").removesuffix(".dist-info")

    def files(self) -> set[str]:
        """Everything there, but what a version's folder holds."""
        return {
            str(path.relative_to(self.root))
            for path in self.root.rglob("*")
            if not path.is_dir() and "opt/postread/" not in str(path)
        }


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    root = tmp_path / "a pi"
    (root / "etc").mkdir(parents=True)
    (root / "etc/os-release").write_text('PRETTY_NAME="Debian"\nVERSION_CODENAME=bookworm\n')
    return Pi(root)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch) -> Callable[[str, str], Path]:
    """stand_in(command, script): what install.sh finds in a command's place; returns the file, to take it away."""
    folder = tmp_path / "stand-ins"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def stand_in(command: str, script: str) -> Path:
        path = folder / command
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return stand_in
