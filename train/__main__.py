"""`python -m train`: train LeNet-5 on MNIST and leave a run folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from train.commandline import OK, answer, command_of, number, plain_name, quieten

PROGRAM = "python -m train"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, train, and return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    quieten()
    return answer(lambda: _train(options, command_of("train", given)), PROGRAM, options.debug)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Train LeNet-5 on MNIST and leave a run folder.")
    parser.add_argument("--name", type=plain_name, default="lenet5", help="the run's name (%(default)s)")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie (%(default)s)")
    parser.add_argument("--data", type=Path, metavar="FILE", help="MNIST as Keras' .npz or as mnist.pkl.gz")
    parser.add_argument("--final", action="store_true", help="train on all 60,000 digits, for all epochs")
    parser.add_argument("--force", action="store_true", help="overwrite a run of this name")
    parser.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    recipe = parser.add_argument_group("recipe")
    recipe.add_argument("--seed", type=number(int, 0, 2**32 - 1), default=1998, help="(%(default)s)")
    recipe.add_argument("--epochs", type=number(int, 1, 1000), default=30, help="(%(default)s)")
    recipe.add_argument("--batch", type=number(int, 1, 10_000), default=128, help="(%(default)s)")
    recipe.add_argument("--rate", type=number(float, 1e-6, 1), default=2e-3, help="Adam's step size (%(default)s)")
    recipe.add_argument("--patience", type=number(int, 1, 1000), default=10, help="early stop, epochs (%(default)s)")
    recipe.add_argument("--activation", choices=("relu", "tanh"), default="relu", help="(%(default)s)")
    recipe.add_argument("--pooling", choices=("max", "average"), default="max", help="(%(default)s)")
    recipe.add_argument(
        "--warped", type=number(float, 0, 1), default=0.9, help="share of samples that are distorted (%(default)s)"
    )
    return parser


def _train(options: argparse.Namespace, command: str) -> int:
    from train import data, fit, runs  # after argparse, since TensorFlow takes seconds to import

    folder = options.runs / options.name
    runs.refuse_to_overwrite(folder, options.force)
    mnist = data.load(options.data)
    print(f"MNIST from {mnist.source}", file=sys.stderr)
    names = ("seed", "epochs", "batch", "rate", "patience", "activation", "pooling", "warped")
    recipe = fit.Recipe(**{name: getattr(options, name) for name in names})
    if options.final:
        recipe = fit.final(recipe)
    results = runs.make_run(folder, recipe, mnist, command, options.force)["results"]
    if results["validation_error"] is not None:
        print(f"validation error {results['validation_error']:.2%}")
    print(f"test error {results['test_error']:.2%}\n{folder}")
    return OK


if __name__ == "__main__":
    sys.exit(main())
