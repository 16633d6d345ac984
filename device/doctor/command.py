"""`postread doctor`: argparse, and the findings for people or as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import Any

from device import __version__
from device.doctor.examination import examine
from device.doctor.finding import Finding
from device.doctor.keeping import INSTALLED
from device.doctor.machine import Machine

WIDTH = 110
"""Columns of a remedy."""


def register(commands: Any, watch: argparse.ArgumentParser) -> None:
    """Add the subcommand; watch: the parser whose options postread.toml may hold."""
    doctor = commands.add_parser("doctor", help="find what keeps it from reading", description=_DOCTOR)
    doctor.add_argument("--config", type=Path, metavar="FILE", help=f"postread.toml (here, else {INSTALLED})")
    doctor.add_argument("--json", action="store_true")
    doctor.add_argument("--debug", action="store_true", help="show the traceback of an error")
    doctor.set_defaults(run=run, watch=watch)


_DOCTOR = """Look at everything that `postread watch` needs, with the settings that it would have: a line each, and the
remedy where one is needed.  The exit code is 1 when something keeps it from reading."""


def run(options: argparse.Namespace, machine: Machine | None = None) -> int:
    """Examine this machine; 0 when nothing fails."""
    machine = machine or Machine()
    found = []
    about = machine.board or f"no Raspberry Pi ({platform.machine()})"
    if not options.json:
        print(f"postread {__version__}, Python {platform.python_version()} on {about}", flush=True)
    for finding in examine(machine, options.watch, _settings(options)):
        found.append(finding)
        if not options.json:
            print(_text(finding), flush=True)
    if options.json:
        print(json.dumps(_facts(machine, found), indent=1, ensure_ascii=False))
    return int(any(finding.verdict == "fail" for finding in found))


def _settings(options: argparse.Namespace) -> Path | None:
    """The file that is meant: watch's own, or that of the installed service."""
    from device.watch.settings import FILE

    if options.config is not None:
        return Path(options.config)
    if os.path.isfile(FILE):  # noqa: PTH113, is_file() raises where this user may not look
        return Path(FILE)
    return INSTALLED if INSTALLED.parent.is_dir() else None


def _facts(machine: Machine, found: list[Finding]) -> dict[str, Any]:
    return {
        "schema": 1,
        "postread": __version__,
        "python": platform.python_version(),
        "board": machine.board,
        "failed": [finding.check for finding in found if finding.verdict == "fail"],
        "checks": [asdict(finding) for finding in found],
    }


def _text(finding: Finding) -> str:
    """``fail     camera       picamera2 sees no camera``, and the remedy below it."""
    line = f"{finding.verdict:<8} {finding.check:<12} {finding.said}"
    if finding.remedy is None:
        return line
    below = " " * 22
    lines = textwrap.wrap(finding.remedy, WIDTH, initial_indent=f"{below}→ ", subsequent_indent=f"{below}  ")
    return "\n".join([line, *lines])
