"""REST and events: state, picture, readings, corrections, settings; health and figures for other machines."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from device import formats
from device.errors import UsageError
from device.outputs.store import Store
from device.web import metrics
from device.web.access import problem
from device.web.live import Live, of_store
from device.web.pages import body_of
from device.web.picture import Pictures
from device.web.stream import MOST_FOLLOWERS

Result = TypeVar("Result")
MOST = 100
"""Readings that are given at once."""
PAGE = 20
"""... unless more or fewer are asked for."""


class Api:
    """store_thread: the one thread that asks the store, so that it has one connection."""

    def __init__(self, live: Live, pictures: Pictures, store_thread: Executor) -> None:
        self._live, self._pictures, self._thread = live, pictures, store_thread

    def routes(self) -> list[Route]:
        one = "/api/readings/{id}"
        return [
            Route("/api/state", self.state),
            Route("/api/picture", self.picture),
            Route("/api/events", self.events),
            Route("/api/formats", self.formats),
            Route("/api/settings", self.settings, methods=["GET", "PATCH", "DELETE"]),
            Route("/api/readings", self.readings),
            Route(one, self.reading, methods=["GET", "DELETE"]),
            Route(f"{one}/crop", self.crop),
            Route(f"{one}/correction", self.correction, methods=["PUT", "DELETE"]),
            Route("/healthz", self.health),
            Route("/metrics", self.metrics),
        ]

    # ── What is seen now ──

    async def state(self, _request: Request) -> Response:
        live = self._live
        told = {"schema": 1, **live.state(), "source": live.watcher.camera.name, "frames": live.frames}
        return JSONResponse(told | {"stores": live.store is not None, "trouble": live.health()})

    async def picture(self, request: Request) -> Response:
        """A picture of another shot than ``after``, waited for; 204 when none came in time."""
        after = request.query_params.get("after", "")
        found = await self._pictures.after(int(after) if after.isascii() and after.isdigit() else -1)
        if found is None:
            return Response(status_code=204)
        return Response(found[1], media_type="image/jpeg", headers={"Postread-Shot": str(found[0])})

    async def events(self, request: Request) -> Response:
        if self._live.stream.followers >= MOST_FOLLOWERS:
            return problem(503, f"{MOST_FOLLOWERS} pages are open; close one")
        follow = self._live.stream.follow(request.headers.get("last-event-id"))
        return StreamingResponse(follow, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    # ── Settings ──

    async def formats(self, _request: Request) -> Response:
        every = [
            {"name": one.name, "country": one.country, "length": one.length, "example": one.write("1" * one.length)}
            for one in formats.FORMATS.values()
            if one.length
        ]
        return JSONResponse({"formats": every})

    async def settings(self, request: Request) -> Response:
        live = self._live
        if request.method == "PATCH":
            live.apply(live.kept.change(await _json(request)))
        elif request.method == "DELETE":
            live.apply(live.kept.reset())
        return JSONResponse(live.settings())

    # ── Readings ──

    async def readings(self, request: Request) -> Response:
        """Newest first; ``next`` is what to give as ``before`` for the following ones."""
        asked = request.query_params
        most = _between(asked.get("limit", str(PAGE)), 1, MOST)
        event, before = asked.get("event"), asked.get("before")
        if event not in (None, "settled", "refused"):
            raise UsageError(f"event {event!r}: settled or refused")
        digits = re.sub(r"\D", "", asked.get("code", "")) or None
        if before is not None and await self._of_store(lambda store: store.find(before)) is None:
            return _no_such(before)
        found = await self._of_store(lambda store: store.latest(most + 1, event, before=before, digits=digits)) or []
        more = len(found) > most
        every = [of_store(one) for one in found[:most]]
        return JSONResponse({"schema": 1, "readings": every, "next": every[-1]["id"] if more else None})

    async def reading(self, request: Request) -> Response:
        id = request.path_params["id"]
        if request.method == "DELETE":
            if not await self._of_store(lambda store: store.forget(id=id)):
                return _no_such(id)
            self._live.stream.tell("forgotten", {"id": id})
            return Response(status_code=204)
        found = await self._of_store(lambda store: store.find(id))
        return _no_such(id) if found is None else JSONResponse(of_store(found))

    async def crop(self, request: Request) -> Response:
        id = request.path_params["id"]
        png = await self._of_store(lambda store: store.crop(id))
        headers = {"Cache-Control": "private, max-age=3600"}
        return _no_such(id) if png is None else Response(png, media_type="image/png", headers=headers)

    async def correction(self, request: Request) -> Response:
        """PUT {"code": "01310-100"}: what a person says stands there; DELETE: nobody says anything."""
        id = request.path_params["id"]
        code = (await _json(request)).get("code") if request.method == "PUT" else None
        found = await self._of_store(lambda store: store.find(id))
        if found is None:
            return _no_such(id)
        digits = None
        if request.method == "PUT":
            digits = corrected(code, formats.get(found.line["reading"]["format"]))
        await self._of_store(lambda store: store.correct(id, digits))
        found = await self._of_store(lambda store: store.find(id))
        if found is None:  # forgotten at this very moment
            return _no_such(id)
        self._live.stream.tell("corrected", of_store(found))
        return JSONResponse(of_store(found))

    # ── For other machines ──

    async def health(self, _request: Request) -> Response:
        why = self._live.health()
        return JSONResponse({"ok": why is None, "why": why}, 200 if why is None else 503)

    async def metrics(self, _request: Request) -> Response:
        stored = await self._of_store(lambda store: store.counts())
        return Response(metrics.text(self._live, stored or {}), headers={"Content-Type": metrics.TYPE})

    async def _of_store(self, ask: Callable[[Store], Result]) -> Result | None:
        """What the store answers; None without one.  Raises StoreError."""
        store = self._live.store
        if store is None:
            return None
        return await asyncio.get_running_loop().run_in_executor(self._thread, ask, store)


def corrected(code: object, format: formats.Format) -> str:
    """The digits of a code that a person wrote.  Raises UsageError."""
    if not isinstance(code, str) or re.search(r"[^\d .\-]", code, re.ASCII):
        raise UsageError(f"{code!r}: digits, as the code is written")
    digits = re.sub(r"\D", "", code)
    if not digits or (format.length is not None and len(digits) != format.length):
        raise UsageError(f"{code!r}: {len(digits)} digits, {format.name} has {format.length or 'at least one'}")
    return digits


async def _json(request: Request) -> dict[str, Any]:
    """The object that was sent.  Raises UsageError."""
    body = await body_of(request)
    try:
        told = json.loads(body or b"")
    except ValueError as error:
        raise UsageError(f"no JSON: {error}") from error
    if not isinstance(told, dict):
        raise UsageError("a JSON object")
    return told


def _between(text: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise UsageError(f"limit {text!r}: from {low} to {high}")
    return int(text)


def _no_such(id: str) -> Response:
    return problem(404, f"no reading {id!r}, or nothing of it is kept")
