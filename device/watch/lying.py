"""What lies under the camera: one envelope, or an empty table, from when it comes to rest until it is gone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from device.camera.shot import Shot, map_box
from device.types import Box, Reading
from device.watch.envelope import Paper
from device.watch.scene import TILES
from device.watch.track import MOST_CARRIED, MOST_LOOKS, Track
from device.watch.writing import Writing

Uint8 = NDArray[np.uint8]

MARGIN = 0.35
"""Around a code on its crop, in heights of its digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """A code that was announced, or may have to be."""

    digits: str
    box: Box | None = None
    """On the region that is watched; None of what was before a restart, as its crop."""
    crop: Uint8 | None = None


@dataclass(slots=True)
class Lying:
    """What came to rest."""

    thumb: Uint8
    """As it lay there first, or was carried to."""
    track: Track
    began: float
    """When all of it was in view: monotonic clock, seconds."""
    paper: Paper | None = None
    paper_box: Box | None = None
    """On the full picture; None where the paper is not told from the table."""
    where: NDArray[np.bool_] = field(default_factory=lambda: np.ones(TILES[::-1], bool))
    """Blocks of the thumbnail that hold writing."""
    writing: Writing | None = None
    """None of what lay there before a restart."""
    way: tuple[int, int] | None = None
    """How far it went on between the last two looks, in pixels of the small picture, across and down; None of what
    rests."""
    went: float = 0.0
    """When it was last seen to go on, if ever."""
    vain: int = 0
    """Looks at all of it, while it went on, that saw no code."""
    blank: bool = False
    """No writing at all."""
    done: bool = False
    """It was announced, or there is nothing to announce."""
    looked: float = 0.0
    """When it was read last."""
    settled: list[Code] = field(default_factory=list)
    """What was announced."""
    candidate: Reading | None = None
    """What the votes say as long as nothing is settled."""
    guess: Code | None = None
    """The same, where it lies on the region."""

    @property
    def most_looks(self) -> int:
        """From so many on it is looked at now and then: of what is carried past some only see a part."""
        return MOST_LOOKS if self.way is None else MOST_CARRIED

    @property
    def digits(self) -> str:
        """What was announced last; empty when nothing was."""
        return self.settled[-1].digits if self.settled else ""

    @property
    def codes(self) -> list[Code]:
        """What is known to stand on it."""
        return self.settled or ([] if self.guess is None else [self.guess])


def crop_of(shot: Shot, reading: Reading) -> Uint8:
    """The code alone, as it lies on the full picture, with a little paper around it."""
    x, y, width, height = reading.box
    margin = round(MARGIN * max(box[3] for box in reading.digit_boxes))
    box = map_box((x - margin, y - margin, width + 2 * margin, height + 2 * margin), shot.size, shot.size)
    return np.array(shot.full(box))
