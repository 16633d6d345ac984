"""MNIST, the shipped network as a run to convert, and networks too young to be good."""

import json
from dataclasses import asdict, replace

import pytest

from train.data import Mnist, load


@pytest.fixture(scope="session")
def mnist() -> Mnist:
    """All of MNIST, through the sources that training uses."""
    return load()


@pytest.fixture(scope="session")
def small(mnist: Mnist) -> Mnist:
    """3,000 digits to train and calibrate with and 1,000 to test."""
    return replace(mnist, train=mnist.train[:3000], test=mnist.test[:1000])


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
