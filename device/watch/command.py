"""`postread watch`: argparse, and the parts put together."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import platform
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from device.errors import UsageError
from device.outputs.command import default_store
from device.web import command as web

if TYPE_CHECKING:
    from device.outputs.announcer import Announcer
    from device.outputs.store import Store
    from device.watch.service import Service
    from device.watch.watcher import Watcher

SOURCES = """picamera[:N] (the default), v4l2:N or /dev/videoN, rtsp:// or http:// (MJPEG), folder:DIR, a film's path"""
LEAST = 0.8
DAYS = 90.0
MEGABYTES = 500


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Add the subcommand; model: the arguments that say what to read with."""
    watch = commands.add_parser("watch", parents=[model], help="read what passes under a camera", description=_WATCH)
    watch.add_argument("--config", type=Path, metavar="FILE", help="options in a file (postread.toml, if it is here)")
    _camera(watch)
    _reading(watch)
    _outputs(watch)
    web.register(watch)
    watch.set_defaults(run=run, parser=watch)


_WATCH = """Read every envelope that comes to rest under a camera: one JSON line on stdout for each that is settled or
refused, and for each new state.  Readings are stored before they are announced."""


def _camera(watch: argparse.ArgumentParser) -> None:
    group = watch.add_argument_group("camera")
    group.add_argument("--source", default="picamera", metavar="SPEC", help=SOURCES)
    group.add_argument("--fps", type=_at_least(0), metavar="N", help="frames a second; 0: a file's, without waiting")
    group.add_argument("--loop", action="store_true", help="a film or folder, over and over")
    group.add_argument("--size", type=_size, metavar="WxH", help="what a camera is asked for (1280x720)")
    group.add_argument("--rotate", type=int, choices=(0, 90, 180, 270), default=0, help="degrees clockwise (0)")
    group.add_argument("--focus", type=_at_least(0), metavar="N", help="dioptres, or a USB camera's units (by itself)")
    group.add_argument("--exposure", type=_at_least(0), metavar="N", help="microseconds (by itself)")


def _reading(watch: argparse.ArgumentParser) -> None:
    group = watch.add_argument_group("reading")
    group.add_argument("--format", default="cep", metavar="FORMAT", help="cep (default), zip, digits, digits:N")
    group.add_argument("--known", type=Path, metavar="FILE", help="codes that are served, one a line")
    group.add_argument("--roi", type=_roi, metavar="X,Y,W,H", help="the region that is watched, shares of the picture")
    help = f"from which on a reading is settled ({LEAST})"
    group.add_argument("--min-confidence", type=_share, default=LEAST, metavar="P", help=help)
    help = "always (default); motion: what lies there at first is not read; gpio:PIN: when a button is pressed"
    group.add_argument("--trigger", type=_trigger, default=("always", None), metavar="WHEN", help=help)


def _outputs(watch: argparse.ArgumentParser) -> None:
    group = watch.add_argument_group("outputs")
    group.add_argument("--store", type=Path, metavar="FILE", help=f"the database ({default_store()})")
    group.add_argument("--no-store", action="store_true", help="keep nothing")
    group.add_argument("--keep-days", type=_at_least(0.01), default=DAYS, metavar="N", help=f"({DAYS:.0f})")
    help = f"megabytes of crops, the oldest go first ({MEGABYTES})"
    group.add_argument("--keep-mb", type=_at_least(0), default=MEGABYTES, metavar="N", help=help)
    group.add_argument("--csv", type=Path, metavar="FILE", help="a line a reading")
    group.add_argument("--mqtt", metavar="URL", help="mqtt://[user:password@]host[:port][/prefix], or mqtts://")
    group.add_argument("--webhook", metavar="URL", help="each reading is POSTed there")
    group.add_argument("--webhook-token", metavar="TOKEN", help="sent as Authorization: Bearer")
    group.add_argument("--name", default=platform.node() or "postread", help="what this reader is called (%(default)s)")
    group.add_argument("--accept-pin", type=int, metavar="PIN", help="a light for settled readings (GPIO number)")
    group.add_argument("--refuse-pin", type=int, metavar="PIN", help="a light for refused ones")
    help = "a pin that is on for codes that begin so; may be given again"
    group.add_argument("--gate", action="append", default=[], metavar="PIN=PREFIX[,PREFIX]", help=help)


def run(options: argparse.Namespace) -> int:
    """Watch until the source ends or a signal comes.  Raises PostreadError."""
    from device.watch.service import Service

    options = _with_file(options)
    _log()
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(contextlib.closing(Service()))
        page = None if options.web is None else stack.enter_context(contextlib.closing(web.Page(options)))
        announcer, store = _announcer(options, stack)
        announcer.listen(service.show)
        watcher = _watcher(options, announcer, service, stack)
        if page is not None:
            stack.enter_context(page.beside(watcher, announcer, store))
        last = store.last_scene() if store is not None else None
        if last is not None:
            watcher.remember(*last)
        with _stopping(watcher.stop):
            watcher.run()
    return 0


def _with_file(options: argparse.Namespace) -> argparse.Namespace:
    """The options, those of postread.toml below those of the command line."""
    from device.watch import settings

    path = options.config or Path(settings.FILE)
    if options.config is None and not os.path.isfile(path):  # noqa: PTH113, is_file() raises where it may not look
        return options
    parser: argparse.ArgumentParser = options.parser
    settings.apply(parser, path, "watch")
    return parser.parse_args(options.arguments[1:])


def _watcher(
    options: argparse.Namespace, announcer: Announcer, service: Service, stack: contextlib.ExitStack
) -> Watcher:
    from device.camera.specs import open_camera, parse_source
    from device.known import read_known
    from device.reader import Reader
    from device.watch.watcher import Watcher

    trigger, pin = options.trigger
    button = None
    if trigger == "gpio":
        from device.outputs.gpio import PushButton

        button = PushButton(pin)
        stack.callback(button.close)
    source = parse_source(options)
    reader = Reader.load(
        options.model,
        options.format,
        precision=options.precision,
        runtime=options.runtime,
        threads=options.threads,
        known=None if options.known is None else read_known(options.known, options.format),
    )
    camera = open_camera(source, options.fps, options.rotate)
    stack.callback(camera.close)

    def turn() -> None:
        announcer.turn()
        service.turn()

    return Watcher(
        camera,
        reader,
        announcer,
        least=options.min_confidence,
        roi=options.roi,
        trigger=trigger,
        button=button,
        turn=turn,
    )


def _announcer(options: argparse.Namespace, stack: contextlib.ExitStack) -> tuple[Announcer, Store | None]:
    """The store, and everything behind it that the options name."""
    from device.outputs.announcer import Announcer
    from device.outputs.outbox import Delivery
    from device.outputs.store import Store

    outputs, listeners = _delivered(options), []
    store = None
    if not options.no_store:
        path = options.store or default_store()
        if options.store is None:
            path.parent.mkdir(parents=True, exist_ok=True)
        store = Store(path, [output.name for output in outputs], round(options.keep_mb * 1e6))
        stack.callback(store.close)
    elif outputs:
        raise UsageError("--csv, --mqtt and --webhook deliver what the store keeps: leave out --no-store")
    gates = _gates(options)
    if gates or options.accept_pin is not None or options.refuse_pin is not None:
        from device.outputs.gpio import Pins

        pins = Pins(options.accept_pin, options.refuse_pin, gates)
        stack.callback(pins.close)
        listeners.append(pins.show)
    listeners += [output.state for output in outputs if hasattr(output, "state")]
    deliveries = [Delivery(store, output) for output in outputs] if store is not None else []
    announcer = Announcer(sys.stdout, store, deliveries, listeners, options.keep_days)
    stack.callback(announcer.close)
    return announcer, store


def _delivered(options: argparse.Namespace) -> list[Any]:
    outputs: list[Any] = []
    if options.csv is not None:
        from device.outputs.csv_file import CsvFile

        outputs.append(CsvFile(options.csv))
    if options.webhook is not None:
        from device.outputs.webhook import Webhook

        outputs.append(Webhook(options.webhook, options.webhook_token))
    if options.mqtt is not None:
        from device.outputs.mqtt import Mqtt

        outputs.append(Mqtt(options.mqtt, options.name))
    return outputs


def _gates(options: argparse.Namespace) -> list[Any]:
    if not options.gate:
        return []
    from device.outputs.gpio import Gate

    return [Gate.parse(text) for text in options.gate]


@contextlib.contextmanager
def _stopping(stop: Callable[[], None]) -> Iterator[None]:
    """SIGTERM, as systemd sends it, ends the watch in order."""

    def handler(_signal: int, _frame: FrameType | None) -> None:
        stop()

    before = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _log() -> None:
    """Warnings on stderr, in the form of every other message."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("postread: %(message)s"))
    logger = logging.getLogger("postread")
    logger.handlers[:] = [handler]
    logger.propagate = False


def _at_least(low: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = float(text)
        if not low <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text}: at least {low:g}")
        return value

    return number


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text}: between 0 and 1")
    return value


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) >= 160 and int(height) >= 120):
        raise argparse.ArgumentTypeError(f"{text}: width and height in pixels, 1280x720")
    return int(width), int(height)


def _roi(text: str) -> tuple[float, float, float, float]:
    parts = [float(part) for part in text.split(",")]
    if len(parts) != 4:
        raise argparse.ArgumentTypeError(f"{text}: four shares, x,y,width,height")
    x, y, width, height = parts
    if not (0 <= x < 1 and 0 <= y < 1 and 0 < width <= 1 - x + 1e-6 and 0 < height <= 1 - y + 1e-6):
        raise argparse.ArgumentTypeError(f"{text}: shares of the picture, each between 0 and 1, inside of it")
    return x, y, width, height


def _trigger(text: str) -> tuple[str, int | None]:
    kind, _, pin = text.partition(":")
    if kind in ("always", "motion") and not pin:
        return kind, None
    if kind == "gpio" and pin.isdigit():
        return kind, int(pin)
    raise argparse.ArgumentTypeError(f"{text}: always, motion or gpio:PIN")
