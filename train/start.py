"""What fine-tuning goes on from: a trained network, and labelled crops of what it should read better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from train.data import Glyphs, Mnist, Shown
from train.evaluate import evaluate, logits_of

TEN = 10
"""Classes that are digits."""
SHARE = 0.2
"""Part of what is shown that are crops; the rest is what the network was trained on, so that it does not forget."""


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A network and crops, in two parts."""

    network: keras.Model
    crops: Glyphs
    held_out: Glyphs
    """Those that choose the epoch, and are not trained on."""
    data: dict[str, Any]
    """Of the crops, for the record."""
    base: dict[str, Any]
    """Of the network, for the record."""

    def mixed(self, part: Shown, held_out: Shown) -> tuple[Glyphs, Glyphs]:
        """To train on and to choose by: crops among what the network knows; in the choice both count the same."""
        return _among(part, self.crops, SHARE), _among(held_out, self.held_out, 0.5)

    def results(self, tuned: keras.Model, mnist: Mnist) -> dict[str, float]:
        """Errors of both networks: on the held-out crops, and on MNIST's test digits the older one's."""
        return {
            "crops_error_before": digit_error(self.network, self.held_out),
            "crops_error": digit_error(tuned, self.held_out),
            "test_error_before": digit_error(self.network, mnist.test),
        }


def digit_error(network: keras.Model, digits: Shown) -> float:
    """Share of digits that a network's first ten outputs have wrong."""
    return evaluate(logits_of(network, digits)[:, :TEN], digits.labels).error


def _among(known: Shown, crops: Glyphs, share: float) -> Glyphs:
    """Both in one array, the crops as often as makes up their share."""
    times = max(1, round(share / (1 - share) * len(known) / len(crops)))
    pixels = np.concatenate([known.pixels, np.tile(crops.pixels, (times, 1, 1))])
    return Glyphs(pixels, np.concatenate([known.labels, np.tile(crops.labels, times)]))
