"""The command line: argparse, JSON lines, exit codes.  Everything else is elsewhere."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from device import __version__
from device.batch import command as batch
from device.doctor import command as doctor
from device.errors import InputError, PostreadError, UsageError
from device.outputs import command as stored
from device.watch import command as watch

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `postread`; the only place where errors become exit codes."""
    parser = _parser()
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given, argparse.Namespace(arguments=given))
    if isinstance(sys.stdout, io.TextIOWrapper):  # JSON is UTF-8 whatever the locale
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    try:
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our lines has gone: nothing is left to say to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except PostreadError as error:
        _explain(error, options)
        return USAGE if isinstance(error, UsageError) else FAILED


def _explain(error: PostreadError, options: argparse.Namespace) -> str:
    """One line on stderr, after the traceback where --debug asks for it; the error's message."""
    if options.debug:
        traceback.print_exception(error)
    print(f"postread: {error}", file=sys.stderr)
    return str(error)


def _read(options: argparse.Namespace) -> int:
    if "-" in options.paths and (len(options.paths) > 1 or options.pages == "all"):
        raise UsageError("`-` reads paths from stdin, one answer each: give it alone and without --pages all")
    from device.known import read_known
    from device.orientation import parse_orientation
    from device.reader import Reader

    reader = Reader.load(
        options.model,
        options.format,
        precision=options.precision,
        runtime=options.runtime,
        threads=options.threads,
        known=None if options.known is None else read_known(options.known, options.format),
        orientation=parse_orientation(options.orientation),
    )
    drawings = _drawings(reader, options)
    failed = False
    for path in _stdin_paths() if options.paths == ["-"] else options.paths:
        for line in _answers(reader, path, drawings, options):
            failed |= line["error"] is not None
            print(_text(line) if options.text else json.dumps(line, ensure_ascii=False), flush=True)
    return FAILED if failed else OK


def _stdin_paths() -> Iterable[str]:
    """Paths, one a line, as they come; bytes that are no UTF-8 survive the way to the file system."""
    for line in sys.stdin.buffer:
        yield os.fsdecode(line.rstrip(b"\r\n"))


def _drawings(reader: Any, options: argparse.Namespace) -> list[Callable[[Any, Any], None]]:
    """What draws a page in colour with its readings, for --annotate and --explain."""
    inputs = None if options.paths == ["-"] else options.paths
    drawings: list[Callable[[Any, Any], None]] = []
    if options.annotate is not None:
        from device import annotate

        read = annotate.Names(options.annotate, inputs)
        drawings.append(lambda frame, readings: _say("annotated picture", annotate.save(read, frame, readings)))
    if options.explain is not None:
        from device import annotate, explain, trace

        reader.trace = trace.Trace()
        why = annotate.Names(options.explain, inputs)
        drawings.append(lambda frame, readings: _say("explained", *explain.save(why, frame, readings, reader)))
    return drawings


def _say(what: str, *paths: Any) -> None:
    for path in paths:
        print(f"postread: {what}: {path}", file=sys.stderr)


def _answers(
    reader: Any, path: str, drawings: Sequence[Callable[[Any, Any], None]], options: argparse.Namespace
) -> Iterable[dict[str, Any]]:
    """The JSON lines of one path: one a page, or one that says what is wrong."""
    from device import answers, sources

    limit = options.max_pixels
    # Decoded again, in colour: what is read does not depend on whether it is drawn.
    coloured = cache(lambda: sources.open_book(path, sources.read_file(path), colour=True, max_pixels=limit))
    try:
        book = sources.open_book(path, sources.read_file(path), max_pixels=limit)
    except InputError as error:
        yield answers.line(path, 0, 1, error=_explain(error, options))
        return
    for page in range(1 if options.pages == "first" else len(book)):
        try:
            frame = book.page(page)
            readings = reader.read(frame)
        except InputError as error:
            yield answers.line(path, page, len(book), error=_explain(error, options))
            continue
        failure = _draw(drawings, coloured, page, readings, options) if drawings else None
        yield answers.line(path, page, len(book), readings, failure)


def _draw(
    drawings: Sequence[Callable[[Any, Any], None]],
    coloured: Callable[[], Any],
    page: int,
    readings: Any,
    options: argparse.Namespace,
) -> str | None:
    """Draw a page of a file in colour: what went wrong, which takes nothing from what was read."""
    try:
        frame = coloured().page(page)
    except InputError as error:
        return _explain(error, options)
    said = []
    for draw in drawings:
        try:
            draw(frame, readings)
        except InputError as error:
            remedy = f"{error}; make room there or give another folder"
            said.append(_explain(InputError(remedy).with_traceback(error.__traceback__), options))
    return "; ".join(said) or None


def _text(line: dict[str, Any]) -> str:
    codes = [reading["code"] for reading in line["readings"] if reading["accepted"]]
    return f"{line['source']}\t{' '.join(codes) or '?'}"


def _info(options: argparse.Namespace) -> int:
    from device import info

    facts = info.facts(options.model, options.precision, options.runtime, options.threads)
    print(json.dumps(facts, indent=1) if options.json else info.text(facts))
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="postread", description="Read postal codes off pictures with LeNet-5.")
    parser.add_argument("--version", action="version", version=f"postread {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    model = argparse.ArgumentParser(add_help=False)
    model.add_argument("--model", metavar="NAME|PATH.json", help="bundle to read with (the shipped one)")
    model.add_argument("--precision", choices=("int8", "float32"), default="int8")
    model.add_argument("--runtime", choices=("auto", "litert", "tflite-runtime", "tf"), default="auto")
    model.add_argument("--threads", type=_positive, default=1, metavar="N", help="interpreter threads (1)")
    model.add_argument("--debug", action="store_true", help="show the traceback of an error")

    read = commands.add_parser("read", parents=[model], help="read the code off pictures", description=_READ)
    read.add_argument("paths", nargs="+", metavar="PATH", help="pictures, or - for a list of them on stdin")
    read.add_argument("--format", default="cep", metavar="FORMAT", help="cep (default), zip, digits, digits:N")
    read.add_argument("--known", type=Path, metavar="FILE", help="codes that are served, one a line")
    read.add_argument(
        "--orientation",
        choices=("auto", "0", "90", "180", "270"),
        default="0",
        help="degrees to turn a page by, clockwise; auto finds out (0)",
    )
    read.add_argument("--pages", choices=("first", "all"), default="first", help="of a file with several (first)")
    read.add_argument("--text", action="store_true", help="PATH<TAB>CODE or ? in place of JSON")
    read.add_argument("--annotate", type=Path, metavar="DIR", help="write each picture with what was read into DIR")
    read.add_argument("--explain", type=Path, metavar="DIR", help="write pictures that show why into DIR")
    read.add_argument("--max-pixels", type=_positive, default=100_000_000, metavar="N", help="limit (100 million)")
    read.set_defaults(run=_read)

    batch.register(commands, model, _positive)
    watch.register(commands, model)
    doctor.register(commands, commands.choices["watch"])
    stored.register(commands)

    info = commands.add_parser("info", parents=[model], help="what model this is, and what it runs on")
    info.add_argument("--json", action="store_true")
    info.set_defaults(run=_info)
    return parser


_READ = """Read the code off each picture: one JSON line a page on stdout, in order.  A picture that cannot be
read gets its line too, with the error in it, and the exit code is 1; so does one that was read but cannot be drawn
(--annotate, --explain), with its readings."""


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1")
    return value
