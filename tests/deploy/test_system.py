"""install.sh as root, on a copy of this machine that is thrown away: user, groups, rights, and what systemd is asked.

The copy is an overlay in a mount namespace of its own; a script stands in for systemctl, and notes how it is called.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

INSIDE = """
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount --rbind /dev "$1/root/dev"
mount -t proc proc "$1/root/proc"
exec chroot "$1/root" bash -c "$2"
"""

# Restarting fails where the version in use has a file `broken`.
SYSTEMCTL = """#!/bin/sh
echo "$*" >>/asked
[ "$1" != restart ] || [ ! -e /opt/postread/current/sample/broken ]
"""

STANDS_IN = f"""
rm -f /etc/os-release; echo VERSION_CODENAME=bookworm >/etc/os-release
mkdir /stand-ins; PATH=/stand-ins:$PATH
printf %s '{SYSTEMCTL}' >/stand-ins/systemctl; chmod +x /stand-ins/systemctl
install() {{ "$1/install.sh" --python '{sys.executable}' "${{@:2}}" >/said 2>&1 || cat /said; }}
links() {{ for link in current previous; do readlink /opt/postread/$link | cut -d - -f 1; done; }}
version() {{ ls -d /opt/postread/current/venv/lib/*/*/postread-*.dist-info | sed 's/.*postread-//; s/.dist.*//'; }}
"""


@pytest.fixture
def on_a_copy(tmp_path: Path) -> Callable[[str], str]:
    """on_a_copy(script): run it as root on a copy of this machine; returns what it prints."""
    if os.geteuid() != 0:
        pytest.skip("an overlay of the whole machine needs root")
    (tmp_path / "copy").mkdir()

    def on_a_copy(script: str) -> str:
        command = ["unshare", "--mount", "bash", "-c", INSIDE, "bash", str(tmp_path / "copy"), STANDS_IN + script]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return on_a_copy


def test_the_service_has_a_user_of_its_own_and_alone_reads_its_secrets(on_a_copy, unpacked) -> None:
    said = on_a_copy(f"""
        install {unpacked("1.0")}
        id -nG postread
        getent passwd postread | cut -d : -f 6,7
        cd /etc/postread; stat -c '%n %U:%G %a' /var/lib/postread . postread.toml token
        cat /asked
    """)
    assert said.splitlines() == [
        "postread video render gpio",
        "/var/lib/postread:/usr/sbin/nologin",
        "/var/lib/postread postread:postread 750",
        ". root:postread 750",
        "postread.toml root:postread 640",
        "token root:postread 640",
        "daemon-reload",
        "enable --quiet postread",
        "restart postread",
    ]


def test_a_version_whose_service_does_not_start_is_taken_back(on_a_copy, unpacked) -> None:
    newer = unpacked("1.1")
    (newer / "sample/broken").touch()
    said = on_a_copy(f"""
        install {unpacked("1.0")}
        version
        install {newer}
        version
        tail -n 3 /asked
    """)
    first, *between, last = said.splitlines()[:-3]
    assert (first, last) == ("1.0", "1.0")
    assert any("1.1-" in line and "does not start" in line and "going back to 1.0-" in line for line in between)
    assert said.splitlines()[-3:] == ["daemon-reload", "enable --quiet postread", "restart postread"]


def test_an_upgrade_that_is_taken_back_leaves_both_versions_as_they_were(on_a_copy, unpacked) -> None:
    broken = unpacked("3.0")
    (broken / "sample/broken").touch()
    said = on_a_copy(f"""
        install {unpacked("1.0")}
        install {unpacked("2.0")}
        install {broken} >/dev/null
        links
        cd /opt/postread; ls -d [0-9]* | cut -d - -f 1
        /opt/postread/current/install.sh --rollback >/dev/null
        links
    """)
    assert said.split() == [*("2.0", "1.0"), *("1.0", "2.0"), *("1.0", "2.0")], "links, folders, links"


def test_a_first_upgrade_that_is_taken_back_is_nothing_to_go_back_to(on_a_copy, unpacked) -> None:
    broken = unpacked("1.1")
    (broken / "sample/broken").touch()
    said = on_a_copy(f"""
        install {unpacked("1.0")}
        install {broken} >/dev/null
        /opt/postread/current/install.sh --rollback 2>&1 || links
    """)
    assert said == "install.sh: there is no version before this one\n1.0\n"


def test_a_rollback_to_a_version_that_does_not_start_is_taken_back(on_a_copy, unpacked) -> None:
    said = on_a_copy(f"""
        install {unpacked("1.0")}
        install {unpacked("2.0")}
        touch /opt/postread/previous/sample/broken
        /opt/postread/current/install.sh --rollback 2>&1 || echo code $?
        tail -n 1 /asked
        links
    """)
    going, stays, *rest = re.sub("-[0-9a-f]{8}", "", said).splitlines()
    assert going == "postread: 1.0 does not start (journalctl -u postread): going back to 2.0"
    assert stays == "install.sh: 1.0 does not start: 2.0 stays in use"
    assert rest == ["code 1", "restart postread", "2.0", "1.0"]


def test_where_neither_starts_that_is_said(on_a_copy, unpacked) -> None:
    """The settings, most likely."""
    said = on_a_copy(f"""
        install {unpacked("1.0")}
        install {unpacked("2.0")}
        touch /opt/postread/{{current,previous}}/sample/broken
        /opt/postread/current/install.sh --rollback 2>&1 || links
    """)
    assert re.search("^postread: 2.0-.* does not start either$", said, re.MULTILINE)
    assert said.splitlines()[-2:] == ["2.0", "1.0"]


def test_it_can_be_installed_without_being_started(on_a_copy, unpacked) -> None:
    assert on_a_copy(f"install {unpacked('1.0')} --no-start; cat /asked") == "daemon-reload\nenable --quiet postread\n"


def test_purged_the_user_goes_as_well(on_a_copy, unpacked) -> None:
    said = on_a_copy(f"""
        install {unpacked("1.0")}
        /opt/postread/current/install.sh --uninstall --purge
        grep disable /asked
        id postread 2>&1 || true
        ls -d /opt/postread /etc/postread /var/lib/postread /etc/systemd/system/postread.service 2>/dev/null || true
    """)
    assert said.splitlines()[1:] == ["disable --now --quiet postread", "id: ‘postread’: no such user"]


def test_without_root_nothing_is_changed(on_a_copy, unpacked) -> None:
    said = on_a_copy(f"""
        chmod -R a+rX {unpacked("1.0")}; cp -r {unpacked("1.0b")} /bundle
        runuser -u nobody -- /bundle/install.sh --uninstall 2>&1 || true
        ls /opt/postread 2>&1 || true
    """)
    assert "run it with sudo" in said
    assert "No such file" in said
