"""`python -m benchmarks`: argparse only."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import cases, pile_command
from benchmarks.cases import Case
from benchmarks.matrix.cells import CELLS, REFERENCE
from benchmarks.tables import renew
from device.errors import UsageError
from train.commandline import FAILURE, OK, answer, number, quieten

PROGRAM = "python -m benchmarks"
SCHEMA = 1
SAMPLE = Path(__file__).resolve().parents[1] / "docs" / "sample"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, run the subcommand, and return the exit code."""
    options = _parser().parse_args(arguments)
    return answer(lambda: options.run(options), PROGRAM, options.debug)


def _parser() -> argparse.ArgumentParser:
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--model", metavar="NAME|PATH.json", help="bundle to read with (the shipped one)")
    every.add_argument("--precision", choices=("int8", "float32"), default="int8", help="(%(default)s)")
    every.add_argument("--json", metavar="FILE", help="write everything as JSON; - in place of the table")
    every.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    common = argparse.ArgumentParser(add_help=False, parents=[every])
    common.add_argument("--folder", type=Path, action="append", metavar="DIR", help="pictures with a truth.csv")
    most = "at most so many pictures of each kind in the folders (all)"
    common.add_argument("--most", type=number(int, 1, 1_000_000), metavar="N", help=most)
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Score and time readers of digits.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    about = "what is read rightly, by kind, and what it costs; on pictures rendered here unless folders are named"
    accuracy = commands.add_parser("accuracy", help=about, description=about, parents=[common])
    accuracy.add_argument("--both", action="store_true", help="float32 beside int8")
    peer = "another reader, in place of COMMAND that peer's Python for those known by name (docs/benchmarks.md)"
    accuracy.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND", help=peer)
    seconds = number(float, 0.1, 86400)
    accuracy.add_argument("--timeout", type=seconds, default=120.0, help="seconds for an answer (%(default)g)")
    count = number(int, 1, 1_000_000)
    accuracy.add_argument("--count", type=count, help="pictures of each kind to render (100)")
    accuracy.add_argument("--seed", type=number(int, 0, 2**32 - 1), help="of what is rendered (1)")
    accuracy.add_argument("--keep", type=Path, metavar="DIR", help="leave what is rendered in a new folder")
    accuracy.add_argument("--data", type=Path, metavar="FILE", help="MNIST as Keras' .npz or as mnist.pkl.gz")
    accuracy.add_argument("--fonts", type=Path, metavar="FOLDER", help="the fontpkg wheels (fetched into the cache)")
    accuracy.add_argument("--faces", type=Path, metavar="FOLDER", help="TrueType files to print with in their place")
    accuracy.set_defaults(run=_accuracy)

    about = "CPU time of each stage of a picture, beside the bare decoding of its file"
    speed = commands.add_parser("speed", help=about, description=about, parents=[common])
    repeats = number(int, 1, 100_000)
    speed.add_argument("--repeats", type=repeats, default=20, help="of which the median counts (%(default)s)")
    speed.set_defaults(run=_speed)

    about = "the networks' fast graph beside the plain one: its time, its answers, its instructions (docs/graph.md)"
    graphs = commands.add_parser("graphs", help=about, description=about, parents=[every])
    against = "a bundle of the other form (converted from the .keras files beside the bundle)"
    graphs.add_argument("--against", metavar="NAME|PATH.json", help=against)
    graphs.add_argument("--batch", type=count, action="append", metavar="N", help="glyphs in one invoke (8 and 48)")
    graphs.add_argument("--rounds", type=repeats, default=2000, help="of which the shortest counts (%(default)s)")
    graphs.add_argument("--data", type=Path, metavar="FILE", help="MNIST as Keras' .npz or as mnist.pkl.gz")
    graphs.add_argument("--equal", action="store_true", help="hold the answers equal on MNIST's 10,000")
    about = "count the instructions on a Raspberry Pi's processors, and hold them to their limits (make graphs)"
    graphs.add_argument("--emulated", action="store_true", help=about)
    graphs.add_argument("--write", type=Path, metavar="FILE.md", help="renew the document's tables that were made")
    graphs.set_defaults(run=_graphs)

    about = "every runtime on every processor held to the same answers (make aarch64, docs/parity.md)"
    matrix = commands.add_parser("matrix", help=about, description=about)
    matrix.add_argument("--model", metavar="NAME|PATH.json", help="bundle to ask (the shipped one)")
    matrix.add_argument("--against", metavar="NAME|PATH.json", help=against)
    names = [cell.name for cell in CELLS]
    about = f"of {', '.join(names)} (all); {REFERENCE.name} is always one"
    matrix.add_argument("--cell", action="append", choices=names, metavar="NAME", help=about)
    matrix.add_argument("--digits", type=number(int, 100, 10_000), default=2000, metavar="N", help="(%(default)s)")
    matrix.add_argument("--folder", type=Path, metavar="DIR", help="pictures with a truth.csv (the sample)")
    matrix.add_argument("--data", type=Path, metavar="FILE", help="MNIST as Keras' .npz or as mnist.pkl.gz")
    matrix.add_argument("--json", metavar="FILE", help="write everything as JSON; - in place of the table")
    matrix.add_argument("--write", type=Path, metavar="FILE.md", help="renew a document's table")
    matrix.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    matrix.set_defaults(run=_matrix)

    about = (
        "where errors come from: what lost each line, and what would be read if one thing were right (docs/accuracy.md)"
    )
    oracle = commands.add_parser("oracle", help=about, description=about, parents=[common])
    oracle.add_argument("--count", type=count, help="lines to render (1000)")
    oracle.add_argument("--seed", type=number(int, 0, 2**32 - 1), help="of what is rendered (1)")
    oracle.add_argument("--data", type=Path, metavar="FILE", help="MNIST as Keras' .npz or as mnist.pkl.gz")
    oracle.add_argument("--fonts", type=Path, metavar="FOLDER", help="the fontpkg wheels (fetched into the cache)")
    workers = number(int, 1, 256)
    oracle.add_argument("--workers", type=workers, default=os.cpu_count() or 1, help="processes (%(default)s)")
    oracle.add_argument("--sheet", type=Path, metavar="FILE.png", help="draw the hardest lines that were rendered")
    oracle.add_argument("--write", type=Path, metavar="FILE.md", help="renew a document's tables, and its sheet")
    oracle.set_defaults(run=_oracle)

    pile_command.register(commands, every, _print)
    return parser


