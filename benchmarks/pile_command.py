"""`python -m benchmarks pile`: its arguments and what they set going."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.tables import renew
from device.errors import UsageError
from train.commandline import OK, number

Print = Callable[[argparse.Namespace, str, dict[str, Any]], None]
ABOUT = """what a pile of 300-dpi envelopes costs: time a page beside its bare decoding, two workers beside one, and the
memory of a worker as the pile goes on (docs/batch.md)"""
SCALE = "what a hundred million pages a day would take, from a page's measured cost (docs/scale.md)"


def register(commands: Any, every: argparse.ArgumentParser, show: Print) -> None:
    """Add the subcommand; show: prints a table, or its figures as JSON."""
    pile = commands.add_parser("pile", help="what a pile of scans costs", description=ABOUT, parents=[every])
    _register_pages(pile, 2000)
    pages = "that each number of workers reads, the pile again and again; 0 leaves it out (%(default)s)"
    pile.add_argument("--pages", type=number(int, 0, 10_000_000), default=2000, help=pages)
    workers = "how many; may be given several times (1 and 2)"
    pile.add_argument("--workers", type=number(int, 1, 256), action="append", metavar="N", help=workers)
    pile.set_defaults(run=lambda options: run(options, show))
    _register_scale(commands, every, show)


def _register_pages(parser: argparse.ArgumentParser, rendered: int) -> None:
    """Which pages."""
    parser.add_argument("--folder", type=Path, metavar="DIR", help="pages with a truth.csv, in place of rendered ones")
    count = number(int, 1, 1_000_000)
    parser.add_argument("--count", type=count, help=f"envelopes to render ({rendered})")
    parser.add_argument("--seed", type=number(int, 0, 2**32 - 1), help="of what is rendered (1)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave what is rendered in a new folder")
    parser.add_argument("--fonts", type=Path, metavar="FOLDER", help="the fontpkg wheels (fetched into the cache)")
    parser.add_argument("--sample", type=count, default=100, help="pages that are timed beside decoding (%(default)s)")
    parser.set_defaults(rendered=rendered)


def _register_scale(commands: Any, every: argparse.ArgumentParser, show: Print) -> None:
    """What the reader knows better has an option of its own."""
    scale = commands.add_parser("scale", help=SCALE, description=SCALE, parents=[every])
    _register_pages(scale, 100)
    amount = number(float, 0.0, 1e15)
    scale.add_argument("--a-day", type=amount, default=1e8, metavar="N", help="pages (%(default)g)")
    scale.add_argument("--core-hour", type=amount, default=0.04, metavar="PRICE", help="of a core (%(default)g)")
    reads = "of a million reads from object storage (%(default)g)"
    scale.add_argument("--reads", type=amount, default=0.4, metavar="PRICE", help=reads)
    busy = "share of a core's time that is spent on pages (%(default)g)"
    scale.add_argument("--busy", type=number(float, 0.01, 1.0), default=0.8, help=busy)
    pages = "small white ones that a local Ray cluster reads; 0 leaves it out (%(default)s)"
    scale.add_argument("--ray-pages", type=number(int, 0, 1_000_000), default=8000, metavar="N", help=pages)
    scale.add_argument("--write", type=Path, metavar="FILE.md", help="renew a document's tables: docs/scale.md")
    scale.set_defaults(run=lambda options: run_scale(options, show))


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


def run_scale(options: argparse.Namespace, show: Print) -> int:
    """Measure a page, reckon the rest, and print it."""
    from benchmarks import pile, scale

    if options.write is not None and not options.write.is_file():
        raise UsageError(f"--write {options.write}: no such file; its tables are renewed, it is not made")
    assumed = scale.Assumed(options.a_day, options.core_hour, options.reads, options.busy)
    with tempfile.TemporaryDirectory(prefix="postread-scale-") as scratch:
        told = pile.settings(options.model, options.precision)
        found = scale.measure(_pages(options, Path(scratch)), told, options.sample, options.ray_pages)
    parts = {"measured": scale.measured_table(found), "cluster": scale.cluster_table(found, assumed)}
    show(options, "\n\n".join(parts.values()), scale.record(found, assumed))
    if options.write is not None:
        renew("scale", options.write, parts)
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
    return pile_pages.render(folder, options.count or options.rendered, seed, 1, typefaces.provide(options.fonts))
