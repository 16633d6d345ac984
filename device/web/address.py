"""Where the page is served, and to whom: an address, a token, the names it may be asked for under."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import platform
import socket
from dataclasses import dataclass
from pathlib import Path

from device.errors import OutputError, UsageError

HOST, PORT = "127.0.0.1", 8000
LEAST_TOKEN = 8
"""Characters; a shorter one is guessed."""
MAKE_ONE = "python3 -c 'import secrets; print(secrets.token_urlsafe(16))' > FILE"


@dataclass(frozen=True, slots=True)
class Address:
    host: str = HOST
    port: int = PORT

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """``8000``, ``0.0.0.0``, ``0.0.0.0:8000``, ``[::]:8000``, for argparse."""
    if text.isdigit():
        host, port = HOST, text
    elif text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") > 1:
        host, port = text, ""
    else:
        host, _, port = text.partition(":")
    number = port or str(PORT)
    if not host or not number.isdigit() or not 0 <= int(number) < 65536:
        raise argparse.ArgumentTypeError(f"{text}: an address and a port, as in {HOST}:{PORT}")
    return Address(host, int(number))


def read_token(token: str | None, file: Path | None) -> str | None:
    """The token that was given, or that stands in a file; None without.  Raises UsageError."""
    where = "--web-token"
    if file is not None:
        where = f"--web-token-file {file}"
        try:
            token = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{where}: cannot be read ({error}); make one: {MAKE_ONE}") from error
    if token is not None and len(token) < LEAST_TOKEN:
        raise UsageError(f"{where}: fewer than {LEAST_TOKEN} characters are guessed; make one: {MAKE_ONE}")
    return token


def check(address: Address, token: str | None) -> None:
    """Raises UsageError where others could look in without a token."""
    if token is None and not address.is_loopback:
        raise UsageError(
            f"--web {address}: others reach this address, so the page needs a token: "
            f"give --web-token-file FILE ({MAKE_ONE}), or keep to {HOST}"
        )


def bind(address: Address) -> socket.socket:
    """A socket that listens there.  Raises OutputError."""
    try:
        family = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((address.host, address.port), family=family, backlog=64)
    except OSError as error:
        raise OutputError(
            f"--web {address}: cannot listen there ({error.strerror or error}); another port, as in "
            f"--web {Address(address.host, (address.port + 1) % 65536)}, may be free"
        ) from error


def names(address: Address, others: list[str]) -> frozenset[str]:
    """Host names, in lower case, that the page may be asked for under beside any address in figures.

    Whoever's name points here could otherwise have a page of theirs read this one (DNS rebinding).
    """
    own = platform.node().lower()
    return frozenset({"localhost", address.host.lower(), *(name.lower() for name in others)}) | (
        {own, f"{own}.local"} if own else set()
    )
