"""MNIST once a session, and a training so small that it can be repeated."""

import importlib.util
from dataclasses import replace

import pytest

from train.data import Mnist


@pytest.fixture(scope="session")
def small(mnist: Mnist) -> Mnist:
    """1,500 digits to train with and 300 to test."""
    return replace(mnist, train=mnist.train[:1500], test=mnist.test[:300])


@pytest.fixture(scope="session")
def quick():
    """A recipe of seconds, with validation on 500 digits."""
    from train.augment import Warp
    from train.recipe import Recipe

    return Recipe(epochs=2, batch=100, validation=500, calm_epochs=1, warp=Warp(fields=64))


@pytest.fixture(scope="session")
def hand(root):
    """The script that writes crops of an old hand."""
    spec = importlib.util.spec_from_file_location("hand", root / "docs" / "hand" / "write.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
