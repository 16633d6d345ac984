"""Runs side by side, and beside what their sources say, in Markdown.

Every figure is read or measured, none is typed in: errors come from run.json, parameters
and multiplications from the network itself, and what int8 does from bundles that were made
of the runs.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

from device.classify import Classifier
from device.errors import ModelError
from device.model import Bundle
from train.data import Mnist
from train.errors import RunError
from train.evaluate import Uint8
from train.files import sha256, write_atomically
from train.networks.count import Cost, costs
from train.networks.registry import NETWORKS, Network
from train.recipe import DIGIT
from train.runs import Run

HEAD = (
    "network", "distortions", "parameters", "theirs", "MACs", "test error", "theirs", "int8 error", "int8 bytes",
    "int8 µs",
)  # fmt: skip
UNKNOWN = "–"
MARK = "<!-- What follows is written by python -m train table -->"
"""In a document: the line below which the tables are put."""
BATCH, ROUNDS = 8, 300
"""Digits in one invoke that is timed, and how many are; the shortest counts."""


def tables(runs: Sequence[Run], bundles: Sequence[Bundle] = (), pixels: Uint8 | None = None) -> str:
    """A row for each run, why ours differ from theirs, the commands, and the layers of each network.

    bundles: made of the runs, for what int8 does.  pixels: uint8[8, 32, 32], digits to time them with.
    """
    for run in runs:
        if run.role != DIGIT:
            raise RunError(f"{run.folder} is a run of the role {run.role}, {DIGIT} is wanted")
    converted = {_keras_file(bundle): bundle for bundle in bundles}
    counted = {run.arch: costs(run.network()) for run in runs}
    rows = [_row(run, counted[run.arch], converted.get(sha256(run.model_file)), pixels) for run in runs]
    differences = "\n".join(f"- `{arch}`: {NETWORKS[arch].differs}" for arch in counted)
    commands = "\n".join(f"    {_anywhere(run.record['command'])}" for run in runs)
    layers = [_layers(arch, cost, NETWORKS[arch]) for arch, cost in counted.items()]
    parts = [_markdown(HEAD, rows, 2), "## Why they differ", differences, "## The commands", commands]
    return "\n\n".join([*parts, "## Layer by layer", *layers])


def put_into(document: Path, text: str) -> None:
    """Replace all that stands below the mark."""
    kept, mark, _ = document.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise RunError(f"{document} has no line {MARK}")
    write_atomically(document, f"{kept}{mark}\n\n{text}\n".encode())


def _row(run: Run, cost: Sequence[Cost], bundle: Bundle | None, pixels: Uint8 | None) -> list[str]:
    network, distorted = NETWORKS[run.arch], run.record["recipe"]["warped"] > 0
    int8 = bundle.network(DIGIT).file("int8").path if bundle else None
    teacher = run.record["data"].get("teacher", {}).get("run")
    return [
        f"`{run.arch}`" + (f", taught by `{teacher}`" if teacher else ""),
        "yes" if distorted else "no",
        _count(sum(one.parameters for one in cost)),
        _count(network.parameters),
        _count(sum(one.macs for one in cost)),
        _percent(run.record["results"]["test_error"]),
        _percent(network.errors.get(distorted)),
        _percent(bundle.card["accuracy"]["mnist-test"]["int8_error"] if bundle else None),
        _count(int8.stat().st_size if int8 else None),
        f"{microseconds(bundle, pixels):.1f}" if bundle and pixels is not None else UNKNOWN,
    ]


def microseconds(bundle: Bundle, pixels: Uint8) -> float:
    """The int8 network's time a digit on this machine, in the shortest of many invokes on one thread."""
    classifier = Classifier.open(bundle.network(DIGIT))
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        classifier.logits(pixels)
        times.append(time.perf_counter() - start)
    return 1e6 * min(times) / len(pixels)


def some_digits(mnist: Mnist) -> Uint8:
    """What is timed: uint8[8, 32, 32]."""
    return mnist.test[:BATCH].pixels


def _anywhere(command: str) -> str:
    """The command without where its run folder lay."""
    return re.sub(r" --runs[ =]\S+", "", command)


def _layers(arch: str, cost: Sequence[Cost], network: Network) -> str:
    rows = [[one.name, "x".join(map(str, one.shape)), _count(one.parameters), _count(one.macs)] for one in cost]
    return f"`{arch}` ({network.source}):\n\n{_markdown(('layer', 'gives', 'parameters', 'MACs'), rows, 2)}"


def _keras_file(bundle: Bundle) -> str:
    """The hash of the Keras network that a bundle was converted from."""
    try:
        return str(bundle.card["made_by"]["keras"]["sha256"])
    except (KeyError, TypeError) as error:
        raise ModelError(f"{bundle.path}: the card does not say which Keras network it was made of") from error


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> str:
    """A table whose first columns are words and whose others are figures."""
    rule = [*["---"] * words, *["---:"] * (len(head) - words)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def _count(number: int | None) -> str:
    return UNKNOWN if number is None else f"{number:,}"


def _percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{100 * share:.2f} %"