def _accuracy(options: argparse.Namespace) -> int:
    from benchmarks import accuracy, readers
    from device.model import Bundle

    peers = [readers.peer(spec) for spec in options.peer]
    precisions = ("int8", "float32") if options.both else (options.precision,)
    every = [*(readers.postread(_model(options.model), precision) for precision in precisions), *peers]
    if len({reader.name for reader in every}) < len(every):
        raise UsageError("two readers of one name: give each --peer a name of its own")
    bundle = Bundle.load(options.model)
    with tempfile.TemporaryDirectory(prefix="postread-bench-") as folder:
        if options.folder:
            pictures, whose = _folders(options, options.folder), None
        else:
            pictures, whose = _rendered(options, bundle, Path(folder))
        results, failures = accuracy.run(every, pictures, options.timeout)
    if results:
        about = {"bundle": bundle.name, "digits": whose, "failures": failures}
        _print(options, accuracy.table(results), about | accuracy.record(results))
    return _told(failures)


def _rendered(options: argparse.Namespace, bundle: Any, folder: Path) -> tuple[list[Case], str]:
    from benchmarks import render

    if options.keep is not None and options.keep.exists() and any(options.keep.iterdir()):
        raise UsageError(f"--keep {options.keep}: is not empty; name a new folder")
    count = 100 if options.count is None else options.count
    seed = 1 if options.seed is None else options.seed
    made = render.own_sets(bundle, options.keep or folder, count, seed, options.data, options.fonts, options.faces)
    print(f"handwriting: {made[1]}", file=sys.stderr)
    return made


def _speed(options: argparse.Namespace) -> int:
    from benchmarks import machine, speed

    pictures = _folders(options, options.folder or [SAMPLE])
    timings = speed.run(pictures, options.model, options.precision, options.repeats)
    about = {"machine": machine.facts(), "precision": options.precision, "repeats": options.repeats}
    _print(options, speed.table(timings), about | {"pictures": [timing.record() for timing in timings]})
    return OK


def _graphs(options: argparse.Namespace) -> int:
    quieten()
    from benchmarks import graphs, machine, other_form
    from device.model import Bundle

    _must_exist(options.write)
    bundle = Bundle.load(options.model)
    with tempfile.TemporaryDirectory(prefix="postread-graphs-") as folder:
        if options.against:
            other = Bundle.load(options.against)
        else:
            other = other_form.written(bundle, options.data, Path(folder))
        plain, fast = graphs.both(bundle, other)
        contents = [other_form.contents(one, options.precision) for one in (plain, fast)]
        timings = graphs.run(*contents, options.batch or graphs.BATCHES, options.rounds)
        parts, facts, failures = _held(options, plain, fast)
    parts = {"time": graphs.table(timings), **parts}
    about = {"machine": machine.facts(), "precision": options.precision, "rounds": options.rounds}
    _print(options, "\n\n".join(parts.values()), about | {"networks": [one.record() for one in timings]} | facts)
    if options.write:
        renew("graphs", options.write, parts)
    return _told(failures)


