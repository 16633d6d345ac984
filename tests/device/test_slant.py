"""Slant: writing stands upright before it is cut, and boxes still fit the ink on the page."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from device.slant import slant, straighten
from device.strips import Strip

Uint8 = NDArray[np.uint8]


def strokes(lean: float, count: int = 5, thickness: int = 4) -> Uint8:
    """Fours and ones without their rings, leaning: uint8[76, 320], 0 or 1."""
    ink = np.zeros((76, 320), np.uint8)
    for k in range(count):
        x = 60 + 45 * k
        cv2.line(ink, (round(x + 20 * lean), 18), (round(x - 20 * lean), 58), 1, thickness)
        cv2.line(ink, (x - 10, 44), (x + 10, 44), 1, thickness)
    return ink


def cut(ink: Uint8) -> Strip:
    return Strip(np.where(ink > 0, 30, 230).astype(np.uint8), np.array([[1.0, 0, 0], [0, 1, 0]]), (320, 76))


@pytest.mark.parametrize("lean", [-0.3, -0.15, 0.0, 0.15, 0.3, 0.5])
def test_the_slant_of_upright_strokes_is_found(lean: float) -> None:
    assert slant(strokes(lean)) == pytest.approx(lean, abs=0.08)


def test_of_a_great_slant_most_is_found() -> None:
    """It is doubted more than a small one."""
    assert 0.45 <= slant(strokes(0.7)) <= 0.75


def test_round_writing_has_next_to_none() -> None:
    ink = np.zeros((76, 320), np.uint8)
    for k in range(5):
        cv2.ellipse(ink, (60 + 45 * k, 38), (14, 20), 0, 0, 360, 1, 4)
    assert abs(slant(ink)) <= 0.1


def test_neither_has_paper() -> None:
    assert slant(np.zeros((76, 320), np.uint8)) == 0.0


def test_what_leans_not_at_all_is_left_as_it_is() -> None:
    ink = strokes(0.0)
    strip = cut(ink)
    soft = ink * np.uint8(255)
    same, binary, map_, slanted = straighten(strip, ink, soft)
    assert same is strip
    assert binary is ink
    assert map_ is soft
    assert (slanted == np.eye(2, 3)).all()


@pytest.mark.parametrize("lean", [-0.25, 0.3, 0.6])
def test_leaning_strokes_stand_upright_and_keep_their_ink(lean: float) -> None:
    ink = strokes(lean)
    _, binary, soft, _ = straighten(cut(ink), ink, ink * np.uint8(255))
    assert abs(slant(binary)) <= 0.1
    assert binary.sum() == pytest.approx(ink.sum(), rel=0.05)
    assert soft.shape == binary.shape
    widths = [int(width) for _, _, width, height, _ in cv2.connectedComponentsWithStats(binary)[2][1:] if height > 30]
    assert len(widths) == 5
    assert max(widths) <= 28


@given(lean=st.floats(-0.3, 0.7), column=st.integers(0, 4))
def test_every_stroke_is_found_again_on_the_page(lean: float, column: int) -> None:
    """Boxes are those of the ink on the page, not of the straightened strip."""
    ink = strokes(lean)
    strip, binary, _, slanted = straighten(cut(ink), ink, ink * np.uint8(255))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(binary)
    order = [n for n in np.argsort(stats[:, 0]) if n > 0]
    x, y, width, height = (int(value) for value in stats[order[column], :4])
    box = strip.box_of(labels[y : y + height, x : x + width] == order[column], x, y)
    alone = np.zeros_like(ink)
    alone[:, 60 + 45 * column - 22 : 60 + 45 * column + 22] = ink[:, 60 + 45 * column - 22 : 60 + 45 * column + 22]
    assert np.abs(np.array(box) - cv2.boundingRect(alone)).max() <= 3
    before = slanted @ [x + width / 2, y + height / 2, 1]
    assert before == pytest.approx([60 + 45 * column, 38], abs=3)
