"""Recipes: all that decides how a training goes, by the role of the network.  Nothing here needs TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from train.augment import Warp, Wear

if TYPE_CHECKING:
    from train.lenet5 import Activation, Pooling

DIGIT, DIGIT_OR_NOT, WHICH_DIGIT = "digit", "digit-or-not", "which-digit"
DIGIT_OR_NOT_ALONE = "digit-or-not-alone"
"""The roles, as cards name them."""
LENET5, LENET5_WIDE = "lenet5", "lenet5-wide"
LENET5_1998, LENET_KERAS, CNN_SIMPLE, CNN_DEEP = "lenet5-1998", "lenet-keras", "cnn-simple", "cnn-deep"
"""The networks' names, see `train.networks.registry`."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides how a training goes, besides the digits."""

    seed: int = 1998
    epochs: int = 30
    batch: int = 128
    rate: float = 2e-3
    """Adam's first step size; it falls to zero along half a cosine, or stays, see below."""
    patience: int = 10
    """Epochs without a better validation loss before training stops."""
    validation: int = 10_000
    """Digits held out, MNIST's last training digits; 0 trains on all of them.  Without held-out digits (or, for eleven
    classes, glyphs, which there always are) training stops when the epochs are over."""
    activation: Activation = "relu"
    pooling: Pooling = "max"
    warped: float = 0.9
    """Share of samples that are distorted; 0, of these and of the worn ones, trains on MNIST as it is."""
    calm_epochs: int = 3
    """Last epochs, in which the network settles on digits closer to real ones."""
    calm_warped: float = 0.5
    """Share of samples that are distorted then."""
    warp: Warp = field(default_factory=Warp)
    worn: float = 0.0
    """Share of samples that are blurred and thresholded as a camera's are."""
    wear: Wear = field(default_factory=Wear)
    classes: int = 10
    """Of the network: 11 with `not a digit`."""
    arch: str = LENET5
    """The network's name."""
    cosine: bool = True
    """Whether the step size falls."""
    keep_best: bool = True
    """Whether, where digits are held out, the weights of the epoch that suited them best are kept, and training stops
    early; else the last epoch's, as a tutorial has it."""
    rubbish: float | None = None
    """The constant j of LeCun 1998, equation 9, which stands for all that is no digit: with it the loss also pulls the
    right digit's penalty below j, and no longer pushes the others' far above.  None: plain cross-entropy."""


# Rendered glyphs come in all slants, sizes and pens already.
_RENDERED = Recipe(
    epochs=12,
    batch=256,
    warped=0.5,
    warp=Warp(rotation=6.0, shear=0.12, scale=0.08, shift=1.0, elastic=0.9),
)
RECIPES = {
    DIGIT: Recipe(worn=0.6),
    DIGIT_OR_NOT: replace(_RENDERED, epochs=10, classes=11),
    DIGIT_OR_NOT_ALONE: replace(_RENDERED, epochs=8, classes=11),
    WHICH_DIGIT: replace(_RENDERED, epochs=12),
}
"""Each role's own."""


def final(recipe: Recipe) -> Recipe:
    """The same recipe for all digits, once nothing is left to choose."""
    return replace(recipe, validation=0)


def fine(recipe: Recipe) -> Recipe:
    """A trained network's recipe, for going on with it: few epochs of small steps.

    The seed is another, so that lines are rendered that the network was not trained on.
    """
    return replace(recipe, seed=2024, epochs=3, rate=3e-4, calm_epochs=0, validation=10_000, keep_best=True)
