"""What `postread watch` announces."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from device.types import Reading

SCHEMA = 1
Kind = Literal["settled", "refused", "state"]
State = Literal["searching", "reading", "settled", "needs-help"]
"""searching: nothing lies there; reading: something does; settled: it was read; needs-help: a person must see to it."""


def now() -> str:
    """RFC 3339, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One line of `postread watch`."""

    event: Kind
    state: State
    why: str | None = None
    """Why help is needed, of `device.watch.trouble.WHY`, or why a reading was refused, of `device.decode.REASONS`."""
    detail: str | None = None
    """The same in words; may change between versions."""
    reading: Reading | None = None
    crop: NDArray[np.uint8] | None = None
    """uint8[h, w] or BGR uint8[h, w, 3]: the code alone, for the store."""
    scene: NDArray[np.uint8] | None = None
    """Thumbnail of what lay there, so that it is known again after a restart."""
    late: bool = False
    """It could not be announced when it happened: what it speaks of may have gone, and is no state of now."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    time: str = field(default_factory=now)

    def line(self) -> dict[str, Any]:
        """As it is printed and sent."""
        return {
            "schema": SCHEMA,
            "event": self.event,
            "id": self.id,
            "time": self.time,
            "reading": None if self.reading is None else self.reading.plain(),
            "state": self.state,
            "why": self.why,
            "detail": self.detail,
        }
