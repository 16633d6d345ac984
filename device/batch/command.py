"""`postread batch`: its arguments, and what they set going."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from device.errors import PostreadError, UsageError

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
    parser.add_argument("--workers", type=positive, metavar="N", help="processes (one for each processor)")
    parser.add_argument("--timeout", type=_seconds, default=120.0, metavar="S", help="a page may take (%(default)g)")
    engine = "what the workers are: processes here, or actors on a Ray cluster (local)"
    parser.add_argument("--engine", choices=("local", "ray"), default="local", help=engine)
    address = "with --engine ray: local (a cluster of this machine, for this run), auto, HOST:PORT, ray://HOST:PORT"
    parser.add_argument("--address", metavar="ADDR", help=f"{address} (local)")
    parser.add_argument("--overwrite", action="store_true", help="write FILE anew where it is there already")
    parser.add_argument("--restart", action="store_true", help="forget what an earlier run has read")
    _register_after(parser, positive)
    parser.set_defaults(run=run)


def _register_after(parser: argparse.ArgumentParser, positive: Any) -> None:
    """What can be done with the table, right away or at any time later."""
    after = parser.add_argument_group("with FILE, after SOURCEs were read or without any")
    apply = "bring in what the review page saved (CSV or JSON)"
    after.add_argument("--apply", type=Path, metavar="FILE", help=apply)
    crops = "with --apply: cut out what was corrected, PNG and labels.csv, to train with"
    after.add_argument("--crops", type=Path, metavar="DIR", help=crops)
    review = "write a page on which a person looks at what was refused, and at the least sure"
    after.add_argument("--review", type=Path, metavar="FILE.html", help=review)
    after.add_argument("--review-most", type=positive, default=500, metavar="N", help="scans on it (%(default)s)")
    truth = "say how good FILE is: CSV with source (or file), code (or text), and page"
    after.add_argument("--truth", type=Path, metavar="FILE.csv", help=truth)
    report = "with --truth: write it as .txt, .json or .html"
    after.add_argument("--report", type=Path, action="append", default=[], metavar="FILE", help=report)
    into = "file the scans in folders by their code; refused ones go to refused/"
    after.add_argument("--sort-into", type=Path, metavar="DIR", help=into)
    after.add_argument(
        "--by", type=_prefix, default=None, metavar="code|prefix:N", help="folders are called after (code)"
    )
    after.add_argument("--how", choices=("link", "copy", "move"), default="link", help="(%(default)s)")


def run(options: argparse.Namespace) -> int:
    """Read the pile, then whatever else is asked of its table.  0, or 1 where something could not be done."""
    steps = [step for step in (_apply, _truth, _review, _sort) if getattr(options, STEPS[step]) is not None]
    _check(options, steps)
    failed = _read(options) if options.sources else False
    for step in steps:
        failed |= step(options)
    return int(failed)


def _check(options: argparse.Namespace, steps: Sequence[Step]) -> None:
    """What cannot be, before hours are spent on the pile."""
    from device.formats import get

    get(options.format)
    if not options.sources and not steps:
        raise UsageError("no SOURCE: name folders, pictures, PDFs, globs, URLs or lists of them")
    if not options.sources and not options.out.is_file():
        raise UsageError(f"--out {options.out}: is not there, and no SOURCE is named to read it from")
    if options.address is not None and options.engine != "ray":
        raise UsageError(f"--address {options.address}: of what? give --engine ray too")
    if options.crops is not None and options.apply is None:
        raise UsageError("--crops: what is cut out is what was corrected: give --apply too")
    if options.report and options.truth is None:
        raise UsageError("--report: of what? give --truth too")
    for path in options.report:
        if path.suffix.lower() not in REPORTS:
            raise UsageError(f"--report {path}: give one of {', '.join(REPORTS)}")
    for path in (options.apply, options.truth):
        if path is not None and not path.is_file():
            raise UsageError(f"{path}: no such file")


def _read(options: argparse.Namespace) -> bool:
    """Whether a page failed."""
    from device.batch.run import Work, run
    from device.batch.worker import Settings
    from device.formats import get
    from device.known import read_known
    from device.orientation import parse_orientation

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
        options.sources,
        options.out,
        settings,
        options.workers,
        options.timeout,
        options.overwrite,
        options.restart,
        (options.address or "local") if options.engine == "ray" else None,
    )
    counts = run(work)
    said = f"{counts.done:,} pages of {counts.files:,} files: {counts.accepted:,} with a code, "
    _say(
        f"{options.out}: {said}{counts.done - counts.accepted - counts.failed:,} refused, {counts.failed:,} unreadable"
    )
    return counts.failed > 0


def _apply(options: argparse.Namespace) -> bool:
    from device.batch import corrections

    found = corrections.load(options.apply, options.format)
    failures: list[str] = []
    if options.crops is not None:
        count, failures = corrections.crops(options.out, found, options.crops, options.max_pixels)
        _say(f"{options.crops}: {count:,} labelled crops")
    left = corrections.apply(options.out, found, options.format)
    failures += [f"{options.apply}: {one.source}, page {one.page}: not in {options.out}" for one in left]
    _say(f"{options.out}: {len(found) - len(left):,} pages corrected", *failures)
    return bool(failures)


def _truth(options: argparse.Namespace) -> bool:
    from device.batch import tables, truth, truth_page, truth_text
    from device.batch.whole import whole

    report = truth.judge(tables.read(options.out), truth.read_truth(options.truth))
    for path in options.report:
        with whole(path) as beside:
            if path.suffix.lower() == ".json":
                told = json.dumps(report.record(), ensure_ascii=False, indent=1) + "\n"
            elif path.suffix.lower() == ".html":
                told = truth_page.page(report, f"postread: {options.out.name}")
            else:
                told = truth_text.text(report) + "\n"
            beside.write_text(told, encoding="utf-8")
    print(truth_text.text(report))
    return False


def _review(options: argparse.Namespace) -> bool:
    from device.batch import review, tables

    lines = tables.read(options.out)
    count, failures = review.write(options.review, lines, options.review_most, options.format, options.max_pixels)
    _say(f"{options.review}: {count:,} scans to be looked at", *failures)
    return bool(failures)


def _sort(options: argparse.Namespace) -> bool:
    from device.batch import filing, tables

    failed = False
    for said in filing.file_away(filing.Filing(options.sort_into, options.by, options.how), tables.read(options.out)):
        _say(said)
        failed = True
    return failed


Step = Callable[[argparse.Namespace], bool]
"""Does something with the table, and tells whether something failed."""
STEPS: dict[Step, str] = {_apply: "apply", _truth: "truth", _review: "review", _sort: "sort_into"}
"""By the option that asks for it."""
REPORTS = (".txt", ".json", ".html")


def _say(*texts: str) -> None:
    for text in texts:
        print(f"postread: {PostreadError(text)}", file=sys.stderr)


def _prefix(text: str) -> int | None:
    """None for the whole code."""
    if text == "code":
        return None
    kind, _, digits = text.partition(":")
    if kind != "prefix" or not digits.isdigit() or int(digits) < 1:
        raise argparse.ArgumentTypeError(f"{text}: code, or prefix:N with N from 1 on")
    return int(digits)


def _seconds(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text}: more than 0")
    return value
