"""The page's server: a thread of its own with its own event loop beside the watcher's."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from socket import socket

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from device.errors import PostreadError, UsageError
from device.web.access import Access, Door, problem
from device.web.api import Api
from device.web.live import Live
from device.web.pages import Pages
from device.web.picture import Pictures

LOOK_EVERY = 0.3
"""Seconds between two looks at what is read and how good the picture is, while somebody follows."""
MOST_CONNECTIONS = 100
WAIT = 3.0
"""For answers under way when the server ends, seconds."""


def application(live: Live, door: Door, names: frozenset[str]) -> Starlette:
    """names: host names that it may be asked for under, see `Access`."""
    store_thread, eyes = ThreadPoolExecutor(1, "page store"), ThreadPoolExecutor(1, "page pictures")
    api = Api(live, Pictures(live.watcher, eyes, lambda: live.stream.is_closed), store_thread)

    @contextlib.asynccontextmanager
    async def running(_app: Starlette) -> AsyncIterator[None]:
        looking = asyncio.create_task(_look(live, eyes))
        try:
            yield
        finally:
            looking.cancel()
            store_thread.shutdown(wait=False)
            eyes.shutdown(wait=False)

    return Starlette(
        routes=[*Pages(door).routes(), *api.routes()],
        middleware=[Middleware(Access, door=door, names=names)],
        exception_handlers={PostreadError: _in_a_line, HTTPException: _plain},
        lifespan=running,
    )


async def _look(live: Live, eyes: ThreadPoolExecutor) -> None:
    """Show what is read to those who follow, as long as there are any."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        if live.stream.followers:
            seen = await asyncio.get_running_loop().run_in_executor(eyes, live.look)
            if seen is not None:
                live.stream.show(seen)


async def _in_a_line(_request: Request, error: Exception) -> Response:
    return problem(400 if isinstance(error, UsageError) else 503, str(error))


async def _plain(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail)


@contextlib.contextmanager
def serving(live: Live, door: Door, names: frozenset[str], listening: socket) -> Iterator[None]:
    """Serve as long as the context lasts."""
    config = uvicorn.Config(
        application(live, door, names),
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=round(WAIT),
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="page", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        live.stream.close()
        thread.join(2 * WAIT)
        listening.close()
