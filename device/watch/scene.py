"""What changed since the last look, told on a thumbnail: a scene in which nothing happens costs nearly nothing."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Uint8 = NDArray[np.uint8]
Blocks = NDArray[np.float32]

TILES = 20, 12
"""Blocks across and down: what moves in one of them is a movement, however still the rest is."""
TILE = 8
"""Sides of a block on the thumbnail, pixels."""
LEAST_MOTION = 3.5
"""Mean grey levels by which a block changes when something moves in it, at least ..."""
NOISES = 4.0
"""... and so many times what blocks change by when nothing does."""
REMEMBERED = 60
"""Looks over which the noise is judged."""
QUIET_SHARE = 0.2
"""The quietest looks among them are the noise."""
MOST_FADED = 12.0
"""Grey levels by which light may fade between two looks; more is something else that fills the picture."""
FAINT = 1.5, 1.0
"""A glimpse's block has changed when it did so many times as much as the middle one, and so many grey levels more:
single pixels are noisy all over, and what is seen in vain costs no more than a look."""
MOST_NOISY = 9.0
"""Grey levels of it that are noise or a lamp that flickers; more is something else."""
SAME_SCENE = 2.0
"""So many movements' worth of change, and it is not the same scene any more."""


def thumbnail(small: Uint8) -> Uint8:
    """uint8[96, 160] of a small picture."""
    size = TILES[0] * TILE, TILES[1] * TILE
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)


def changed(a: Uint8, b: Uint8) -> Blocks:
    """Mean change of each block between two thumbnails: float32[12, 20], grey levels.  Light that fades or flickers
    alike everywhere is not a change."""
    difference = cv2.subtract(a, b, dtype=cv2.CV_16S)
    shift = float(np.clip(np.median(difference[::4, ::4]), -MOST_FADED, MOST_FADED))
    size = np.abs(difference.astype(np.float32) - np.float32(shift))
    return np.asarray(cv2.resize(size, TILES, interpolation=cv2.INTER_AREA), np.float32)


@dataclass(slots=True)
class Scene:
    """The last look, and how noisy looks are."""

    last: Uint8 | None = None
    """Thumbnail."""
    looks: int = 0
    moving: bool = True
    """Something moved between the last two looks."""
    still: int = 0
    """Looks since something moved."""
    restless: int = 0
    """Looks since nothing did."""
    _still_life: bool = False
    """What is looked at is a stand-in's picture, the same object again and again: the next one is something else."""
    _small: Uint8 | None = None
    _glimpse: Uint8 | None = None
    """At the last look."""
    _noise: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def pass_over(self, glimpse: Uint8 | None) -> bool:
        """Whether a glimpse uint8[h, w] shows what lay still at the last look: then it counts for another one."""
        known = self._glimpse
        if glimpse is None or known is None or self.moving or known.shape != glimpse.shape:
            return False
        if glimpse is known:
            self._still_life = True
        elif self._still_life:
            return False
        else:
            blocks = np.sort(cv2.resize(cv2.absdiff(glimpse, known), TILES, interpolation=cv2.INTER_AREA), axis=None)
            middle = min(float(blocks[blocks.size // 2]), MOST_NOISY)
            if blocks[-1] > FAINT[0] * middle + FAINT[1]:
                return False
        self.looks += 1
        self._count(0.0)
        return True

    def look(self, small: Uint8, glimpse: Uint8 | None = None) -> None:
        """Take in another look, uint8[h, w]; glimpse: what `pass_over` compares the next ones with."""
        self.looks += 1
        known, self._glimpse = self._glimpse, glimpse
        if small is self._small or (glimpse is not None and glimpse is known):  # of a region the small one is made anew
            self._still_life = True
            self._count(0.0)
            return
        thumb = thumbnail(small)
        if self.last is None or (self._small is not None and self._small.shape != small.shape):
            self.moving, self.still, self.restless = True, 0, 1
        else:
            blocks = changed(thumb, self.last)
            self._noise.append(float(np.median(blocks)))
            self._count(float(np.inf if self._still_life else blocks.max()))
        self._still_life = False
        self.last, self._small = thumb, small

    @property
    def threshold(self) -> float:
        """Grey levels from which on a block has changed."""
        if not self._noise:
            return LEAST_MOTION
        quietest = sorted(self._noise)[int(QUIET_SHARE * (len(self._noise) - 1))]
        return max(LEAST_MOTION, NOISES * quietest)

    def same_as(self, thumb: Uint8) -> bool:
        """Whether the last look shows what a thumbnail of before shows."""
        return self.last is not None and float(changed(self.last, thumb).max()) < SAME_SCENE * self.threshold

    def gone(self, thumb: Uint8, where: NDArray[np.bool_]) -> float:
        """Share of some blocks bool[12, 20] that do not look any more as on a thumbnail."""
        if self.last is None or not where.any():
            return 0.0
        return float((changed(self.last, thumb)[where] > SAME_SCENE * self.threshold).mean())

    def _count(self, most: float) -> None:
        self.moving = most > self.threshold
        self.still = 0 if self.moving else self.still + 1
        self.restless = self.restless + 1 if self.moving else 0
