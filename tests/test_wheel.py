"""The wheel as a Raspberry Pi gets it: what is in it, and that it reads an envelope where nothing else is installed."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

WORKSTATION = ("tensorflow", "keras", "matplotlib", "scipy", "PIL", "train", "convert")
SITE_PACKAGES_LIMIT = 320_000_000  # bytes, without pip

# The runtime's name in `--runtime`, the extra that asks for it and the lock that brings it.
RUNTIMES = {"litert": ("litert", "device.txt")}
if sys.version_info < (3, 12):  # the last tflite-runtime has no wheels for later ones
    RUNTIMES["tflite-runtime"] = ("tflite", "tflite.txt")


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would, knowing nothing of the checkout or of the environment the tests run in."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, f"{command} gave {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="session")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=root)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def names(wheel: Path) -> set[str]:
    """The paths in the wheel, those of its metadata left out."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.startswith("postread-0.1.0.dist-info/")}


@pytest.fixture(scope="session")
def install(root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give the folder of a virtual environment that holds one runtime's lock and the wheel, and nothing else."""
    made: dict[str, Path] = {}

    def install(runtime: str) -> Path:
        if runtime not in made:
            extra, lock = RUNTIMES[runtime]
            folder = tmp_path_factory.mktemp(f"bare-{extra}")
            run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
            pip = (folder / "venv/bin/python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
            run(*pip, "--only-binary", ":all:", "--require-hashes", "-r", root / "requirements" / lock, cwd=folder)
            # Without an index this also shows that the lock has all that the extra asks for.
            run(*pip, "--no-index", f"postread[{extra}] @ {wheel.as_uri()}", cwd=folder)
            made[runtime] = folder / "venv"
        return made[runtime]

    return install


def test_wheel_holds_the_device_and_nothing_else(root: Path, names: set[str]) -> None:
    sources = {
        path.relative_to(root).as_posix()
        for path in (root / "device").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert {name for name in names if not name.startswith("device/models/")} == sources
    assert "device/py.typed" in names


def test_wheel_holds_every_shipped_bundle_whole(root: Path, names: set[str]) -> None:
    expected = set()
    for path in (root / "models").glob("*.json"):
        expected.add(f"device/models/{path.name}")
        for network in json.loads(path.read_text(encoding="utf-8"))["networks"]:
            expected |= {f"device/models/{network[precision]['file']}" for precision in ("int8", "float32")}
    assert expected, "no bundle is shipped"
    assert {name for name in names if name.startswith("device/models/")} == expected


def test_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < 3_500_000


def test_wheel_has_one_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        entry_points = archive.read("postread-0.1.0.dist-info/entry_points.txt").decode()
    assert entry_points.split("\n", 1)[0] == "[console_scripts]"
    assert re.findall(r"^(\S+) = (\S+)$", entry_points, re.MULTILINE) == [("postread", "device.cli:main")]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_wheel_reads_the_sample(install: Callable[[str], Path], sample, tmp_path: Path, runtime: str) -> None:
    postread = install(runtime) / "bin/postread"
    done = run(postread, "read", "--format", sample.format, "--runtime", runtime, sample.path, cwd=tmp_path)
    (line,) = done.stdout.splitlines()
    answer = json.loads(line)
    assert answer["error"] is None
    assert [reading["digits"] for reading in answer["readings"] if reading["accepted"]] == [sample.digits]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_wheel_finds_the_runtime_that_is_there(
    install: Callable[[str], Path], sample, tmp_path: Path, runtime: str
) -> None:
    done = run(install(runtime) / "bin/python", "-m", "device", "read", sample.path, cwd=tmp_path)
    assert json.loads(done.stdout)["readings"][0]["digits"] == sample.digits


def test_reading_imports_nothing_of_the_workstation(install: Callable[[str], Path], sample, tmp_path: Path) -> None:
    python = install("litert") / "bin/python"
    done = run(python, "-X", "importtime", "-m", "device", "read", sample.path, cwd=tmp_path)
    imported = re.findall(r"^import time:.*\|\s+(\S+)$", done.stderr, re.MULTILINE)
    assert {"device.cli", "cv2"} <= set(imported), "the log of imports was not understood"
    assert {name.partition(".")[0] for name in imported}.isdisjoint(WORKSTATION)


def test_installed_files_are_few(install: Callable[[str], Path]) -> None:
    (site_packages,) = (install("litert") / "lib").glob("python*/site-packages")
    size = sum(
        path.lstat().st_blocks * 512
        for path in site_packages.rglob("*")
        if not path.relative_to(site_packages).parts[0].startswith("pip")
    )
    assert size <= SITE_PACKAGES_LIMIT
