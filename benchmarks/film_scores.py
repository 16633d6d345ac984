"""`postread watch` on rendered films: what is settled, when, and what it costs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from benchmarks.films import Take
from device.camera.folder import picture_shot
from device.camera.shot import Shot
from device.reader import Reader
from device.watch.events import Event
from device.watch.watcher import Watcher

FPS = 30.0
"""Of the films."""


@dataclass(slots=True)
class Score:
    """One film."""

    takes: int = 0
    frames: int = 0
    right: int = 0
    """Envelopes with a code that was settled rightly, once, and nothing else."""
    wrong: int = 0
    """Codes settled that stand on no envelope there, or a second time."""
    refused: int = 0
    without: int = 0
    """Codes settled on envelopes without one."""
    waits: list[int] = field(default_factory=list)
    """Frames from an envelope's rest to its settled reading."""
    seconds: float = 0.0
    """CPU time of the watcher, decoding included."""

    def row(self, name: str) -> str:
        late = max(self.waits, default=0)
        middle = sorted(self.waits)[len(self.waits) // 2] if self.waits else 0
        speed = self.frames / max(self.seconds, 1e-9)
        return (
            f"| {name} | {self.right} of {self.takes} | {self.wrong} | {self.without} | {self.refused} "
            f"| {middle}, {late} | {speed:.0f} |"
        )


HEADER = """| film | right, once | wrong | without a code | refused | frames to settle: median, most | frames/CPU s |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |"""


def run(frames: Iterable[bytes], takes: list[Take], reader: Reader, least: float) -> Score:
    """Show a film to a watcher, each frame in turn, and score what it announces."""
    cv2.setNumThreads(1)
    announced: list[tuple[int, Event]] = []
    score = Score(takes=sum(bool(take.code) for take in takes))
    watcher = Watcher(
        _Nothing(),
        reader,
        lambda event: announced.append((score.frames, event)),
        least=least,
        clock=lambda: score.frames / FPS,
    )
    with tempfile.TemporaryDirectory(prefix="postread-film-") as folder:
        path = Path(folder) / "frame.jpg"
        for data in frames:
            path.write_bytes(data)
            begun = time.process_time()
            watcher.look(picture_shot(path))
            score.seconds += time.process_time() - begun
            score.frames += 1
    _count(score, takes, announced)
    return score


def _count(score: Score, takes: list[Take], announced: list[tuple[int, Event]]) -> None:
    theirs: list[list[tuple[int, Event]]] = [[] for _ in takes]
    for number, event in announced:
        whose = _whose(takes, theirs, number, event)
        if whose is not None:
            theirs[whose].append((number, event))
    for take, here in zip(takes, theirs, strict=True):
        settled = [(number, event.reading.digits) for number, event in here if event.event == "settled"]
        score.refused += sum(event.event == "refused" for _, event in here)
        if not take.code:
            score.without += len(settled)
            score.wrong += len(settled)
            continue
        score.right += [digits for _, digits in settled] == [take.code]
        score.wrong += sum(digits != take.code for _, digits in settled) + max(0, len(settled) - 1)
        score.waits += [number - take.rest for number, digits in settled[:1] if digits == take.code]


def _whose(takes: list[Take], theirs: list[list[tuple[int, Event]]], number: int, event: Event) -> int | None:
    """Which take an event is about: of those in the picture one with its code of which nothing was announced, or one
    with its code, or the first."""
    here = [k for k, take in enumerate(takes) if take.first <= number < take.stop]
    same = [k for k in here if event.reading is not None and takes[k].code == event.reading.digits]
    new = [k for k in same if not any(one.event == "settled" for _, one in theirs[k])]
    return next(iter(new or same or here), None)


class _Nothing:
    """In place of a camera: the watcher is shown its shots."""

    name, trouble, ended = "film", None, True

    def shot(self, timeout: float) -> Shot | None:
        return None

    def close(self) -> None:
        """Nothing is open."""
