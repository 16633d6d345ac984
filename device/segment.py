"""Ink → pieces and spans: a line is cut too often, and every run of pieces that may be a digit is a span.

Heuristic over-segmentation (LeCun 1998, section V): connected components, and within wide
ones the seams of least ink.  Which cuts were right is decided later, by the network's
opinion of every span and the best path through them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from device.cells import boxes_between, interiors, numbered, walls, within
from device.cuts import seam_field
from device.ink import FAINTEST_INK, FAINTEST_WRITING, contrast, sharpness, soften, threshold, with_hairlines
from device.lines import Line, quantile
from device.rules import remove_rules
from device.slant import straighten
from device.strips import MARGIN, TEXT_HEIGHT, Strip, cut_out
from device.types import Box

Uint8 = NDArray[np.uint8]
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

WINDOW = 45
"""Window of the paper's brightness on a strip, pixels: a little more than a digit's height."""
SMALLEST_AREA = 8
"""Fewer pixels than this on a strip are a speck."""
WIDE = 0.5
"""A component wider than this share of the line's height may be more than one digit."""
MOST_PIECES = 5
"""Pieces in one span at most."""
WIDEST_SPAN = 1.55
"""Width of a span at most, in heights of the line."""
LARGEST_HOLE = 0.22
"""Paper between two pieces of one digit at most, in heights of the line."""
MOST_COMPONENTS = 120
SLIVER = 10
"""A component within so many pixels of a strip's upper or lower edge is no part of its text."""
FEW_LABELS = 1 << 17
"""Pixels of a strip that has few enough components for labels of 16 bits, which are quicker."""
ENLARGED = 0.8
"""Where a strip's pixel is less than this of the frame's, strokes are narrower than what the lens blurs."""
RESCALE = 0.78, 1.3
"""A strip whose text is this much smaller or larger than it should be is cut out again."""


@dataclass(frozen=True, slots=True, eq=False)
class LineInk:
    """A strip's ink, and the pieces it falls into, left to right."""

    soft: Uint8
    """uint8[h, w]: 255 where the pen pressed as on average."""
    labels: Ints
    """int32[h, w]: 1 + the number of the piece that a pixel belongs to; 0 is paper."""
    boxes: Ints
    """int32[P, 4]: x, y, width, height of each piece on the strip."""
    areas: Ints
    """int32[P]: ink pixels of each piece."""
    components: Ints
    """int32[P]: the connected component that each piece was cut from."""
    text_height: float
    """Height of its digits on the strip, pixels."""
    sharp: float = 1.0
    """How sharp its edges are, see `device.ink.sharpness`."""
    cells: Ints | None = None
    """int32[P]: 1 + the number of the form's box that each piece stands in, 0 for none; None where nobody looked."""


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Runs of neighbouring pieces that may be a digit each."""

    first: Ints
    """int32[S]: number of the first piece."""
    last: Ints
    """int32[S]: number of the last piece, inclusive."""
    boxes: Ints
    """int32[S, 4]: x, y, width, height on the strip."""


def line_ink(grey: Uint8, small: Uint8, scale: float, line: Line) -> tuple[Strip, LineInk]:
    """Cut a line out and find its pieces; once more where its digits turn out larger or smaller than they had seemed.

    grey, small, scale: the full picture, the reduced one that the line was found on, and small / full.
    """
    faintest = FAINTEST_WRITING if line.faint else FAINTEST_INK
    whole = _whole(cut_out(grey, small, scale, line), line.boxed, faintest)
    ratio = whole.text_height / TEXT_HEIGHT
    if not RESCALE[0] < ratio < RESCALE[1]:
        resized = replace(line, text_height=line.text_height * ratio)
        whole = _whole(cut_out(grey, small, scale, resized), line.boxed, faintest)
    return whole.strip, _in_pieces(whole)


def segment(strip: Strip) -> tuple[Strip, LineInk]:
    """A strip without the slant of its hand, and its ink in pieces."""
    whole = _whole(strip, False)
    return whole.strip, _in_pieces(whole)


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    """A strip and its ink, not cut yet."""

    strip: Strip
    soft: Uint8
    """uint8[h, w]"""
    cells: Floats
    """float64[B, 2]: columns of the walls of each box, ..."""
    slanted: Floats
    """float64[2, 3]: ... where the strip still had its hand's slant: x, y, 1 → x, y there."""
    labels: Ints
    """int32[h, w]: components."""
    stats: Ints
    """int32[C + 1, 5]: x, y, width, height, area of each component; row 0 is paper."""
    text_height: float
    """Pixels."""


