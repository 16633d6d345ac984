"""`postread doctor`, whole."""

import json
import re
from importlib import metadata
from pathlib import Path

import pytest

from device.cli import _parser
from device.doctor import command
from device.doctor.examination import CHECKS
from device.doctor.keeping import AS_SERVICE, UNIT
from device.doctor.machine import NOT_A_PI, Said
from device.watch.command import _with_file

from .conftest import CAMERAS, apt


@pytest.fixture
def doctor(pi, tmp_path, capsys, monkeypatch):
    """doctor(argument, …): the exit code and what was printed, on that Pi."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "INSTALLED", tmp_path / "etc/postread/postread.toml")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")

    def doctor(*arguments: str) -> tuple[int, str]:
        code = command.run(_parser().parse_args(["doctor", *arguments]), pi.machine)
        return code, capsys.readouterr().out

    return doctor


def test_on_a_pi_where_all_is_well_every_check_has_its_line(doctor) -> None:
    code, out = doctor()
    first, *lines = out.splitlines()
    assert (code, first.endswith("on Raspberry Pi 5 Model B Rev 1.0")) == (0, True)
    assert [line.split()[1] for line in lines] == list(CHECKS)
    assert {line.split()[0] for line in lines} == {"ok", "skipped"}


def test_what_fails_has_its_remedy_below_and_the_code_is_1(doctor, pi) -> None:
    pi.says[CAMERAS] = Said(0, "[]\n", "")
    code, out = doctor()
    assert code == 1
    lines = out.splitlines()
    at = lines.index("fail     camera       picamera2 sees no camera")
    assert lines[at + 1].strip().startswith("→ switch off, push the ribbon cable in again")
    assert lines[at + 2].startswith(" " * 24), "it goes on below itself"
    assert max(map(len, lines[at + 1 : at + 3])) <= 110


def test_a_warning_is_no_failure(doctor, pi) -> None:
    pi.says["vcgencmd"] = Said(0, "throttled=0x50000\n", "")
    code, out = doctor()
    assert code == 0
    assert "warn     power" in out


def test_json(doctor, pi) -> None:
    pi.free = 1
    code, out = doctor("--json")
    facts = json.loads(out)
    assert code == 1
    assert facts["schema"] == 1
    assert facts["board"] == "Raspberry Pi 5 Model B Rev 1.0"
    assert facts["failed"] == ["disk"]
    assert [check["check"] for check in facts["checks"]] == list(CHECKS)
    assert all((check["remedy"] is not None) == (check["verdict"] in ("warn", "fail")) for check in facts["checks"])


def test_the_settings_that_watch_would_have_are_looked_at(doctor, tmp_path) -> None:
    (tmp_path / "postread.toml").write_text('[watch]\nsource = "v4l2:7"\nno-store = true\n')
    code, out = doctor()
    assert code == 1
    assert "/dev/video7 is not there" in out
    assert "nothing is kept" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[watch]\nsourc = "picamera"\n', "line 2: 'sourc' is no option of [watch]; did you mean 'source'?"),
        ('[watch]\nformat = "uk"\n', "have letters"),
        ('[watch]\nknown = "nowhere.txt"\n', "nowhere.txt"),
    ],
)
def test_a_mistake_in_the_settings_is_named_and_the_rest_goes_on(doctor, tmp_path, text: str, said: str) -> None:
    (tmp_path / "postread.toml").write_text(text)
    code, out = doctor()
    assert code == 1
    (line,) = (line for line in out.splitlines() if line.startswith("fail"))
    assert said in line
    assert len(out.splitlines()) == 1 + len(CHECKS) + 1


def test_the_services_own_settings_are_found(doctor) -> None:
    command.INSTALLED.parent.mkdir(parents=True)
    command.INSTALLED.write_text("[watch]\nno-store = true\n")
    assert f"ok       settings     {command.INSTALLED}" in doctor()[1]


@pytest.fixture
def in_a_barred_folder(doctor, tmp_path, monkeypatch, bar) -> None:
    """Where `sudo -u postread` leaves one: in one's own home folder, private as Debian makes it."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    bar(home)


def test_where_the_working_folder_is_barred_the_services_settings_are_found(in_a_barred_folder, doctor) -> None:
    command.INSTALLED.parent.mkdir(parents=True)
    command.INSTALLED.write_text("[watch]\nno-store = true\n")
    assert f"ok       settings     {command.INSTALLED}" in doctor()[1]


def test_where_the_working_folder_is_barred_watch_has_no_settings_either(in_a_barred_folder) -> None:
    options = _parser().parse_args(["watch"])
    assert _with_file(options) is options


def test_settings_that_only_the_service_may_read(doctor, monkeypatch) -> None:
    read = Path.read_text

    def forbidden(path: Path, *arguments, **options) -> str:
        if path == command.INSTALLED:
            raise PermissionError(13, "Permission denied")
        return read(path, *arguments, **options)

    command.INSTALLED.parent.mkdir(parents=True)
    monkeypatch.setattr(Path, "read_text", forbidden)
    assert "→ sudo -u postread postread doctor --config /etc/postread/postread.toml\n" in doctor()[1]


def test_here_it_works_too(postread) -> None:
    answer = postread("doctor", "--json")
    checks = {check["check"]: check for check in json.loads(answer.out)["checks"]}
    assert checks["reading"]["verdict"] == "ok"
    assert checks["power"]["said"] == NOT_A_PI
    assert answer.code == int(any(check["verdict"] == "fail" for check in checks.values()))


def test_the_document_shows_what_it_prints(doctor, pi, tmp_path, root, monkeypatch) -> None:
    """All but the first line, which has this Python's version."""
    command.INSTALLED.parent.mkdir(parents=True)
    command.INSTALLED.write_text('[watch]\nstore = "/var/lib/postread/readings.db"\nweb = "8000"\n')
    (pi.root / "var/lib/postread").mkdir(parents=True)
    apt(pi, "1.24.2", "egg-info")
    monkeypatch.setattr(metadata, "version", {"numpy": "1.26.4", "ai-edge-litert": "2.3.0"}.get)
    pi.file(UNIT)
    status = "searching; 0 settled, 0 refused since it was started"
    pi.says["systemctl"] = Said(0, f"ActiveState=active\nNRestarts=0\nStatusText={status}\n", "")
    pi.says[CAMERAS] = Said(0, "[]\n", "")
    _, *printed = doctor()[1].replace(str(pi.root), "").replace(str(tmp_path), "").splitlines()
    text = (root / "docs/pi.md").read_text(encoding="utf-8")
    (shown,) = re.findall(rf"^\$ {re.escape(AS_SERVICE)}\n.*\n((?:.+\n)+?)```$", text, re.MULTILINE)
    assert shown.splitlines() == printed, "\n".join(printed)
