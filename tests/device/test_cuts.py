"""Where ink may be cut: seams run from top to bottom through little of it, and cut where digits touch."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from device.cuts import APART, EDGE, LEAN, PAPER, PER_HEIGHT, SeamField, seam_field

Uint8 = NDArray[np.uint8]
TALL = 40.0

inks = arrays(np.uint8, st.tuples(st.integers(2, 24), st.integers(3, 40)), elements=st.sampled_from([0, 0, 90, 255]))


def discs(*centres: int, radius: int = 20, filled: bool = False, height: int = 60) -> Uint8:
    """Zeros side by side, 40 pixels tall."""
    ink = np.zeros((height, centres[-1] + radius + 12), np.uint8)
    for x in centres:
        cv2.circle(ink, (x, height // 2), radius - (0 if filled else 2), 255, -1 if filled else 4, cv2.LINE_AA)
    return ink


def extent(ink: Uint8) -> tuple[int, int]:
    columns = np.flatnonzero(ink.any(axis=0))
    return int(columns[0]), int(columns[-1]) + 1


def crossed(ink: Uint8, seam: NDArray[np.int32]) -> float:
    return float(ink[np.arange(len(ink)), np.minimum(seam, ink.shape[1] - 1)].sum())


def field_of(ink: Uint8, tall: float = TALL) -> SeamField:
    rows = [np.flatnonzero(column) for column in ink.T]
    return seam_field(ink, np.array([np.ptp(inked) + 1 if len(inked) else 0 for inked in rows], np.int32), tall)


# ── Where ──


@pytest.mark.parametrize("overlap", [0, 1, 2, 4])
def test_discs_that_touch_are_cut_where_they_touch(overlap: int) -> None:
    ink = discs(32, 72 - overlap, filled=True)
    touch = 52 - overlap / 2
    field = field_of(ink)
    columns = field.choose(*extent(ink), TALL)
    near = [column for column in columns if abs(column - touch) <= 2]
    assert len(near) == 1
    assert np.abs(field.trace(near)[0][20:40] - touch).max() <= 3
    assert not [column for column in columns if 20 < column < 84 - overlap and column not in near]


@pytest.mark.parametrize("gap", [3, 6, 10])
def test_zeros_that_a_bridge_joins_are_cut_on_the_bridge(gap: int) -> None:
    ink = discs(32, 72 + gap)
    cv2.line(ink, (50, 34), (54 + gap, 34), 255, 3)
    field = field_of(ink)
    bridges = [column for column in field.choose(*extent(ink), TALL) if 50 <= column <= 54 + gap]
    assert bridges
    assert min(field.cost[bridges]) < field.cost[32] / 2, "the bridge and a lean, not a zero"


@pytest.mark.parametrize("overlap", [0, 2, 4])
def test_zeros_that_share_a_wall_are_cut_on_both_sides_of_it(overlap: int) -> None:
    """The wall itself is no place for a cut: whichever zero takes it is whole, and the other gets it lent."""
    ink = discs(32, 72 - overlap, 112 - 2 * overlap)
    columns = field_of(ink).choose(*extent(ink), TALL)
    for touch in (52 - overlap / 2, 92 - 1.5 * overlap):
        assert [column for column in columns if 0 < touch - column < 0.3 * TALL]
        assert [column for column in columns if 0 < column - touch < 0.3 * TALL]


def test_of_two_cuts_through_as_much_ink_the_one_at_one_place_comes_first() -> None:
    """Through a zero's top and bottom, or through a bridge as thick as both."""
    ink = discs(32, 74)
    cv2.rectangle(ink, (50, 28), (56, 36), 255, -1)
    field = field_of(ink)
    assert field.cost[53] < field.cost[32]


