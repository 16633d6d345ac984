"""One picture of one digit: how the network of a run reads it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from device.ink import soften, threshold, to_grey
from device.pixels import CANVAS, DIGIT_BOX, MNIST_SIDE, canvas, normalise
from device.sources import pages
from train.data import Glyphs
from train.evaluate import Float32, Uint8, logits_of, softmax
from train.runs import Run

MIDDLE_GREY = 128
"""A border darker than this is a dark ground, with light ink."""
LAID = 2
"""Pixels by which a digit that was laid into the field may be larger or smaller than it should be."""
HALO = np.ones((3, 3), np.uint8)
"""A digit takes the soft edge of its strokes with it."""
SPECK, NEIGHBOUR = 0.04, 0.3
"""A piece of ink smaller than this share of the largest one is no part of the digit; at the edge, smaller than that."""


def read_picture(path: Path) -> Uint8:
    """A picture file of one digit as the network wants it: uint8[32, 32], 255 = ink."""
    return to_canvas(to_grey(next(pages(path, first_only=True)).image))


def to_canvas(grey: Uint8) -> Uint8:
    """Ink on paper, or light on dark as MNIST's pictures are: uint8[H, W] → uint8[32, 32], 255 = ink.

    A picture of 28x28 or 32x32 pixels on which a digit lies as MNIST lays it is taken as it is, any other is fitted
    into the field as the device does it.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(border))
    if paper < MIDDLE_GREY:
        grey, paper = 255 - grey, 255 - paper
    ink = np.clip(255 - np.round(grey * (255 / max(paper, 1.0))), 0, 255).astype(np.uint8)
    if not (grey.shape in ((MNIST_SIDE, MNIST_SIDE), (CANVAS, CANVAS)) and _is_laid(ink)):
        return _fitted(ink)
    return np.asarray(canvas(ink[None])[0]) if grey.shape == (MNIST_SIDE, MNIST_SIDE) else ink


def _is_laid(ink: Uint8) -> bool:
    """Whether its height or width is a digit's in the field: a tight crop fills the picture."""
    rows, columns = (np.flatnonzero((ink > threshold(ink)).any(axis=axis)) for axis in (1, 0))
    return bool(len(rows)) and abs(max(np.ptp(rows), np.ptp(columns)) + 1 - DIGIT_BOX) <= LAID


def _fitted(ink: Uint8) -> Uint8:
    """Ink uint8[H, W] fitted into the field, uint8[32, 32], without specks and what reaches in from beside it."""
    least = threshold(ink)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink > least).view(np.uint8), connectivity=8)
    left, top, width, height, area = stats[1:].T
    if not len(area):
        return np.zeros((CANVAS, CANVAS), np.uint8)
    edge = (left == 0) | (top == 0) | (left + width == ink.shape[1]) | (top + height == ink.shape[0])
    kept = area >= np.where(edge, NEIGHBOUR, SPECK) * area.max()
    own = np.append(False, kept)[labels].view(np.uint8)
    return normalise(soften(ink, least), cv2.dilate(own, HALO) > 0)


def predict(run: Run, pixels: Uint8) -> Float32:
    """The share of each class, softmax of the logits: uint8[32, 32] → float32[classes]."""
    return np.asarray(softmax(logits_of(run.network(), Glyphs(pixels[None], np.zeros(1, np.uint8))))[0])
