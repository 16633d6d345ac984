"""What is in a bundle, and that it is the same every time."""

import argparse
import configparser
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from deploy import bundle
from deploy.__main__ import main
from deploy.targets import TARGETS
from device import cli
from device.watch import settings

FILES = bundle.FILES


def test_the_archive_is_the_same_whenever_it_is_made(unpacked, tmp_path: Path) -> None:
    folder = unpacked("1.0")
    first = bundle.pack(folder, tmp_path / "first.tar.gz").read_bytes()
    again = tmp_path / "elsewhere" / folder.name
    shutil.copytree(folder, again)
    for path in again.rglob("*"):
        path.chmod(0o700)
        os.utime(path, (1e9, 1e9))
    assert bundle.pack(again, tmp_path / "second.tar.gz").read_bytes() == first


def test_the_archive_unpacks_into_one_folder_and_only_scripts_run(unpacked, tmp_path: Path) -> None:
    folder = unpacked("1.0")
    with tarfile.open(bundle.pack(folder, tmp_path / "a.tar.gz")) as archive:
        entries = archive.getmembers()
    assert [entry.name for entry in entries] == sorted(entry.name for entry in entries)
    assert {entry.name.split("/")[0] for entry in entries} == {folder.name}
    assert {entry.name.split("/")[1] for entry in entries if entry.mode == 0o755} == {"install.sh"}
    assert {(entry.uid, entry.gid, entry.uname) for entry in entries} == {(0, 0, "root")}


def test_requirements_take_the_bundles_own_files_and_name_no_index(unpacked) -> None:
    folder = unpacked("1.0")
    digest = hashlib.sha256((folder / "wheels/postread-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    assert (folder / "requirements.txt").read_text() == f"postread==1.0 --hash=sha256:{digest}\n"


def test_every_file_is_summed(unpacked) -> None:
    folder = unpacked("1.0")
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    summed = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert summed == files - {"SHA256SUMS"}


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.suite)
def test_a_lock_fits_what_the_system_brings(target) -> None:
    """apt's picamera2 was built for the numpy of its release: another one breaks it."""
    pins = dict(re.findall(r"^(\S+)==([\d.]+)", target.lock.read_text(), re.MULTILINE))
    assert {"numpy", "opencv-python-headless", "ai-edge-litert", "paho-mqtt", "gpiozero", "pip"} <= set(pins)
    assert pins["numpy"].startswith("1." if target.suite == "bookworm" else "2.")
    if target.suite == "bookworm":
        assert tuple(map(int, pins["opencv-python-headless"].split(".")[:2])) < (4, 12)
    assert ";" not in target.lock.read_text(), "a condition would be judged on the machine that packs"


def test_no_wheel_asks_for_a_newer_c_library_than_the_system_has() -> None:
    for suite, newest in (("bookworm", "manylinux_2_36_aarch64"), ("trixie", "manylinux_2_41_aarch64")):
        options = TARGETS[suite].pip_options()
        assert options[0] == f"--platform={newest}"
        assert not any("x86" in option or "arm" in option for option in options)


def test_what_cannot_be_packed_is_one_line(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([]) == 1
    assert capsys.readouterr().err == (
        "python -m deploy: dist has 0 wheels, one is wanted: `make wheel`, or give --wheel\n"
    )


# ── postread.toml ──


def watch_parser() -> argparse.ArgumentParser:
    return cli._parser().parse_args(["watch"]).parser


def shown() -> dict[str, str]:
    """Each option of the shipped file, commented out or not, and its line."""
    lines = (FILES / "postread.toml").read_text(encoding="utf-8").splitlines()
    return {found[1]: line.lstrip("#") for line in lines if (found := re.match(r"#?([a-z-]+) = ", line))}


def test_postread_toml_has_every_option_of_watch() -> None:
    options = {settings._key(action) for action in watch_parser()._actions if action.dest not in settings.NOT_IN_A_FILE}
    assert set(shown()) == options, "a new option of `postread watch` wants its lines in deploy/files/postread.toml"


def test_postread_toml_is_taken_with_every_comment_sign_away(tmp_path: Path) -> None:
    path = tmp_path / "postread.toml"
    path.write_text("\n".join(["[watch]", *shown().values()]), encoding="utf-8")
    settings.apply(watch_parser(), path, "watch")


def test_postread_toml_as_it_is_shipped_says_where_store_and_page_are_and_nothing_else() -> None:
    parser = watch_parser()
    before = vars(parser.parse_args([]))
    settings.apply(parser, FILES / "postread.toml", "watch")
    after = vars(parser.parse_args([]))
    assert {name: str(after[name]) for name in after if after[name] != before[name]} == {
        "store": "/var/lib/postread/readings.db",
        "web": "0.0.0.0:8000",
        "web_token_file": "/etc/postread/token",
    }


def test_what_it_shows_as_holding_anyway_does_hold(tmp_path: Path) -> None:
    """`#keep-days = 90` is the default, wherever there is one; the others are examples."""
    parser = watch_parser()
    path = tmp_path / "postread.toml"
    path.write_text("\n".join(["[watch]", *shown().values()]), encoding="utf-8")
    before = vars(parser.parse_args([]))
    settings.apply(parser, path, "watch")
    after = vars(parser.parse_args([]))
    examples = {name for name, value in before.items() if value is None or value == []}
    differs = {name for name in after if after[name] != before[name]} - examples
    assert differs <= {"store", "name"}


# ── The unit ──


@pytest.fixture
def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(FILES / "postread.service")
    return parser


def test_the_unit_notifies_and_is_watched(unit) -> None:
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert 10 <= int(service["WatchdogSec"]) <= 300
    assert service["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert service["ExecStart"].split()[1:] == ["watch", "--config", "/etc/postread/postread.toml"]


def test_the_unit_leaves_camera_and_pins_to_it() -> None:
    text = (FILES / "postread.service").read_text()
    allowed = set(re.findall(r"^DeviceAllow=(\S+) rw$", text, re.MULTILINE))
    assert {"char-video4linux", "char-media", "char-dma_heap", "char-gpiochip"} <= allowed
    assert "SupplementaryGroups=video render gpio" in text
    assert not re.search(r"^Private(Devices|Users|Network)=", text, re.MULTILINE)


def test_the_unit_is_hardened_as_systemd_judges_it(tmp_path: Path) -> None:
    """`systemd-analyze security`: 10 is bare; what is left is camera, pins and network."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze: apt-get install systemd")
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=25", FILES / "postread.service"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def test_systemd_takes_every_line_of_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze: apt-get install systemd")
    path = tmp_path / "postread.service"
    text = (FILES / "postread.service").read_text()
    path.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
