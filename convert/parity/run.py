"""One whole comparison, as the command asks for it: sets rendered, networks compared, codes read twice."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.render import unseen_digits
from convert.parity import schemes, sets
from convert.parity.codes import Code, Readers, read_codes
from convert.parity.compare import Comparison, Sides, compare_network
from convert.parity.report import Report
from convert.parity.sets import CODES, CUT, MNIST, PRINTED, TestSet
from device.model import Bundle
from train import typefaces
from train.data import Mnist, cache_folder
from train.rendered import Supplies, check_pendigits

ALL_SETS = (MNIST, CUT, PRINTED, CODES)
RANGE_SCENES = 200
"""Scenes whose glyphs give the ranges of networks of rendered lines, where a scheme needs any."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be compared, and on how much."""

    scheme: str = schemes.INT8
    on: tuple[str, ...] = ALL_SETS
    scenes: int = 800
    """Rendered lines to cut glyphs from, and as many printed ones."""
    codes: int = 2000
    """Pages that are read whole."""
    seed: int = 1998
    workers: int = 1


def compare(
    bundle: Bundle, asked: Asked, mnist: Mnist, pendigits: Path | None, fonts: Path | None, command: str
) -> Report:
    """Compare a bundle's float32 networks with quantised ones on every set asked for.

    pendigits, fonts: what lines are written with, besides MNIST digits that no network of the bundle was trained on.
    command: for the record.
    """
    digits, whose = unseen_digits(bundle, mnist)
    supplies = None
    if set(asked.on) - {MNIST}:
        check_pendigits(pendigits)
        supplies = Supplies(digits, pendigits, typefaces.provide(fonts))
    with tempfile.TemporaryDirectory(prefix="postread-parity-") as folder:
        sides = schemes.sides(bundle, asked.scheme, mnist, _for_ranges(asked, supplies), Path(folder))
        networks = [one for shown in _shown(asked, mnist, supplies) for one in _networks(sides, shown, mnist)]
        codes: list[Code] = []
        if supplies is not None and CODES in asked.on:
            readers = Readers(str(bundle.path), str(sides.quantised.path), sides.precision, supplies)
            codes = read_codes(readers, asked.seed, asked.codes, asked.workers)
    return Report(sides, command, whose, tuple(networks), tuple(codes))


def _shown(asked: Asked, mnist: Mnist, supplies: Supplies | None) -> list[TestSet]:
    """The sets of glyphs, in their order."""
    found = [sets.of_mnist(mnist.test)] if MNIST in asked.on else []
    if supplies is not None and CUT in asked.on:
        found.append(sets.cut(supplies, asked.seed, asked.scenes, _kept(), asked.workers))
    if supplies is not None and PRINTED in asked.on:
        found.append(sets.printed(supplies, asked.seed, asked.scenes, asked.workers))
    return found


def _networks(sides: Sides, shown: TestSet, mnist: Mnist) -> list[Comparison]:
    """Every network on a set, and on MNIST also beside the Keras network that it was made from, if that is there."""
    found = []
    for network in sides.float32.networks:
        there = shown.name == MNIST and schemes.has_keras(sides.float32, network.role)
        model = schemes.open_keras(sides.float32, network.role, mnist) if there else None
        found.append(compare_network(sides, network.role, shown, model))
    return found


def _for_ranges(asked: Asked, supplies: Supplies | None) -> TestSet | None:
    """Glyphs of other lines than those that are compared on, where a scheme needs ranges."""
    if supplies is None or asked.scheme != schemes.INT16X8:
        return None
    return sets.cut(supplies, asked.seed + 1, RANGE_SCENES, _kept(), asked.workers)


def _kept() -> Path:
    return cache_folder() / "parity"
