"""Each reading as a POST of its JSON line."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from device import __version__
from device.errors import OutputError, UsageError
from device.outputs.outbox import Refused
from device.outputs.store import Waiting

WAIT = 10.0
"""For an answer, seconds."""
LATER = frozenset({401, 403, 404, 408, 425, 429})
"""Answers that speak of the server or of who may, not of the message: it is sent again."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A server that has moved is said, not followed: urllib would make a GET of the POST, and take the token along."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


class Webhook:
    """POSTs with `Idempotency-Key: ID`; an answer of 2xx is an arrival."""

    name = "webhook"

    def __init__(self, url: str, token: str | None = None) -> None:
        """token: sent as `Authorization: Bearer`."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"--webhook {url}: give the address of an HTTP server, https://…")
        self._url, self._token = url, token
        self._where = parts.hostname

    def deliver(self, messages: Sequence[Waiting]) -> int:
        for count, message in enumerate(messages):
            try:
                self._post(message)
            except OutputError:
                if count == 0:
                    raise
                return count
        return len(messages)

    def close(self) -> None:
        """Every message has a connection of its own."""

    def _post(self, message: Waiting) -> None:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.id,
            "User-Agent": f"postread/{__version__}",
        }
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(self._url, message.line.encode(), headers, method="POST")
        try:
            with _OPENER.open(request, timeout=WAIT) as answer:
                answer.read(1024)
        except urllib.error.HTTPError as error:
            error.close()
            if 300 <= error.code < 400:
                moved = error.headers.get("Location", "elsewhere")
                raise OutputError(f"{self._where} answers {error.code}; give --webhook {moved!r}") from error
            refused = 400 <= error.code < 500 and error.code not in LATER
            raise (Refused if refused else OutputError)(f"{self._where} answers {error.code}") from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            why = getattr(error, "reason", None) or error
            raise OutputError(f"{self._where} cannot be reached ({why})") from error
