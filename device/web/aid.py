"""Setting up: is the picture sharp and bright enough, are the digits large enough, and what to do where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from device.camera.shot import Shot
from device.types import Reading
from device.watch.trouble import DARK, GLARING, LEAST_SHARPNESS, brightness, glare, sharpness, text_lines

ADVICE = ("too-dark", "glare", "no-writing", "blurred", "soft", "digits-small", "good")
"""What to do first (closed list; translated)."""
SOFT = 1.5
"""So many times the least sharpness, and focus need not be turned any further."""
LEAST_DIGITS = 14.0
"""Height of digits on the full picture, pixels: clean ones are read from 8, blur and noise take the rest."""
BRIGHT = 90.0
"""Paper as bright as this needs no more light."""


@dataclass(frozen=True, slots=True)
class Aid:
    """Figures to turn a lens and a lamp by, each with what it has to reach."""

    sharpness: float
    """See `device.watch.trouble.sharpness`."""
    sharp_from: float
    brightness: float
    """Of the paper, 0 to 255."""
    bright_from: float
    glare: float
    """Share of the paper that is burnt out."""
    digit_height: float | None
    """On the full picture, pixels, of the code, or of the tallest writing; None where nothing is written."""
    digits_from: float
    advice: str
    """Of `ADVICE`."""


def judge(shot: Shot, standing: Sequence[Reading]) -> Aid:
    """shot: the region that is watched; standing: what is read of it."""
    small = shot.small
    lines = text_lines(small)
    height: float | None = None
    if standing:
        height = float(max(box[3] for box in standing[0].digit_boxes))
    elif lines:
        height = max(line.text_height for line in lines) * shot.size[0] / shot.small_size[0]
    sharp, bright, burnt = sharpness(small), brightness(small), glare(small)
    return Aid(
        round(sharp, 3),
        SOFT * LEAST_SHARPNESS,
        round(bright),
        BRIGHT,
        round(burnt, 2),
        None if height is None else round(height, 1),
        LEAST_DIGITS,
        _advice(sharp, bright, burnt, height),
    )


def _advice(sharp: float, bright: float, burnt: float, height: float | None) -> str:
    if bright < DARK:
        return "too-dark"
    if burnt > GLARING:
        return "glare"
    if height is None:
        return "no-writing"
    if sharp < LEAST_SHARPNESS:
        return "blurred"
    if sharp < SOFT * LEAST_SHARPNESS:
        return "soft"
    return "digits-small" if height < LEAST_DIGITS else "good"
