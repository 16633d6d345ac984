"""Lines of writing, found on a reduced picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.frames import HELD, LADDER, Frames, frames, framing
from device.ink import FAINTEST_INK, components, contrast, over, threshold

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float64]

SEARCH_PIXELS = 500_000
"""Lines are looked for on a picture of at most this many pixels."""
SEARCH_WINDOW = 61
"""Window of the paper's brightness on the reduced picture, pixels: wider than two broad strokes."""
FAINT = 0.45
"""Ink may be this much fainter than what the threshold was set for."""
SMALLEST = 5
"""Smallest component that can be part of a digit, pixels of the reduced picture."""
LARGEST_GAP = 1.6
"""Gap between neighbours on a line, as a share of the greater height."""
WIDEST_GAP = 2.6
"""Gap between two runs of one line, as a share of the greater height."""
MOST_IN_BOX, OFF_MIDDLE = 1.5, 0.22
"""Components for each of a row's boxes, at most, and how far from the middle they may lie, in heights: a table's cell
has more of them, and a frame around an address smaller ones in several lines."""
FEW = 3
"""So many more do no harm, nor so many that are too small for digits."""
LONG = 2.0
"""A group is a line of writing, in which others may lie, when it is longer than this, in its heights; less is an
envelope's outline."""
ONE_LINE = 0.35
"""Groups one above the other are of one line as long as their middles are no further apart, in heights."""
IN_BOX = 0.6
"""Height of a digit in a form's box, as a share of the box's, where none stands free of its walls."""
MOST_LINES = 64
"""Lines that are looked at, the largest ones: more is texture."""
MAX_SKEW = float(np.deg2rad(16))
MAX_COMPONENTS = 2000
CHUNK = 256
"""Components that are compared with all others at a time, to bound memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A row of components, on the reduced picture."""

    centre: tuple[float, float]
    angle: float
    """Radians, clockwise on the picture."""
    width: float
    height: float
    """Of its ink, along and across."""
    text_height: float
    """Of its taller components."""
    members: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    """intp[N]: its components, rows of `Writing.stats`."""
    boxed: bool = False
    """Whether it stands in a form's row of boxes; then the line is as wide and as high as that."""
    faint: bool = False
    """Whether it was found where faint ink was looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """What stands on a reduced picture."""

    lines: list[Line]
    """Top to bottom."""
    contrast: Uint8
    """uint8[h, w], see `device.ink.contrast`."""
    labels: NDArray[Any]
    """Whole numbers [h, w]: the component that a pixel belongs to; 0 is paper."""
    stats: NDArray[np.int32]
    """int32[C, 5]: x, y, width, height, area of each component; row 0 is paper."""
    drawn: NDArray[np.intp]
    """intp[D]: the frames and rules among them, on no line; a digit that touches one is a part of it."""


def find_lines(small: Uint8) -> list[Line]:
    """The lines on a reduced grey picture uint8[h, w], top to bottom."""
    return find_writing(small).lines


def find_writing(small: Uint8) -> Writing:
    """The lines on a reduced grey picture uint8[h, w], and the ink that they were found in."""
    map_ = contrast(small, SEARCH_WINDOW)
    return _writing(map_, threshold(map_))


def find_faint(usual: Writing) -> Writing | None:
    """The same once more, where writing much fainter than something else, as a stamp, counts as ink; None where that is
    no lower threshold than the usual one."""
    before = threshold(usual.contrast)
    least = max(FAINTEST_INK, round(FAINT * before))
    if least >= before:
        return None
    found = _writing(usual.contrast, least)
    return replace(found, lines=[replace(line, faint=True) for line in found.lines])


def _writing(map_: Uint8, least: int) -> Writing:
    """The lines in a contrast map uint8[h, w] of ink from that much contrast on."""
    _, labels, found, _ = components(over(map_, least))
    number = np.flatnonzero((found[:, cv2.CC_STAT_HEIGHT] >= SMALLEST) & (found[:, cv2.CC_STAT_AREA] >= SMALLEST))
    number = number[number > 0]
    if len(number) > MAX_COMPONENTS:
        number = number[np.argsort(-found[number, cv2.CC_STAT_AREA])[:MAX_COMPONENTS]]
    every = found[number].astype(np.float64)
    framed = framing(every, labels, number)
    written = ~framed & _letter_like(every)
    drawn, stats, members = frames(every[framed], labels, number[framed]), every[written], number[written]
    lines = _lines(stats, drawn, members)
    largest = sorted(lines, key=lambda line: -line.width * line.height)[:MOST_LINES]
    return Writing(sorted(largest, key=lambda line: line.centre[1]), map_, labels, found, number[~written])


def _letter_like(stats: Floats) -> NDArray[np.bool_]:
    width, height, area = (stats[:, k] for k in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    ruled = (width > 8 * height) | ((area < 0.10 * width * height) & (width > 2.5 * height))
    return np.asarray(~ruled)


def _lines(stats: Floats, drawn: Frames, members: NDArray[np.intp]) -> list[Line]:
    """The lines that components float64[N, 5] make up; what is inside of a frame does not go on outside."""
    inside = drawn.around(stats)
    free, out = np.ones(len(stats), bool), []
    for row in np.unique(drawn.row[drawn.form]).tolist():
        line = _in_boxes(drawn, row, stats[inside == row], members[inside == row])
        if line is not None:
            out.append(line)
            free &= inside != row
    rest = np.flatnonzero(free)
    return out + [_line(stats[rest[g]], drawn.stats, members[rest[g]]) for g in _rows(stats[rest], inside[rest])]


def _in_boxes(drawn: Frames, row: int, stats: Floats, members: NDArray[np.intp]) -> Line | None:
    """The line in a form's row of boxes, with the components float64[N, 5] that touch no wall; None if words stand
    there, or more than one line."""
    boxes = drawn.stats[drawn.row == row]
    left, top, width, height = boxes.T[:4]
    tall = float(np.median(height))
    angle = _skew(left + width / 2, top + height / 2, tall)
    low, high = float(left.min()), float((left + width).max())
    x, y = (low + high) / 2, float(top.min() + (top + height).max()) / 2
    widest = int(width.argmax())
    if width[widest] > LADDER * height[widest]:  # the upright rectangle around a leaning one is higher
        angle, tall = float(drawn.angle[drawn.row == row][widest]), float(height[widest])
        tall = max((tall - abs(math.sin(angle)) * float(width[widest])) / math.cos(angle), tall / 2)
    held = (stats[:, 3] > HELD * tall) & (stats[:, 3] < tall)
    if np.count_nonzero(~held) > max(int(np.count_nonzero(held)), FEW):
        return None
    stats, members = stats[held], members[held]
    off = stats[:, 1] + stats[:, 3] / 2 - y - (stats[:, 0] + stats[:, 2] / 2 - x) * math.tan(angle)
    places = int(drawn.places[drawn.row == row].sum())
    if len(stats) > MOST_IN_BOX * places + FEW or np.count_nonzero(np.abs(off) > OFF_MIDDLE * tall) > 0.2 * len(stats):
        return None
    text_height = quantile(stats[:, 3], 0.75) if len(stats) >= max(2.0, places / 3) else IN_BOX * tall
    return Line((x, y), angle, (high - low) / math.cos(angle), tall, text_height, members, True)


def _rows(stats: Floats, frame: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Groups of components that follow one another at a like height, in the same frame."""
    count = len(stats)
    if not count:
        return []
    group = np.arange(count)
    for start in range(0, count, CHUNK):
        for k, other in _followers(stats, frame, start, min(start + CHUNK, count)):
            a, b = _root(group, k), _root(group, other)
            group[max(a, b)] = min(a, b)
    roots = np.array([_root(group, k) for k in range(count)])
    return _joined(stats, frame, [np.flatnonzero(roots == root) for root in np.unique(roots)])


