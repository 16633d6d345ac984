"""Every check in turn."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from device.doctor import board, camera, keeping, reading
from device.doctor.finding import Finding
from device.doctor.machine import Machine
from device.errors import PostreadError

CHECKS = (
    *("settings", "service", "camera", "permissions", "numpy", "runtime", "model", "reading"),
    *("store", "disk", "page", "clock", "temperature", "power"),
)
"""Every check's name, in their order (closed list)."""


def examine(machine: Machine, parser: argparse.ArgumentParser, path: Path | None) -> Iterator[Finding]:
    """Each finding as it is found.  parser: of `postread watch`; path: its postread.toml, None without one."""
    yield settings(parser, path)
    options = parser.parse_args([])  # as watch would have them: the file's options are the defaults now
    pins = bool(options.gate) or options.accept_pin is not None or options.refuse_pin is not None
    yield keeping.service(machine)
    yield camera.camera(machine, options.source)
    yield camera.permissions(machine, options.source, pins or options.trigger[0] == "gpio")
    yield camera.numpy(machine)
    yield reading.runtime(options)
    yield reading.model(options)
    yield reading.drawn_code(options)
    yield keeping.store(machine, options)
    yield keeping.disk(machine, options)
    yield keeping.page(options)
    yield board.clock(machine)
    yield board.temperature(machine)
    yield board.power(machine)


def settings(parser: argparse.ArgumentParser, path: Path | None) -> Finding:
    """Make the file's options the parser's defaults, as far as they are right."""
    from device import formats
    from device.known import read_known
    from device.watch import settings

    if path is None:
        return Finding("settings", "skipped", f"there is no {settings.FILE}: the defaults hold")
    try:
        settings.apply(parser, path, "watch")
        options = parser.parse_args([])
        formats.get(options.format)
        if options.known is not None:
            read_known(options.known, options.format)
    except PostreadError as error:
        forbidden = isinstance(error.__cause__, PermissionError)
        return Finding("settings", "fail", str(error), keeping.AS_SERVICE if forbidden else f"mend {path}")
    return Finding("settings", "ok", str(path))
