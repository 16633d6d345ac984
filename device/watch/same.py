"""Whether what lies there is what lay there before: by its outline, its ink, and what is read of it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from device.camera.shot import Shot, map_box
from device.ink import to_grey
from device.reader import Reader
from device.types import Box, Reading, covers
from device.watch import look
from device.watch.envelope import Paper
from device.watch.lying import Code, Lying, crop_of
from device.watch.writing import Writing

Uint8 = NDArray[np.uint8]

SAME_PAPER = 0.5
"""Outlines that share less than this are not of one envelope."""
SAME_WRITING = 0.75
"""Correlation of two crops from which on they show the same ink."""
COMPARED = 320, 48
"""Size that crops are compared at, pixels."""
CONTRADICTS, COVERS = 0.8, 0.8
"""Confidence from which on a single look tells that another code lies where one was read, and share of that one's box
that has to be covered: half a number beside a hand is none."""


def is_the_same(reader: Reader, lying: Lying, shot: Shot) -> bool:
    """Whether what looks the same from afar is the same to the letter: of an envelope of the same form only the writing
    is another.  A hand may cover some of it: then what is read decides."""
    was = lying.writing
    if was is None:
        return True
    boxes = [map_box(code.box, shot.size, shot.small_size) for code in lying.codes if code.box is not None]
    places: Sequence[Box | None] = boxes or [None]
    if all(was.is_in_place(shot.small, place) for place in places):
        return True
    now = Writing.of(shot.small)
    return all(was.is_alike(now, place) for place in places) and not _contradicted(reader, lying, shot)


def _contradicted(reader: Reader, lying: Lying, shot: Shot) -> bool:
    """Whether one more look is sure of another code where one was read."""
    sure = [one for one in look.read(reader, shot, lying) if one.accepted and one.confidence > CONTRADICTS]
    where = [(code.digits, code.box) for code in lying.codes if code.box is not None]
    return any(one.digits != digits and covers(one.box, box, COVERS) for one in sure for digits, box in where)


def recall(reader: Reader, lying: Lying, shot: Shot) -> None:
    """Of what lay there before a restart only a thumbnail was kept: its writing, and where the code is."""
    lying.writing = Writing.of(shot.small)
    lying.where = lying.writing.where
    again = [one for one in look.read(reader, shot, lying) if one.digits == lying.digits]
    lying.settled = [Code(one.digits, one.box, crop_of(shot, one)) for one in again] or lying.settled


def was_nudged(before: Lying, shot: Shot, reading: Reading, crop: Uint8) -> bool:
    """Whether a reading is one of what lay there before, which was moved a little: the same ink, and of print, all of
    which is alike, the same lines around it."""
    if before.writing is None:
        return False
    now = map_box(reading.box, shot.size, shot.small_size)
    for code in before.settled:
        if code.digits != reading.digits or code.box is None or code.crop is None or not same_ink(code.crop, crop):
            continue
        was = map_box(code.box, shot.size, shot.small_size)
        by = now[0] - was[0] + (now[2] - was[2]) / 2, now[1] - was[1] + (now[3] - was[3]) / 2
        if before.writing.went_along(Writing.of(shot.small), was, by):
            return True
    return False


def same_ink(a: Uint8, b: Uint8) -> bool:
    """Whether two crops of one code show the same writing: by hand no two are alike."""
    one, other = (cv2.resize(to_grey(crop), COMPARED, interpolation=cv2.INTER_AREA) for crop in (a, b))
    inner = one[6:-6, 16:-16]
    return float(cv2.matchTemplate(other, inner, cv2.TM_CCOEFF_NORMED).max()) > SAME_WRITING


def same_outline(a: Paper | None, b: Paper | None) -> bool:
    """Whether two envelopes may be one, by where they lie."""
    if a is None or b is None:
        return a is b
    one, other = cv2.boundingRect(a.hull), cv2.boundingRect(b.hull)
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right = min(one[0] + one[2], other[0] + other[2])
    bottom = min(one[1] + one[3], other[1] + other[3])
    shared = max(0, right - left) * max(0, bottom - top)
    return shared > SAME_PAPER * max(one[2] * one[3], other[2] * other[3])
