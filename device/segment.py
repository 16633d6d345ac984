"""Ink → pieces and spans: a line is cut too often, and every run of pieces that may be a digit becomes a glyph.

Heuristic over-segmentation (LeCun 1998, section V): connected components, and within wide
ones the seams of least ink.  Which cuts were right is decided later, by the network's
opinion of every span and the best path through them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from device.cuts import seam_field
from device.ink import contrast, soften, threshold
from device.lines import TEXT_HEIGHT, Line, Strip, cut_out
from device.pixels import normalise_all
from device.rules import remove_rules

Uint8 = NDArray[np.uint8]
Ints = NDArray[np.int32]

WINDOW = 45
"""Window of the paper's brightness on a strip, pixels: a little more than a digit's height."""
HALO = np.ones((3, 3), np.uint8)
"""A glyph takes the soft edge of its strokes with it: its binary pixels, grown by one."""
WALL = 3
"""Ink beyond a cut that still belongs to both sides, pixels: about the thickness of a stroke."""
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
    strip = cut_out(grey, small, scale, line)
    ink = segment(strip)
    ratio = ink.text_height / TEXT_HEIGHT
    if RESCALE[0] < ratio < RESCALE[1]:
        return strip, ink
    strip = cut_out(grey, small, scale, replace(line, text_height=line.text_height * ratio))
    return strip, segment(strip)


def segment(strip: Strip) -> LineInk:
    """A line's ink in pieces."""
    map_ = contrast(strip.grey, WINDOW)
    least = threshold(map_)
    binary = remove_rules((map_ > least).view(np.uint8), TEXT_HEIGHT)
    labels, stats, text_height = _components(binary)
    soft = soften(map_, least)
    pieces, owners = _cut(labels, stats, soft, text_height)
    return LineInk(soft, *_in_order(pieces, owners), text_height)


def _components(binary: Uint8) -> tuple[Ints, Ints, float]:
    """Labels, statistics (x, y, width, height, area; row 0 is paper) and the text's height."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    rows = binary.shape[0]
    y, width, height, area = stats.T[1:]
    keep = (area >= SMALLEST_AREA) & (width < 12 * np.maximum(height, 8)) & ((height > 3) | (width > 3))
    # neighbouring lines reach into the margin: they touch the strip's edge and hardly enter
    keep &= ~(((y == 0) | (y + height == rows)) & (height < 0.3 * rows))
    keep[0] = False
    if keep.sum() > MOST_COMPONENTS:
        largest = np.argsort(np.where(keep, -area, 1), kind="stable")[:MOST_COMPONENTS]
        keep = np.isin(np.arange(len(stats)), largest)
    number = np.zeros(len(stats), np.int32)
    number[keep] = np.arange(1, keep.sum() + 1)
    tall = height[keep & (height > 0.3 * TEXT_HEIGHT)]
    text_height = float(np.quantile(tall, 0.7)) if len(tall) else float(TEXT_HEIGHT)
    kept = np.concatenate([stats[:1], stats[keep]])
    return number[labels], np.asarray(kept, np.int32), text_height


def _cut(labels: Ints, stats: Ints, soft: Uint8, text_height: float) -> tuple[Ints, Ints]:
    """Cut wide components: labels int32[h, w] of pieces, and the component of each piece, int32[P + 1]."""
    owners = list(range(len(stats)))
    wide = np.flatnonzero(stats[:, 2] > WIDE * text_height)
    wide = wide[wide > 0]
    if not len(wide):
        return labels, np.array(owners, np.int32)
    field = seam_field(np.where(labels > 0, soft, np.uint8(0)), text_height)
    chosen = [field.choose(int(stats[n, 0]), int(stats[n, 0] + stats[n, 2]), text_height) for n in wide]
    paths = field.trace([column for columns in chosen for column in columns])
    at = 0
    for number, columns in zip(wide, chosen, strict=True):
        if not columns:
            continue
        x, y, width, height = (int(v) for v in stats[number, :4])
        cuts = paths[at : at + len(columns), y : y + height, None]
        at += len(columns)
        window = labels[y : y + height, x : x + width]
        own = window == number
        side = (np.arange(x, x + width) >= cuts).sum(axis=0)  # seams to the left of each pixel
        for part in range(1, len(columns) + 1):
            here = own & (side == part)
            if here.any():
                window[here] = len(owners)
                owners.append(int(number))
    return labels, np.array(owners, np.int32)


def _in_order(labels: Ints, owners: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Number the pieces from left to right: labels, boxes, areas, components."""
    count = len(owners)
    y, x = np.nonzero(labels)
    found = labels[y, x]
    areas = np.bincount(found, minlength=count)
    left, top = np.full(count, 1 << 30), np.full(count, 1 << 30)
    right, bottom = np.full(count, -1), np.full(count, -1)
    np.minimum.at(left, found, x)
    np.minimum.at(top, found, y)
    np.maximum.at(right, found, x)
    np.maximum.at(bottom, found, y)
    kept = np.flatnonzero(areas > 0)
    order = kept[np.argsort((left + right)[kept], kind="stable")]
    number = np.zeros(count, np.int32)
    number[order] = np.arange(1, len(order) + 1)
    boxes = np.stack([left, top, right - left + 1, bottom - top + 1], axis=1)[order]
    return number[labels], boxes.astype(np.int32), areas[order].astype(np.int32), owners[order]


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


def glyphs(ink: LineInk, found: Spans) -> Uint8:
    """The network's input for each span: uint8[S, 32, 32], its own ink and nothing of its neighbours.

    Where a cut goes through ink both sides get the wall: two zeros that touch share it.
    """
    inks: list[Uint8] = []
    rows, columns = ink.soft.shape
    inked = np.minimum(ink.labels, 1).astype(np.uint8) * 255
    shared = _cut_off(ink, found)
    for k, (first, last, (x, y, width, height)) in enumerate(zip(found.first, found.last, found.boxes, strict=True)):
        reach = 1 + (WALL if shared[k] else 0)
        top, left = max(y - reach, 0), max(x - reach, 0)
        bottom, right = min(y + height + reach, rows), min(x + width + reach, columns)
        part = ink.labels[top:bottom, left:right]
        own = cv2.inRange(part, int(first) + 1, int(last) + 1)
        for _ in range(WALL if shared[k] else 0):  # grows along the ink only, and so never across a gap
            own = cv2.bitwise_and(cv2.dilate(own, HALO), inked[top:bottom, left:right])
        own = cv2.dilate(own, HALO)
        inks.append(np.asarray(cv2.bitwise_and(ink.soft[top:bottom, left:right], own), np.uint8))
    return normalise_all(inks, ink.text_height)


def _cut_off(ink: LineInk, found: Spans) -> NDArray[np.bool_]:
    """Which spans end in a cut: a neighbouring piece outside belongs to the same component.  bool[S]."""
    component = np.concatenate([[-1], ink.components, [-2]])
    before, after = component[found.first], component[found.last + 2]
    out = np.zeros(len(found.first), bool)
    for step in range(MOST_PIECES):
        member = component[np.minimum(found.first + step, found.last) + 1]
        out |= (member == before) | (member == after)
    return out
