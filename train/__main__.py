"""`python -m train`: train LeNet-5 on MNIST, or on glyphs off rendered lines, and leave a run folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from train.commandline import OK, add_supplies, answer, command_of, number, plain_name, quieten
from train.recipe import DIGIT, DIGIT_OR_NOT, RECIPES, Recipe, final

PROGRAM = "python -m train"
NAMES = {DIGIT: "lenet5", DIGIT_OR_NOT: "lenet5-digit-or-not"}
"""A run's name, by the role of its network."""
KEPT = ".glyphs"
"""Folder beside the run folders in which rendered glyphs are kept."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, train, and return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    quieten()
    work = _train if options.role == DIGIT else _train_rendered
    return answer(lambda: work(options, command_of("train", given)), PROGRAM, options.debug)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Train LeNet-5 and leave a run folder.")
    about = "digit: MNIST's ten; digit-or-not: eleven classes, off rendered lines (%(default)s)"
    parser.add_argument("--role", choices=tuple(RECIPES), default=DIGIT, help=about)
    parser.add_argument("--name", type=plain_name, help=f"the run's name ({_defaults(NAMES)})")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie (%(default)s)")
    parser.add_argument("--data", type=Path, metavar="FILE", help="MNIST as Keras' .npz or as mnist.pkl.gz")
    parser.add_argument("--final", action="store_true", help="train on all 60,000 digits, for all epochs")
    parser.add_argument("--force", action="store_true", help="overwrite a run of this name")
    parser.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    recipe = parser.add_argument_group("recipe")
    for name, kind, about in (
        ("seed", number(int, 0, 2**32 - 1), ""),
        ("epochs", number(int, 1, 1000), ""),
        ("batch", number(int, 1, 10_000), ""),
        ("rate", number(float, 1e-6, 1), "Adam's step size "),
        ("patience", number(int, 1, 1000), "early stop, epochs "),
        ("warped", number(float, 0, 1), "share of samples that are distorted "),
    ):
        recipe.add_argument(f"--{name}", type=kind, help=f"{about}({_recipe_defaults(name)})")
    recipe.add_argument("--activation", choices=("relu", "tanh"), help=f"({_recipe_defaults('activation')})")
    recipe.add_argument("--pooling", choices=("max", "average"), help=f"({_recipe_defaults('pooling')})")
    rendering = parser.add_argument_group(DIGIT_OR_NOT)
    scenes = number(int, 10, 10_000_000)
    rendering.add_argument("--scenes", type=scenes, default=60_000, help="lines that are rendered (%(default)s)")
    add_supplies(rendering)
    return parser


def _recipe_defaults(name: str) -> str:
    return _defaults({role: getattr(recipe, name) for role, recipe in RECIPES.items()})


def _defaults(by_role: dict[str, Any]) -> str:
    """A default as help shows it: one, or the first and then the others by role."""
    first, *others = by_role.items()
    return "; ".join([str(first[1]), *(f"{role}: {value}" for role, value in others if value != first[1])])


def _recipe(options: argparse.Namespace) -> Recipe:
    names = ("seed", "epochs", "batch", "rate", "patience", "activation", "pooling", "warped")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    recipe = replace(RECIPES[options.role], **given)
    return final(recipe) if options.final else recipe


def _train(options: argparse.Namespace, command: str) -> int:
    from train import data, runs  # after argparse, since TensorFlow takes seconds to import

    folder = options.runs / (options.name or NAMES[DIGIT])
    runs.refuse_to_overwrite(folder, options.force)
    mnist = data.load(options.data)
    print(f"MNIST from {mnist.source}", file=sys.stderr)
    results = runs.make_run(folder, _recipe(options), mnist, command, options.force)["results"]
    if results["validation_error"] is not None:
        print(f"validation error {results['validation_error']:.2%}")
    print(f"test error {results['test_error']:.2%}\n{folder}")
    return OK


def _train_rendered(options: argparse.Namespace, command: str) -> int:
    from train import data, rendered, runs, typefaces  # as above

    folder = options.runs / (options.name or NAMES[DIGIT_OR_NOT])
    runs.refuse_to_overwrite(folder, options.force)
    rendered.check_pendigits(options.pendigits)
    mnist, fonts, recipe = data.load(options.data), typefaces.provide(options.fonts), _recipe(options)
    print(f"MNIST from {mnist.source}", file=sys.stderr)
    kept = options.runs / KEPT
    shown = rendered.sets(
        mnist, options.pendigits, fonts, recipe.seed, options.scenes, kept, options.final, options.workers
    )
    results = runs.make_rendered_run(folder, recipe, shown, mnist, command, options.force)["results"]
    print(f"validation error {results['validation_error']:.2%} of digits")
    print(f"not digits, taken for one {results['not_digits_taken']:.2%}")
    print(f"test error {results['test_error']:.2%}\n{folder}")
    return OK


if __name__ == "__main__":
    sys.exit(main())
