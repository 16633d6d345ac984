"""The database, the disk, the service and the live page."""

import sys

import pytest

from device.doctor import keeping
from device.doctor.machine import Said
from device.outputs.store import Store

HERE = "/var/lib/postread"
DATABASE = f"{HERE}/readings.db"


@pytest.fixture
def folder(pi):
    path = pi.root / HERE.lstrip("/")
    path.mkdir(parents=True)
    return path


def test_a_database_to_be_made_and_one_that_is_there(pi, options, folder) -> None:
    assert keeping.store(pi.machine, options("--store", DATABASE)).said.endswith("readings.db, to be made")
    Store(folder / "readings.db").close()
    found = keeping.store(pi.machine, options("--store", DATABASE))
    assert (found.verdict, found.said[-10:]) == ("ok", "0 readings")


def test_a_folder_that_is_not_there(pi, options) -> None:
    found = keeping.store(pi.machine, options("--store", DATABASE))
    assert (found.verdict, "no such folder" in found.said) == ("fail", True)


def test_a_folder_that_may_not_be_written(pi, options, folder, monkeypatch) -> None:
    pi.barred = {HERE}
    found = keeping.store(pi.machine, options("--store", DATABASE))
    assert (found.verdict, str(found.remedy)[:20]) == ("fail", "sudo chown postread ")
    monkeypatch.setattr(keeping, "_owner", lambda path: "postread")
    found = keeping.store(pi.machine, options("--store", DATABASE))
    assert found.remedy == "sudo -u postread postread doctor --config /etc/postread/postread.toml"


def test_a_folder_that_may_not_be_looked_into(pi, options, folder, monkeypatch, bar) -> None:
    """The service's own, to everybody else."""
    pi.barred = {HERE}
    monkeypatch.setattr(keeping, "_owner", lambda path: "postread")
    bar(folder)
    found = keeping.store(pi.machine, options("--store", DATABASE))
    assert (found.verdict, found.remedy) == ("fail", keeping.AS_SERVICE)
    assert keeping.store(pi.machine, options("--store", f"{HERE}/more/readings.db")).verdict == "fail"


def test_a_file_that_is_no_database(pi, options, folder) -> None:
    (folder / "readings.db").write_text("no database, but long enough to be looked at " * 20)
    found = keeping.store(pi.machine, options("--store", DATABASE))
    assert (found.verdict, "not a postread database" in found.said) == ("fail", True)


@pytest.mark.parametrize(("free", "verdict"), [(20e9, "ok"), (700e6, "warn"), (90e6, "fail")])
def test_a_disk_that_fills_up(pi, options, folder, free: float, verdict: str) -> None:
    pi.free = free
    found = keeping.disk(pi.machine, options("--store", DATABASE, "--keep-mb", "500"))
    assert found.verdict == verdict
    assert found.remedy is None or "postread forget" in found.remedy


def test_nothing_is_asked_for_what_is_not_kept(pi, options) -> None:
    pi.free = 0
    checks = (keeping.store, keeping.disk)
    assert [check(pi.machine, options("--no-store")).verdict for check in checks] == ["skipped"] * 2


@pytest.mark.parametrize(
    ("state", "restarts", "verdict", "remedy"),
    [
        ("active", "0", "ok", ""),
        ("active", "3", "warn", "journalctl -u postread"),
        ("inactive", "0", "warn", "sudo systemctl enable --now postread"),
        ("activating", "9", "fail", "journalctl -u postread"),
        ("failed", "0", "fail", "journalctl -u postread"),
    ],
)
def test_a_service_that_does_not_run(pi, state: str, restarts: str, verdict: str, remedy: str) -> None:
    assert keeping.service(pi.machine).verdict == "skipped"
    pi.file(keeping.UNIT, "[Service]")
    pi.says["systemctl"] = Said(0, f"ActiveState={state}\nNRestarts={restarts}\nStatusText=searching; 2 settled\n", "")
    found = keeping.service(pi.machine)
    assert found.verdict == verdict
    assert remedy in (found.remedy or "")
    assert verdict != "ok" or found.said == "searching; 2 settled"


def test_a_systemd_that_does_not_answer(pi) -> None:
    pi.file(keeping.UNIT, "[Service]")
    assert keeping.service(pi.machine).said == "systemd does not answer"


def test_a_page_that_others_could_open(options, tmp_path) -> None:
    assert keeping.page(options()).verdict == "skipped"
    assert keeping.page(options("--web")).said == "http://127.0.0.1:8000/"
    found = keeping.page(options("--web", "0.0.0.0"))
    assert (found.verdict, "needs a token" in found.said) == ("fail", True)
    token = tmp_path / "token"
    found = keeping.page(options("--web", "0.0.0.0", "--web-token-file", token))
    assert (found.verdict, found.remedy) == ("fail", "mend web and web-token-file in postread.toml")
    token.write_text("long enough")
    assert keeping.page(options("--web", "0.0.0.0", "--web-token-file", token)).said.endswith("with a token")


def test_a_token_that_only_the_service_may_read(options, tmp_path, monkeypatch) -> None:
    def forbidden(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_text", forbidden)
    found = keeping.page(options("--web", "0.0.0.0", "--web-token-file", tmp_path / "token"))
    assert found.remedy == "sudo -u postread postread doctor --config /etc/postread/postread.toml"


def test_a_page_without_its_packages(options, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    found = keeping.page(options("--web"))
    assert (found.verdict, found.remedy) == ("fail", "pip install 'postread[web]'")
