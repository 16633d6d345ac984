"""`python -m benchmarks pile`: its arguments and what they set going."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import cases
from benchmarks.cases import Case
from device.errors import UsageError
from train.commandline import OK, number

Print = Callable[[argparse.Namespace, str, dict[str, Any]], None]
ABOUT = """what a pile of 300-dpi envelopes costs: time a page beside its bare decoding, two workers beside one, and the
memory of a worker as the pile goes on (docs/batch.md)"""


def register(commands: Any, every: argparse.ArgumentParser, show: Print) -> None:
    """Add the subcommand; show: prints a table, or its figures as JSON."""
    pile = commands.add_parser("pile", help="what a pile of scans costs", description=ABOUT, parents=[every])
    pile.add_argument("--folder", type=Path, metavar="DIR", help="pages with a truth.csv, in place of rendered ones")
    count = number(int, 1, 1_000_000)
    pile.add_argument("--count", type=count, help="envelopes to render (2000)")
    pile.add_argument("--seed", type=number(int, 0, 2**32 - 1), help="of what is rendered (1)")
    pile.add_argument("--keep", type=Path, metavar="DIR", help="leave what is rendered in a new folder")
    pile.add_argument("--fonts", type=Path, metavar="FOLDER", help="the fontpkg wheels (fetched into the cache)")
    pile.add_argument("--sample", type=count, default=100, help="pages that are timed beside decoding (%(default)s)")
    pages = "that each number of workers reads, the pile again and again; 0 leaves it out (%(default)s)"
    pile.add_argument("--pages", type=number(int, 0, 10_000_000), default=2000, help=pages)
    workers = "how many; may be given several times (1 and 2)"
    pile.add_argument("--workers", type=number(int, 1, 256), action="append", metavar="N", help=workers)
    pile.set_defaults(run=lambda options: run(options, show))


def run(options: argparse.Namespace, show: Print) -> int:
    """Time it, and print what was found."""
    from benchmarks import machine, pile

    told = pile.settings(options.model, options.precision)
    with tempfile.TemporaryDirectory(prefix="postread-pile-") as scratch:
        pages = _pages(options, Path(scratch))
        found = pile.costs(pile.sample(pages, options.sample), told)
        numbers = (options.workers or [1, 2]) if options.pages else []
        runs = [pile.run(pages, told, workers, options.pages) for workers in numbers]
    show(options, pile.tables(found, runs), {"machine": machine.facts(), **pile.record(found, runs)})
    return OK


def _pages(options: argparse.Namespace, scratch: Path) -> list[Case]:
    if options.folder is not None:
        for name in ("count", "seed", "keep", "fonts"):
            if getattr(options, name) is not None:
                raise UsageError(f"--{name} is for pages that are rendered here; leave it out with --folder")
        return cases.read(options.folder)
    from benchmarks import pile_pages
    from train import typefaces

    if options.keep is not None and options.keep.exists() and any(options.keep.iterdir()):
        raise UsageError(f"--keep {options.keep}: is not empty; name a new folder")
    folder, seed = options.keep or scratch, 1 if options.seed is None else options.seed
    return pile_pages.render(folder, options.count or 2000, seed, 1, typefaces.provide(options.fonts))
