"""Films of envelopes passing under a camera, with their truth, and what `postread watch` makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks import film_frames
from benchmarks.envelopes import cep
from train.writers import Hands

Uint8 = NDArray[np.uint8]

FILMS = 0xF1125
"""First word of every film's seed."""
PRINTED, WRITTEN, WITHOUT = 30, 30, 12
ENTERING, RESTING, LEAVING, GAP = (7, 13), (20, 30), (6, 11), (5, 12)
"""How many frames each part takes, from and below."""
PASSING_HAND = 0.15
"""Share of envelopes over which a hand passes while they rest."""


@dataclass(frozen=True, slots=True)
class Take:
    """One envelope's way through the picture."""

    kind: str
    """printed, written or without"""
    code: str
    """Digits; empty without a code."""
    first: int
    """Number of the frame in which it begins to come in."""
    rest: int
    """Of the first frame in which it rests."""
    leave: int
    """Of the first frame in which it moves again."""
    stop: int
    """Of the first frame of the next take."""


def plan(seed: int, shares: tuple[int, int, int] = (PRINTED, WRITTEN, WITHOUT)) -> list[Take]:
    """Who passes when: so many printed, written and without a code in a random order; two in a row have one code."""
    rng = np.random.default_rng((FILMS, seed))
    kinds = [kind for kind, count in zip(("printed", "written", "without"), shares, strict=True) for _ in range(count)]
    takes: list[Take] = []
    start = int(rng.integers(*GAP))
    for kind in rng.permutation(kinds):
        times = [int(rng.integers(*span)) for span in (ENTERING, RESTING, LEAVING, GAP)]
        rest = start + times[0]
        leave = rest + times[1]
        stop = leave + times[2] + times[3]
        takes.append(Take(str(kind), "" if kind == "without" else cep(rng), start, rest, leave, stop))
        start = stop
    pairs = [k for k in range(1, len(takes)) if takes[k].code and takes[k - 1].code]
    if pairs:
        twin = pairs[int(rng.integers(len(pairs)))]
        takes[twin] = replace(takes[twin], code=takes[twin - 1].code)
    return takes


def frames(hands: Hands, seed: int, takes: list[Take]) -> Iterator[bytes]:
    """The film of these takes, a JPEG of 1280x720 a frame."""
    desk = film_frames.desk(np.random.default_rng((FILMS, seed, 0)))
    number = 0
    for k, take in enumerate(takes):
        rng = np.random.default_rng((FILMS, seed, 1, k))
        look = seen(hands, take, rng)
        quality = int(rng.integers(*film_frames.QUALITY))
        steps = _still(take.first - number, 1.0)  # before the first take
        if number < take.first:
            yield from (_frame(look, desk, step, quality, rng) for step in steps)
        for step in _steps(take, rng):
            yield _frame(look, desk, step, quality, rng)
        number = take.stop


def seen(hands: Hands, take: Take, rng: np.random.Generator) -> film_frames.Look:
    """A take's envelope before the camera."""
    by_hand = take.kind == "written" or (take.kind == "without" and bool(rng.random() < 0.5))
    ink = film_frames.letter(hands, take.code, by_hand, rng)
    return film_frames.look(film_frames.on_paper(ink, rng), rng)


Step = tuple[float, float, float | None]


def _frame(look: film_frames.Look, desk: Uint8, step: Step, quality: int, rng: np.random.Generator) -> bytes:
    return film_frames.encoded(film_frames.shown(look, desk, *step, rng), quality)


def _still(count: int, away: float) -> list[Step]:
    return [(away, 0.0, None)] * count


def _steps(take: Take, rng: np.random.Generator) -> list[Step]:
    """Away, speed and the hand's reach, for each frame of a take."""
    coming = [(away, speed, 0.0) for away, speed in film_frames.glide(take.rest - take.first)]
    rest = take.leave - take.rest
    resting: list[Step] = _still(rest, 0.0)
    for k in range(min(4, rest)):  # the hand lets go
        resting[k] = (0.0, 0.0, 0.08 * (k + 1))
    if rng.random() < PASSING_HAND:
        middle = rest - 5
        for k in range(-4, 5):
            resting[middle + k] = (0.0, 0.0, -0.35 + 0.2 * abs(k))
    leaving = int(rng.integers(LEAVING[0], min(LEAVING[1], take.stop - take.leave - 4)))
    going = [(away, speed, 0.0) for away, speed in film_frames.glide(leaving)][::-1]
    return [*coming, *resting, *going, *_still(take.stop - take.leave - leaving, 1.0)]
