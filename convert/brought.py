"""A bundle of a Keras file that somebody brings: opened safely, given the device's ends, and through the same gate."""

from __future__ import annotations

from pathlib import Path

from convert import calibrate, ends, files, scaling
from convert.bundle import convert, ship, temperature
from convert.card import card, made_by
from convert.keras_file import open_file
from convert.parity.compare import Compared
from convert.scaling import Choice, Scaling
from convert.source import BROUGHT, Source
from train.data import Mnist
from train.recipe import DIGIT

TRIED_PER_CLASS = 200
"""Training digits of each class on which scalings are tried."""


def open_source(path: Path, mnist: Mnist, told: Scaling | None = None) -> tuple[Source, Choice]:
    """Open a .keras or .h5 file of a classifier of digits, and find out which pixels it wants.

    told: what pixels become, if the user says so.  Raises ConversionError where the network cannot serve.
    """
    model = open_file(path)
    side = ends.side_of(model, path)
    bare, taken_off = ends.without_last_activation(model)
    digits = mnist.train[calibrate.draw(mnist.train.labels, TRIED_PER_CLASS)]
    choice = scaling.choose(lambda one: ends.on_canvas(bare, one, side), digits, told, str(path))
    network = ends.on_canvas(bare, choice.scaling, side)
    gain = scaling.gain(network, digits) if choice.one_hot else 1.0
    origin = {
        "brought": path.name,
        "input": list(model.inputs[0].shape[1:]),
        "scaling": choice.record(),
        "taken_off": taken_off,
        "gain": gain,
    }
    return Source(DIGIT, BROUGHT, ends.on_canvas(bare, choice.scaling, side, gain), path, origin), choice


def make_bundle(
    source: Source, name: str, out: Path, mnist: Mnist, command: str, force: bool = False, held_out: int = 0
) -> Compared:
    """Convert a network that was brought into the bundle `out/name`; nothing is written unless the parity holds.

    held_out: so many of MNIST's last training digits are known not to have trained it, and give the temperature.
    """
    files.refuse_to_overwrite(out, name, force)
    networks = [convert(source, calibrate.representative(mnist.train), calibrate.PER_CLASS, "plain")]
    told = made_by(name, networks, mnist, command) | {"temperature": {"held_out": held_out}}
    return ship(name, out, networks, card(name, networks, temperature(source.model, mnist, held_out), told), mnist)