def _followers(stats: Floats, frame: NDArray[np.intp], start: int, stop: int) -> list[tuple[int, int]]:
    """For the components from start to stop the nearest one that follows on the same line."""
    left, top, width, height = stats.astype(np.float32).T[:4]
    right, middle, centre = left + width, top + height / 2, left + width / 2
    part = np.s_[start:stop, None]
    gap = left - right[part]
    taller, lower = np.maximum(height[part], height), np.minimum(height[part], height)
    off = np.abs(middle[part] - middle)
    follows = (centre > centre[part]) & (gap > -0.6 * taller) & (gap < LARGEST_GAP * taller)
    follows &= (off < 0.45 * taller) & (lower > 0.38 * taller) & (frame[part] == frame)
    nearest = np.where(follows, gap + off, np.inf).argmin(axis=1)
    each = np.arange(stop - start)
    found = each[follows[each, nearest]]
    return list(zip((found + start).tolist(), nearest[found].tolist(), strict=True))


def _joined(stats: Floats, frame: NDArray[np.intp], groups: list[NDArray[np.intp]]) -> list[NDArray[np.intp]]:
    """Groups that go on where another ends (a wide gap, a small digit), or lie within one, put together."""
    left, top, width, height = (stats[:, k] for k in range(4))
    y = top + height / 2
    first = np.array([g[left[g].argmin()] for g in groups])
    last = np.array([g[(left[g] + width[g]).argmax()] for g in groups])
    ends = _Ends(
        tall=np.array([quantile(height[g], 0.75) for g in groups]),
        first=stats[first],
        last=stats[last],
        centre=np.array([np.add.reduce(y[g]) / len(g) for g in groups]),
        slope=_slopes(left + width / 2, y, groups),
    )
    union = np.arange(len(groups))
    for start in range(0, len(groups), CHUNK):
        part = slice(start, start + CHUNK)
        for a, b in np.argwhere(ends.together(part) & (frame[first][part, None] == frame[first])):
            one, other = _root(union, int(a) + start), _root(union, int(b))
            union[max(one, other)] = min(one, other)
    roots = np.array([_root(union, k) for k in range(len(groups))])
    return [np.concatenate([g for g, r in zip(groups, roots, strict=True) if r == root]) for root in np.unique(roots)]


