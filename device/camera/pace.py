"""Films and folders are given at the pace of a camera."""

from __future__ import annotations

import time
from dataclasses import dataclass

FPS = 30.0
"""Of what does not say how fast it was taken."""


@dataclass(slots=True)
class Pace:
    """Waits until the next frame is due; fps 0 never waits."""

    fps: float = FPS
    due: float = 0.0
    """Monotonic clock, seconds."""

    def wait(self, frames: float = 1.0) -> None:
        """Until so many frames after the last one; what is late is not made up for."""
        if self.fps <= 0:
            return
        now = time.monotonic()
        time.sleep(max(0.0, self.due - now))
        self.due = max(self.due, now) + frames / self.fps
