"""The envelope on the table: where it lies on the small picture, and the full one made ready to be read."""

from __future__ import annotations

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
SHADED, SHADOW_CONTRAST = 0.1, 1.4
"""What is not lit splits into paper in a shadow and the table: the paper's share of it, at least, and how much brighter
it is."""
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
    bright = cv2.morphologyEx(_bright(small), cv2.MORPH_CLOSE, KERNEL)
    inside = bright > 0
    if not inside.any() or inside.all():
        return None
    light, dark = float(small[inside].mean()), float(small[~inside].mean())
    if light < LEAST_CONTRAST * (dark + 8):
        return None
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = max(outlines, key=cv2.contourArea)
    hull = cv2.convexHull(largest)
    share = cv2.contourArea(hull) / small.size
    if share < LEAST_SHARE or cv2.contourArea(largest) < 0.6 * cv2.contourArea(hull):
        return None
    return Paper(np.asarray(hull[:, 0], np.int32), _turn(np.asarray(hull, np.int32)), share)


def _bright(small: Uint8) -> Uint8:
    """Paper 255, table 0, by Otsu's threshold; paper in a shadow is paper where it is well brighter than the table."""
    _, bright = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    rest = small[bright == 0]
    if rest.size < LEAST_SHARE * small.size:
        return np.asarray(bright, np.uint8)
    lower, _ = cv2.threshold(rest[:, None], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    shaded = rest > lower
    if shaded.mean() > SHADED and rest[shaded].mean() > SHADOW_CONTRAST * (rest[~shaded].mean() + 8):
        _, bright = cv2.threshold(small, lower, 255, cv2.THRESH_BINARY)
    return np.asarray(bright, np.uint8)


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
