"""How sure several looks at an envelope may be: resting envelopes of films, and the logistic weights that fit them.

`device.watch.votes` has what this command prints; the digits are MNIST's last training digits, so that the films'
figures, which are in its test digits, stay what they are: of other digits.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import film_frames
from benchmarks.films import FILMS, Take, plan, seen
from convert.decoder import fit_confidence
from device.camera.folder import picture_shot
from device.reader import Reader
from device.types import Box
from device.watch import look, votes
from device.watch.envelope import find_paper, paper_box
from device.watch.lying import Lying
from device.watch.track import Track
from train.commandline import OK, answer
from train.writers import Hands

LOOKS = 5
LEASTS = 0.7, 0.75, 0.8, 0.85, 0.9


@dataclass(frozen=True, slots=True)
class Looked:
    """One envelope after so many looks at it."""

    take: Take
    track: Track
    paper: Box | None

    def row(self) -> tuple[list[float], bool] | None:
        """What the likeliest code's confidence is made of, and whether it is right; None without one."""
        standing = self.track.standing(self.paper)
        if not standing:
            return None
        place, reading = standing[0]
        led_by = votes.lead(reading.digits, np.array(reading.digit_scores))
        agreed = place.agreed(reading.digits, self.track.looks)
        return [1.0, led_by, agreed], reading.digits == self.take.code

    def accepted(self, least: float) -> bool | None:
        """Whether what is taken for its code from a confidence on is right, however many looks read it; None where
        nothing is."""
        standing = self.track.standing(self.paper)
        if not standing or not standing[0][1].accepted or standing[0][1].confidence < least:
            return None
        return standing[0][1].digits == self.take.code


def looked_at(hands: Hands, reader: Reader, seed: int) -> Iterator[Looked]:
    """The envelopes of a film, each looked at as it rests."""
    desk = film_frames.desk(np.random.default_rng((FILMS, seed, 0)))
    with tempfile.TemporaryDirectory(prefix="postread-votes-") as folder:
        path = Path(folder) / "frame.jpg"
        for k, take in enumerate(plan(seed)):
            rng = np.random.default_rng((FILMS, seed, 1, k))
            envelope, lying = seen(hands, take, rng), None
            for _ in range(LOOKS):
                frame = film_frames.shown(envelope, desk, 0.0, 0.0, None, rng)
                path.write_bytes(film_frames.encoded(frame, int(rng.integers(*film_frames.QUALITY))))
                shot = picture_shot(path)
                if lying is None:
                    paper = find_paper(shot.small)
                    box = None if paper is None else paper_box(paper, shot, (0, 0, *shot.size))
                    lying = Lying(shot.small, Track(reader.format, 0.0), 0.0, paper, box)
                lying.track.add(look.read(reader, shot, lying))
            assert lying is not None
            yield Looked(take, lying.track, lying.paper_box)


def fitted(every: Sequence[Looked]) -> NDArray[np.float64]:
    """BIAS, LEAD and AGREEMENT, float64[3]: of envelopes that have a code."""
    rows = [row for row in (one.row() for one in every if one.take.code) if row is not None]
    return fit_confidence(np.array([row for row, _ in rows]), np.array([right for _, right in rows]))


def table(every: Sequence[Looked]) -> str:
    """What is taken for a code from each confidence on."""
    lines = ["| from | right | wrong | on envelopes without a code |", "| --- | ---: | ---: | ---: |"]
    coded = [one for one in every if one.take.code]
    for least in LEASTS:
        found = [one.accepted(least) for one in coded]
        false = sum(one.accepted(least) is not None for one in every if not one.take.code)
        right, wrong = found.count(True), found.count(False)
        lines.append(f"| {least} | {right} of {len(coded)} | {wrong} | {false} of {len(every) - len(coded)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m benchmarks.votes`: fit how sure several looks may be, on resting envelopes of rendered films."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.votes", description=main.__doc__)
    parser.add_argument("--seed", type=int, action="append", help="of a film; may be given again (501)")
    parser.add_argument("--data", type=Path, metavar="FILE", help="MNIST as Keras' .npz or as mnist.pkl.gz")
    parser.add_argument("--fonts", type=Path, metavar="FOLDER", help="the fontpkg wheels (fetched into the cache)")
    parser.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    options = parser.parse_args(arguments)
    return answer(lambda: _run(options), parser.prog, options.debug)


def _run(options: argparse.Namespace) -> int:
    from benchmarks import render
    from train import data, typefaces
    from train.rendered import HELD_OUT_DIGITS

    cv2.setNumThreads(1)
    digits = data.load(options.data).train[-HELD_OUT_DIGITS:]
    hands, reader = render.writers(digits, typefaces.provide(options.fonts)), Reader.load(format="cep")
    every = [one for seed in options.seed or [501] for one in looked_at(hands, reader, seed)]
    bias, led_by, agreement = fitted(every)
    print(f"BIAS, LEAD, AGREEMENT = {bias:.2f}, {led_by:.2f}, {agreement:.2f}")
    print(f"as they are: {votes.BIAS}, {votes.LEAD}, {votes.AGREEMENT}\n{table(every)}")
    return OK


if __name__ == "__main__":
    sys.exit(main())