@dataclass(frozen=True, slots=True)
class _Ends:
    """Of G groups of components what tells whether one goes on where another ends."""

    tall: Floats
    """float64[G]"""
    first: Floats
    """float64[G, >= 4]: x, y, width, height of the leftmost component; last: of the rightmost."""
    last: Floats
    centre: Floats
    slope: Floats

    def together(self, part: slice) -> NDArray[np.bool_]:
        """Which groups (columns) go on where those of a part (rows) end, or lie within them."""
        low, upmost, _, height = self.first.T[:4]
        high = self.last[:, 0] + self.last[:, 2]
        top, tallest = self.last[part, 1, None], self.last[part, 3, None]
        tall = self.tall[part, None]
        taller, lower = np.maximum(tall, self.tall), np.minimum(tall, self.tall)
        gap = low - high[part, None]
        onward = (gap > -0.3 * taller) & (gap < WIDEST_GAP * taller) & (lower > 0.45 * taller)
        onward &= np.abs(top + tallest / 2 - (upmost + height / 2)) < 0.5 * taller
        # small zeros beside a tall digit: at another height, but nowhere above or below it
        shared = np.minimum(top + tallest, upmost + height) - np.maximum(top, upmost)
        small = (shared > 0.75 * np.minimum(tallest, height)) & (lower > 0.28 * taller)
        onward |= small & (gap > -0.3 * taller) & (gap < 0.9 * taller)
        middle, length = (low + high) / 2, high - low
        within = (middle > low[part, None]) & (middle < high[part, None]) & (self.tall < tall)
        within &= (length < length[part, None]) & (length > LONG * self.tall)[part, None]
        at = self.centre[part, None] + (middle - middle[part, None]) * self.slope[part, None]
        within &= np.abs(at - self.centre) < 0.5 * tall
        # a digit that fell apart: its upper half goes on to the right, its lower half to the left
        start, stop = np.maximum(low[part, None], low), np.minimum(high[part, None], high)
        here, there = (
            centre + ((start + stop) / 2 - middle_) * slope
            for centre, middle_, slope in (
                (self.centre[part, None], middle[part, None], self.slope[part, None]),
                (self.centre, middle, self.slope),
            )
        )
        beside = (stop > start) & (lower > 0.45 * taller) & (np.abs(here - there) < ONE_LINE * taller)
        return np.asarray(onward | within | beside)


