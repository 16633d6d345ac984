"""The page, the form that asks for the token, and what they load, each in the language of whoever asks."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from device.web.access import COOKIE, DAYS, Door, Verdict, client, problem, turned_away

FOLDER = Path(__file__).with_name("page")
LANGUAGES = {"en": "English", "pt-BR": "Português"}
LANGUAGE_COOKIE = "postread-language"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
MOST_BODY = 4096
"""Bytes of a form or of JSON that are taken."""


class Pages:
    def __init__(self, door: Door) -> None:
        self._door = door

    def routes(self) -> list[Route]:
        return [
            Route("/", self.page),
            Route("/login", self.form, methods=["GET"]),
            Route("/login", self.log_in, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"]),
            Route("/page/{name}", self.file),
        ]

    async def page(self, request: Request) -> Response:
        return _in_language(request, "index.html", door="open" if self._door.is_open else "closed")

    async def form(self, request: Request) -> Response:
        if self._door.is_open:
            return RedirectResponse("/", 303)
        return _in_language(request, "login.html", note="")

    async def log_in(self, request: Request) -> Response:
        body = await body_of(request)
        if body is None:
            return problem(413, "too long")
        if self._door.is_open:
            return RedirectResponse("/", 303)
        token = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0].strip()
        verdict = self._door.judge(token, client(request))
        if verdict != "right":
            return _turned_away(request, verdict)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, self._door.cookie, max_age=DAYS * 86400, httponly=True, samesite="strict")
        return answer

    async def log_out(self, _request: Request) -> Response:
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    async def file(self, request: Request) -> Response:
        name = request.path_params["name"]
        files = {path.name: path for path in FOLDER.iterdir() if path.suffix in TYPES}
        if name not in files:
            return problem(404, "no such file")
        content, tag = _content(files[name])
        headers = {"ETag": tag, "Cache-Control": "no-cache"}  # asked for again, answered with 304
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=TYPES[files[name].suffix])


def _turned_away(request: Request, verdict: Verdict) -> Response:
    """The form again, with the reason."""
    answer = _in_language(request, "login.html", note=words(language(request))[f"login.{verdict}"])
    refusal = turned_away(verdict)
    answer.status_code = refusal.status_code
    if "retry-after" in refusal.headers:
        answer.headers["Retry-After"] = refusal.headers["retry-after"]
    return answer


async def body_of(request: Request) -> bytes | None:
    """What was sent; None when it is too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY:
            return None
    return body


@cache
def _content(path: Path) -> tuple[bytes, str]:
    content = path.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'


# ── Languages ──


def language(request: Request) -> str:
    """The one that was chosen on the page, else the first one that the browser asks for and there is, else English."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else preferred(request.headers.get("accept-language", ""))


def preferred(header: str) -> str:
    """Of an Accept-Language header; any Portuguese is better than none for who asks for it."""
    wanted: list[tuple[float, str]] = []
    for part in header.split(","):
        name, _, rest = part.strip().partition(";")
        weight = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", rest)
        wanted.append((-float(weight[1]) if weight else -1.0, name.lower()))
    for weight_, name in sorted(wanted, key=lambda one: one[0]):
        for language in LANGUAGES:
            if weight_ < 0 and name.partition("-")[0] == language.lower().partition("-")[0]:
                return language
    return "en"


@cache
def words(language: str) -> dict[str, str]:
    """Every text of the page by its key."""
    found: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


def _in_language(request: Request, name: str, **others: str) -> Response:
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        answer: Response = RedirectResponse(request.url.path, 303)
        answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=365 * 86400, samesite="lax")
        return answer
    texts = words(language(request)) | {"language": language(request)} | others
    page = (FOLDER / name).read_text(encoding="utf-8")
    return HTMLResponse(
        re.sub(r"\{\{([\w.-]+)\}\}", lambda found: escape(texts[found[1]]), page),
        headers={"Vary": "Accept-Language, Cookie", "Content-Language": language(request)},
    )
