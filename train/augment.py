"""Seeded distortions: the same digit as another hand, pen or sheet would have left it, and as a camera would show it.

One inverse map per image: an affine one (rotation, shear, scale, shift) plus a smooth
random field, "elastic distortion" after Simard, Steinkraus, Platt, "Best Practices for
Convolutional Neural Networks", ICDAR 2003.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from device.pixels import CANVAS

Uint8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]

CHUNK = 512
"""Images in one remap; OpenCV wants fewer than 32,768 rows, and the maps should stay in the cache."""


@dataclass(frozen=True, slots=True)
class Warp:
    """How far a digit may be distorted; each sample draws uniformly within."""

    rotation: float = 12.0
    """Degrees, either way."""
    shear: float = 0.2
    """Columns per row, either way: the slant of the hand."""
    scale: float = 0.15
    """Share by which height and width, each alone, grow or shrink."""
    shift: float = 2.0
    """Pixels, either way, along each axis."""
    elastic: float = 1.4
    """Root mean square of the strongest elastic field, pixels; a sample takes between none and all of it."""
    smoothness: float = 4.0
    """Standard deviation of the Gaussian that smooths an elastic field, pixels (Simard 2003: 4)."""
    fields: int = 2048
    """Elastic fields made once and drawn from."""


@dataclass(frozen=True, slots=True)
class Wear:
    """What a lens and a threshold make of ink; each sample draws uniformly within."""

    blur: tuple[float, float] = (0.3, 1.3)
    """Standard deviation of the lens' Gaussian, pixels."""
    grain: float = 10.0
    """Standard deviation of the strongest noise, of 255."""
    nothing: tuple[float, float] = (5.0, 70.0)
    """Ink up to which paper is seen: the higher, the thinner the stroke, ..."""
    full: tuple[float, float] = (60.0, 170.0)
    """... and how much more of it looks like full ink: the less, the bolder."""
    smooth: tuple[float, float] = (0.3, 0.6)
    """Standard deviation of the Gaussian of drawing it larger, pixels; half of the samples have it."""


def elastic_fields(warp: Warp, rng: np.random.Generator) -> Float32:
    """Make the pool of smooth random fields: float32[fields, 2, 32, 32], pixels along x and y, of RMS 1."""
    noise = rng.uniform(-1, 1, (2 * warp.fields, CANVAS, CANVAS)).astype(np.float32)
    smooth = np.stack([cv2.GaussianBlur(one, (0, 0), warp.smoothness) for one in noise])
    smooth /= np.sqrt((smooth**2).mean(axis=(1, 2), keepdims=True))
    return smooth.reshape(warp.fields, 2, CANVAS, CANVAS)


def distort(pixels: Uint8, warp: Warp, fields: Float32, share: float, rng: np.random.Generator) -> Uint8:
    """Distort a share of the images, the others as they are: uint8[N, 32, 32] → uint8[N, 32, 32], a new array."""
    out = pixels.copy()
    chosen = np.flatnonzero(rng.random(len(pixels)) < share)
    for start in range(0, len(chosen), CHUNK):
        part = chosen[start : start + CHUNK]
        out[part] = _remap(pixels[part], _maps(len(part), warp, fields, rng))
    return out


def wear(pixels: Uint8, by: Wear, share: float, rng: np.random.Generator) -> Uint8:
    """Blur a share of the images as a camera does, with its noise and the threshold after it, the others as they are:
    uint8[N, 32, 32] → uint8[N, 32, 32], a new array."""
    out = pixels.copy()
    chosen = np.flatnonzero(rng.random(len(pixels)) < share)
    if not len(chosen):
        return out
    drawn = (len(chosen), 1, 1)
    seen = _blurred(pixels[chosen].astype(np.float32), rng.uniform(*by.blur, len(chosen)))
    seen += rng.standard_normal(seen.shape, np.float32) * rng.uniform(0, by.grain, drawn).astype(np.float32)
    seen -= rng.uniform(*by.nothing, drawn).astype(np.float32)
    seen = np.clip(255 * seen / rng.uniform(*by.full, drawn).astype(np.float32), 0, 255)
    larger = rng.random(len(chosen)) < 0.5
    seen[larger] = _blurred(seen[larger], rng.uniform(*by.smooth, np.count_nonzero(larger)))
    out[chosen] = seen.astype(np.uint8)
    return out


def _blurred(images: Float32, deviations: NDArray[np.float64]) -> Float32:
    """Each image of float32[N, 32, 32] under a Gaussian of its own, float64[N] pixels."""
    out = np.empty_like(images)
    for one, image, deviation in zip(out, images, deviations.tolist(), strict=True):
        cv2.GaussianBlur(image, (0, 0), deviation, dst=one)
    return out


def _maps(count: int, warp: Warp, fields: Float32, rng: np.random.Generator) -> Float32:
    """Where each output pixel comes from: float32[count, 2, 32, 32], x and y in pixels of the input."""
    middle = (CANVAS - 1) / 2
    y, x = np.mgrid[:CANVAS, :CANVAS].astype(np.float32) - np.float32(middle)
    grid = np.stack([x.ravel(), y.ravel()])
    moved = _affine(count, warp, rng) @ grid
    moved += rng.uniform(-warp.shift, warp.shift, (count, 2, 1)).astype(np.float32) + np.float32(middle)
    strength = rng.uniform(0, warp.elastic, (count, 1, 1, 1)).astype(np.float32)
    bend = fields[rng.integers(len(fields), size=count)]
    return np.asarray(moved.reshape(count, 2, CANVAS, CANVAS) + strength * bend, np.float32)


def _affine(count: int, warp: Warp, rng: np.random.Generator) -> Float32:
    """Draw the linear parts of the inverse maps: float32[count, 2, 2], rotation after shear after scale."""
    angle = np.deg2rad(rng.uniform(-warp.rotation, warp.rotation, count))
    shear = rng.uniform(-warp.shear, warp.shear, count)
    across, down = 1 / rng.uniform(1 - warp.scale, 1 + warp.scale, (2, count))
    cos, sin = np.cos(angle), np.sin(angle)
    rows = [[across * cos, down * (shear * cos - sin)], [across * sin, down * (shear * sin + cos)]]
    return np.array(rows, np.float32).transpose(2, 0, 1)


def _remap(pixels: Uint8, maps: Float32) -> Uint8:
    """Sample all images in one call, set below one another: uint8[N, 32, 32] → uint8[N, 32, 32]."""
    # A coordinate outside is drawn to the edge, which the canvas keeps empty, so that no image sees its neighbour.
    inside = np.clip(maps, 0, CANVAS - 1)
    inside[:, 1] += (np.arange(len(pixels), dtype=np.float32) * CANVAS)[:, None, None]
    x, y = (np.ascontiguousarray(inside[:, axis]).reshape(-1, CANVAS) for axis in (0, 1))
    tall = cv2.remap(pixels.reshape(-1, CANVAS), x, y, cv2.INTER_LINEAR)
    return np.asarray(tall, np.uint8).reshape(-1, CANVAS, CANVAS)
