"""The bundles on a Raspberry Pi's processor: installed without a network under emulation, and the sample read there."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.aarch64 import lane
from deploy import bundle
from deploy.targets import TARGETS, Target
from deploy.wheels import Wheel

pytestmark = pytest.mark.slow

TARGET = TARGETS["bookworm" if sys.version_info < (3, 12) else "trixie"]
"""One of them for each Python that the tests run on: an installation takes a minute."""
LANES = {"bookworm": (lane.LANE, "cortex-a72"), "trixie": (lane.TRIXIE, "cortex-a76")}
"""Where the userland lies, and the processor it runs on: a Pi 4's, a Pi 5's."""

# As if the kernel knew how to run the other processor's programs: where a venv links to Python, a script calls QEMU.
PYTHON = """#!/usr/bin/env bash
set -e
emulated() {{ {emulator} -L '{prefix}' -cpu {cpu} -E OPENBLAS_NUM_THREADS=1 -0 "$1" '{python}' "${{@:2}}"; }}
emulated '{python}' "$@"
if [[ $1 == -m && $2 == venv ]]; then
  folder=${{*: -1}}
  rm "$folder"/bin/python*
  exec >"$folder/bin/python"
  echo '#!/usr/bin/env bash'
  declare -f emulated
  echo "emulated '$folder/bin/python' \\"\\$@\\""
  chmod +x "$folder/bin/python"
fi
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """A command that is the userland's Python."""
    folder, cpu = LANES[TARGET.suite]
    emulator = next(filter(shutil.which, lane.EMULATORS), None)
    if emulator is None:
        pytest.skip(f"there is no {' or '.join(lane.EMULATORS)}: apt-get install qemu-user")
    real = folder / f"root/usr/bin/python{TARGET.python}"
    if not real.exists():
        pytest.skip(f"{real.relative_to(lane.ROOT)} is not there: {lane.SET_UP}")
    path = tmp_path_factory.mktemp("emulated") / "python3"
    path.write_text(PYTHON.format(emulator=emulator, prefix=folder / cpu, cpu=cpu, python=real))
    path.chmod(0o755)
    return path


@dataclass(frozen=True, slots=True)
class Installed:
    """A Pi's root, and what install.sh said."""

    root: Path
    bundle: Path
    said: str

    def run(self, *command: str | Path) -> str:
        """A command there, without a network."""
        return without_network([str(part) for part in command])


def without_network(command: list[str]) -> str:
    """Run it where there is no network interface but loopback, and that one down."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    environment["PIP_NO_COMPILE"] = "1"  # byte code is made when it is needed: much is not
    done = subprocess.run(
        ["unshare", "--net", "--map-root-user", *command], capture_output=True, text=True, env=environment, timeout=1500
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(root: Path, python: Path, tmp_path_factory) -> Installed:
    """The whole way: the wheel built, the bundle packed, unpacked, installed."""
    folder = tmp_path_factory.mktemp("bundle")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    archive = bundle.make(TARGET, Wheel(wheel), folder)
    subprocess.run(["tar", "-x", "-f", archive, "-C", folder], check=True)
    unpacked = folder / archive.name.removesuffix(".tar.gz")
    card = folder / "card"
    (card / "etc").mkdir(parents=True)
    (card / "etc/os-release").write_text(f"VERSION_CODENAME={TARGET.suite}\n")
    said = without_network([str(unpacked / "install.sh"), "--prefix", str(card), "--python", str(python)])
    return Installed(card, unpacked, said)


def test_nothing_reaches_a_network() -> None:
    said = without_network([sys.executable, "-c", "import socket; print(socket.if_nameindex())"])
    assert re.fullmatch(r"\[\(1, 'lo'\)\]\n", said)


def test_it_installs_offline_and_tries_itself_out(installed: Installed) -> None:
    assert f"it reads the sample: {bundle.SAMPLE_CODE}" in installed.said


def test_it_reads_the_sample_there(installed: Installed, sample) -> None:
    (line,) = installed.run(installed.root / "usr/local/bin/postread", "read", sample.path).splitlines()
    answer = json.loads(line)
    assert [reading["digits"] for reading in answer["readings"] if reading["accepted"]] == [sample.digits]


def test_the_doctor_finds_the_systems_python_and_numpy(installed: Installed) -> None:
    assert re.search(rf"^postread .*, Python {re.escape(TARGET.python)}\..* \(aarch64\)$", installed.said, re.MULTILINE)
    major = {"bookworm": 1, "trixie": 2}[TARGET.suite]
    assert re.search(rf"^skipped  numpy        {major}\.", installed.said, re.MULTILINE)
    for check in ("settings", "runtime", "model", "reading", "store", "page"):
        assert re.search(rf"^ok       {check}\b", installed.said, re.MULTILINE), installed.said


def test_its_wheels_have_all_that_they_ask_for(installed: Installed) -> None:
    (pip,) = (installed.bundle / "wheels").glob("pip-*.whl")
    python = installed.root / "opt/postread/current/venv/bin/python"
    assert installed.run(python, pip / "pip", "check") == "No broken requirements found.\n"


def test_no_wheel_is_for_another_system(installed: Installed) -> None:
    target: Target = TARGET
    tags = {path.stem.split("-")[-3] for path in (installed.bundle / "wheels").iterdir()}
    assert tags <= {f"cp{target.python.replace('.', '')}", "py3", "py2.py3", "cp37", "cp310", "cp39", "cp38"}
    platforms = {path.stem.split("-")[-1] for path in (installed.bundle / "wheels").iterdir()}
    assert all(platform == "any" or "aarch64" in platform for platform in platforms)
