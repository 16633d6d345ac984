"""The board itself: temperature, power, clock."""

from __future__ import annotations

from datetime import UTC, datetime

from device.doctor.finding import Finding
from device.doctor.machine import NOT_A_PI, Machine

RELEASED = datetime(2026, 11, 22, tzinfo=UTC)
"""No clock that is right is before this version of postread."""
WARM, HOT = 80.0, 85.0
"""Degrees Celsius from which on a Raspberry Pi slows down, and slows down as far as it can."""
TROUBLES = ("too little voltage", "a capped clock", "a slowed-down clock", "the soft temperature limit")
"""What the bits 0 to 3 of the firmware's `get_throttled` stand for now, and 16 to 19 since the start."""
SUPPLY = "use the board's own power supply (5 V, 3 A; 5 A for a Pi 5) and a short cable"
COOLING = "give it a heat sink or a fan, and air around it"
THROTTLED = "/sys/devices/platform/soc/soc:firmware/get_throttled"
"""The kernel's file for the same."""
PATIENCE = 10.0
"""For a command, seconds."""


def temperature(machine: Machine) -> Finding:
    """The hottest sensor."""
    if machine.board is None:
        return Finding("temperature", "skipped", NOT_A_PI)
    texts = [machine.read(machine.named(path)) for path in machine.glob("/sys/class/thermal/thermal_zone*/temp")]
    degrees = [int(text) / 1000 for text in texts if text and text.lstrip("-").isdigit()]
    if not degrees:
        return Finding("temperature", "skipped", "there is no sensor")
    said = f"{max(degrees):.0f} °C"
    if max(degrees) >= WARM:
        return Finding("temperature", "fail" if max(degrees) >= HOT else "warn", f"{said}: it slows down", COOLING)
    return Finding("temperature", "ok", said)


def power(machine: Machine) -> Finding:
    """Whether the firmware had to slow the board down, now or since it was started."""
    if machine.board is None:
        return Finding("power", "skipped", NOT_A_PI)
    bits = _throttled(machine)
    if bits is None:
        return Finding("power", "skipped", "neither vcgencmd nor the kernel tells")
    now = [name for bit, name in enumerate(TROUBLES) if bits >> bit & 1]
    once = [name for bit, name in enumerate(TROUBLES) if bits >> (16 + bit) & 1]
    remedy = SUPPLY if "too little voltage" in now + once else COOLING
    if now:
        return Finding("power", "fail", f"now: {', '.join(now)}", remedy)
    if once:
        return Finding("power", "warn", f"since it was started: {', '.join(once)}", remedy)
    return Finding("power", "ok", "enough, and never slowed down since it was started")


def _throttled(machine: Machine) -> int | None:
    """The firmware's bits: from its command, or the kernel's file."""
    said = machine.run(["vcgencmd", "get_throttled"], PATIENCE)
    text = said.out.partition("=")[2] if said is not None and said.code == 0 else machine.read(THROTTLED)
    try:
        return int(text or "", 16)
    except ValueError:
        return None


def clock(machine: Machine) -> Finding:
    """Whether readings get the right date."""
    now = machine.now()
    if now < RELEASED:
        said = f"it says {now:%Y-%m-%d %H:%M}, which is before this version was made ({RELEASED:%Y-%m-%d})"
        return Finding(
            "clock", "fail", said, "connect to a network for a minute, or set it: sudo date -s '2027-01-31 12:00'"
        )
    asked = machine.run(["timedatectl", "show", "--property=NTPSynchronized", "--value"], PATIENCE)
    if asked is None or asked.code:
        return Finding("clock", "skipped", f"{now:%Y-%m-%d %H:%M} UTC; systemd does not tell whether it was set")
    if asked.out.strip() == "yes":
        return Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC, set over the network")
    remedy = "sudo timedatectl set-ntp true; where there is no network, a clock with a battery (RTC)"
    return Finding("clock", "warn", f"{now:%Y-%m-%d %H:%M} UTC, not set over the network", remedy)
