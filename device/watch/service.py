"""What systemd is told of a watch that it started (sd_notify(3)): ready, alive, what it does, about to stop."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

from device.watch.events import Event


class Service:
    """Tells systemd, where it asked to be told (``Type=notify``); does nothing anywhere else."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        self._ready = False
        self._counts = {"settled": 0, "refused": 0}
        if address:
            self._address = "\0" + address[1:] if address.startswith("@") else address  # an abstract one
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    def turn(self) -> None:
        """To be called with every turn of the loop: what hangs does not get here, and is started again."""
        told = self._tell("WATCHDOG=1" if self._ready else "READY=1\nWATCHDOG=1")
        self._ready |= told

    def show(self, event: Event) -> None:
        """Show `systemctl status` the state, and how much was read; never a code."""
        if event.event != "state":
            self._counts[event.event] += 1
        why = f" ({event.why})" if event.event == "state" and event.why else ""
        settled, refused = self._counts.values()
        self._tell(f"STATUS={event.state}{why}; {settled} settled, {refused} refused since it was started")

    def close(self) -> None:
        self._tell("STOPPING=1")
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, text: str) -> bool:
        """Whether it was taken: systemd may be busy, or gone, and reading goes on."""
        if self._socket is None:
            return False
        with contextlib.suppress(OSError):
            return self._socket.sendto(text.encode(), self._address) > 0
        return False
