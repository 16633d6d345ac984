"""`python -m train`: train LeNet-5 on MNIST, or on glyphs off rendered lines, and leave a run folder.

`--fine-tune` goes on with a bundle's networks, and leaves a run folder of each; `predict` and `table` are for runs
that are there already.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from device.errors import UsageError
from train.commandline import OK, add_supplies, answer, command_of, number, plain_name, quieten
from train.networks.registry import IN_ANY_ROLE, NETWORKS, recipe_of
from train.recipe import DIGIT, LENET5, RECIPES, Recipe, final

PROGRAM = "python -m train"
OF_LENET5 = ("activation", "pooling")
"""Options that other networks do not have."""
FINE_TUNED = "fine-tuned"
"""Of a run that goes on with another, unless it is given a name."""
KEPT = ".glyphs"
"""Folder beside the run folders in which rendered glyphs are kept."""
SCENES, SCENES_AGAIN = 60_000, 2_000
"""Lines that are rendered to train on, and to go on training with."""
ANEW = ("role", "arch", "activation", "pooling", "final", "patience", "teacher")
"""Options of a network that is trained anew, and not of one that is fine-tuned."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, train, and return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    quieten()
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # else only where a processor has VNNI or AMX
    anew = _train if options.role in (None, DIGIT) else _train_rendered
    work = options.run or (_fine_tune if options.fine_tune else anew)
    if options.run and (options.fine_tune or _given(options)):
        work = _refuse
    return answer(lambda: work(options, command_of("train", given)), PROGRAM, options.debug)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Train LeNet-5 and leave a run folder.")
    about = "digit: MNIST's ten; off rendered lines: eleven classes, or which-digit, ten (digit)"
    parser.add_argument("--role", choices=tuple(RECIPES), help=about)
    about = f"the network, with its own recipe; see docs/networks.md ({LENET5})"
    parser.add_argument("--arch", choices=tuple(NETWORKS), help=about)
    about = f"the run's name (--arch; off rendered lines: ARCH-ROLE; with --fine-tune: {FINE_TUNED})"
    parser.add_argument("--name", type=plain_name, help=about)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie (%(default)s)")
    parser.add_argument("--data", type=Path, metavar="FILE", help="MNIST as Keras' .npz or as mnist.pkl.gz")
    about = "a run whose network teaches this one, see docs/networks.md (none)"
    parser.add_argument("--teacher", metavar="RUN", type=Path, help=about)
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
        ("worn", number(float, 0, 1), "share of samples that are blurred as a camera's are "),
    ):
        recipe.add_argument(f"--{name}", type=kind, help=f"{about}({_recipe_defaults(name)})")
    recipe.add_argument("--activation", choices=("relu", "tanh"), help=f"({_recipe_defaults('activation')})")
    recipe.add_argument("--pooling", choices=("max", "average"), help=f"({_recipe_defaults('pooling')})")
    rendering = parser.add_argument_group("off rendered lines")
    scenes = number(int, 10, 10_000_000)
    about = f"lines that are rendered ({SCENES}; with --fine-tune {SCENES_AGAIN})"
    rendering.add_argument("--scenes", type=scenes, help=about)
    add_supplies(rendering)
    going_on = parser.add_argument_group("fine-tuning, see docs/fine-tuning.md")
    about = "go on with a bundle's networks, on the labelled crops of a folder (labels.csv, or folders 0 to 9)"
    going_on.add_argument("--fine-tune", type=Path, metavar="FOLDER", help=about)
    going_on.add_argument("--model", metavar="NAME|PATH.json", help="the bundle (the shipped one)")
    _add_commands(parser)
    return parser


def _add_commands(parser: argparse.ArgumentParser) -> None:
    """The commands for runs that are there; without one, training it is."""
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(metavar="COMMAND", title="for runs that are there already")

    about = "read one digit with a run's network, and print the share of each class, the likeliest first"
    predict = commands.add_parser("predict", help=about, description=about)
    predict.add_argument("training", metavar="RUN", type=Path, help="the run's folder: runs/lenet5")
    which = predict.add_mutually_exclusive_group(required=True)
    which.add_argument("picture", metavar="PICTURE", type=Path, nargs="?", help="a picture of one digit, any size")
    which.add_argument("--test", metavar="N", type=number(int, 0, 9999), help="the Nth of MNIST's test digits, from 0")
    predict.add_argument("--draw", type=Path, metavar="FILE", help="also draw digit and shares, a PNG")
    predict.set_defaults(run=_predict)

    about = "compare runs with one another and with their sources, in Markdown"
    table = commands.add_parser("table", help=about, description=about)
    table.add_argument("trainings", metavar="RUN", type=Path, nargs="+", help="a run's folder")
    about = "a bundle that was made of a run, for what int8 does; may be given several times"
    table.add_argument("--bundle", metavar="NAME|PATH.json", action="append", default=[], help=about)
    table.add_argument("--into", metavar="FILE", type=Path, help="put it into this document, below its mark")
    table.set_defaults(run=_table)
    for command in (predict, table):  # where an option is not given here, it may have been given before the command
        about = "MNIST as Keras' .npz or as mnist.pkl.gz"
        command.add_argument("--data", type=Path, metavar="FILE", default=argparse.SUPPRESS, help=about)
        about = "show a traceback when something fails"
        command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=about)


