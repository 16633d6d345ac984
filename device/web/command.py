"""`postread watch --web`: its options, and the page put beside the watcher."""

from __future__ import annotations

import argparse
import contextlib
import logging
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.errors import RuntimeMissing
from device.outputs.command import default_store
from device.web import address

if TYPE_CHECKING:
    from socket import socket

    from device.outputs.announcer import Announcer
    from device.outputs.store import Store
    from device.watch.watcher import Watcher

log = logging.getLogger("postread.web")


def register(watch: Any) -> None:
    """Add the page's options to those of `postread watch`."""
    group = watch.add_argument_group("live page")
    own = address.Address()
    help = f"serve it ({own}); any other address than this machine's own needs a token"
    group.add_argument("--web", nargs="?", const=own, type=address.parse_address, metavar="ADDR:PORT", help=help)
    group.add_argument("--web-token-file", type=Path, metavar="FILE", help="what whoever opens it has to know")
    group.add_argument("--web-token", metavar="TOKEN", help="the same; other users of this machine can see it")
    help = "a name it may be asked for under beside this machine's own; may be given again"
    group.add_argument("--web-host", action="append", default=[], metavar="NAME", help=help)


class Page:
    """The live page that options ask for: checked, and listening, before a camera is opened."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Raises UsageError, RuntimeMissing, OutputError."""
        self._options = options
        self._token = address.read_token(options.web_token, options.web_token_file)
        address.check(options.web, self._token)
        try:
            import starlette  # noqa: F401
            import uvicorn  # noqa: F401
        except ImportError as error:
            raise RuntimeMissing(f"--web: {error.name} is missing; install it: pip install 'postread[web]'") from error
        self._listening: socket = address.bind(options.web)

    def close(self) -> None:
        self._listening.close()

    def beside(
        self, watcher: Watcher, announcer: Announcer, store: Store | None
    ) -> contextlib.AbstractContextManager[None]:
        """Serve beside a watcher that has not begun to run, as long as the context lasts."""
        from device.web.access import Door
        from device.web.live import Live
        from device.web.server import serving
        from device.web.settings import Kept, Settings

        options = self._options
        given = Settings(options.format, options.min_confidence, options.roi)
        path: Path = options.store or default_store()
        live = Live(watcher, store, Kept(path.with_suffix(".settings.json"), given), time.monotonic)
        announcer.listen(live.told)
        before = watcher.turn

        def turn() -> None:
            before()
            live.turn()

        watcher.turn = turn
        log.warning("live page: %s", self.url)
        names = address.names(options.web, options.web_host)
        return serving(live, Door(self._token), names, self._listening)

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        host, port = self._options.web.host, self._listening.getsockname()[1]
        if host in ("0.0.0.0", "::"):
            host = f"{platform.node() or 'localhost'}.local"
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