def test_a_slanted_touch_is_cut_along_its_slant() -> None:
    """A seven's stem that leans towards the next digit: no upright cut would do."""
    ink = np.zeros((60, 100), np.uint8)
    cv2.polylines(ink, [np.array([(20, 12), (50, 12), (30, 48)])], False, 255, 4)
    cv2.polylines(ink, [np.array([(60, 12), (46, 48), (76, 48)])], False, 255, 4)
    cv2.line(ink, (36, 36), (50, 36), 255, 3)
    field = field_of(ink)
    columns = field.choose(*extent(ink), TALL)
    seams = field.trace(columns)
    straight = (ink > 0).sum(axis=0)[44:54].min()
    best = min(crossed(ink, seam) / 255 for seam in seams)
    assert best <= 6 < straight


def test_no_seams_give_no_paths() -> None:
    assert field_of(discs(32)).trace([]).shape == (0, 60)


def test_none_where_there_is_paper_all_the_way_down() -> None:
    ink = discs(32, 100)
    columns = field_of(ink).choose(*extent(ink), TALL)
    assert not [column for column in columns if 54 < column < 78]


def test_none_along_a_stroke() -> None:
    """A broad block crosses every seam with all its height."""
    ink = np.zeros((60, 80), np.uint8)
    ink[10:50, 10:70] = 255
    columns = field_of(ink).choose(10, 70, TALL)
    assert not [column for column in columns if 20 <= column < 60], "at most a corner comes off"


# ── How ──


@given(inks, st.data())
def test_a_seam_steps_aside_by_one_pixel_a_row_at_most(ink: Uint8, data: st.DataObject) -> None:
    height, width = ink.shape
    field = field_of(ink)
    columns = data.draw(st.lists(st.integers(0, width - 1), max_size=6))
    seams = field.trace(columns)
    assert seams.shape == (len(columns), height)
    assert np.abs(np.diff(seams, axis=1)).max(initial=0) <= 1
    assert (seams >= 0).all()
    assert (seams < width).all()
    assert (seams[:, height // 2] == columns).all()


@given(inks)
@settings(max_examples=60)
def test_a_seam_is_the_cheapest_of_all_through_its_column(ink: Uint8) -> None:
    height, width = ink.shape
    seams = field_of(ink).trace(list(range(width)))
    price = np.array([crossed(ink, seam) + LEAN * np.abs(np.diff(seam)).sum() for seam in seams]) + PAPER * height
    cost = ink.astype(np.int64) + PAPER

    def half(rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Least cost of a path from each column of the first row to the last row."""
        total = rows[-1]
        for row in rows[-2::-1]:
            wide = np.pad(total, 1, constant_values=1 << 40)
            total = row + np.minimum(total, LEAN + np.minimum(wide[:-2], wide[2:]))
        return total

    middle = height // 2
    least = half(cost[middle::-1]) + half(cost[middle:]) - cost[middle]
    assert (price == least).all()


@given(inks)
def test_neighbouring_seams_do_not_cross(ink: Uint8) -> None:
    seams = field_of(ink).trace(list(range(ink.shape[1])))
    assert (np.diff(seams, axis=0) >= 0).all()


@given(inks, st.floats(8, 40), st.data())
def test_chosen_seams_keep_their_distance(ink: Uint8, tall: float, data: st.DataObject) -> None:
    edge = max(2, int(EDGE * tall))
    assume(ink.shape[1] > 2 * edge)
    left = data.draw(st.integers(0, ink.shape[1] - 2 * edge - 1))
    right = data.draw(st.integers(left + 2 * edge + 1, ink.shape[1]))
    columns = field_of(ink, tall).choose(left, right, tall)
    assert columns == sorted(columns)
    assert len(columns) <= max(1, int((right - left) / (PER_HEIGHT * tall)))
    assert all(b - a >= max(1, int(APART * tall)) for a, b in pairwise(columns))
    assert all(left + edge <= column < right - edge for column in columns)


def test_the_ink_is_left_as_it_was() -> None:
    ink = discs(32, 71)
    before = ink.copy()
    field = field_of(ink)
    field.trace(field.choose(*extent(ink), TALL))
    assert (ink == before).all()
