"""Films of envelopes passing under a camera, with their truth, and what `postread watch` makes of them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import film_frames
from benchmarks.envelopes import CAMERA, cep
from device.watch.command import LEAST
from train.commandline import OK, answer
from train.writers import Hands

Uint8 = NDArray[np.uint8]

FILMS = 0xF1125
"""First word of every film's seed."""
PRINTED, WRITTEN, WITHOUT = 30, 30, 12
ENTERING, RESTING, LEAVING, GAP = (7, 13), (20, 30), (6, 11), (5, 12)
"""How many frames each part takes, from and below."""
APART = 1.1, 1.6
"""From one envelope's middle to the next one's on a belt, in picture widths."""
ASKEW = 0.05
"""Standard deviation of how far a belt's way is off one of the picture's sides, radians."""
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
    takes: list[Take] = []
    start = int(rng.integers(*GAP))
    for kind in _kinds(shares, rng):
        times = [int(rng.integers(*span)) for span in (ENTERING, RESTING, LEAVING, GAP)]
        rest = start + times[0]
        leave = rest + times[1]
        stop = leave + times[2] + times[3]
        takes.append(Take(kind, "" if kind == "without" else cep(rng), start, rest, leave, stop))
        start = stop
    return _with_twins(takes, rng)


def plan_belt(seed: int, speed: float, shares: tuple[int, int, int] = (PRINTED, WRITTEN, WITHOUT)) -> list[Take]:
    """The same on a belt that never stops, so many pixels a frame: each is in the middle where it would rest."""
    rng = np.random.default_rng((FILMS, seed))
    there = round(film_frames.SPAN / speed)
    takes: list[Take] = []
    start = 0
    for kind in _kinds(shares, rng):
        rest = start + there
        takes.append(Take(kind, "" if kind == "without" else cep(rng), start, rest, rest, rest + there))
        start += round(float(rng.uniform(*APART)) * CAMERA[0] / speed)
    return _with_twins(takes, rng)


def _kinds(shares: tuple[int, int, int], rng: np.random.Generator) -> list[str]:
    kinds = [kind for kind, count in zip(("printed", "written", "without"), shares, strict=True) for _ in range(count)]
    return [str(kind) for kind in rng.permutation(kinds)]


def _with_twins(takes: list[Take], rng: np.random.Generator) -> list[Take]:
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


def belt_frames(hands: Hands, seed: int, takes: list[Take], speed: float) -> Iterator[bytes]:
    """The film of a belt, so many pixels a frame, with these takes: a JPEG of 1280x720 a frame."""
    rng = np.random.default_rng((FILMS, seed, 2))
    belt = film_frames.desk(rng)
    turn = float(rng.integers(4)) * np.pi / 2 + float(rng.normal(0, ASKEW))
    way = np.array([np.cos(turn), np.sin(turn)], np.float32)
    quality = int(rng.integers(*film_frames.QUALITY))
    looks: dict[int, film_frames.Look] = {}
    for number in range(takes[-1].stop):
        here = [k for k, take in enumerate(takes) if take.first <= number < take.stop]
        made = {k: seen(hands, takes[k], np.random.default_rng((FILMS, seed, 3, k))) for k in here if k not in looks}
        looks = {k: (looks | made)[k] for k in here}
        step = speed / film_frames.SPAN
        on_it = [(looks[k], (takes[k].rest - number) * step) for k in here]
        picture = film_frames.carried(on_it, belt, way, number * step, step, rng)
        yield film_frames.encoded(picture, quality)


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


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m benchmarks.films`: render films and show them to `postread watch`, or keep their frames."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.films", description=main.__doc__)
    parser.add_argument("--seed", type=int, action="append", help="of a film; may be given again (1)")
    help = "envelopes printed, written and without a code (30,30,12)"
    parser.add_argument("--shares", type=_shares, default=(PRINTED, WRITTEN, WITHOUT), metavar="P,W,N", help=help)
    help = "on a belt that does not stop, so many pixels a frame"
    parser.add_argument("--belt", type=float, metavar="PIXELS", help=help)
    parser.add_argument("--min-confidence", type=float, default=LEAST, metavar="P", help="(%(default)s)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write the frames and truth.json there, and stop")
    parser.add_argument("--data", type=Path, metavar="FILE", help="MNIST as Keras' .npz or as mnist.pkl.gz")
    parser.add_argument("--fonts", type=Path, metavar="FOLDER", help="the fontpkg wheels (fetched into the cache)")
    parser.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    options = parser.parse_args(arguments)
    return answer(lambda: _run(options), parser.prog, options.debug)


def _run(options: argparse.Namespace) -> int:
    from benchmarks import film_scores, render
    from device.reader import Reader
    from train import data, typefaces

    hands = render.writers(data.load(options.data).test, typefaces.provide(options.fonts))
    if options.keep is None:
        print(film_scores.HEADER)
    for seed in options.seed or [1]:
        if options.belt:
            takes = plan_belt(seed, options.belt, options.shares)
            film, name = belt_frames(hands, seed, takes, options.belt), f"seed {seed}, {options.belt:g} pixels a frame"
        else:
            takes = plan(seed, options.shares)
            film, name = frames(hands, seed, takes), f"seed {seed}"
        if options.keep is not None:
            keep(options.keep, film, takes)
        else:
            score = film_scores.run(film, takes, Reader.load(format="cep"), options.min_confidence)
            print(score.row(name), flush=True)
    return OK


def keep(folder: Path, film: Iterator[bytes], takes: list[Take]) -> None:
    """A film as a folder of frames, for `--source folder:DIR`, with its truth.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(film):
        (folder / f"{number:06d}.jpg").write_bytes(data)
    (folder / "truth.json").write_text(json.dumps([asdict(take) for take in takes], indent=1))


def _shares(text: str) -> tuple[int, int, int]:
    printed, written, without = (int(part) for part in text.split(","))
    return printed, written, without


if __name__ == "__main__":
    sys.exit(main())