def _recipe_defaults(name: str) -> str:
    """Of LeNet-5 by its role, and of the other networks."""
    others = {arch: getattr(network.recipe, name) for arch, network in NETWORKS.items() if arch not in IN_ANY_ROLE}
    given = {} if name in OF_LENET5 else others
    return _defaults({role: getattr(recipe, name) for role, recipe in RECIPES.items()} | given)


def _defaults(by_role: dict[str, Any]) -> str:
    """A default as help shows it: one, or the first and then the others by role."""
    first, *others = by_role.items()
    return "; ".join([str(first[1]), *(f"{role}: {value}" for role, value in others if value != first[1])])


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """What the recipe is to differ in."""
    names = ("seed", "epochs", "batch", "rate", "patience", "activation", "pooling", "warped", "worn")
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def _recipe(options: argparse.Namespace) -> Recipe:
    if options.model is not None:
        raise UsageError("--model is the bundle to go on from; give --fine-tune FOLDER with it")
    given, role, arch = _given(options), options.role or DIGIT, options.arch or LENET5
    if arch not in IN_ANY_ROLE:
        if role != DIGIT:
            raise UsageError(f"{arch} has ten classes, the role {role} is for {' and '.join(IN_ANY_ROLE)} alone")
        for name in set(OF_LENET5) & set(given):
            raise UsageError(f"--{name} is an option of {' and '.join(IN_ANY_ROLE)}, not of {arch}")
    recipe = replace(recipe_of(role, arch), **given)
    return final(recipe) if options.final else recipe


def _refuse(options: argparse.Namespace, command: str) -> int:
    raise UsageError("an option of training stands before predict or table, which train nothing; leave one of them out")


def _train(options: argparse.Namespace, command: str) -> int:
    from train import data, runs, teacher  # after argparse, since TensorFlow takes seconds to import

    recipe, folder = _recipe(options), options.runs / (options.name or options.arch or LENET5)
    runs.refuse_to_overwrite(folder, options.force)
    mnist = data.load(options.data)
    print(f"MNIST from {mnist.source}", file=sys.stderr)
    by = teacher.teacher(runs.open_run(options.teacher), recipe, mnist) if options.teacher else None
    results = runs.make_run(folder, recipe, mnist, command, options.force, by)["results"]
    if results["validation_error"] is not None:
        print(f"validation error {results['validation_error']:.2%}")
    print(f"test error {results['test_error']:.2%}\n{folder}")
    return OK


def _train_rendered(options: argparse.Namespace, command: str) -> int:
    from train import data, rendered, runs, typefaces  # as above

    recipe = _recipe(options)
    if options.teacher:
        raise UsageError(f"--teacher is for the role {DIGIT}, {options.role} is trained on glyphs off rendered lines")
    folder = options.runs / (options.name or f"{recipe.arch}-{options.role}")
    runs.refuse_to_overwrite(folder, options.force)
    rendered.check_pendigits(options.pendigits)
    mnist, fonts = data.load(options.data), typefaces.provide(options.fonts)
    print(f"MNIST from {mnist.source}", file=sys.stderr)
    kept = options.runs / KEPT
    made = options.scenes or SCENES, kept, options.final, options.workers, options.role
    shown = rendered.sets(mnist, options.pendigits, fonts, recipe.seed, *made)
    results = runs.make_rendered_run(folder, recipe, shown, mnist, command, options.force)["results"]
    print(f"validation error {results['validation_error']:.2%} of digits")
    if results["not_digits_taken"] is not None:
        print(f"not digits, taken for one {results['not_digits_taken']:.2%}")
    print(f"test error {results['test_error']:.2%}\n{folder}")
    return OK


def _fine_tune(options: argparse.Namespace, command: str) -> int:
    for name in ANEW:
        if getattr(options, name):
            raise UsageError(f"--{name} is for a network that is trained anew, --fine-tune goes on with one as it is")
    from device.model import Bundle
    from train import data, fine_tune, runs  # as above

    replay = fine_tune.Replay(
        options.pendigits, options.fonts, options.scenes or SCENES_AGAIN, options.runs / KEPT, options.workers
    )
    into, bundle = options.runs / (options.name or FINE_TUNED), Bundle.load(options.model)
    where = _given(options), replay, into, command, options.force
    records = fine_tune.fine_tune(bundle, options.fine_tune, data.load(options.data), *where)
    print(fine_tune.table(records))
    for role in records:
        print(runs.beside(into, role))
    return OK


def _predict(options: argparse.Namespace, command: str) -> int:
    from train import data, pictures, predict, runs  # as above

    run = runs.open_run(options.training)
    if options.picture:
        pixels, what = predict.read_picture(options.picture), options.picture.name
    else:
        digit = data.load(options.data).test[options.test : options.test + 1]
        pixels, what = digit.pixels[0], f"test digit {options.test}, a {digit.labels[0]}"
    shares = predict.predict(run, pixels)
    for one in (-shares).argsort(kind="stable"):
        print(f"{pictures.NAMES[one]} {shares[one]:.4f}")
    if options.draw:
        pictures.draw_prediction(options.draw, pixels, shares, what)
    return OK


def _table(options: argparse.Namespace, command: str) -> int:
    from device.model import Bundle
    from train import data, runs, table  # as above

    bundles = [Bundle.load(where) for where in options.bundle]
    pixels = table.some_digits(data.load(options.data)) if bundles else None
    text = table.tables([runs.open_run(folder) for folder in options.trainings], bundles, pixels)
    if options.into:
        table.put_into(options.into, text)
    print(options.into or text)
    return OK


if __name__ == "__main__":
    sys.exit(main())
