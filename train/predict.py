"""One picture of one digit: how the network of a run reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from device.ink import soften, threshold, to_grey
from device.pixels import CANVAS, MNIST_SIDE, canvas, normalise
from device.sources import pages
from train.data import Glyphs
from train.evaluate import Float32, Uint8, logits_of, softmax
from train.runs import Run

MIDDLE_GREY = 128
"""A border darker than this is a dark ground, with light ink."""


def read_picture(path: Path) -> Uint8:
    """A picture file of one digit as the network wants it: uint8[32, 32], 255 = ink."""
    return to_canvas(to_grey(next(pages(path, first_only=True)).image))


def to_canvas(grey: Uint8) -> Uint8:
    """Ink on paper, or light on dark as MNIST's pictures are: uint8[H, W] → uint8[32, 32], 255 = ink.

    A picture of 28x28 or 32x32 pixels is taken for a digit that lies there as MNIST lays it, any other is fitted into
    the field as the device does it.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(border))
    if paper < MIDDLE_GREY:
        grey, paper = 255 - grey, 255 - paper
    ink = np.clip(255 - np.round(grey * (255 / max(paper, 1.0))), 0, 255).astype(np.uint8)
    if grey.shape == (MNIST_SIDE, MNIST_SIDE):
        return np.asarray(canvas(ink[None])[0])
    return ink if grey.shape == (CANVAS, CANVAS) else normalise(soften(ink, threshold(ink)))


def predict(run: Run, pixels: Uint8) -> Float32:
    """The share of each class, softmax of the logits: uint8[32, 32] → float32[classes]."""
    return np.asarray(softmax(logits_of(run.network(), Glyphs(pixels[None], np.zeros(1, np.uint8))))[0])
