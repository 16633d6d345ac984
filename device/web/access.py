"""Who may ask: the token, its cookie, wrong tries counted; no foreign page's requests; what browsers are forbidden."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import ipaddress
import time
from collections import deque
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "postread"
DAYS = 30
"""That a browser keeps it."""
MOST_TRIES, WITHIN = 5, 60.0
"""Wrong tokens from one address, and seconds until the first of them is forgotten."""
MOST_ADDRESSES = 1000
"""That wrong tries are remembered of."""
SAFE = ("GET", "HEAD")
NOT_IN_A_HOST = frozenset("/\\?#@")
PUBLIC = ("/login", "/healthz")
PUBLIC_FOLDER = "/page/"
"""Style, scripts and words: nothing about anybody."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none at all a form of our own comes from "null"
    "Cross-Origin-Resource-Policy": "same-origin",
}
Verdict = Literal["right", "wrong", "wait"]


class Door:
    """Knows the token, and counts wrong ones."""

    def __init__(self, token: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        """token: None lets everybody in."""
        self._token = None if token is None else token.encode()
        self._clock = clock
        self._wrong: dict[str, deque[float]] = {}

    @property
    def is_open(self) -> bool:
        return self._token is None

    @property
    def cookie(self) -> str:
        """What a browser keeps in place of the token; another token makes it worthless."""
        assert self._token is not None
        return hmac.new(self._token, b"postread's live page", hashlib.sha256).hexdigest()

    def knows(self, cookie: str) -> bool:
        return hmac.compare_digest(cookie.encode(), self.cookie.encode())

    def judge(self, token: str, address: str) -> Verdict:
        """Compare a token in constant time; after too many wrong ones it is not even looked at."""
        assert self._token is not None
        tries = self._wrong.get(address, deque())
        while tries and self._clock() - tries[0] > WITHIN:
            tries.popleft()
        if len(tries) >= MOST_TRIES:
            return "wait"
        if hmac.compare_digest(hashlib.sha256(token.encode()).digest(), hashlib.sha256(self._token).digest()):
            return "right"
        tries.append(self._clock())
        self._wrong.pop(address, None)
        self._wrong[address] = tries  # the latest last
        if len(self._wrong) > MOST_ADDRESSES:
            del self._wrong[next(iter(self._wrong))]
        return "wrong"


class Access:
    """Middleware: turns away who may not ask, and tells browsers what the page may load."""

    def __init__(self, app: ASGIApp, door: Door, names: frozenset[str]) -> None:
        """names: host names, in lower case, that the page may be asked for under."""
        self._app, self._door, self._names = app, door, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(Request(scope))
        await (self._app if refusal is None else refusal)(scope, receive, guarded)

    def _refusal(self, request: Request) -> Response | None:
        """Why a request is not answered; None when it is."""
        host = request.headers.get("host", "")
        if not self._is_own(host):
            return problem(421, f"not known here as {host!r}; give --web-host NAME if it should be")
        if request.method not in SAFE and _is_foreign(request, host):
            return problem(403, "another site's page may not change anything here")
        path = request.scope["path"]  # not request.url's: that is put together from the Host header
        if self._door.is_open or path in PUBLIC or path.startswith(PUBLIC_FOLDER):
            return None
        return self._unknown(request)

    def _unknown(self, request: Request) -> Response | None:
        if self._door.knows(request.cookies.get(COOKIE, "")):
            return None
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            verdict = self._door.judge(token.strip(), client(request))
            return None if verdict == "right" else turned_away(verdict)
        if request.scope["path"] == "/" and request.method in SAFE:
            return RedirectResponse("/login", 303)  # what stands after # goes along
        return turned_away("wrong")

    def _is_own(self, host: str) -> bool:
        if set(host) & NOT_IN_A_HOST:
            return False
        with contextlib.suppress(ValueError):
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
            if name in self._names:
                return True
            ipaddress.ip_address(name)  # nobody else's name leads here then
            return True
        return False


def _is_foreign(request: Request, host: str) -> bool:
    """Whether a browser asks on behalf of another site's page; what is no browser says nothing of the kind."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != host.lower()


def client(request: Request) -> str:
    """Address that a request comes from."""
    return request.client.host if request.client is not None else ""


def turned_away(verdict: Verdict) -> Response:
    if verdict == "wait":
        answer = problem(429, "too many wrong tokens; wait a minute")
        answer.headers["Retry-After"] = f"{WITHIN:.0f}"
        return answer
    answer = problem(401, "a token is needed: Authorization: Bearer TOKEN, or the form at /login")
    answer.headers["WWW-Authenticate"] = 'Bearer realm="postread"'
    return answer


def problem(status: int, error: str) -> JSONResponse:
    return JSONResponse({"error": error}, status)
