"""`/metrics`: a page of figures in Prometheus' text format 0.0.4."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import get_args

from device import __version__
from device.watch.events import State
from device.web.live import Live

TYPE = "text/plain; version=0.0.4; charset=utf-8"
STATM, THERMAL = Path("/proc/self/statm"), Path("/sys/class/thermal/thermal_zone0/temp")
Values = Mapping[str, float | None]
"""By label, `name="value"` or empty; None where it is not known."""


def text(live: Live, stored: Mapping[str, int]) -> str:
    """stored: as `Store.counts` gives them; empty without a store."""
    state = live.state()["state"]
    families: list[tuple[str, str, str, Values]] = [
        ("postread_info", "gauge", "Which version this is.", {f'version="{__version__}"': 1}),
        ("postread_readings_total", "counter", "Readings announced since the start.", _by("outcome", live.counts)),
        ("postread_frames_total", "counter", "Frames taken in since the start.", {"": live.frames}),
        ("postread_state", "gauge", "1 for the present state.", {f'state="{s}"': s == state for s in get_args(State)}),
        ("postread_healthy", "gauge", "1 when frames come and readings are kept.", {"": live.health() is None}),
        ("postread_followers", "gauge", "Open pages.", {"": live.stream.followers}),
        ("postread_stored_readings", "gauge", "Readings in the database.", _by("outcome", _outcomes(stored))),
        ("postread_outbox_waiting", "gauge", "Messages not delivered yet.", {"": stored.get("waiting")}),
        ("process_resident_memory_bytes", "gauge", "Memory in use.", {"": _memory()}),
        ("postread_temperature_celsius", "gauge", "Of the processor.", {"": _temperature()}),
    ]
    return "".join(_family(*family) for family in families)


def _family(name: str, kind: str, help: str, values: Values) -> str:
    known = {label: value for label, value in values.items() if value is not None}
    if not known:
        return ""
    lines = [f"# HELP {name} {help}", f"# TYPE {name} {kind}"]
    lines += [f"{name}{{{label}}} {value:.10g}" if label else f"{name} {value:.10g}" for label, value in known.items()]
    return "\n".join(lines) + "\n"


def _by(label: str, counts: Mapping[str, int]) -> dict[str, float | None]:
    return {f'{label}="{name}"': count for name, count in counts.items()}


def _outcomes(stored: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in stored.items() if name != "waiting"}


def _memory() -> float | None:
    with suppress(OSError, ValueError, IndexError):
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return None


def _temperature() -> float | None:
    with suppress(OSError, ValueError):
        return int(THERMAL.read_text()) / 1000
    return None
