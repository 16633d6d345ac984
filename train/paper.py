"""Paper, pen and camera: what lies behind the ink, and what happens to it on its way into a file."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float32]


def paper(height: int, width: int, rng: np.random.Generator) -> Floats:
    """A sheet's brightness, float32[height, width], about 0..255: tint, fibres, light, folds, security print."""
    base = rng.uniform(150, 245)
    sheet = np.full((height, width), base, np.float32)
    sheet += _light(height, width, rng) * base / 230
    sheet += cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 1.2) * rng.uniform(0, 9)
    if rng.random() < 0.35:
        sheet *= _creases(height, width, rng)
    if rng.random() < 0.3:
        sheet *= _security(height, width, rng)
    return sheet


def _light(height: int, width: int, rng: np.random.Generator) -> Floats:
    grid = rng.normal(0, 1, (max(2, height // 32), max(2, width // 32))).astype(np.float32)
    cloud = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * rng.uniform(0, 5)
    slope = np.linspace(-1, 1, width, dtype=np.float32)[None] * np.float32(rng.uniform(-25, 25))
    slope = slope + np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(rng.uniform(-12, 12))
    return np.asarray(cloud + slope, np.float32)


def _creases(height: int, width: int, rng: np.random.Generator) -> Floats:
    """Folds and the edges of shadows: steps of light along lines."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    out = np.ones((height, width), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        turn, at = rng.uniform(0, np.pi), rng.uniform(-0.4, 0.4) * max(height, width)
        away = (x - width / 2) * np.float32(np.cos(turn)) + (y - height / 2) * np.float32(np.sin(turn)) - np.float32(at)
        soft = np.float32(rng.uniform(1.5, 12))
        if rng.random() < 0.6:
            out *= 1 + np.float32(rng.uniform(-0.18, 0.10)) * np.tanh(away / soft)
        else:
            out *= 1 + np.float32(rng.uniform(-0.12, 0.08)) * np.exp(-((away / soft) ** 2))
    return out


def _security(height: int, width: int, rng: np.random.Generator) -> Floats:
    """A cheque's background: fine waves, rings or a weave, fainter than ink."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    depth, pitch = np.float32(rng.uniform(0.03, 0.18)), np.float32(rng.uniform(4, 14))
    kind = rng.integers(4)
    if kind == 0:
        phase = y + np.float32(rng.uniform(1, 8)) * np.sin(x / np.float32(rng.uniform(8, 40)))
    elif kind == 1:
        phase = np.hypot(x - np.float32(rng.uniform(-0.5, 1.5) * width), y - np.float32(rng.uniform(-2, 3) * height))
    elif kind == 2:
        weave = np.sin(x * 2 * np.pi / pitch) * np.sin(y * 2 * np.pi / pitch)
        return np.asarray(1 - depth * (weave > rng.uniform(0, 0.5)), np.float32)
    else:
        turn = rng.uniform(0, np.pi)
        phase = x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn))
    wave = np.sin(phase * 2 * np.pi / pitch)
    return np.asarray(1 - depth * np.clip(wave * 2 - 1 if rng.random() < 0.6 else wave, 0, 1), np.float32)


def lay(sheet: Floats, ink: Floats, rng: np.random.Generator) -> Uint8:
    """Ink float32[h, w] in 0..1 on a sheet, then lens, sensor and file: uint8[h, w]."""
    if rng.random() < 0.25:  # a pen that skips, a ribbon that wears
        blotch = cv2.GaussianBlur(rng.normal(0, 1, ink.shape).astype(np.float32), (0, 0), rng.uniform(1, 4))
        ink = ink * np.clip(
            1 - np.float32(rng.uniform(0.2, 0.8)) * np.abs(blotch) / max(float(blotch.std()), 1e-6) / 2, 0.15, 1
        )
    dark = np.float32(rng.uniform(10, 90))
    share = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.3, 1.1)) * np.float32(rng.uniform(0.5, 1.0))
    picture = sheet * (1 - share) + np.minimum(dark, sheet * 0.75) * share
    if rng.random() < 0.4:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.5))
    picture = picture * np.float32(rng.uniform(0.75, 1.05))
    picture = picture + rng.normal(0, rng.uniform(0.5, 6), picture.shape).astype(np.float32)
    out = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))]
        out = np.asarray(cv2.imdecode(cv2.imencode(".jpg", out, quality)[1], cv2.IMREAD_GRAYSCALE), np.uint8)
    return out
