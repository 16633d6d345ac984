"""The networks that can be trained, by name: how each is built, its recipe, and what its source says of it.

Nothing here needs TensorFlow until a network is built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from train.recipe import (
    CNN_DEEP,
    CNN_SIMPLE,
    DIGIT,
    LENET5,
    LENET5_1998,
    LENET5_WIDE,
    LENET_KERAS,
    RECIPES,
    Recipe,
)

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True)
class Network:
    """A network by its name."""

    build: Callable[[Recipe], keras.Model]
    """Make it anew, float32[N, 32, 32, 1] pixels 0 to 255 → float32[N, classes] logits."""
    recipe: Recipe
    """How it is trained as `digit`, unless options say otherwise."""
    source: str
    """Where it comes from, in words."""
    parameters: int | None
    """How many the source counts."""
    errors: dict[bool, float] = field(default_factory=dict)
    """The source's share of wrong test digits, by whether it was trained with distortions."""
    differs: str = ""
    """Why ours is not quite theirs, in words."""


def _lenet5(recipe: Recipe) -> keras.Model:
    from train.lenet5 import lenet5  # here as below: Keras takes seconds to import

    return lenet5(recipe.classes, recipe.activation, recipe.pooling)


def _lenet5_wide(recipe: Recipe) -> keras.Model:
    from train.lenet5 import WIDE, lenet5

    return lenet5(recipe.classes, recipe.activation, recipe.pooling, WIDE)


def _lenet5_1998(recipe: Recipe) -> keras.Model:
    from train.networks.lenet5_1998 import lenet5_1998

    return lenet5_1998()


def _lenet_keras(recipe: Recipe) -> keras.Model:
    from train.networks.tutorials import lenet_keras

    return lenet_keras()


def _cnn_simple(recipe: Recipe) -> keras.Model:
    from train.networks.tutorials import cnn_simple

    return cnn_simple()


def _cnn_deep(recipe: Recipe) -> keras.Model:
    from train.networks.deep import cnn_deep

    return cnn_deep()


PAPER = "LeCun, Bottou, Bengio, Haffner 1998, section II.B"
PAPERS_ERRORS = {False: 0.0095, True: 0.0080}
"""Section III.B: without distortions, and with them."""

NETWORKS = {
    LENET5: Network(
        _lenet5,
        RECIPES[DIGIT],
        f"{PAPER}, as the tutorials draw it",
        60_000,
        PAPERS_ERRORS,
        "Six digits in ten worn as a camera's are; ReLU for the scaled tanh, max pooling for trained averages, all "
        "connections in C3 (900 parameters more), "
        "pooling without parameters (44 fewer), a dense output of 850 for fixed prototypes; Adam and many more "
        "distortions for the paper's 20 passes of stochastic diagonal Levenberg-Marquardt.",
    ),
    LENET5_WIDE: Network(
        _lenet5_wide,
        replace(RECIPES[DIGIT], arch=LENET5_WIDE),
        "LeNet-5's layers with 16 and 40 maps, 168 and 84 units",
        None,
        {},
        "it is ours: three times as many parameters as LeNet-5 has.",
    ),
    LENET5_1998: Network(
        _lenet5_1998,
        # With the rubbish constant, and not plain cross-entropy: distances to the codes differ by so much for so little
        # in F6 that cross-entropy is content with small values, where tanh is a straight line, and so is the network.
        Recipe(arch=LENET5_1998, batch=64, rate=3e-3, activation="tanh", pooling="average", rubbish=3.0),
        PAPER,
        60_000,
        PAPERS_ERRORS,
        "the network is the paper's, but for the ten bitmaps, which were drawn anew; Adam in batches for stochastic "
        "diagonal Levenberg-Marquardt, 30 epochs for 20, and other distortions, made anew for every epoch, where the "
        "paper made 540,000 once.",
    ),
    LENET_KERAS: Network(
        _lenet_keras,
        Recipe(
            arch=LENET_KERAS, epochs=5, batch=32, rate=1e-3, cosine=False, validation=12_000, keep_best=False, warped=0
        ),
        "Keras tutorials' wider LeNet: 32 and 48 maps, dense 256 and 84; Adam, five epochs, a fifth held out",
        None,
        {},
        "the last fifth is held out, not one drawn by lot, and the input is the canvas, cropped.",
    ),
    CNN_SIMPLE: Network(
        _cnn_simple,
        Recipe(arch=CNN_SIMPLE, epochs=10, rate=1e-3, cosine=False, validation=0, keep_best=False, warped=0),
        "Keras tutorials' simple convolutional network: 32 and 64 maps, dense 1,000; batches of 128, ten epochs",
        None,
        {},
        "the tutorials look at the test digits after every epoch; here they are shown once, after the last.",
    ),
    CNN_DEEP: Network(
        _cnn_deep,
        replace(RECIPES[DIGIT], arch=CNN_DEEP, epochs=26, batch=256),
        "four convolutions with batch normalisation and dropout, to teach the others",
        None,
        {},
        "it is ours: ten times as many multiplications as LeNet-5 has.",
    ),
}
"""All of them; the first is what is shipped."""
IN_ANY_ROLE = LENET5, LENET5_WIDE
"""Those that have as many classes as a role asks for."""


def build(recipe: Recipe) -> keras.Model:
    """Make the recipe's network, untrained."""
    return NETWORKS[recipe.arch].build(recipe)


def recipe_of(role: str, arch: str) -> Recipe:
    """What a network is trained by in a role."""
    return replace(RECIPES[role], arch=arch) if arch in IN_ANY_ROLE else NETWORKS[arch].recipe
