"""install.sh: what it checks, and that whatever happens a version that works stays in use."""

import fcntl
import re
import shutil
import subprocess
from pathlib import Path

import pytest

INSTALLED = {
    "etc/os-release",
    "etc/postread/postread.toml",
    "etc/postread/postread.toml.example",
    "etc/postread/token",
    "etc/systemd/system/postread.service",
    "usr/local/bin/postread",
}


def test_it_installs_and_may_be_run_again(pi, unpacked) -> None:
    bundle = unpacked("1.0")
    said = pi.install(bundle)
    assert "it reads the sample: 01310-100" in said
    assert pi.files() == INSTALLED
    assert pi.version == "1.0"
    answer = subprocess.run([pi.root / "usr/local/bin/postread", "watch"], capture_output=True, text=True, check=True)
    assert answer.stdout == "envelope.png\t01310-100\n"
    before = (pi.home / "current").resolve().stat().st_ino
    assert "is installed already" in pi.install(bundle)
    assert (pi.home / "current").resolve().stat().st_ino == before
    assert not (pi.home / "previous").exists()


def test_its_environment_sees_the_systems_packages(pi, unpacked) -> None:
    """picamera2 comes from apt."""
    pi.install(unpacked("1.0"))
    config = (pi.home / "current/venv/pyvenv.cfg").read_text()
    assert "include-system-site-packages = true" in config


def test_an_upgrade_keeps_the_settings_and_the_version_before(pi, unpacked) -> None:
    pi.install(unpacked("1.0"))
    pi.settings.write_text('[watch]\nformat = "zip"\n')
    pi.install(unpacked("1.1"))
    assert pi.version == "1.1"
    assert pi.settings.read_text() == '[watch]\nformat = "zip"\n'
    pi.install(unpacked("1.2"))
    names = {path.name.split("-")[0] for path in pi.home.iterdir() if path.is_dir() and not path.is_symlink()}
    assert names == {"1.1", "1.2"}, "only the version before is kept"


def test_the_page_has_a_token_of_its_own_that_others_cannot_read(pi, unpacked) -> None:
    token = pi.settings.with_name("token")
    said = pi.install(unpacked("1.0"))
    first = token.read_text()
    assert re.fullmatch("[a-z2-9]{12}", first)
    assert f"with the token {first}" in said
    assert token.stat().st_mode & 0o777 == pi.settings.stat().st_mode & 0o777 == 0o640
    pi.install(unpacked("1.1"))
    assert token.read_text() == first


def test_rolled_back_and_forward(pi, unpacked) -> None:
    pi.install(unpacked("1.0"))
    assert "there is no version before" in pi.run(pi.home / "current/install.sh", "--rollback", code=1)
    pi.install(unpacked("1.1"))
    pi.run(pi.home / "current/install.sh", "--rollback")
    assert pi.version == "1.0"
    pi.run(pi.home / "current/install.sh", "--rollback")
    assert pi.version == "1.1"


@pytest.mark.parametrize(
    ("answers", "said"),
    [({"code": 1}, "postread does not run here"), ({"said": r"envelope.png\t?"}, "reads the sample as ?")],
)
def test_a_version_that_cannot_read_is_not_taken_into_use(pi, unpacked, answers, said) -> None:
    pi.install(unpacked("1.0"))
    assert said in pi.install(unpacked("1.1", **answers), code=1)
    assert pi.version == "1.0"
    assert not list(pi.home.glob("1.1-*")), "nothing of it is left"


def test_what_an_interrupted_run_left_is_made_anew(pi, unpacked) -> None:
    bundle = unpacked("1.0")
    pi.install(bundle)
    folder = (pi.home / "current").resolve()
    (folder / ".complete").unlink()
    shutil.rmtree(folder / "venv")
    pi.install(bundle)
    assert pi.version == "1.0"


def damage(version: Path) -> None:
    """As a power cut may: an installed version's program has lost what was in it."""
    (program,) = version.glob("venv/lib/python*/site-packages/stand_in.py")
    program.write_text("")


def test_what_is_installed_already_but_damaged_is_made_anew(pi, unpacked) -> None:
    bundle = unpacked("1.0")
    pi.install(bundle)
    pi.install(unpacked("1.1"))
    damage(pi.home / "previous")
    assert pi.install(bundle).count("it reads the sample: 01310-100") == 1
    assert pi.version == "1.0"


def test_what_is_in_use_is_not_taken_away_for_being_damaged(pi, unpacked) -> None:
    """It may only be short of memory at the moment."""
    bundle = unpacked("1.0")
    pi.install(bundle)
    damage(pi.home / "current")
    assert "is in use, and damaged: --uninstall it" in pi.install(bundle, code=1)
    assert pi.version == "1.0"


@pytest.mark.parametrize(("writer", "name"), [("sed", "postread.toml"), ("head", "token")])
def test_a_file_that_could_not_be_written_whole_is_written_by_the_next_run(
    pi, unpacked, stand_in, writer, name
) -> None:
    """For want of room, say."""
    bundle = unpacked("1.0")
    cut_off = stand_in(writer, f'{shutil.which(writer)} "$@" | cut -b 1-3; exit 1')
    pi.install(bundle, code=1)
    assert not pi.settings.with_name(name).exists()
    cut_off.unlink()
    pi.install(bundle)
    assert pi.files() == INSTALLED
    example = pi.settings.with_name("postread.toml.example").read_text()
    assert pi.settings.read_text() == re.sub('^([a-z-]+ = ")/', rf"\1{pi.root}/", example, flags=re.MULTILINE)
    assert re.fullmatch("[a-z2-9]{12}", pi.settings.with_name("token").read_text())


