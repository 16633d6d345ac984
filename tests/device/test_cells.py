"""The boxes of a form: found by their walls, and what stands alone in one is the likelier a digit."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from device.cells import SOLE, boxes_between, filling, in_cells, interiors, numbered, walls, within
from device.lattice import Scores
from device.lines import Line
from device.segment import LineInk, Spans, segment, spans
from device.strips import cut_out

TALL = 40.0


def line(*boxes: tuple[int, int, int, int], cells: tuple[int, ...]) -> LineInk:
    """A line of pieces x, y, width, height, each in the box of its number."""
    array = np.array(boxes, np.int32)
    blank = np.zeros((80, 10 + int((array[:, 0] + array[:, 2]).max())), np.uint8)
    own = np.arange(1, len(array) + 1, dtype=np.int32)
    ink = LineInk(blank, blank.astype(np.int32), array, array[:, 2] * array[:, 3], own, TALL)
    return replace(ink, cells=np.array(cells, np.int32))


def runs(*pairs: tuple[int, int]) -> Spans:
    first, last = np.array(pairs, np.int32).T
    return Spans(first, last, np.zeros((len(pairs), 4), np.int32))


def form(count: int, width: int, slant: float = 0.0, apart: int = 0) -> NDArray[np.uint8]:
    """A strip of boxes, uint8[110, w], with a bar in each that leans, but in the second, which has two."""
    grey = np.full((110, 40 + count * (width + apart)), 225, np.uint8)
    for number in range(count):
        left = 20 + number * (width + apart)
        cv2.rectangle(grey, (left, 8), (left + width, 102), 60, 2)
        for x in (left + 18, left + width - 18) if number == 1 else (left + width // 2,):
            cv2.line(grey, (x - round(20 * slant), 75), (x + round(20 * slant), 35), 30, 4)
    return grey


def ink_of(grey: NDArray[np.uint8]) -> LineInk:
    rows, columns = grey.shape
    whole = Line((columns / 2 - 0.5, rows / 2 - 0.5), 0.0, columns - 36.0, TALL * 1.85, TALL)
    return segment(cut_out(grey, grey, 1.0, whole))[1]


# ── Walls and boxes ──


@given(st.lists(st.integers(5, 200), min_size=1, max_size=6, unique=True), st.integers(-2, 2))
def test_upright_rules_are_walls_where_they_stand(columns: list[int], lean: int) -> None:
    columns = [x for k, x in enumerate(sorted(columns)) if k == 0 or x - sorted(columns)[k - 1] > 12]
    down = np.zeros((90, 210), np.uint8)
    for x in columns:
        cv2.line(down, (x, 0), (x + lean, 89), 1, 2)
    assert walls(down, TALL) == pytest.approx(columns, abs=3)


def test_a_short_one_is_none() -> None:
    down = np.zeros((90, 210), np.uint8)
    down[20:50, 100:102] = 1
    assert not len(walls(down, TALL))


def test_boxes_with_common_walls_and_boxes_apart() -> None:
    assert boxes_between(np.array([10.0, 70, 131, 190]), TALL).tolist() == [[10, 70], [70, 131], [131, 190]]
    assert boxes_between(np.array([10.0, 70, 80, 140, 150, 210]), TALL).tolist() == [[10, 70], [80, 140], [150, 210]]


@pytest.mark.parametrize(
    "walls",
    [
        pytest.param([], id="none"),
        pytest.param([10.0, 70, 130], id="two boxes"),
        pytest.param([10.0, 70, 170, 210, 330], id="of all widths"),
        pytest.param([10.0, 20, 30, 40, 50], id="too narrow"),
        pytest.param([0.0, 200, 400, 600], id="too wide"),
    ],
)
def test_what_is_no_row_of_boxes(walls: list[float]) -> None:
    assert not len(boxes_between(np.array(walls), TALL))


def test_every_place_is_in_its_box_or_in_none() -> None:
    boxes = np.array([[10.0, 70], [80, 140]])
    assert numbered(boxes, np.array([5.0, 10, 69, 75, 100, 139, 150])).tolist() == [0, 1, 1, 0, 2, 2, 0]
    assert numbered(np.zeros((0, 2)), np.array([5.0])).tolist() == [0]


# ── On strips ──


@pytest.mark.parametrize("slant", [0.0, 0.3])
@pytest.mark.parametrize("apart", [0, 14])
def test_pieces_know_their_box_also_where_the_hand_was_straightened(slant: float, apart: int) -> None:
    ink = ink_of(form(5, 70, slant, apart))
    assert ink.cells is not None
    assert ink.cells.tolist() == [1, 2, 2, 3, 4, 5]
    filled = filling(ink, found := spans(ink))
    alone = {(int(a), int(b)) for a, b, one in zip(found.first, found.last, filled, strict=True) if one == 1}
    assert alone == {(0, 0), (3, 3), (4, 4), (5, 5)}  # the two bars in the second box are no digit together


def test_without_boxes_nothing_changes() -> None:
    grey = np.full((110, 300), 225, np.uint8)
    for x in (60, 120, 180, 240):
        cv2.line(grey, (x, 35), (x, 75), 30, 4)
    ink = ink_of(grey)
    scores = Scores(np.zeros((4, 10)), np.zeros(4))
    assert in_cells(scores, ink, spans(ink)) is scores


# ── Spans ──

PIECES = line((20, 20, 20, 40), (50, 20, 20, 40), (110, 20, 20, 40), (132, 40, 4, 4), cells=(1, 1, 2, 2))


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        pytest.param((0, 1), 1, id="all of a box"),
        pytest.param((0, 0), 0, id="a half of it"),
        pytest.param((2, 2), 1, id="all but a speck"),
        pytest.param((2, 3), 1, id="all of it with a speck"),
        pytest.param((1, 2), -1, id="out of one into another"),
        pytest.param((0, 3), -1, id="two boxes"),
        pytest.param((3, 3), 0, id="a speck"),
    ],
)
def test_what_fills_a_box(span: tuple[int, int], expected: int) -> None:
    assert filling(PIECES, runs(span)).tolist() == [expected]


def test_the_lesser_part_of_what_stands_in_a_box_is_the_less_likely_a_digit() -> None:
    ink = line((20, 20, 20, 40), (44, 20, 4, 40), cells=(1, 1))
    assert filling(ink, runs((0, 0), (1, 1), (0, 1))).tolist() == [0, -1, 1]


def test_outside_all_boxes_nothing_is_filled() -> None:
    ink = line((20, 20, 20, 40), (110, 20, 20, 40), cells=(0, 1))
    assert filling(ink, runs((0, 0), (1, 1), (0, 1))).tolist() == [0, 1, -1]


def test_the_odds_follow() -> None:
    scores = Scores(np.zeros((3, 10)), np.array([-1.0, 2.0, 0.0]))
    assert in_cells(scores, PIECES, runs((0, 1), (1, 2), (0, 0))).odds.tolist() == [-1 + SOLE, 2 - SOLE, 0]


# ── Insides ──


def ladder(count: int = 5, wall: int = 3, width: int = 50) -> NDArray[np.uint8]:
    """A strip's ink: boxes with common walls, and a bar in the middle of each."""
    ink = np.zeros((110, 2 * 18 + count * width), np.uint8)
    for k in range(count):
        cv2.rectangle(ink, (18 + k * width, 14), (18 + (k + 1) * width, 96), 1, wall)
        cv2.line(ink, (18 + k * width + width // 2, 35), (18 + k * width + width // 2, 75), 1, 5)
    return ink


def bars(ink: NDArray[np.uint8]) -> list[int]:
    """Middles of the components, left to right."""
    stats = cv2.connectedComponentsWithStats(ink)[2][1:]
    return sorted((stats[:, 0] + stats[:, 2] // 2).tolist())


@pytest.mark.parametrize("wall", [1, 3, 9])
def test_only_what_is_inside_of_the_boxes_is_left(wall: int) -> None:
    ink = ladder(wall=wall)
    found = interiors(ink, 18)
    assert found is not None
    left = within(ink, found.mask)
    assert bars(left) == [43, 93, 143, 193, 243]
    assert left[50].sum() == 5 * ink[50, 40:48].sum()
    assert numbered(found.boxes, np.array([43.0, 93, 143, 193, 243])).tolist() == [1, 2, 3, 4, 5]


def test_a_digit_that_touches_its_walls_stays() -> None:
    ink = ladder()
    cv2.line(ink, (69, 50), (117, 60), 1, 5)  # through all of the second box
    found = interiors(ink, 18)
    assert found is not None
    left = within(ink, found.mask)
    assert left[:, 71:116].sum() == ink[18:93, 71:116].sum()
    assert len(bars(left)) == 5


@pytest.mark.parametrize("missing", [0, 2, 4])
def test_a_box_whose_wall_is_broken_is_where_the_others_say(missing: int) -> None:
    ink = ladder()
    ink[10:20, 18 + missing * 50 + 8 : 18 + missing * 50 + 42] = 0
    found = interiors(ink, 18)
    assert found is not None
    assert bars(within(ink, found.mask)) == [43, 93, 143, 193, 243]


def test_rough_edges_of_a_wall_are_no_ink() -> None:
    ink = ladder()
    ink[30:50, 70:73] = 1
    found = interiors(ink, 18)
    assert found is not None
    assert len(bars(within(ink, found.mask))) == 5


@pytest.mark.parametrize("count", [0, 2])
def test_no_row_has_no_insides(count: int) -> None:
    assert interiors(ladder(count), 18) is None


def test_the_loops_of_zeros_are_no_boxes() -> None:
    """As in a frame around all of them whose own outline is broken."""
    ink = np.zeros((76, 320), np.uint8)
    for k in range(5):
        cv2.ellipse(ink, (40 + 36 * k, 38), (14, 20), 0, 0, 360, 1, 4)
    assert interiors(ink, 18) is None
