"""`python -m convert`: from a training run to a bundle, and the comparison of its float and int8 networks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from device.errors import UsageError
from train.commandline import OK, add_supplies, answer, command_of, number, plain_name, quieten

PROGRAM = "python -m convert"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, run the subcommand, and return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    quieten()
    return answer(lambda: options.run(options, given), PROGRAM, options.debug)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, metavar="FILE", help="MNIST as Keras' .npz or as mnist.pkl.gz")
    common.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    written = argparse.ArgumentParser(add_help=False)
    written.add_argument("--out", type=Path, default=Path("models"), help="where the bundle goes (%(default)s)")
    written.add_argument("--force", action="store_true", help="overwrite a bundle of this name")
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Make TFLite networks of a run, and check them.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    about = "convert a training run to float32 and int8 and write a bundle"
    model = commands.add_parser("model", help=about, description=about, parents=[common, written])
    model.add_argument("training", metavar="RUN", type=Path, help="the run's folder: runs/lenet5")
    model.add_argument("--name", type=plain_name, help="the bundle's name (the network's)")
    about = "a run of the same recipe that held digits out: calibrates the confidence of a --final RUN"
    model.add_argument("--held-out", metavar="RUN", type=Path, help=about)
    about = "a digit-or-not run, by whose network lines are read, and after it maybe a which-digit run"
    model.add_argument("--second", metavar="RUN", type=Path, nargs="+", default=[], help=about)
    about = "C1 as drawn, or rewritten for speed (fast, for networks that pool by maxima)"
    model.add_argument("--graph", choices=("fast", "plain"), help=about)
    model.set_defaults(run=_model)

    about = "convert a Keras classifier of digits, 28x28 or 32x32 pixels, and write a bundle"
    brought = commands.add_parser("keras", help=about, description=about, parents=[common, written])
    brought.add_argument("file", metavar="FILE", type=Path, help="a .keras or .h5 file of a whole network")
    brought.add_argument("--name", type=plain_name, help="the bundle's name (the file's)")
    about = "what pixels of paper and of ink become for it: 0..1, 0..255, =-1..1, 1..0, … (found out by trying)"
    brought.add_argument("--scaling", metavar="PAPER..INK", type=_scaling, help=about)
    about = "so many of MNIST's last training digits did not train it, and calibrate its confidence (%(default)s)"
    brought.add_argument("--held-out", metavar="N", type=number(int, 0, 30_000), default=0, help=about)
    brought.set_defaults(run=_keras)

    _add_parity(commands, common)

    about = "fit a bundle's decoder, confidence and thresholds on rendered lines, and write them into its card"
    decoder = commands.add_parser("decoder", help=about, description=about, parents=[common])
    decoder.add_argument("bundle", metavar="BUNDLE", nargs="?", help="a bundle's name or card (the shipped one)")
    lines = number(int, 20, 1_000_000)
    decoder.add_argument("--lines", type=lines, default=3000, help="lines of each kind to fit on (%(default)s)")
    decoder.add_argument("--seed", type=number(int, 0, 2**32 - 1), default=1998, help="(%(default)s)")
    add_supplies(decoder)
    decoder.set_defaults(run=_decoder)
    _add_reproduce(commands, common)
    return parser


def _add_reproduce(commands: Any, common: argparse.ArgumentParser) -> None:
    about = "make a bundle again by the commands its card records, and compare"
    again = commands.add_parser("reproduce", help=about, description=about, parents=[common])
    again.add_argument("bundle", metavar="BUNDLE", nargs="?", help="a bundle's name or card (the shipped one)")
    about = "train nothing: check files and data against the card, and convert its Keras networks once more"
    again.add_argument("--quick", action="store_true", help=about)
    about = "where runs and the new bundle go (%(default)s)"
    again.add_argument("--work", type=Path, metavar="FOLDER", default=Path("build/reproduce"), help=about)
    again.add_argument("--crops", type=Path, metavar="FOLDER", help="what a fine-tuned bundle was fine-tuned with")
    add_supplies(again)
    again.set_defaults(run=_reproduce)


def _scaling(text: str) -> Any:
    """An argparse type; what it gives is `convert.scaling.Scaling`."""
    from convert import scaling  # needs TensorFlow

    try:
        return scaling.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _model(options: argparse.Namespace, given: Sequence[str]) -> int:
    from convert import bundle, files  # after argparse, since TensorFlow takes seconds to import
    from train import data, runs

    run = runs.open_run(options.training)
    name = options.name or run.arch
    files.refuse_to_overwrite(options.out, name, options.force)
    held_out = runs.open_run(options.held_out) if options.held_out else None
    others = [runs.open_run(folder) for folder in options.second] if options.second else run.beside()
    mnist, command = data.load(options.data), command_of("convert", given)
    where = run, name, options.out, mnist, command, options.force
    compared = bundle.make_bundle(*where, held_out=held_out, others=others, graph=options.graph)
    print(compared.table())
    print(options.out / f"{name}.json")
    return OK


def _keras(options: argparse.Namespace, given: Sequence[str]) -> int:
    from convert import brought, files  # as above
    from train import data

    name = options.name or _name_of(options.file)
    files.refuse_to_overwrite(options.out, name, options.force)
    mnist, command = data.load(options.data), command_of("convert", given)
    source, choice = brought.open_source(options.file, mnist, options.scaling)
    print(choice.table())
    compared = brought.make_bundle(source, name, options.out, mnist, command, options.force, options.held_out)
    print(compared.table())
    print(options.out / f"{name}.json")
    return OK


def _name_of(file: Path) -> str:
    try:
        return plain_name(file.stem)
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"{error}, as a bundle is called after its file; give a --name") from None


def _add_parity(commands: Any, common: argparse.ArgumentParser) -> None:
    about = "compare a bundle's float32 networks with quantised ones: digits, glyphs, whole codes, every layer"
    parity = commands.add_parser("parity", help=about, description=about, parents=[common])
    parity.add_argument("bundle", metavar="BUNDLE", nargs="?", help="a bundle's name or card (the shipped one)")
    about = "how the other side is quantised: the bundle's own int8, or made anew from its Keras files (%(default)s)"
    parity.add_argument("--scheme", choices=("int8", "dynamic-range", "float16", "int16x8"), default="int8", help=about)
    sets = ("mnist", "cut", "printed", "codes")
    about = "MNIST's test digits, glyphs cut from rendered lines, printed digits, whole codes (all of them)"
    parity.add_argument(
        "--on", choices=sets, nargs="+", default=sets, metavar="SET", help=f"{', '.join(sets)}: {about}"
    )
    scenes = number(int, 10, 1_000_000)
    parity.add_argument("--scenes", type=scenes, default=800, help="lines to cut glyphs from (%(default)s)")
    about = "pages that are read whole (%(default)s)"
    parity.add_argument("--codes", type=number(int, 8, 1_000_000), default=2000, help=about)
    parity.add_argument("--seed", type=number(int, 0, 2**31), default=1998, help="of what is rendered (%(default)s)")
    parity.add_argument("--json", action="store_true", help="print the figures as JSON")
    about = "leave the report in a folder: parity.json, parity.txt and parity.html"
    parity.add_argument("--out", type=Path, metavar="FOLDER", help=about)
    about = "put the tables between the markers of a document: docs/parity.md"
    parity.add_argument("--update", type=Path, metavar="FILE", help=about)
    add_supplies(parity)
    parity.set_defaults(run=_parity)


def _parity(options: argparse.Namespace, given: Sequence[str]) -> int:
    from convert.opened import open_bundle
    from convert.parity import document, run
    from train import data
    from train.files import json_bytes

    bundle, mnist = open_bundle(options.bundle), data.load(options.data)
    asked = run.Asked(options.scheme, tuple(options.on), options.scenes, options.codes, options.seed, options.workers)
    report = run.compare(bundle, asked, mnist, options.pendigits, options.fonts, command_of("convert", given))
    sys.stdout.write(json_bytes(report.record()).decode() if options.json else f"{report.table()}\n")
    if options.out:
        for path in report.write(options.out):
            print(path, file=sys.stderr)
    if options.update:
        document.update(options.update, report)
    report.require()
    return OK


def _decoder(options: argparse.Namespace, given: Sequence[str]) -> int:
    from convert.decoder import fit, table
    from convert.opened import open_bundle
    from train import data, rendered, typefaces

    bundle = open_bundle(options.bundle)
    rendered.check_pendigits(options.pendigits)
    digits = data.load(options.data).train[-rendered.HELD_OUT_DIGITS :]
    supplies = rendered.Supplies(digits, options.pendigits, typefaces.provide(options.fonts))
    outcomes = fit(bundle, supplies, options.seed, options.lines, command_of("convert", given), options.workers)
    print(f"{table(outcomes)}\n{bundle.path}")
    return OK


def _reproduce(options: argparse.Namespace, given: Sequence[str]) -> int:
    from convert import remake, reproduce  # as above
    from convert.opened import open_bundle
    from train import data

    bundle, mnist = open_bundle(options.bundle), data.load(options.data)
    if options.quick:
        rows = list(reproduce.again(bundle, mnist, options.pendigits))
    else:
        supplies = remake.Supplies(options.data, options.pendigits, options.fonts, options.crops, options.workers)
        new = open_bundle(remake.remake(bundle, options.work, supplies))
        rows = list(reproduce.beside(bundle, new, mnist, options.pendigits))
    print(reproduce.table(rows))
    reproduce.require(rows)
    return OK


if __name__ == "__main__":
    sys.exit(main())
