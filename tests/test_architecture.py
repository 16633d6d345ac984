"""The seams: who may import whom, and what no committed file may say."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

WORKSTATION = ("tensorflow", "keras", "matplotlib", "scipy", "PIL", "train", "convert")

# An index is the business of whoever installs, and a path of one machine means nothing on another.
NOT_TO_BE_NAMED = {
    "a package registry": re.compile(
        r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|registry\.yarnpkg|^\s*(?:-i|-f|--(?:extra-)?index-url"
        r"|--find-links)[ =]\S",
        re.MULTILINE,
    ),
    "a path of one machine": re.compile(
        r"(?<![\w.$}])/(?:work|farm|root|tmp/w)/|\.pyenv/versions/\d|/opt/(?:wheels|pypi)"
    ),
}


def committed(folder: Path) -> Iterator[Path]:
    """The files of the checkout: all but git's own and what .gitignore leaves out."""
    ignored = {".git"} | {
        line.strip("/")
        for line in (folder / ".gitignore").read_text(encoding="utf-8").splitlines()
        if line.endswith("/") and not line.startswith("#")
    }

    def walk(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if path.name in ignored or path.suffix == ".egg-info" or path.is_symlink():
                continue
            if path.is_dir():
                yield from walk(path)
            else:
                yield path

    return walk(folder)


def test_imports_go_from_convert_to_train_to_device(root: Path) -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_importing_the_device_loads_nothing_of_the_workstation(root: Path) -> None:
    code = "import sys, device; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True, timeout=60
    )
    assert set(done.stdout.split()).isdisjoint(WORKSTATION)


@pytest.mark.parametrize("what", NOT_TO_BE_NAMED)
def test_no_file_names(root: Path, what: str) -> None:
    named = []
    for path in committed(root):
        content = path.read_bytes()
        if b"\0" not in content:
            found = NOT_TO_BE_NAMED[what].search(content.decode("utf-8", errors="replace"))
            if found:
                named.append(f"{path.relative_to(root)}: {found[0].strip()}")
    assert not named


def test_the_walk_sees_the_files_that_matter(root: Path) -> None:
    seen = {path.relative_to(root).as_posix() for path in committed(root)}
    assert {"Makefile", ".ci/run", "pyproject.toml", "requirements/device.txt", "device/__init__.py"} <= seen
    assert not any(name.startswith((".git/", ".venv/", "build/", "dist/")) for name in seen)


@pytest.mark.parametrize(
    "lock", ["build.txt", "dev.txt", "device.txt", "pi-bookworm.txt", "pi-trixie.txt", "tflite.txt"]
)
def test_every_locked_package_has_its_hashes(root: Path, lock: str) -> None:
    text = (root / "requirements" / lock).read_text(encoding="utf-8")
    packages = re.findall(r"^\w\S*==\S+.*\\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert packages
    assert len(packages) == len(re.findall(r"^[^\s#]", text, re.MULTILINE))


def test_the_environments_share_their_versions(root: Path) -> None:
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^\w\S*==\S+(?: ;[^\\]*)?", (root / "requirements" / lock).read_text(), re.MULTILINE))

    assert pins("device.txt") | pins("build.txt") <= pins("dev.txt")
    (pinned,) = re.findall(r'requires = \["(hatchling==\S+)"\]', (root / "pyproject.toml").read_text())
    assert pinned in pins("build.txt")
