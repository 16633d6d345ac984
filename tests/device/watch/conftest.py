"""What the tests of watching share: readings of a code, pictures of a table, a reader that knows what it is shown."""

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from device import formats
from device.camera.shot import Shot, shot_of
from device.types import Reading
from device.watch.events import Event
from device.watch.watcher import Watcher

Uint8 = NDArray[np.uint8]


def reading_of(digits: str, confidence: float = 0.97, box=(300, 240, 160, 24), **changes) -> Reading:
    x, y, width, height = box
    each = width // max(1, len(digits))
    fields = {
        "code": formats.get("cep").write(digits),
        "digits": digits,
        "format": "cep",
        "confidence": confidence,
        "accepted": confidence >= 0.5,
        "reason": None if confidence >= 0.5 else "not-sure",
        "detail": None,
        "known": None,
        "box": box,
        "quad": ((x, y), (x + width, y), (x + width, y + height), (x, y + height)),
        "digit_boxes": tuple((x + k * each, y, each, height) for k in range(len(digits))),
        "digit_confidences": (confidence,) * len(digits),
        "digit_scores": tuple(scores_of(int(digit), confidence) for digit in digits),
    }
    return Reading(**(fields | changes))


def scores_of(digit: int, confidence: float) -> tuple[float, ...]:
    """Log probabilities of the ten digits, of which one has so much and the others share the rest."""
    sure = min(max(confidence, 1e-6), 1 - 1e-6)
    return tuple(float(np.log(sure if other == digit else (1 - sure) / 9)) for other in range(10))


@pytest.fixture
def reading() -> Callable[..., Reading]:
    return reading_of


def table() -> Uint8:
    """An empty dark table, uint8[360, 640]."""
    return np.full((360, 640), 60, np.uint8)


TO = "Helena Duarte", "Rua do Ouvidor 12"


def envelope(text: str, at: tuple[int, int] = (80, 50), hand: int | None = None, to: tuple[str, str] = TO) -> Uint8:
    """A white envelope with three lines of text on the table; hand: its left edge, when one lies over it."""
    picture = table()
    x, y = at
    cv2.rectangle(picture, (x, y), (x + 460, y + 260), 220, -1)
    for k, line in enumerate((*to, text)):
        cv2.putText(picture, line, (x + 140, y + 140 + 40 * k), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 40, 2, cv2.LINE_AA)
    if hand is not None:
        cv2.rectangle(picture, (hand, 0), (hand + 60, 150), 120, -1)
    return picture


@dataclass
class Knowing:
    """In place of a reader: what each look reads, the last answer for ever."""

    answers: list[list[Reading]]
    format: formats.Format = field(default_factory=lambda: formats.get("cep"))
    known: frozenset[str] | None = None
    looks: int = 0

    def read(self) -> list[Reading]:
        answer = self.answers[min(self.looks, len(self.answers) - 1)]
        self.looks += 1
        return answer


@dataclass
class Watched:
    """A watcher that is shown pictures by hand."""

    reader: Knowing
    events: list[Event] = field(default_factory=list)
    now: float = 0.0
    frames: int = 0

    def __post_init__(self) -> None:
        self.watcher = Watcher(None, self.reader, self.events.append, clock=lambda: self.now)

    def show(self, picture: Uint8, frames: int = 12) -> list[Event]:
        """The events while a picture lies there for so many frames, 30 a second, each with noise of its own."""
        before = len(self.events)
        for _ in range(frames):
            noise = np.random.default_rng(self.frames).normal(0, 2, picture.shape)
            noisy = np.clip(picture + noise, 0, 255).astype(np.uint8)
            self.watcher.look(self.shot(noisy))
            self.frames += 1
            self.now += 1 / 30
        return self.events[before:]

    def shot(self, picture: Uint8) -> Shot:
        return shot_of(picture, self.now, self.frames)

    def exchange(self, before: Uint8, after: Uint8, *answers: list[Reading], waves: int = 1) -> list[Event]:
        """One picture is exchanged for another behind a hand; answers: to the looks from then on."""
        for number, left in enumerate([*range(600, 0, -60)] * waves):
            picture = (before if number < 5 * waves else after).copy()
            cv2.rectangle(picture, (left, 200), (left + 60, 359), 120, -1)
            self.show(picture, 1)
        self.reader.answers, self.reader.looks = list(answers), 0
        return self.show(after, 40)

    def settled(self) -> list[str]:
        return [event.reading.digits for event in self.events if event.event == "settled"]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Watched]:
    """watched([reading, …], …): a watcher whose reader gives these answers, look after look, the last one for ever."""

    monkeypatch.setattr("device.watch.look.read", lambda reader, shot, lying: reader.read())

    def make(*answers: list[Reading], **changes) -> Watched:
        made = Watched(Knowing(list(answers)))
        for name, value in changes.items():
            setattr(made.watcher, name, value)
        made.watcher.__post_init__()
        return made

    return make


@pytest.fixture
def pictures():
    """table() and envelope(text, at, hand)."""
    from types import SimpleNamespace

    return SimpleNamespace(table=table, envelope=envelope)