def quantile(values: NDArray[np.float64] | NDArray[np.int32], share: float) -> float:
    """What `numpy.quantile` gives, to the last bit, in a tenth of the time on so few values."""
    ranked = np.sort(values).tolist()
    at = (len(ranked) - 1) * share
    low, high, part = ranked[int(at)], ranked[min(int(at) + 1, len(ranked) - 1)], at - int(at)
    return float(low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part))


def _slopes(x: Floats, y: Floats, groups: list[NDArray[np.intp]]) -> Floats:
    """Slope of each group, from its ends."""
    out = np.zeros(len(groups))
    for k, group in enumerate(groups):
        if len(group) > 2:
            out[k] = min(max(_slope(x[group], y[group]), -0.3), 0.3)
    return out


def _slope(x: Floats, y: Floats) -> float:
    """Slope of the straight line nearest to points; 0 where they stand one above the other."""
    away = x - np.add.reduce(x) / len(x)
    spread = float(away @ away)
    return float(away @ y) / spread if spread else 0.0


def _root(group: NDArray[np.intp], k: int) -> int:
    while group[k] != k:
        group[k] = group[group[k]]
        k = int(group[k])
    return k


def _line(stats: Floats, frames: Floats, members: NDArray[np.intp]) -> Line:
    """The line through a group of components; one that stands in boxes reaches over all of them."""
    left, top, width, height = stats.T[:4]
    x, y = left + width / 2, top + height / 2
    text_height = quantile(height, 0.75)
    angle = _skew(x, y, text_height)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    corner_x = np.concatenate([left, left + width, left, left + width])
    corner_y = np.concatenate([top, top, top + height, top + height])
    along, across = cos * corner_x + sin * corner_y, -sin * corner_x + cos * corner_y
    boxes = _around(frames, x, y, text_height)
    if len(boxes):
        middle = boxes[:, 1] + boxes[:, 3] / 2
        ends = np.concatenate([boxes[:, 0], boxes[:, 0] + boxes[:, 2]])
        along = np.concatenate([along, cos * ends + sin * np.tile(middle, 2)])
    (begin, end), (upper, lower) = extremes(along), extremes(across)
    a, b = (begin + end) / 2, (upper + lower) / 2
    centre = cos * a - sin * b, sin * a + cos * b
    return Line(centre, angle, end - begin, lower - upper, text_height, members)


def extremes(values: Floats) -> tuple[float, float]:
    """The least and the greatest of numbers."""
    return float(np.minimum.reduce(values)), float(np.maximum.reduce(values))


def _around(frames: Floats, x: Floats, y: Floats, text_height: float) -> Floats:
    """The frames that some of the points stand in, if they are boxes for a line of that height."""
    if not len(frames):
        return frames
    left, top, width, height = frames.T[:4]
    inside = (x > left[:, None]) & (x < (left + width)[:, None]) & (y > top[:, None]) & (y < (top + height)[:, None])
    return np.asarray(frames[inside.any(axis=1) & (height < 4 * text_height)])


def _skew(x: Floats, y: Floats, text_height: float) -> float:
    """Slope of the line through the centres, as far as there are enough of them to tell."""
    if len(x) < 3:
        return 0.0
    first, last = extremes(x)
    if last - first < 2.5 * text_height:
        return 0.0
    slope = _slope(x, y)
    rest = np.abs(y - _median(y - slope * x) - slope * x)
    steady = rest <= max(2.0 * _median(rest), 0.08 * text_height)
    if np.count_nonzero(steady) >= 3:
        slope = _slope(x[steady], y[steady])
    return min(max(float(np.arctan(slope)), -MAX_SKEW), MAX_SKEW)


def _median(values: Floats) -> float:
    """What `numpy.median` gives of numbers, to the last bit, in a tenth of the time on so few values."""
    ranked = np.sort(values).tolist()
    return float(ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2
