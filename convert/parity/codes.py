"""Whole codes: the same rendered pages through the whole reader, with float32 networks and with quantised ones."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.cases import NOTHING_THERE
from benchmarks.render import KINDS
from convert.statistics import mcnemar, wilson
from device import formats
from device.model import Bundle, Precision
from device.reader import Reader
from device.types import Frame
from train.rendered import Supplies, hands
from train.workers import spread
from train.writers import Hands

OURS = 0x9A217
"""First word of every seed here; those of trainings, fits and benchmarks are others."""
CHUNK = 25
"""Pages of one task."""
SAID = 10
"""How often it is said how far the reading is."""
WITH_CODES = tuple(kind for kind in KINDS if kind not in NOTHING_THERE)
"""Kinds of pages: lines by hand, in print and in boxes, address lines, envelopes scanned and before a camera."""
THUMBNAIL = 360
"""Width of a page's picture in the report, pixels."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader makes of a page."""

    said: str | None
    """The digits that it accepts; None where it accepts nothing."""
    confidence: float | None
    """Of that, or of the best reading that it turned down."""
    reason: str | None
    """Why it turned that down."""


@dataclass(frozen=True, slots=True)
class Code:
    """A page with a code, and both answers."""

    kind: str
    number: int
    truth: str
    float32: Answer
    quantised: Answer
    picture: bytes | None = None
    """The page as a small PNG, where the answers are not the same."""

    @property
    def changed(self) -> bool:
        """Whether another code is accepted, or none any more, or one where there was none."""
        return self.float32.said != self.quantised.said

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        answers = {"float32": asdict(self.float32), "quantised": asdict(self.quantised)}
        return {"kind": self.kind, "number": self.number, "truth": self.truth} | answers


@dataclass(frozen=True, slots=True)
class CodeParity:
    """Both readers' answers to the same pages."""

    n: int
    float32_right: int
    quantised_right: int
    only_float32_right: int
    only_quantised_right: int
    float32_false: int
    """Pages of which another code was accepted than the one that stands there."""
    quantised_false: int
    changed: tuple[Code, ...]

    @property
    def gap(self) -> float:
        """Share right with quantised networks less that with float32 ones."""
        return (self.quantised_right - self.float32_right) / self.n

    @property
    def p(self) -> float:
        """McNemar's, exact, of the codes that one reader alone gets right."""
        return mcnemar(self.only_float32_right, self.only_quantised_right)

    def record(self) -> dict[str, Any]:
        """All figures as JSON has them, and every code that changes."""
        out = {name: getattr(self, name) for name in self.__slots__ if name != "changed"}
        right = {"float32": self.float32_right, "quantised": self.quantised_right}
        out |= {f"{name}_share": count / self.n for name, count in right.items()}
        out |= {f"{name}_interval": wilson(count, self.n) for name, count in right.items()}
        return out | {"gap": self.gap, "mcnemar_p": self.p, "changed": [code.record() for code in self.changed]}


@dataclass(frozen=True, slots=True)
class Readers:
    """What opens both readers, in any process."""

    float32: str
    """The card of the float32 networks, and below that of the quantised ones."""
    quantised: str
    precision: Precision
    supplies: Supplies


@dataclass(frozen=True, slots=True)
class Task:
    """Some pages of one kind."""

    kind: str
    seed: int
    first: int
    count: int


def read_codes(readers: Readers, seed: int, count: int, workers: int) -> list[Code]:
    """Render so many pages, the kinds taking equal parts, and read each one twice."""
    tasks = []
    for number, kind in enumerate(WITH_CODES):
        share = count // len(WITH_CODES) + (number < count % len(WITH_CODES))
        tasks += [Task(kind, seed, first, min(CHUNK, share - first)) for first in range(0, share, CHUNK)]
    found: list[Code] = []
    for codes in spread(_read, tasks, _begin, (readers,), workers):
        before = len(found)
        found += codes
        if len(found) * SAID // count > before * SAID // count:
            print(f"read {len(found):,} of {count:,} pages", file=sys.stderr)
    return found


def compare_codes(codes: Sequence[Code]) -> CodeParity:
    """Count what is right, on either side and on one alone."""
    first = [code.float32.said == code.truth for code in codes]
    second = [code.quantised.said == code.truth for code in codes]
    pairs = list(zip(first, second, strict=True))
    return CodeParity(
        n=len(codes),
        float32_right=sum(first),
        quantised_right=sum(second),
        only_float32_right=sum(a and not b for a, b in pairs),
        only_quantised_right=sum(b and not a for a, b in pairs),
        float32_false=sum(code.float32.said not in (None, code.truth) for code in codes),
        quantised_false=sum(code.quantised.said not in (None, code.truth) for code in codes),
        changed=tuple(code for code in codes if code.changed),
    )


def by_kind(codes: Sequence[Code]) -> dict[str, CodeParity]:
    """The same of each kind of pages."""
    kinds = dict.fromkeys(code.kind for code in codes)
    return {kind: compare_codes([code for code in codes if code.kind == kind]) for kind in kinds}


State = tuple[dict[str, tuple[Reader, Reader]], tuple[Reader, Reader], Hands]
"""Both readers by format, both as they were opened, and who writes."""


def _begin(readers: Readers) -> State:
    both = (
        Reader.load(readers.float32, precision="float32"),
        Reader.load(readers.quantised, precision=readers.precision),
    )
    # decoder and thresholds are the bundle's own on both sides, so that nothing differs but the networks
    return {}, (both[0], replace(both[1], decoder=both[0].decoder)), hands(readers.supplies)


def _read(state: State, task: Task) -> list[Code]:
    return [_code(state, task, number) for number in range(task.first, task.first + task.count)]


def _code(state: State, task: Task, number: int) -> Code:
    opened, both, writers = state
    rng = np.random.default_rng((OURS, task.seed, WITH_CODES.index(task.kind), number))
    picture, truth, wanted = KINDS[task.kind](writers, rng)
    if wanted not in opened:
        format_ = formats.get(wanted)
        opened[wanted] = replace(both[0], format=format_), replace(both[1], format=format_)
    first, second = (_answer(reader, picture) for reader in opened[wanted])
    code = Code(task.kind, number, truth, first, second)
    return replace(code, picture=_thumbnail(picture)) if code.changed else code


def _answer(reader: Reader, picture: NDArray[np.uint8]) -> Answer:
    readings = reader.read(Frame(picture))
    if not readings:
        return Answer(None, None, None)
    best = readings[0]
    return Answer(best.digits if best.accepted else None, best.confidence, best.reason)


def _thumbnail(picture: NDArray[np.uint8]) -> bytes:
    height, width = picture.shape[:2]
    scale = min(1.0, THUMBNAIL / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".png", small)[1].tobytes()


def readers_of(float32: Bundle, quantised: Bundle, precision: Precision, supplies: Supplies) -> Readers:
    """What a worker opens both sides from."""
    return Readers(str(float32.path), str(quantised.path), precision, supplies)
