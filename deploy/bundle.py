"""A bundle: what is in it, and the archive, the same to the last byte whenever and wherever it is made."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from deploy.targets import Target
from deploy.wheels import Wheel, fetch, requirements

FILES = Path(__file__).resolve().parent / "files"
SAMPLE = Path(__file__).resolve().parents[1] / "docs" / "sample" / "envelope.png"
SAMPLE_CODE = "01310-100"
"""What is written on it: the installation reads it before it takes a version into use."""
CONFIG, SUMS = "bundle.conf", "SHA256SUMS"
WRITTEN_ON = int(os.environ.get("SOURCE_DATE_EPOCH", 1580601600))
"""Every file's date; hatchling's own, unless the environment has one (reproducible-builds.org)."""
ROOM = 1.25
"""Installed, a wheel takes so many times what is in it: byte code as well."""


def make(target: Target, wheel: Wheel, out: Path) -> Path:
    """Pack the target's bundle round the project's wheel into the folder.  Returns the archive; raises DeployError."""
    with tempfile.TemporaryDirectory(prefix="postread-bundle-") as name:
        folder = Path(name) / f"postread-{wheel.version}-{target.suite}-{target.machine}"
        wheels = folder / "wheels"
        wheels.mkdir(parents=True)
        lay_out(folder, target, wheel, fetch(target, wheels))
        out.mkdir(parents=True, exist_ok=True)
        return pack(folder, out / f"{folder.name}.tar.gz")


def lay_out(folder: Path, target: Target, wheel: Wheel, others: Iterable[Wheel]) -> None:
    """Fill a bundle's folder; the other wheels lie in its `wheels` already."""
    every = sorted([Wheel(Path(shutil.copy(wheel.path, folder / "wheels"))), *others], key=lambda one: one.path.name)
    for path in sorted(FILES.iterdir()):
        shutil.copy(path, folder)
    (folder / "sample").mkdir()
    shutil.copy(SAMPLE, folder / "sample")
    (folder / "requirements.txt").write_text(requirements(every), encoding="utf-8")
    (folder / CONFIG).write_text(_config(target, wheel, every), encoding="utf-8")
    names = [path for path in _files(folder) if path.name != SUMS]
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in names]
    (folder / SUMS).write_text("".join(sums), encoding="utf-8")


def _config(target: Target, wheel: Wheel, wheels: list[Wheel]) -> str:
    """What install.sh has to know, as the shell reads it."""
    facts = {
        "version": wheel.version,
        "suite": target.suite,
        "machine": target.machine,
        "python_version": target.python,
        "kilobytes": round(ROOM * sum(one.unpacked() for one in wheels) / 1024),
        "sample_code": SAMPLE_CODE,
    }
    return "".join(f"{name}={value}\n" for name, value in facts.items())


def pack(folder: Path, archive: Path) -> Path:
    """A folder as .tar.gz: names in order, one date, no owner, no name of the archive in it."""
    with (
        archive.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=WRITTEN_ON) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for path in _files(folder):
            tar.add(path, f"{folder.name}/{path.relative_to(folder)}", filter=_plain)
    return archive


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mtime = WRITTEN_ON
    entry.mode = 0o755 if entry.name.endswith(".sh") else 0o644
    return entry


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