def _whole(strip: Strip, boxed: bool, faintest: int = FAINTEST_INK) -> _Whole:
    """The components of a strip, without the slant of its hand.

    boxed: whether it was found as a row of boxes.  faintest: contrast of its ink, at least.
    """
    map_ = contrast(strip.grey, WINDOW)
    least = threshold(map_, faintest)
    if strip.scale < ENLARGED:
        map_ = with_hairlines(map_, least)
        least = threshold(map_, faintest)
    binary = (map_ > least).view(np.uint8)
    inside = interiors(binary, MARGIN * TEXT_HEIGHT) if boxed else None
    binary, upright = remove_rules(binary, TEXT_HEIGHT)
    if inside is not None:
        binary = within(binary, inside.mask)
    cells = boxes_between(walls(upright, TEXT_HEIGHT), TEXT_HEIGHT) if inside is None else inside.boxes
    strip, binary, soft, slanted = straighten(strip, binary, soften(map_, least))
    return _Whole(strip, soft, cells, slanted, *_components(binary))


def _in_pieces(whole: _Whole) -> LineInk:
    pieces, owners = _cut(whole.labels, whole.stats, whole.soft, whole.text_height)
    sharp = sharpness(whole.soft, (pieces > 0).view(np.uint8))
    labels, boxes, areas, components = _in_order(pieces, owners)
    x, y = (boxes[:, :2] + boxes[:, 2:] / 2).T
    a, b, c = whole.slanted[0]
    cells = numbered(whole.cells, a * x + b * y + c)
    return LineInk(whole.soft, labels, boxes, areas, components, whole.text_height, sharp, cells)


def _components(binary: Uint8) -> tuple[Ints, Ints, float]:
    """Labels, statistics (x, y, width, height, area; row 0 is paper) and the text's height."""
    kind = cv2.CV_16U if binary.size < FEW_LABELS else cv2.CV_32S
    _, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8, ltype=kind)
    rows = binary.shape[0]
    y, width, height, area = stats.T[1:]
    keep = (area >= SMALLEST_AREA) & (width < 12 * np.maximum(height, 8)) & ((height > 3) | (width > 3))
    # neighbouring lines reach into the margin: they touch the strip's edge and hardly enter
    keep &= ~(((y == 0) | (y + height == rows)) & (height < 0.3 * rows))
    # what is left of a frame runs along the edge, well off the text
    keep &= (y + height > SLIVER) & (y < rows - SLIVER)
    keep[0] = False
    if keep.sum() > MOST_COMPONENTS:
        largest = np.argsort(np.where(keep, -area, 1), kind="stable")[:MOST_COMPONENTS]
        keep = np.isin(np.arange(len(stats)), largest)
    number = np.zeros(len(stats), np.int32)
    number[keep] = np.arange(1, keep.sum() + 1)
    tall = height[keep & (height > 0.3 * TEXT_HEIGHT)]
    text_height = quantile(tall, 0.7) if len(tall) else float(TEXT_HEIGHT)
    kept = np.concatenate([stats[:1], stats[keep]])
    return number.take(np.asarray(labels)), np.asarray(kept, np.int32), text_height


def _cut(labels: Ints, stats: Ints, soft: Uint8, text_height: float) -> tuple[Ints, Ints]:
    """Cut wide components: labels int32[h, w] of pieces, and the component of each piece, int32[P + 1]."""
    owners = list(range(len(stats)))
    wide = [n for n in np.flatnonzero(stats[:, 2] > WIDE * text_height).tolist() if n]
    if not wide:
        return labels, np.array(owners, np.int32)
    field = seam_field(soft * (labels > 0), _extent(labels, stats, wide), text_height)
    chosen = [field.choose(int(stats[n, 0]), int(stats[n, 0] + stats[n, 2]), text_height) for n in wide]
    if not any(chosen):
        return labels, np.array(owners, np.int32)
    paths = field.trace([column for columns in chosen for column in columns])
    at = 0
    for number, columns in zip(wide, chosen, strict=True):
        if not columns:
            continue
        x, y, width, height = stats[number, :4].tolist()
        side = _sides(paths[at : at + len(columns), y : y + height] - x, width)
        at += len(columns)
        window = labels[y : y + height, x : x + width]
        window[:] = np.where((window == number) & (side > 0), side + (len(owners) - 1), window)
        owners += [number] * len(columns)
    return labels, np.array(owners, np.int32)


