"""`postread batch`: its arguments, and what they set going."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from device.errors import UsageError

ABOUT = """Read a pile of scans into one file with a row a page, in the pile's order.  Stopped at any moment it goes on
when it is given again; FILE appears when it is whole."""
SOURCES = """folders, pictures, PDFs, globs, URLs (s3://, https://, …), lists of them (@FILE, @- for stdin, FILE.txt);
none: work on FILE as it is"""


def register(commands: Any, model: argparse.ArgumentParser, positive: Any) -> None:
    """Add the subcommand; model: the arguments that say what to read with."""
    parser = commands.add_parser("batch", parents=[model], help="read a pile of scans into a table", description=ABOUT)
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help=SOURCES)
    out = "JSON lines, CSV, Parquet or SQLite by its ending: .jsonl, .csv, .parquet, .sqlite"
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=out)
    parser.add_argument("--format", default="cep", metavar="FORMAT", help="cep (default), zip, digits, digits:N")
    parser.add_argument("--known", type=Path, metavar="FILE", help="codes that are served, one a line")
    turn = "degrees to turn a page by, clockwise; auto finds out (0)"
    parser.add_argument("--orientation", choices=("auto", "0", "90", "180", "270"), default="0", help=turn)
    parser.add_argument("--max-pixels", type=positive, default=100_000_000, metavar="N", help="limit (100 million)")
    parser.add_argument("--workers", type=positive, default=cores(), metavar="N", help="processes (%(default)s)")
    parser.add_argument("--timeout", type=_seconds, default=120.0, metavar="S", help="a page may take (%(default)g)")
    parser.add_argument("--overwrite", action="store_true", help="write FILE anew where it is there already")
    parser.add_argument("--restart", action="store_true", help="forget what an earlier run has read")
    parser.set_defaults(run=run)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(options: argparse.Namespace) -> int:
    """Read the pile, then whatever else is asked of its table.  0, or 1 where a page could not be read."""
    return int(_read(options))


def _read(options: argparse.Namespace) -> bool:
    """Whether a page failed."""
    from device.batch.run import Work, run
    from device.batch.worker import Settings
    from device.formats import get
    from device.known import read_known
    from device.orientation import parse_orientation

    if not options.sources:
        raise UsageError("no SOURCE: name folders, pictures, PDFs, globs, URLs or lists of them")
    settings = Settings(
        model=options.model,
        format=get(options.format).name,
        precision=options.precision,
        runtime=options.runtime,
        threads=options.threads,
        known=None if options.known is None else frozenset(read_known(options.known, options.format)),
        orientation=parse_orientation(options.orientation),
        max_pixels=options.max_pixels,
    )
    work = Work(
        options.sources, options.out, settings, options.workers, options.timeout, options.overwrite, options.restart
    )
    counts = run(work)
    said = f"{counts.done:,} pages of {counts.files:,} files: {counts.accepted:,} with a code, "
    said += f"{counts.done - counts.accepted - counts.failed:,} refused, {counts.failed:,} unreadable"
    print(f"postread: {options.out}: {said}", file=sys.stderr)
    return counts.failed > 0


def _seconds(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text}: more than 0")
    return value