@pytest.mark.parametrize("left", ["", "\n", "k7wq"])
def test_a_token_that_was_cut_off_is_made_anew(pi, unpacked, left: str) -> None:
    bundle, token = unpacked("1.0"), pi.settings.with_name("token")
    pi.install(bundle)
    token.write_text(left)
    pi.install(bundle)
    assert re.fullmatch("[a-z2-9]{12}", token.read_text())
    assert token.stat().st_mode & 0o777 == 0o640


def test_settings_that_a_power_cut_has_emptied_are_made_anew(pi, unpacked) -> None:
    bundle = unpacked("1.0")
    pi.install(bundle)
    before = pi.settings.read_text()
    pi.settings.write_text("")
    pi.install(bundle)
    assert pi.settings.read_text() == before


def test_what_counts_as_whole_is_on_the_card_first(pi, unpacked, stand_in, tmp_path) -> None:
    """A version, then the settings, then the token: how many of them are in their place at each sync."""
    noted, token = tmp_path / "noted", pi.settings.with_name("token")
    stand_in("sync", f"ls '{pi.home}'/*/.complete '{pi.settings}' '{token}' 2>/dev/null | wc -l >>'{noted}'")
    pi.install(unpacked("1.0"))
    assert noted.read_text().split() == ["0", "1", "2"]


def test_a_sync_that_cannot_be_asked_for_one_file_system_syncs_them_all(pi, unpacked, stand_in, tmp_path) -> None:
    noted = tmp_path / "noted"
    stand_in("sync", f"[ $# = 0 ] && echo all >>'{noted}'")
    pi.install(unpacked("1.0"))
    assert "all" in noted.read_text()


def test_a_folder_of_wheels_that_is_not_the_locked_one_is_refused(pi, unpacked) -> None:
    bundle = unpacked("1.0")
    (path,) = (bundle / "wheels").glob("postread-*.whl")
    path.write_bytes(path.read_bytes()[:-1])
    assert "the bundle is damaged" in pi.install(bundle, code=1)
    assert not pi.home.exists()


def changed(bundle: Path, name: str, value: str) -> Path:
    """Change a line of bundle.conf as if it had been packed so."""
    config, sums = bundle / "bundle.conf", bundle / "SHA256SUMS"
    config.write_text(re.sub(f"^{name}=.*$", f"{name}={value}", config.read_text(), flags=re.MULTILINE))
    digest = subprocess.run(["sha256sum", "bundle.conf"], cwd=bundle, capture_output=True, text=True).stdout
    sums.write_text(re.sub(r"^.*  bundle\.conf\n", digest, sums.read_text(), flags=re.MULTILINE))
    return bundle


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("suite", "trixie", "this system is bookworm, the bundle is for trixie: take postread-1.0-bookworm-"),
        ("machine", "sparc", "the bundle is for sparc"),
        ("python_version", "3.9", "the bundle is for 3.9"),
        ("kilobytes", "999999999999", "MB are needed"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_changed(pi, unpacked, name, value, said) -> None:
    assert said in pi.install(changed(unpacked("1.0"), name, value), code=1)
    assert pi.files() == {"etc/os-release"}
    assert not pi.home.exists()


def test_every_reason_is_said_at_once(pi, unpacked) -> None:
    bundle = changed(changed(unpacked("1.0"), "machine", "sparc"), "suite", "trixie")
    said = pi.install(bundle, "--check", code=1)
    assert said.count("install.sh: ") == 2


def test_a_check_changes_nothing(pi, unpacked) -> None:
    assert "1.0 can be installed here" in pi.install(unpacked("1.0"), "--check")
    assert pi.files() == {"etc/os-release"}


def test_a_python_that_does_not_run_is_said(pi, unpacked) -> None:
    assert "does not run: sudo apt install python3" in pi.install(unpacked("1.0"), "--python", "/nowhere", code=1)


def test_uninstalled_the_settings_and_readings_stay(pi, unpacked) -> None:
    pi.install(unpacked("1.0"))
    (pi.root / "var/lib/postread/readings.db").touch()
    pi.run(pi.home / "current/install.sh", "--uninstall")
    kept = {name for name in INSTALLED if name.startswith("etc/postread")}
    assert pi.files() == {"etc/os-release", "var/lib/postread/readings.db", *kept}
    assert not pi.home.exists()


def test_purged_nothing_stays(pi, unpacked) -> None:
    bundle = unpacked("1.0")
    pi.install(bundle)
    pi.install(bundle, "--uninstall", "--purge")
    assert pi.files() == {"etc/os-release"}


@pytest.mark.parametrize("arguments", [["--frobnicate"], ["--purge"], ["--python"]])
def test_a_mistaken_option_is_a_usage_error(unpacked, arguments: list[str]) -> None:
    command = [unpacked("1.0") / "install.sh", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_two_at_once_do_not_meet(pi, unpacked) -> None:
    pi.home.mkdir(parents=True)
    with (pi.home / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another install.sh is at work" in pi.install(unpacked("1.0"), code=1)
    pi.install(unpacked("1.1"))