def _extent(labels: Ints, stats: Ints, wide: list[int]) -> Ints:
    """Rows from the first to the last ink of each column of the wide components, int32[w]; 0 beside them."""
    out = np.zeros(labels.shape[1], np.int32)
    for number in wide:
        x, y, width, height = stats[number, :4].tolist()
        own = labels[y : y + height, x : x + width] == number
        rows = height - own[::-1].argmax(axis=0) - own.argmax(axis=0)
        np.maximum(out[x : x + width], rows, out=out[x : x + width])
    return out


def _sides(cuts: Ints, width: int) -> NDArray[np.intp]:
    """How many seams lie left of each pixel, intp[h, width].  cuts: int32[K, h], the first column right of each."""
    rows = np.arange(cuts.shape[1]) * (width + 1)
    counts = np.bincount((np.clip(cuts, 0, width) + rows).ravel(), minlength=len(rows) * (width + 1))
    return counts.reshape(len(rows), width + 1).cumsum(axis=1)[:, :width]


def _in_order(labels: Ints, owners: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Number the pieces from left to right: labels, boxes, areas, components."""
    inked = np.flatnonzero(labels > 0)
    found = labels.ravel().take(inked)
    every = np.bincount(found, minlength=len(owners))
    kept = np.flatnonzero(every)
    number = np.zeros(len(owners), np.int32)
    if not len(kept):
        return number.take(labels), np.zeros((0, 4), np.int32), number[:0], owners[:0]
    areas = every[kept]
    ends = areas.cumsum()
    by_piece = np.argsort(found.astype(np.uint16), kind="stable")  # of 16 bits: NumPy counts rather than compares
    y, x = np.divmod(inked.take(by_piece).astype(np.int32), np.int32(labels.shape[1]))  # each piece top to bottom
    left, right = np.minimum.reduceat(x, ends - areas), np.maximum.reduceat(x, ends - areas)
    boxes = np.stack([left, y[ends - areas], right - left + 1, y[ends - 1] - y[ends - areas] + 1], axis=1)
    order = np.argsort(left + right, kind="stable")
    number[kept[order]] = np.arange(1, len(order) + 1)
    return number.take(labels), boxes[order].astype(np.int32), areas[order].astype(np.int32), owners[kept[order]]


def spans(ink: LineInk) -> Spans:
    """Every run of at most `MOST_PIECES` neighbouring pieces that could be one digit."""
    count = len(ink.boxes)
    first = np.repeat(np.arange(count), MOST_PIECES)
    last = first + np.tile(np.arange(MOST_PIECES), count)
    first, last = first[last < count], last[last < count]
    left, top = ink.boxes[:, 0], ink.boxes[:, 1]
    right, bottom = left + ink.boxes[:, 2], top + ink.boxes[:, 3]
    low_x, low_y, high_x, high_y = left[first], top[first], right[first], bottom[first]
    hole = np.zeros(len(first))
    for step in range(1, MOST_PIECES):
        member = np.minimum(first + step, last)
        inside = first + step <= last
        hole = np.where(inside, np.maximum(hole, left[member] - high_x), hole)
        low_x, low_y = np.minimum(low_x, left[member]), np.minimum(low_y, top[member])
        high_x, high_y = np.maximum(high_x, right[member]), np.maximum(high_y, bottom[member])
    width, height = high_x - low_x, high_y - low_y
    tall = ink.text_height
    keep = (width <= WIDEST_SPAN * tall) & (hole <= LARGEST_HOLE * tall)
    keep &= (height >= 0.25 * tall) & (height <= 1.9 * tall) & (np.maximum(height, width) >= 0.33 * tall)
    boxes = np.stack([low_x, low_y, width, height], axis=1)[keep]
    return Spans(first[keep].astype(np.int32), last[keep].astype(np.int32), boxes.astype(np.int32))


def digit_box(strip: Strip, ink: LineInk, pieces: Ints, box: Ints) -> Box:
    """The upright box on the frame of a digit: of the pieces int32[2] (the first and the last), box int32[4]."""
    x, y, width, height = (int(value) for value in box)
    part = ink.labels[y : y + height, x : x + width]
    return strip.box_of((part > pieces[0]) & (part <= pieces[1] + 1), x, y)
