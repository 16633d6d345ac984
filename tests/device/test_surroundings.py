"""A glyph among its neighbours: itself as it is alone, and around it, faint, what is not its own."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings

from device.glyphs import glyphs
from device.model import ALONE, AMONG
from device.pixels import normalise_tight
from device.segment import LineInk, spans
from device.surroundings import FAINTNESS, among
from tests.device.test_segment import blobs


def line(*columns: tuple[int, int], height: int = 40, width: int = 120) -> LineInk:
    """Bars of full ink, a piece each, from one column to before another."""
    labels = np.zeros((76, width), np.int32)
    for number, (left, right) in enumerate(columns, start=1):
        labels[18 : 18 + height, left:right] = number
    boxes = np.array([[left, 18, right - left, height] for left, right in columns], np.int32)
    count = np.arange(len(columns), dtype=np.int32)
    areas = (boxes[:, 2] * height).astype(np.int32)
    return LineInk(np.where(labels > 0, 255, 0).astype(np.uint8), labels, boxes, areas, count, 40.0)


def views(ink: LineInk, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """A glyph alone, and what is added among its neighbours, but for the rim of its own soft edge."""
    found = spans(ink)
    which = int(np.flatnonzero((found.first == first) & (found.last == last))[0])
    shown = glyphs(ink, found)[which].astype(int)
    near = cv2.dilate((shown[ALONE] > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return shown[ALONE], np.where(near, 0, shown[AMONG])


@given(blobs())
@settings(max_examples=60)
def test_the_glyph_itself_is_never_fainter_than_alone_and_what_is_added_is_faint(ink: LineInk) -> None:
    shown = glyphs(ink, spans(ink))
    alone, both = shown[:, ALONE].astype(int), shown[:, AMONG].astype(int)
    assert (both >= alone).all()
    assert both[both > alone].max(initial=0) <= 255 * FAINTNESS // 100


def test_without_neighbours_both_views_are_the_same() -> None:
    assert not views(line((50, 60)), 0, 0)[1].any()


def test_a_neighbour_appears_where_it_stands_at_the_glyphs_own_scale() -> None:
    """Half as large as on the strip: 40 rows become 20, and a bar 12 columns to the right stands 6 to the right."""
    alone, added = views(line((50, 58), (62, 70)), 0, 0)
    rows, columns = np.nonzero(added > 255 * FAINTNESS // 200)
    own = np.nonzero(alone > 128)
    assert (columns.min() - own[1].min(), columns.max() - own[1].max()) == (6, 6)
    assert abs(rows.min() - own[0].min()) <= 1
    assert abs(rows.max() - own[0].max()) <= 1


def test_pieces_of_the_glyph_are_no_neighbours() -> None:
    assert not views(line((50, 58), (62, 70)), 0, 1)[1].any()


def test_what_is_no_piece_is_not_shown() -> None:
    """A ruled line was taken out of the pieces: the soft ink still has it."""
    ink = line((50, 58))
    ink.soft[60:64] = 255
    assert not views(ink, 0, 0)[1].any()


@pytest.mark.parametrize("left", [0, 112])
def test_beyond_the_strips_end_there_is_paper(left: int) -> None:
    number = 0 if left == 0 else 1
    assert not views(line((left, left + 8), (56, 64)), number, number)[1].any()


def test_no_glyphs_no_pixels() -> None:
    ink = line((50, 60))
    none = np.zeros(0, np.int32)
    placed = normalise_tight(iter(()), 0)
    assert among(ink.soft, ink.labels, none, none, np.zeros((0, 4), np.int32), placed).shape == (0, 32, 32)