def _held(options: argparse.Namespace, plain: Any, fast: Any) -> tuple[dict[str, str], dict[str, Any], list[str]]:
    """What both forms of a bundle are held to: tables, facts, and what does not hold."""
    parts: dict[str, str] = {}
    facts: dict[str, Any] = {}
    failures: list[str] = []
    if options.equal:
        from benchmarks import equal_answers

        compared = equal_answers.run(plain, fast, options.data)
        parts["answers"], facts["answers"] = equal_answers.table(compared), [asdict(one) for one in compared]
        failures += equal_answers.failures(compared)
    if options.emulated:
        from benchmarks import instructions

        counts = instructions.run(plain, fast, options.precision)
        parts["instructions"], facts["instructions"] = instructions.table(counts), [one.record() for one in counts]
        failures += instructions.failures(counts) if options.precision == "int8" else []
    return parts, facts, failures


def _matrix(options: argparse.Namespace) -> int:
    quieten()
    from benchmarks.matrix import run, table
    from device.model import Bundle

    _must_exist(options.write)
    cells = [cell for cell in CELLS if not options.cell or cell.name in options.cell]
    other = Bundle.load(options.against) if options.against else None
    pictures = cases.read(options.folder or SAMPLE)
    verdicts = run.run(Bundle.load(options.model), other, pictures, options.digits, options.data, cells)
    part = f"{table.table(verdicts)}\n\n{table.about(verdicts)}"
    _print(options, part, {"cells": [asdict(one) for one in verdicts]})
    if options.write:
        renew("matrix", options.write, {"table": part})
    return _told([f"{one.cell.name}: {what}" for one in verdicts for what in one.failures()])


def _told(failures: Sequence[str]) -> int:
    """Say on stderr what does not hold."""
    for failure in failures:
        print(f"{PROGRAM}: {failure}", file=sys.stderr)
    return FAILURE if failures else OK


def _must_exist(document: Path | None) -> None:
    if document and not document.is_file():
        raise UsageError(f"--write {document}: no such file; its tables are renewed, it is not made")


def _oracle(options: argparse.Namespace) -> int:
    from benchmarks import oracle, oracle_lines

    _must_exist(options.write)
    card = _model(options.model)
    if options.folder:
        pictures = _folders(options, options.folder)
        outcomes, prefix = oracle_lines.folder(card, options.precision, pictures), "folder "
        about = oracle.about(card, options.precision, f"{len(outcomes):,} lines of a folder")
    else:
        outcomes, about = _oracle_rendered(options, card)
        prefix = ""
    parts = oracle.blocks(outcomes, about)
    _print(options, "\n\n".join(parts.values()), {"about": about, **oracle.record(outcomes)})
    if options.write:
        oracle.write(options.write, {prefix + name: part for name, part in parts.items()})
    return OK


def _oracle_rendered(options: argparse.Namespace, card: str | None) -> tuple[list[Any], str]:
    from benchmarks import oracle, oracle_lines, render
    from device.model import Bundle
    from train import data, typefaces
    from train.rendered import Supplies

    count = 1000 if options.count is None else options.count
    seed = 1 if options.seed is None else options.seed
    digits, whose = render.unseen_digits(Bundle.load(card), data.load(options.data))
    given = card, options.precision, Supplies(digits, None, typefaces.provide(options.fonts)), seed
    outcomes = oracle_lines.run(*given, count, options.workers)
    sheet = options.sheet or (options.write.parent / oracle.SHEET if options.write else None)
    if sheet:
        from benchmarks import oracle_sheet

        oracle_sheet.save(sheet, oracle_sheet.draw(oracle_lines.begin(*given), oracle.hardest(outcomes)))
    return outcomes, oracle.about(card, options.precision, f"{count:,} lines from seed {seed}, {whose}")


def _folders(options: argparse.Namespace, folders: Sequence[Path]) -> list[Case]:
    """The folders' pictures; options of what would be rendered say nothing about them."""
    for name in ("count", "seed", "keep", "data", "fonts", "faces", "sheet"):
        if getattr(options, name, None) is not None:
            raise UsageError(f"--{name} is for pictures that are rendered here; leave it out with --folder")
    return cases.first_of_each([case for folder in folders for case in cases.read(folder)], options.most)


def _model(model: str | None) -> str | None:
    """A bundle as a process elsewhere finds it."""
    return str(Path(model).resolve()) if model and ("/" in model or model.endswith(".json")) else model


def _print(options: argparse.Namespace, text: str, facts: dict[str, Any]) -> None:
    record = json.dumps({"schema": SCHEMA, **facts}, indent=1, ensure_ascii=False, allow_nan=False)
    if options.json == "-":
        print(record)
        return
    print(text)
    if options.json:
        Path(options.json).write_text(record + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
