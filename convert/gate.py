"""The gate: every threshold that a conversion has to meet, and what is said when one is not met.

Float and quantised may agree with each other and both be wrong, so that answers are held against the truth and
against the Keras network too; and classes may agree while the logits are a shambles (of one image repeated as
representative set, most classes survive), so that noise and clipping are measured beside them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from convert.errors import ParityError
from convert.parity.figures import Parity
from convert.parity.layers import Layer, worst
from convert.source import BROUGHT
from train.recipe import DIGIT, LENET5, LENET5_1998


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of a network on one set; shares from 0 to 1.  A share of few glyphs is rounded up to a glyph."""

    error: float = 0.05
    """Float32's, against the truth, at most: a network of other classes, or fed other pixels, has more."""
    error_gap: float = 0.0005
    """By which the quantised error may differ from the float one."""
    disagreement: float = 0.0005
    """Share of glyphs given another class."""
    unsure: float = 0.0
    """Or this share of float32's errors, if that is more; half of it for the gap.  A network that errs more often has
    more digits on which a hair decides."""
    sqnr: float = 30.0
    """Of the logits, dB, at least."""
    clipped: float = 0.005
    """Share of any layer's float values that its quantised tensor cannot hold."""
    sharpness: tuple[float, float] = (0.2, 5.0)
    """The temperature of float32's logits lies between these: pixels of 0 to 255 shown to a network that was trained
    on 0 to 1 leave most classes right and make logits a hundred times too large."""


ON_MNIST = Limits()
"""Of the shipped LeNet-5."""
OTHERS_ON_MNIST = replace(ON_MNIST, error_gap=0.001, disagreement=0.001)
"""Of the tutorials' networks."""
DISTANCES_ON_MNIST = replace(OTHERS_ON_MNIST, sharpness=(0.2, 20.0))
"""Of LeNet-5 of 1998: squared distances to codes that differ in a dozen places and more are larger than log odds."""
BROUGHT_ON_MNIST = replace(OTHERS_ON_MNIST, error=0.2, unsure=0.15, sqnr=25.0)
"""Of what people bring: a network of one layer has 8 % wrong, and may be wanted all the same."""
STRANGERS_ON_MNIST = replace(ON_MNIST, error=0.15, error_gap=0.01, disagreement=0.01)
"""Of the networks of rendered lines, which are for other digits than these and are unsure of more of them.  Where a
digit and `not a digit` stand on the same int8 step the digit comes first, and so int8 errs on fewer."""
ON_CUTS = Limits(error=0.25, error_gap=0.003, disagreement=0.005, unsure=0.15, sqnr=28.0, clipped=0.01)
"""On glyphs cut from rendered lines: halves of digits are among them, and blots, on which any two networks differ.
Read by a network that was shown MNIST alone, much of it is strange.  And int8 logits come in steps of a third: where a
digit and `not a digit` stand on the same step, the digit comes first."""
LARGEST_REFERENCE_CHANGE = 1e-3
"""Of float32's log probabilities, beside the Keras network's: the same sums in another order."""
LARGEST_CODE_GAP = 0.002
"""Of whole codes, share right with quantised networks less that with float ones: 0.2 points, either way."""
OUTSIDE = 6.0
"""dB by which the logits are worse than the file's own last layer, when what is wrong lies outside the file."""


def limits(role: str, arch: str, on_mnist: bool) -> Limits:
    """What is asked of a network, on MNIST or on glyphs cut from rendered lines."""
    if not on_mnist:
        return ON_CUTS
    if role != DIGIT:
        return STRANGERS_ON_MNIST
    own = {LENET5: ON_MNIST, LENET5_1998: DISTANCES_ON_MNIST, BROUGHT: BROUGHT_ON_MNIST}
    return own.get(arch, OTHERS_ON_MNIST)


def failures(parity: Parity, asked: Limits, layers: Sequence[Layer] = ()) -> list[str]:
    """Each threshold that is not met, and by how much; empty when the network may be shipped."""
    found = [*_wrong(parity, asked), *_apart(parity, asked), *_clipped(layers, asked)]
    return [*found, *_blame(parity, layers)] if found else []


