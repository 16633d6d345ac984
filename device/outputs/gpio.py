"""Lights, a sorting gate and a button on a Raspberry Pi's pins (extra `gpio`: gpiozero)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from device.errors import OutputError, RuntimeMissing, UsageError
from device.watch.events import Event

SHOWN = 1.0
"""How long a light is on and a gate open, seconds."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A pin that is on for codes that begin in one of some ways."""

    pin: int
    prefixes: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Gate:
        """`PIN=PREFIX[,PREFIX…]`; raises UsageError."""
        pin, _, prefixes = text.partition("=")
        every = tuple(part.strip() for part in prefixes.split(",") if part.strip())
        if not pin.strip().isdigit() or not every or not all(part.isdigit() for part in every):
            raise UsageError(f"--gate {text}: give a pin and the codes' first digits, 17=01,02")
        return cls(int(pin), every)

    def takes(self, digits: str) -> bool:
        return digits.startswith(self.prefixes)


class Pins:
    """Lights for settled and refused readings, and gates.  Pins are named by their GPIO number."""

    def __init__(self, accept: int | None, refuse: int | None, gates: Sequence[Gate], seconds: float = SHOWN) -> None:
        """Raises UsageError, OutputError, RuntimeMissing."""
        every = [pin for pin in (accept, refuse, *(gate.pin for gate in gates)) if pin is not None]
        if len(set(every)) < len(every):
            raise UsageError("two of --accept-pin, --refuse-pin and --gate name one pin")
        self._seconds = seconds
        self._outputs = {pin: _device("DigitalOutputDevice", pin) for pin in every}
        self._accept, self._refuse, self._gates = accept, refuse, tuple(gates)

    def show(self, event: Event) -> None:
        """Switch what a settled or refused reading asks for on for a while, and everything else off."""
        if event.reading is None or event.late:
            return
        wanted = {self._accept if event.event == "settled" else self._refuse}
        if event.event == "settled":
            wanted |= {gate.pin for gate in self._gates if gate.takes(event.reading.digits)}
        for pin, output in self._outputs.items():
            if pin in wanted:
                output.blink(on_time=self._seconds, off_time=0, n=1)
            else:
                output.off()

    def close(self) -> None:
        for output in self._outputs.values():
            output.close()


class PushButton:
    """A button between a pin and ground: `--trigger gpio:PIN`."""

    def __init__(self, pin: int) -> None:
        self._pressed = threading.Event()
        self._button = _device("Button", pin)
        self._button.when_pressed = self._pressed.set

    def pressed(self) -> bool:
        was = self._pressed.is_set()
        self._pressed.clear()
        return was

    def close(self) -> None:
        self._button.close()


def _device(kind: str, pin: int) -> Any:
    try:
        import gpiozero
    except ImportError as error:
        raise RuntimeMissing("GPIO: gpiozero is missing; install it: pip install 'postread[gpio]'") from error
    try:
        return getattr(gpiozero, kind)(pin)
    except gpiozero.GPIOZeroError as error:
        raise OutputError(f"pin {pin}: cannot be used ({error}); is this a Raspberry Pi, is the pin free?") from error
