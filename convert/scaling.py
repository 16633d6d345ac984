"""What a network expects of pixels: found out by showing it digits in every way that is usual."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np

from convert.errors import ConversionError
from convert.temperature import fit_temperature
from train.data import Shown
from train.evaluate import logits_of

WHITE = 255
LEAST_RIGHT = 0.8
"""Share of training digits that a network has to read rightly, in the way that suits it best."""
AS_GOOD = 1.1
"""A scaling whose loss is no larger than this many times the least is as good; the most usual of them is taken."""
ONE_HOT = 0.05
"""Mean squared distance of outputs from a one for the digit and zeros for the others; 0.09 is what means alone give.
A network below it was trained to give just that, and its outputs are no log odds."""
LOUD = np.float32(10)
"""Times such outputs are log odds, to begin with: ten apart, by e to the tenth."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """What pixels become, evenly, before a network is shown them."""

    paper: float
    """What a pixel without ink becomes, 0 on the canvas."""
    ink: float
    """What one full of ink becomes, 255 on the canvas."""

    def __str__(self) -> str:
        return f"{self.paper:g}..{self.ink:g}"

    @property
    def multiplier(self) -> float:
        """Of a pixel's value; what is added then is `paper`."""
        return (self.ink - self.paper) / WHITE

    @property
    def inverted(self) -> Scaling:
        """The same range with dark and light exchanged."""
        return Scaling(self.ink, self.paper)


UPRIGHT = (
    Scaling(0, 1),
    Scaling(0, 255),
    Scaling(-1, 1),
    Scaling(round(-0.1307 / 0.3081, 4), round((1 - 0.1307) / 0.3081, 4)),
    Scaling(-0.5, 0.5),
)
"""The usual ones, the most usual first; the fourth takes off MNIST's mean and divides by its standard deviation."""
USUAL = (*UPRIGHT, Scaling(-0.1, 1.175), *(scaling.inverted for scaling in UPRIGHT))
"""All that are tried: besides these LeNet-5's of 1998, and dark ink on light paper."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How a network does with pixels scaled in one way."""

    scaling: Scaling
    right: float
    """Share of digits read rightly, 0 to 1."""
    entropy: float
    """Cross-entropy of the softmax of its outputs, nats."""
    squares: float
    """Mean squared distance of its outputs from ones and zeros."""

    def record(self) -> dict[str, Any]:
        """As the card has it."""
        return {"right": round(self.right, 4), "cross_entropy": round(self.entropy, 4)}


@dataclass(frozen=True, slots=True)
class Choice:
    """The scaling that a network is converted with."""

    scaling: Scaling
    told: bool
    """By the user; or else found out."""
    trials: tuple[Trial, ...]
    """The one taken first, then as they suit the network."""
    one_hot: bool
    """Its outputs are ones and zeros rather than log odds."""

    def table(self) -> str:
        """What was chosen and why, for people."""
        first, *others = self.trials
        said = f"pixels: {first.scaling} (paper..ink), {'as told' if self.told else 'found out'}"
        rows = [f"{said}: {first.right:.1%} of training digits right, cross-entropy {first.entropy:.3f}"]
        if others:
            rows.append(f"next: {others[0].scaling} with {others[0].right:.1%} and {others[0].entropy:.3f}")
        return "\n".join(rows)

    def record(self) -> dict[str, Any]:
        """As the card has it."""
        tried = {str(trial.scaling): trial.record() for trial in self.trials}
        return asdict(self.scaling) | {"told": self.told, "tried": tried}


def parse(text: str) -> Scaling:
    """A scaling as the command line has it: PAPER..INK.  Raises ValueError."""
    found = re.fullmatch(r"(.+?)\.\.([^.].*|\.\d+)", text)
    if not found:
        raise ValueError(f"{text!r} is not PAPER..INK")
    scaling = Scaling(float(found[1]), float(found[2]))
    if scaling.paper == scaling.ink or not np.isfinite([scaling.paper, scaling.ink]).all():
        raise ValueError(f"{text!r}: paper and ink must be two numbers")
    return scaling


def choose(network: Callable[[Scaling], keras.Model], digits: Shown, told: Scaling | None, what: str) -> Choice:
    """Try the usual scalings, or the one told, on digits that a network may well have been trained on.

    network: gives the network with a scaling in front.  what: its file, for messages.  Raises ConversionError where
    none will do.
    """
    trials = [trial(network(scaling), scaling, digits) for scaling in ([told] if told else USUAL)]
    one_hot = min(one.squares for one in trials) < ONE_HOT
    ranked = rank(trials, one_hot)
    best = ranked[0]
    if not best.right >= LEAST_RIGHT:
        raise ConversionError(_no_classifier(what, best, told))
    return Choice(best.scaling, told is not None, tuple(ranked), one_hot)


def trial(model: keras.Model, scaling: Scaling, digits: Shown) -> Trial:
    """Show a network digits, and hold what it gives against their labels."""
    given, every = logits_of(model, digits).astype(np.float64), np.arange(len(digits))
    if not np.isfinite(given).all():
        return Trial(scaling, 0.0, np.inf, np.inf)
    log = given - np.logaddexp.reduce(given, axis=1, keepdims=True)
    squares = (given - np.eye(given.shape[1])[digits.labels]) ** 2
    right = float((given.argmax(axis=1) == digits.labels).mean())
    return Trial(scaling, right, float(-log[every, digits.labels].mean()), float(squares.mean()))


def rank(trials: Sequence[Trial], one_hot: bool) -> list[Trial]:
    """The best first: the most usual of those that are as good as the one of least loss, then by loss."""

    def loss(one: Trial) -> float:
        return one.squares if one_hot else one.entropy

    least = min(map(loss, trials))
    best = next(one for one in trials if loss(one) <= AS_GOOD * least)
    return [best, *sorted((one for one in trials if one is not best), key=loss)]


def gain(model: keras.Model, digits: Shown) -> float:
    """What outputs that are ones and zeros are multiplied by to be log odds, about."""
    return float(LOUD) / fit_temperature(LOUD * logits_of(model, digits), digits.labels)


def _no_classifier(what: str, best: Trial, told: Scaling | None) -> str:
    if not np.isfinite(best.entropy):
        return f"{what}: its outputs are not numbers, whatever it is shown; was its training finished?"
    found = f"{what} reads {best.right:.0%} of MNIST's digits rightly"
    if told:
        return f"{found} with the scaling {told}, {LEAST_RIGHT:.0%} are wanted; leave --scaling out to try others"
    tried = ", ".join(map(str, USUAL))
    return (
        f"{found} at best, with the scaling {best.scaling}, and {LEAST_RIGHT:.0%} are wanted: no classifier of these "
        f"digits, or it expects other pixels than any of {tried} (paper..ink); then give --scaling"
    )
