"""MNIST once a session, and a training so small that it can be repeated."""

from dataclasses import replace

import pytest

from train.data import Mnist, load


@pytest.fixture(scope="session")
def mnist() -> Mnist:
    """All of MNIST, through the sources that training uses."""
    return load()


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
