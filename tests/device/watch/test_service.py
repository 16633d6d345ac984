"""What systemd is told: the protocol, from a socket as it gives one."""

import contextlib
import os
import signal
import socket
import subprocess
import sys

import pytest

from device.watch.events import Event
from device.watch.service import Service


@pytest.fixture
def systemd(tmp_path):
    """A socket that hears what a service says."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(60)
        yield heard


def said(heard: socket.socket) -> list[str]:
    heard.setblocking(False)
    lines: list[str] = []
    while True:
        try:
            lines += heard.recv(4096).decode().split("\n")
        except BlockingIOError:
            return lines


def test_it_is_ready_with_the_first_turn_and_alive_with_every_one(systemd) -> None:
    service = Service({"NOTIFY_SOCKET": systemd.getsockname()})
    assert said(systemd) == []
    service.turn()
    service.turn()
    service.close()
    assert said(systemd) == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_the_status_says_what_it_does_and_never_what_was_read(systemd, reading) -> None:
    service = Service({"NOTIFY_SOCKET": systemd.getsockname()})
    service.show(Event("state", "needs-help", "too-dark"))
    service.show(Event("settled", "settled", reading=reading("01310100")))
    service.show(Event("refused", "needs-help", "not-sure", reading=reading("01310100")))
    service.close()
    assert said(systemd) == [
        "STATUS=needs-help (too-dark); 0 settled, 0 refused since it was started",
        "STATUS=settled; 1 settled, 0 refused since it was started",
        "STATUS=needs-help; 1 settled, 1 refused since it was started",
        "STOPPING=1",
    ]


def test_an_abstract_socket_is_found() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0postread-{os.getpid()}")
        with contextlib.closing(Service({"NOTIFY_SOCKET": f"@postread-{os.getpid()}"})) as service:
            service.turn()
        assert said(heard) == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/notify"}])
def test_without_a_systemd_that_listens_nothing_happens(environment) -> None:
    service = Service(environment)
    service.turn()
    service.close()


def test_a_systemd_that_was_busy_hears_later_that_it_is_ready(tmp_path) -> None:
    address = tmp_path / "notify"
    with (
        contextlib.closing(Service({"NOTIFY_SOCKET": str(address)})) as service,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard,
    ):
        service.turn()
        heard.bind(str(address))
        service.turn()
        assert said(heard)[0] == "READY=1"


def test_a_watch_is_ready_beats_and_stops(systemd, sample, tmp_path, root) -> None:
    command = [sys.executable, "-m", "device", "watch", "--source", f"folder:{sample.path}", "--loop"]
    environment = os.environ | {"NOTIFY_SOCKET": systemd.getsockname()}
    with subprocess.Popen(
        [*command, "--store", str(tmp_path / "readings.db")], cwd=root, env=environment, stdout=subprocess.DEVNULL
    ) as watch:
        heard: list[str] = []
        while not {"READY=1", "WATCHDOG=1"} <= set(heard) or not any("1 settled" in line for line in heard):
            heard += systemd.recv(4096).decode().split("\n")
        watch.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in heard:
            heard += systemd.recv(4096).decode().split("\n")
        assert watch.wait(60) == 0
    assert heard.index("READY=1") < heard.index("STOPPING=1")
    assert heard.count("READY=1") == 1
