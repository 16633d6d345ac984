"""A cell's answers beside the reference's: how far they are apart, and whether that is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.matrix.cells import Cell

LARGEST_INT8_CHANGE = 2
"""Of an int8 logit, units."""
LARGEST_FLOAT_CHANGE = 1e-5
"""Of a float32 logit, as a share of its digit's largest, or of 1 where that is less."""
LARGEST_CONFIDENCE_CHANGE = 1e-3
"""Of an accepted reading."""
LARGEST_CONFIDENCE_CHANGE_OF_OLDER = 0.05
"""The same for tflite-runtime: a unit of an int8 logit is as much in eight digits."""
SAME = ("code", "digits", "format", "reason", "known")
"""What must be equal in an accepted reading, beside that it is accepted."""
BOXES = ("box", "quad", "digit_boxes")

Answers = Mapping[str, Any]
"""As `inside` prints them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far one cell is from the reference."""

    cell: Cell
    about: Mapping[str, str]
    """Versions of what it ran."""
    digits: int
    """That each int8 network was shown."""
    networks: int
    """int8 networks, of both forms."""
    classes_changed: int
    """Digits given another class by an int8 network, of all networks."""
    decided_changed: int
    """Of these, those that are no draw: the reference's best two are further apart than LARGEST_INT8_CHANGE."""
    int8_change: int
    """Largest of any int8 logit, units."""
    int8_changed: float
    """Share of the int8 logits that are not equal."""
    float_classes_changed: int
    float_change: float
    """Largest of any float32 logit, in the unit of LARGEST_FLOAT_CHANGE."""
    glyphs: int
    glyphs_changed: int
    """Digits and glyphs whose pixels, by `canvas` or `normalise`, are not equal to the byte."""
    pictures: int
    codes_changed: int
    """Pictures whose accepted readings are not the same ones."""
    refusals_changed: int
    """Pictures whose other readings are not the same ones; nothing is promised of these."""
    box_change: int
    """Largest of an accepted reading's boxes, pixels."""
    confidence_change: float
    """Largest of an accepted reading."""

    @property
    def older(self) -> bool:
        """Whether its int8 kernels are others than LiteRT's."""
        return self.cell.runtime == "tflite-runtime"

    def failures(self) -> list[str]:
        """Each promise that is not kept, and by how much."""
        changed = self.decided_changed if self.older else self.classes_changed
        confidence = LARGEST_CONFIDENCE_CHANGE_OF_OLDER if self.older else LARGEST_CONFIDENCE_CHANGE
        checks = [
            (changed, f"{changed} digits get another class{' that are no draws' if self.older else ''}"),
            (self.float_classes_changed, f"float32 gives {self.float_classes_changed} digits another class"),
            (
                self.int8_change > LARGEST_INT8_CHANGE,
                f"int8 logits differ by {self.int8_change} units, {LARGEST_INT8_CHANGE} is allowed",
            ),
            (
                not self.float_change <= LARGEST_FLOAT_CHANGE,
                f"float32 logits differ by {self.float_change:.2g}, {LARGEST_FLOAT_CHANGE:.0e} is allowed",
            ),
            (self.glyphs_changed, f"the pixels of {self.glyphs_changed} of {self.glyphs:,} glyphs differ"),
            (self.codes_changed, f"other codes are accepted on {self.codes_changed} of {self.pictures} pictures"),
            (self.box_change, f"boxes differ by {self.box_change} pixels"),
            (
                not self.confidence_change <= confidence,
                f"confidences differ by {self.confidence_change:.2g}, {confidence:g} is allowed",
            ),
        ]
        return [what for broken, what in checks if broken]


def compare(cell: Cell, reference: Answers, answers: Answers) -> Verdict:
    """Judge a cell's answers; both were shown the same."""
    int8, floats = (_logits(reference, answers, precision) for precision in ("int8", "float32"))
    changes = [np.abs(ours - theirs) for ours, theirs in int8]
    pixels = [
        one == other
        for name in ("canvas", "normalise")
        for one, other in zip(reference[name], answers[name], strict=True)
    ]
    kept, refused = (
        [
            (_of(one, accepted), _of(other, accepted))
            for one, other in zip(reference["readings"], answers["readings"], strict=True)
        ]
        for accepted in (True, False)
    )
    same = [pair for pair in kept if _same(*pair)]
    return Verdict(
        cell,
        answers["about"],
        digits=len(int8[0][0]),
        networks=len(int8),
        classes_changed=sum(len(_changed(*pair)) for pair in int8),
        decided_changed=sum(_decided(*pair) for pair in int8),
        int8_change=int(max(change.max() for change in changes)),
        int8_changed=float(np.mean([(change > 0).mean() for change in changes])),
        float_classes_changed=sum(len(_changed(*pair)) for pair in floats),
        float_change=max((_float_change(*pair) for pair in floats), default=0.0),
        glyphs=len(pixels),
        glyphs_changed=pixels.count(False),
        pictures=len(kept),
        codes_changed=len(kept) - len(same),
        refusals_changed=sum(not _same(*pair) for pair in refused),
        box_change=int(max((_largest(pair, _corners) for pair in same), default=0)),
        confidence_change=float(max((_largest(pair, _confidence) for pair in same), default=0)),
    )


def _logits(reference: Answers, answers: Answers, precision: str) -> list[tuple[Any, Any]]:
    """Both cells' outputs of each network of this precision, [N, classes]."""
    if list(reference["logits"]) != list(answers["logits"]):
        raise ValueError("the cells were given different networks")
    names = [name for name in reference["logits"] if name.endswith(precision)]
    return [(np.array(reference["logits"][name]), np.array(answers["logits"][name])) for name in names]


def _changed(ours: Any, theirs: Any) -> Any:
    """Numbers of the digits given another class."""
    return np.flatnonzero(ours.argmax(axis=1) != theirs.argmax(axis=1))


def _decided(ours: Any, theirs: Any) -> int:
    """How many of them are no draw."""
    best = np.sort(ours[_changed(ours, theirs)], axis=1)
    return int((best[:, -1] - best[:, -2] > LARGEST_INT8_CHANGE).sum())


def _float_change(ours: Any, theirs: Any) -> float:
    largest = np.maximum(np.abs(ours).max(axis=1), 1)
    return float((np.abs(ours - theirs).max(axis=1) / largest).max())


Readings = Sequence[Answers]


def _of(readings: Readings, accepted: bool) -> Readings:
    return [one for one in readings if one["accepted"] == accepted]


def _same(ours: Readings, theirs: Readings) -> bool:
    return [[one[name] for name in SAME] for one in ours] == [[one[name] for name in SAME] for one in theirs]


def _largest(pair: tuple[Readings, Readings], figures: Callable[[Answers], Any]) -> Any:
    """The largest difference of any of the figures."""
    apart = [np.abs(figures(one) - figures(other)).max() for one, other in zip(*pair, strict=True)]
    return max(apart, default=0)


def _corners(reading: Answers) -> Any:
    return np.concatenate([np.ravel(reading[name]) for name in BOXES]).astype(np.int64)


def _confidence(reading: Answers) -> Any:
    return np.array([reading["confidence"], *reading["digit_confidences"]])
