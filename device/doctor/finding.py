"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warn", "fail", "skipped"]
"""warn: it reads, but not as well or not for ever; fail: it does not; skipped: not for this machine or settings."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `postread doctor`."""

    check: str
    """A slug, in a closed list: `device.doctor.examination.CHECKS`."""
    verdict: Verdict
    said: str
    remedy: str | None = None
    """What to do; never missing where something is to be done."""

    def __post_init__(self) -> None:
        assert (self.remedy is not None) == (self.verdict in ("warn", "fail")), self
