"""The envelope on the table: where it lies on the small picture, and the full one made ready to be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from device.camera.shot import Shot, Size, map_box
from device.ink import to_grey
from device.types import Box, Point, Reading

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float64]

LEAST_CONTRAST = 1.25
"""Paper is so many times as bright as the table, or it is not told from it."""
LEAST_EDGE, PLAIN_EDGE = 0.88, 0.97
"""Share of an envelope's outline at which there is such a step, at least; and from which on no other is sought, ..."""
LABEL = 0.25
"""... unless it is less than this share of the picture, and may be a white label on brown paper."""
MOST_THRESHOLDS = 3
"""That are tried."""
EVERY, ACROSS = 8, 6
"""How often along the outline a step is looked for, and how far to both sides, pixels of the small picture."""
LEAST_SHARE = 0.06
"""Of the picture, that an envelope covers."""
EDGE = 3
"""Left out along an envelope's edge, pixels of the small picture: where its shadow and its rim are."""
MOST_TURNED = 25.0
"""Degrees that an envelope is turned upright by, at most: beyond, it may as well lie on its side."""
KERNEL = np.ones((9, 9), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Paper:
    """Where the envelope lies, on the small picture."""

    hull: NDArray[np.int32]
    """int32[N, 2]: its outline, convex."""
    turn: float
    """How far its edges are askew, degrees clockwise."""
    share: float
    """Of the picture that it covers, 0 to 1."""
    edge: float
    """Share of its outline, inside the picture, at which paper ends and something darker begins, 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A part of a full picture, turned upright, to be read."""

    grey: Uint8
    """uint8[h, w]"""
    back: Floats
    """float64[2, 3]: x, y, 1 on it → x, y on the full picture."""
    size: Size
    """Of the full picture."""

    def place(self, reading: Reading) -> Reading:
        """The reading with its boxes on the full picture."""
        quad = [self._point(x, y) for x, y in reading.quad]
        return replace(
            reading,
            box=self._box(reading.box),
            quad=(quad[0], quad[1], quad[2], quad[3]),
            digit_boxes=tuple(self._box(box) for box in reading.digit_boxes),
        )

    def _point(self, x: float, y: float) -> Point:
        at = self.back @ (x, y, 1)
        width, height = self.size
        return int(np.clip(round(at[0]), 0, width - 1)), int(np.clip(round(at[1]), 0, height - 1))

    def _box(self, box: Box) -> Box:
        """The upright box of the turned one's middle: a digit's box does not grow because the envelope lay askew."""
        x, y, width, height = box
        cx, cy = self.back @ (x + width / 2, y + height / 2, 1)
        left, top = max(0, round(cx - width / 2)), max(0, round(cy - height / 2))
        left, top = min(left, self.size[0] - 1), min(top, self.size[1] - 1)
        return left, top, max(1, min(width, self.size[0] - left)), max(1, min(height, self.size[1] - top))


def find_paper(small: Uint8) -> Paper | None:
    """The largest bright thing on a darker table; None where paper is not told from what it lies on."""
    best, smooth = None, np.asarray(cv2.blur(small, (5, 5)), np.uint8)
    for threshold in _thresholds(small):
        paper = _outlined(small, smooth, threshold)
        if paper is not None and (best is None or paper.share > best.share):
            best = paper
        if best is not None and best.edge >= PLAIN_EDGE and best.share >= LABEL:
            break
    return best


def _thresholds(small: Uint8) -> Iterator[float]:
    """Brightness from which on it may be paper: Otsu's, then that of what is darker than the last.  Where a lamp lights
    a part of the paper alone, or a shadow lies on it, the first one parts paper from paper."""
    rest = small.reshape(-1, 1)
    for _ in range(MOST_THRESHOLDS):
        threshold, _ = cv2.threshold(rest, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        yield threshold
        rest = rest[rest <= threshold][:, None]
        if rest.size < LEAST_SHARE * small.size:
            return


def _outlined(small: Uint8, smooth: Uint8, threshold: float) -> Paper | None:
    """What is brighter than a threshold, if it is one thing, about convex, with something darker along its edge."""
    bright = cv2.morphologyEx((small > threshold).view(np.uint8), cv2.MORPH_CLOSE, KERNEL)
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return None
    largest = max(outlines, key=cv2.contourArea)
    hull = np.asarray(cv2.convexHull(largest), np.int32)
    area = cv2.contourArea(hull)
    if area < LEAST_SHARE * small.size or cv2.contourArea(largest) < 0.6 * area:
        return None
    edge = _edge(smooth, hull)
    return Paper(hull[:, 0], _turn(hull), area / small.size, edge) if edge >= LEAST_EDGE else None


def _edge(smooth: Uint8, hull: NDArray[np.int32]) -> float:
    """`Paper.edge` of an outline; 0 where all of it runs along the picture's own edge."""
    here = hull[:, 0].astype(np.float64)
    step = np.roll(here, -1, axis=0) - here
    length = np.maximum(np.hypot(*step.T), 1e-6)
    count = np.maximum((length / EVERY).astype(int), 1)
    side = np.repeat(np.arange(len(here)), count)
    along = np.concatenate([(np.arange(k) + 0.5) / k for k in count])
    middle = here[side] + along[:, None] * step[side]
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1)[side] / length[side, None]
    normal *= np.sign(((here.mean(axis=0) - middle) * normal).sum(axis=1))[:, None]  # inwards
    inner, outer = (np.rint(middle + way * ACROSS * normal).astype(int) for way in (1, -1))
    limit = np.array(smooth.shape[::-1])
    seen = ((outer >= 0) & (outer < limit)).all(axis=1) & ((inner >= 0) & (inner < limit)).all(axis=1)
    if not seen.any():
        return 0.0
    paper, table = (smooth[at[seen, 1], at[seen, 0]].astype(np.float64) for at in (inner, outer))
    return float((paper >= LEAST_CONTRAST * (table + 8)).mean())


def _turn(hull: NDArray[np.int32]) -> float:
    _, _, angle = cv2.minAreaRect(hull)
    turn = (angle + 45) % 90 - 45
    return float(turn) if abs(turn) <= MOST_TURNED else 0.0


def view(shot: Shot, paper: Paper | None, inside: Box, turn: float | None = None) -> View:
    """The part of a shot's full picture inside a box on it, turned upright, the table painted over with paper.

    turn: degrees clockwise that it is askew; the paper's own when None.
    """
    grey = to_grey(shot.full(inside))
    if paper is not None:
        grey = _without_table(grey, paper, shot, inside)
    angle = turn if turn is not None else paper.turn if paper is not None else 0.0
    height, width = grey.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    if angle:
        flags = cv2.INTER_CUBIC
        whole = cv2.warpAffine(grey, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        grey = np.asarray(whole, np.uint8)
    back = cv2.invertAffineTransform(matrix)
    back[:, 2] += inside[:2]
    return View(grey, np.asarray(back, np.float64), shot.size)


def paper_box(paper: Paper | None, shot: Shot, region: Box) -> Box:
    """The box around the envelope on the full picture, inside a region of it."""
    if paper is None:
        return region
    x, y, width, height = cv2.boundingRect(paper.hull)
    box = map_box((x, y, width, height), shot.small_size, shot.size)
    return clipped(box, region)


def clipped(box: Box, region: Box) -> Box:
    """The part of a box inside a region; the region where there is none."""
    left, top = max(box[0], region[0]), max(box[1], region[1])
    right, bottom = min(box[0] + box[2], region[0] + region[2]), min(box[1] + box[3], region[1] + region[3])
    return (left, top, right - left, bottom - top) if right > left and bottom > top else region


def _without_table(grey: Uint8, paper: Paper, shot: Shot, inside: Box) -> Uint8:
    """A copy in which what lies beyond the envelope is as bright as the paper nearest to it."""
    scale = np.array(shot.size) / np.array(shot.small_size)
    on_paper = np.zeros(grey.shape, np.uint8)
    outline = np.rint(paper.hull * scale - np.array(inside[:2])).astype(np.int32)
    cv2.fillConvexPoly(on_paper, outline, 255)
    margin = 2 * round(EDGE * float(scale[0])) + 1
    kernel = np.ones((margin, margin), np.uint8)
    on_paper = np.asarray(cv2.erode(on_paper, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0), np.uint8)
    if not on_paper.any():
        return grey
    step = 16
    small, known = (
        cv2.resize(one, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
        for one in (cv2.bitwise_and(grey, on_paper), on_paper)
    )
    weight = cv2.GaussianBlur(known.astype(np.float32), (0, 0), 4) + 1e-3
    level = float(grey[on_paper > 0].mean())
    spread = (cv2.GaussianBlur(small.astype(np.float32), (0, 0), 4) * 255 + 1e-3 * level) / weight
    fill = cv2.resize(np.clip(spread, 0, 255).astype(np.uint8), (grey.shape[1], grey.shape[0]))
    return np.where(on_paper > 0, grey, np.asarray(fill, np.uint8))