def require(what: str, found: Sequence[str]) -> None:
    """Raise a ParityError that names every threshold not met."""
    if found:
        raise ParityError(f"{what}: {'; '.join(found)}")


def reference_failures(keras: NDArray[np.float64], float32: NDArray[np.float64]) -> list[str]:
    """Hold log probabilities float64[N, classes] of the converted float network against Keras' own."""
    change = float(np.abs(keras - float32).max() / max(1.0, float(np.abs(keras).max())))
    if change <= LARGEST_REFERENCE_CHANGE:
        return []
    parted = int((keras.argmax(axis=1) != float32.argmax(axis=1)).sum())
    what = f"float32's log probabilities are {change:.2g} of the largest off the Keras network's"
    return [f"{what}, {LARGEST_REFERENCE_CHANGE:g} is allowed, and {parted:,} classes differ: not the same network"]


def code_failures(n: int, float32_right: int, quantised_right: int) -> list[str]:
    """Hold the share of whole codes right against that of the float networks."""
    apart, allowed = abs(float32_right - quantised_right), math.ceil(LARGEST_CODE_GAP * n - 1e-9)
    if apart <= allowed:
        return []
    gap = apart / n
    return [f"whole codes right differ by {gap:.2%}, {gap - allowed / n:.2%} more than the {allowed / n:.2%} allowed"]


def _wrong(parity: Parity, asked: Limits) -> list[str]:
    """Held against the truth."""
    found, (sharp, flat) = [], asked.sharpness
    if parity.float32_error > asked.error:
        over = f"{parity.float32_error:.2%} are read wrongly, {parity.float32_error - asked.error:.2%} more"
        found.append(f"{over} than the {asked.error:.0%} allowed: other classes than the card's, or other pixels")
    elif not sharp <= parity.sharpness <= flat:
        size = "large" if parity.sharpness > flat else "small"
        said = f"the logits are too {size}: their temperature is {parity.sharpness:g}, {sharp:g} to {flat:g} is allowed"
        found.append(f"{said}; does the network expect pixels of another range?")
    return found


def _apart(parity: Parity, asked: Limits) -> list[str]:
    """Held against each other."""
    found, n = [], parity.n
    gap, parted = abs(parity.quantised_wrong - parity.float32_wrong), n - parity.agreeing
    unsure = asked.unsure * parity.float32_error
    if gap > (most := _glyphs(max(asked.error_gap, unsure / 2), n)):
        found.append(f"the errors differ by {gap / n:.2%}, {(gap - most) / n:.2%} more than the {most / n:.2%} allowed")
    if parted > (most := _glyphs(max(asked.disagreement, unsure), n)):
        same = f"the classes agree on {parity.agreement:.2%}"
        found.append(f"{same}, {(parted - most) / n:.2%} less than the {1 - most / n:.2%} asked")
    if parity.sqnr < asked.sqnr:
        short = asked.sqnr - parity.sqnr
        found.append(f"the logits' SQNR is {parity.sqnr:.1f} dB, {short:.1f} less than the {asked.sqnr:g} asked")
    return found


def _blame(parity: Parity, layers: Sequence[Layer]) -> list[str]:
    """Where to look for what is wrong."""
    blamed = worst(layers)
    if not blamed or not blamed.added:
        return []
    if layers[-1].sqnr > parity.sqnr + OUTSIDE:
        return [f"the file itself gives {layers[-1].sqnr:.1f} dB: its output is taken for another than it is"]
    return [f"most of the noise comes in at {blamed.said()}"]


def _clipped(layers: Sequence[Layer], asked: Limits) -> list[str]:
    """What lies beyond a layer's range: the representative set did not show it."""
    most = max(layers, key=lambda layer: layer.clipped, default=None)
    if most is None or most.clipped <= asked.clipped:
        return []
    over = f"{most.clipped:.2%} of {most.name}'s values are clipped, {most.clipped - asked.clipped:.2%} more"
    return [f"{over} than the {asked.clipped:.2%} allowed: the representative set lacks them"]


def _glyphs(share: float, n: int) -> int:
    """A share of so many glyphs, rounded up: 0.05 % of 10,000 are 5, of 1,000 one."""
    return math.ceil(share * n - 1e-9)
