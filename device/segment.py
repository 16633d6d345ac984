"""Ink → pieces and spans: a line is cut too often, and every run of pieces that may be a digit becomes a glyph.

Heuristic over-segmentation (LeCun 1998, section V): connected components, and within wide
ones the seams of least ink.  Which cuts were right is decided later, by the network's
opinion of every span and the best path through them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from device.cuts import seam_field
from device.ink import contrast, sharpness, soften, threshold
from device.lines import TEXT_HEIGHT, Line, Strip, cut_out, quantile
from device.pixels import normalise_tight
from device.rules import remove_rules
from device.slant import straighten
from device.surroundings import among
from device.types import Box

Uint8 = NDArray[np.uint8]
Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

WINDOW = 45
"""Window of the paper's brightness on a strip, pixels: a little more than a digit's height."""
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
SLIVER = 10
"""A component within so many pixels of a strip's upper or lower edge is no part of its text."""
FEW_LABELS = 1 << 17
"""Pixels of a strip that has few enough components for labels of 16 bits, which are quicker."""
FAR = 1 << 30
"""Beyond any strip, pixels."""
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
    whole = _whole(cut_out(grey, small, scale, line))
    ratio = whole.text_height / TEXT_HEIGHT
    if not RESCALE[0] < ratio < RESCALE[1]:
        whole = _whole(cut_out(grey, small, scale, replace(line, text_height=line.text_height * ratio)))
    return whole.strip, _in_pieces(whole)


def segment(strip: Strip) -> tuple[Strip, LineInk]:
    """A strip without the slant of its hand, and its ink in pieces."""
    whole = _whole(strip)
    return whole.strip, _in_pieces(whole)


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    """A strip and its ink, not cut yet."""

    strip: Strip
    soft: Uint8
    """uint8[h, w]"""
    labels: Ints
    """int32[h, w]: components."""
    stats: Ints
    """int32[C + 1, 5]: x, y, width, height, area of each component; row 0 is paper."""
    text_height: float
    """Pixels."""


def _whole(strip: Strip) -> _Whole:
    """The components of a strip, without the slant of its hand."""
    map_ = contrast(strip.grey, WINDOW)
    least = threshold(map_)
    binary = remove_rules((map_ > least).view(np.uint8), TEXT_HEIGHT)
    strip, binary, soft = straighten(strip, binary, soften(map_, least))
    return _Whole(strip, soft, *_components(binary))


def _in_pieces(whole: _Whole) -> LineInk:
    pieces, owners = _cut(whole.labels, whole.stats, whole.soft, whole.text_height)
    sharp = sharpness(whole.soft, (pieces > 0).view(np.uint8))
    return LineInk(whole.soft, *_in_order(pieces, owners), whole.text_height, sharp)


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


def glyphs(ink: LineInk, found: Spans) -> Uint8:
    """The networks' input for each span, uint8[S, 2, 32, 32]: alone (`device.model.VIEWS`), its own ink and nothing of
    its neighbours, and among them.

    Where a cut goes through ink both sides get the wall: two zeros that touch share it.
    """
    first = found.first + len(ink.boxes) * _walled(ink, found)  # the patches' second half has walls
    last = first + found.last - found.first
    patches = _patches(ink, first, last)
    corners = np.array([patch.corners for patch in patches], np.int32).reshape(-1, 4)
    around = _over(np.minimum, corners, first, last)
    drawn = _drawn(patches, ink.soft.shape, first, last, around)
    alone = normalise_tight(drawn, len(first), ink.text_height)
    boxes = around * np.array([1, 1, -1, -1], np.int32)
    return np.stack([alone.pixels, among(ink.soft, ink.labels, found.first, found.last, boxes, alone)], axis=1)


def _walled(ink: LineInk, found: Spans) -> NDArray[np.bool_]:
    """Which spans are made of patches with walls, bool[S]: those that end in a cut, and those that hold all the pieces
    of their components, where a wall has nowhere to go and makes no difference."""
    number = np.arange(len(ink.boxes), dtype=np.int32)
    start, stop = (np.zeros(ink.components.max(initial=0) + 1, np.int32) for _ in range(2))
    start[ink.components[::-1]], stop[ink.components] = number[::-1], number  # the last to be written stays
    whole = _over(np.minimum, start[ink.components], found.first, found.last) >= found.first
    whole &= _over(np.maximum, stop[ink.components], found.first, found.last) <= found.last
    return np.asarray(whole | _cut_off(ink, found))


@dataclass(frozen=True, slots=True, eq=False)
class _Patch:
    """What a piece puts into the glyphs that it is a part of."""

    corners: tuple[int, int, int, int]
    """Left, top, -right, -bottom on the strip: the least of several are those of all of them."""
    place: tuple[slice, slice]
    """Rows and columns of the strip."""
    soft: Floats
    """float32[h, w]: its soft ink, nothing of its neighbours'."""


