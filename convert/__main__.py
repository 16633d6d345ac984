"""`python -m convert`: from a training run to a bundle, and the comparison of its float and int8 networks."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from train.commandline import OK, add_supplies, answer, command_of, number, plain_name, quieten

if TYPE_CHECKING:
    from train.data import Glyphs

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
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Make TFLite networks of a run, and check them.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    about = "convert a training run to float32 and int8 and write a bundle"
    model = commands.add_parser("model", help=about, description=about, parents=[common])
    model.add_argument("training", metavar="RUN", type=Path, help="the run's folder: runs/lenet5")
    model.add_argument("--name", type=plain_name, default="lenet5", help="the bundle's name (%(default)s)")
    model.add_argument("--out", type=Path, default=Path("models"), help="where the bundle goes (%(default)s)")
    model.add_argument("--force", action="store_true", help="overwrite a bundle of this name")
    about = "a run of the same recipe that held digits out: calibrates the confidence of a --final RUN"
    model.add_argument("--held-out", metavar="RUN", type=Path, help=about)
    about = "a digit-or-not run, by whose network lines are read, and after it maybe a which-digit run"
    model.add_argument("--second", metavar="RUN", type=Path, nargs="+", default=[], help=about)
    about = "C1 as drawn, or rewritten for speed (fast, for networks that pool by maxima)"
    model.add_argument("--graph", choices=("fast", "plain"), help=about)
    model.set_defaults(run=_model)

    about = "compare a bundle's float32 and int8 networks, the first's on MNIST's test digits"
    parity = commands.add_parser("parity", help=about, description=about, parents=[common])
    parity.add_argument("bundle", metavar="BUNDLE", nargs="?", help="a bundle's name or card (the shipped one)")
    about = "the digit-or-not run of its second network, which is then compared on that run's held-out glyphs"
    parity.add_argument("--second", metavar="RUN", type=Path, help=about)
    parity.add_argument("--json", action="store_true", help="print the figures as JSON")
    parity.set_defaults(run=_parity)

    about = "fit a bundle's decoder, confidence and thresholds on rendered lines, and write them into its card"
    decoder = commands.add_parser("decoder", help=about, description=about, parents=[common])
    decoder.add_argument("bundle", metavar="BUNDLE", nargs="?", help="a bundle's name or card (the shipped one)")
    lines = number(int, 20, 1_000_000)
    decoder.add_argument("--lines", type=lines, default=3000, help="lines of each kind to fit on (%(default)s)")
    decoder.add_argument("--seed", type=number(int, 0, 2**32 - 1), default=1998, help="(%(default)s)")
    add_supplies(decoder)
    decoder.set_defaults(run=_decoder)
    return parser


def _model(options: argparse.Namespace, given: Sequence[str]) -> int:
    from convert import bundle  # after argparse, since TensorFlow takes seconds to import
    from train import data, runs

    bundle.refuse_to_overwrite(options.out, options.name, options.force)
    run = runs.open_run(options.training)
    held_out = runs.open_run(options.held_out) if options.held_out else None
    others = [runs.open_run(folder) for folder in options.second]
    mnist, command = data.load(options.data), command_of("convert", given)
    where = run, options.name, options.out, mnist, command, options.force
    compared = bundle.make_bundle(*where, held_out=held_out, others=others, graph=options.graph)
    print(compared.table())
    print(options.out / f"{options.name}.json")
    return OK


def _parity(options: argparse.Namespace, given: Sequence[str]) -> int:
    from convert.parity.compare import compare_bundle
    from device.model import Bundle
    from train import data

    glyphs = _left(options.second) if options.second else None
    compared = compare_bundle(Bundle.load(options.bundle), data.load(options.data), glyphs)
    print(json.dumps(compared.record(), indent=1) if options.json else compared.table())
    compared.require()
    return OK


def _decoder(options: argparse.Namespace, given: Sequence[str]) -> int:
    from convert.decoder import fit, table
    from device.model import Bundle
    from train import data, rendered, typefaces

    bundle = Bundle.load(options.bundle)
    rendered.check_pendigits(options.pendigits)
    digits = data.load(options.data).train[-rendered.HELD_OUT_DIGITS :]
    supplies = rendered.Supplies(digits, options.pendigits, typefaces.provide(options.fonts))
    outcomes = fit(bundle, supplies, options.seed, options.lines, command_of("convert", given), options.workers)
    print(f"{table(outcomes)}\n{bundle.path}")
    return OK


def _left(folder: Path) -> Glyphs:
    """The held-out glyphs of a run that calibrated nothing."""
    from convert import calibrate
    from device.model import ROLES
    from train import runs

    run = runs.open_run(folder)
    return calibrate.apart(run.held_out(), ROLES[run.role])[1]


if __name__ == "__main__":
    sys.exit(main())
