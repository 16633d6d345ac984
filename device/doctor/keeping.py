"""Where readings are kept and shown: the database, the disk, the service, the live page."""

from __future__ import annotations

import argparse
import os
import sqlite3
from pathlib import Path

from device.doctor.finding import Finding
from device.doctor.machine import Machine
from device.errors import UsageError
from device.outputs.command import default_store

LEAST, SPARE = 100e6, 300e6
"""Bytes: with less nothing is kept for long; beside the crops so much is spare."""
UNIT = "/etc/systemd/system/postread.service"
PATIENCE = 10.0
"""For a command, seconds."""
INSTALLED = Path("/etc/postread/postread.toml")
"""Where install.sh puts the settings."""
AS_SERVICE = f"sudo -u postread postread doctor --config {INSTALLED}"
"""By name: another one, the bundle's perhaps, may lie where the user stands."""


def _folder(machine: Machine, options: argparse.Namespace) -> tuple[Path, Path]:
    """The database, and the nearest folder above it that is there."""
    store = machine.path(options.store or default_store())
    folder = store.absolute().parent
    while not os.path.isdir(folder):  # noqa: PTH112, is_dir() raises where this user may not look
        folder = folder.parent
    return store, folder


def store(machine: Machine, options: argparse.Namespace) -> Finding:
    """Whether this user may write the database, and what is there is one."""
    if options.no_store:
        return Finding("store", "skipped", "nothing is kept (no-store)")
    path, folder = _folder(machine, options)
    if options.store is not None and folder != path.absolute().parent:
        return Finding("store", "fail", f"{path.parent}: no such folder", f"sudo mkdir -p {path.parent}")
    there = [one for one in (path, folder) if os.path.exists(one)]  # noqa: PTH110, as above
    barred = next((one for one in there if not machine.may_use(one)), None)
    if barred is not None:
        owner = _owner(barred)
        remedy = AS_SERVICE if owner == "postread" else f"sudo chown {machine.user()} {barred}"
        return Finding("store", "fail", f"{machine.user()} may not write {barred}, which is {owner}'s", remedy)
    if not path.exists():
        return Finding("store", "ok", f"{path}, to be made")
    try:
        count = _count(path)
    except sqlite3.Error as error:
        return Finding("store", "fail", f"{path}: not a postread database ({error})", "name another file as store")
    return Finding("store", "ok", f"{path}, {count} readings")


def _count(path: Path) -> int:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT COUNT(*) FROM readings").fetchone()[0])
    finally:
        connection.close()


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return str(path.stat().st_uid)


def disk(machine: Machine, options: argparse.Namespace) -> Finding:
    """Whether there is room for what is to be kept."""
    if options.no_store:
        return Finding("disk", "skipped", "nothing is kept (no-store)")
    _, folder = _folder(machine, options)
    free = machine.free_bytes(folder)
    said = f"{free / 1e6:,.0f} MB free at {folder}"
    remedy = "postread forget --older-than 30, a lower keep-mb or keep-days, or a larger card"
    if free < LEAST:
        return Finding("disk", "fail", said, remedy)
    wanted = options.keep_mb * 1e6 + SPARE
    if free < wanted:
        said += f", {wanted / 1e6:,.0f} MB are wanted for crops (keep-mb) and readings"
        return Finding("disk", "warn", said, remedy)
    return Finding("disk", "ok", said)


def service(machine: Machine) -> Finding:
    """Whether the service runs, where it is installed."""
    if machine.read(UNIT) is None:
        return Finding("service", "skipped", "not installed as a service")
    asked = machine.run(["systemctl", "show", "postread", "--property=ActiveState,NRestarts,StatusText"], PATIENCE)
    if asked is None or asked.code:
        return Finding("service", "skipped", "systemd does not answer")
    facts = dict(line.partition("=")[::2] for line in asked.out.splitlines())
    state, restarts = facts.get("ActiveState", "unknown"), facts.get("NRestarts", "0")
    if state == "inactive":
        return Finding("service", "warn", "it is not started", "sudo systemctl enable --now postread")
    if state not in ("active", "reloading"):
        said = f"it does not run ({state}, started again {restarts} times)"
        return Finding("service", "fail", said, "journalctl -u postread -n 20 says why")
    if restarts != "0":
        said = f"it runs, and was started again {restarts} times"
        return Finding("service", "warn", said, "journalctl -u postread says why")
    return Finding("service", "ok", facts.get("StatusText") or "it runs")


def page(options: argparse.Namespace) -> Finding:
    """Whether the live page can be served."""
    from device.web import address

    if options.web is None:
        return Finding("page", "skipped", "no live page is wanted (web)")
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        return Finding("page", "fail", f"{error.name} is missing", "pip install 'postread[web]'")
    try:
        token = address.read_token(options.web_token, options.web_token_file)
        address.check(options.web, token)
    except UsageError as error:
        forbidden = isinstance(error.__cause__, PermissionError)
        remedy = AS_SERVICE if forbidden else "mend web and web-token-file in postread.toml"
        return Finding("page", "fail", str(error), remedy)
    return Finding("page", "ok", f"http://{options.web}/" + (", with a token" if token else ""))