NOTHING = _Patch((FAR, FAR, FAR, FAR), (slice(0), slice(0)), np.zeros((0, 0), np.float32))


def _patches(ink: LineInk, first: Ints, last: Ints) -> list[_Patch]:
    """Of each piece, first without walls and then with them, as far as one of the runs from first to last has it."""
    count = len(ink.boxes)
    ends = np.bincount(first, minlength=2 * count + 1) - np.bincount(last + 1, minlength=2 * count + 1)
    wanted = np.cumsum(ends)[:-1] > 0
    cut = (np.bincount(ink.components, minlength=1) > 1)[ink.components]
    near = ink.boxes + np.array([-WALL - 1, -WALL - 1, 2 * WALL + 2, 2 * WALL + 2], np.int32)
    near[:, 2:] += near[:, :2]
    near = np.maximum(near, 0)
    out = [NOTHING] * (2 * count)
    for start in (start for half in (0, count) for start in range(half, half + count, 8)):
        pieces = np.arange(start % count, min(start % count + 8, count))
        which = np.flatnonzero(wanted[start : start + len(pieces)]).tolist()
        if not which:
            continue
        left = int(near[pieces, 0].min())
        columns = np.s_[left : int(near[pieces, 2].max())]
        bits = np.zeros(count + 1, np.uint8)  # of each label: one bit for each of these eight pieces
        bits[pieces + 1] = 1 << np.arange(len(pieces))
        own = bits.take(ink.labels[:, columns])
        if start >= count and cut[pieces].any():
            inked = np.negative(ink.labels[:, columns] > 0, dtype=np.uint8)
            for _ in range(WALL):  # grows along the ink only, and so never across a gap
                own = _grown(own) & inked
        own, soft = _grown(own), ink.soft[:, columns]
        for n in which:
            out[start + n] = _patch(soft, own, 1 << n, near[pieces[n]].tolist(), left)
    return out


def _grown(bits: Uint8) -> Uint8:
    """Each bit of uint8[h, w] grown by one pixel to all sides, corners too."""
    wider = bits.copy()
    wider[:, 1:] |= bits[:, :-1]
    wider[:, :-1] |= bits[:, 1:]
    out = wider.copy()
    out[1:] |= wider[:-1]
    out[:-1] |= wider[1:]
    return out


def _patch(soft: Uint8, bits: Uint8, bit: int, near: list[int], start: int) -> _Patch:
    """What has the bit on a part of a strip that starts at a column.  near: left, top, right and bottom."""
    left, top, right, bottom = near
    window = np.s_[top:bottom, left - start : right - start]
    own = cv2.copyTo(soft[window], bits[window] & bit)
    x, y, width, height = cv2.boundingRect(own)
    if not width:
        return NOTHING
    tight = own[y : y + height, x : x + width].astype(np.float32)
    left, top = left + x, top + y
    right, bottom = left + width, top + height
    return _Patch((left, top, -right, -bottom), np.s_[top:bottom, left:right], tight)


def _drawn(patches: list[_Patch], shape: tuple[int, ...], first: Ints, last: Ints, around: Ints) -> Iterator[Floats]:
    """The soft ink of each run of patches, float32[h, w]: windows of one strip, good until the next one is drawn."""
    strip = np.zeros(shape, np.float32)
    begun = done = low = high = 0
    for start, stop, (left, top, right, bottom) in zip(first.tolist(), last.tolist(), around.tolist(), strict=True):
        if start != begun or stop < done - 1:
            strip[:, low:high] = 0
            begun = done = start
        for patch in patches[done : stop + 1]:
            place = strip[patch.place]
            np.maximum(place, patch.soft, out=place)
        done, low, high = stop + 1, left, -right
        yield strip[top:-bottom, left:-right]


def _over(reduction: np.ufunc, values: Ints, first: Ints, last: Ints) -> Ints:
    """The least or greatest of each run of rows: int32[N, ...] → int32[S, ...]."""
    if not len(first):
        return values[:0]
    ends = np.stack([first, last + 1], axis=1).ravel()
    return np.asarray(reduction.reduceat(np.concatenate([values, values[-1:]]), ends)[::2], np.int32)


def _cut_off(ink: LineInk, found: Spans) -> NDArray[np.bool_]:
    """Which spans end in a cut: a neighbouring piece outside belongs to the same component.  bool[S]."""
    component = np.concatenate([[-1], ink.components, [-2]])
    before, after = component[found.first], component[found.last + 2]
    out = np.zeros(len(found.first), bool)
    for step in range(MOST_PIECES):
        member = component[np.minimum(found.first + step, found.last) + 1]
        out |= (member == before) | (member == after)
    return out
