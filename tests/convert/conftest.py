"""MNIST, the shipped network as a run to convert, and networks too young to be good."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from train.data import Glyphs, Mnist
from train.files import sha256
from train.recipe import RECIPES


@pytest.fixture(scope="session")
def small(mnist: Mnist) -> Mnist:
    """3,000 digits to train and calibrate with and 1,000 to test: the second thousand, on which the shipped network is
    as good in both precisions (of a thousand, one digit is more than the gate allows)."""
    return replace(mnist, train=mnist.train[:3000], test=mnist.test[1000:2000])


@pytest.fixture(scope="session")
def shipped(root):
    """The Keras network of the shipped bundle."""
    import keras

    return keras.models.load_model(root / "models" / "lenet5.keras", compile=False)


@pytest.fixture
def make_run(root, small, tmp_path):
    """Make a run folder of the shipped network, as if it had been trained on the small set."""
    from train.recipe import Recipe
    from train.runs import open_run, versions

    def make(name="run", model=None, data=small, **recipe):
        folder = tmp_path / name
        folder.mkdir()
        record = {
            "run_schema": 1,
            "command": f"python -m train --name {name}",
            "seed": 1998,
            "versions": versions(),
            "data": {"name": "MNIST", "sha256": data.sha256()},
            "recipe": asdict(replace(Recipe(validation=500), **recipe)),
        }
        (folder / "run.json").write_text(json.dumps(record))
        if model is None:
            (folder / "model.keras").write_bytes((root / "models" / "lenet5.keras").read_bytes())
        else:
            model.save(folder / "model.keras")
        return open_run(folder)

    return make


@pytest.fixture
def make_second(shipped, small, tmp_path):
    """Make a digit-or-not run: the shipped network with an eleventh output that fires on nearly empty glyphs."""
    from train.lenet5 import lenet5

    def make(name="second", glyphs=None, data=small):
        folder = tmp_path / name
        folder.mkdir()
        model = lenet5(classes=11)
        *below, kernel, bias = shipped.get_weights()
        model.set_weights([*below, np.pad(kernel, ((0, 0), (0, 1))), np.append(bias, 3.0)])
        model.save(folder / "model.keras")
        return leave_rendered(folder, "digit-or-not", held_out(small) if glyphs is None else glyphs, data)

    return make


@pytest.fixture
def make_third(shipped, small, tmp_path):
    """Make a which-digit run: the shipped network, which was shown digits alone as well."""

    def make(name="third"):
        folder = tmp_path / name
        folder.mkdir()
        shipped.save(folder / "model.keras")
        digits = held_out(small)
        return leave_rendered(folder, "which-digit", digits[digits.labels < 10], small)

    return make


def leave_rendered(folder: Path, role: str, glyphs: Glyphs, data: Mnist):
    """Make a run on rendered lines of a folder with a network in it."""
    from train.rendered import save
    from train.runs import open_run, versions

    save(folder / "held-out.npz", glyphs.pixels, glyphs.labels)
    record = {
        "run_schema": 1,
        "role": role,
        "command": f"python -m train --role {role} --name {folder.name}",
        "seed": 1998,
        "versions": versions(),
        "data": {"mnist": data.sha256(), "held_out_sha256": sha256(folder / "held-out.npz")},
        "recipe": asdict(RECIPES[role]),
    }
    (folder / "run.json").write_text(json.dumps(record))
    return open_run(folder)


def held_out(small: Mnist) -> Glyphs:
    """1,000 digits and 100 specks."""
    pixels = np.zeros((1100, 32, 32), np.uint8)
    pixels[:1000] = small.test.pixels
    pixels[1000:, 15:17, 15:17] = np.linspace(100, 255, 100).astype(np.uint8)[:, None, None]
    return Glyphs(pixels, np.append(small.test.labels, np.full(100, 10, np.uint8)))


@pytest.fixture
def out(tmp_path):
    """Where bundles go, which is not there yet."""
    return tmp_path / "models"
