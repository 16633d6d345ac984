"""Ruled lines and boxes go; the strokes that cross them stay."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from device.rules import remove_rules
from device.strips import TEXT_HEIGHT

Uint8 = NDArray[np.uint8]


def strip(width: int = 320) -> Uint8:
    return np.zeros((76, width), np.uint8)


def components(binary: Uint8) -> list[int]:
    """Area of each connected component, largest first."""
    stats = cv2.connectedComponentsWithStats(binary, connectivity=8)[2]
    return sorted(stats[1:, cv2.CC_STAT_AREA].tolist(), reverse=True)


SHAPES = {
    "0": [cv2.ellipse2Poly((12, 20), (12, 20), 0, 0, 360, 6)],
    "1": [[(0, 10), (10, 0), (10, 40)]],
    "3": [[(0, 0), (22, 0), (8, 16), *cv2.ellipse2Poly((8, 28), (14, 12), 0, -90, 120, 6).tolist()]],
    "4": [[(18, 40), (18, 0), (0, 28), (26, 28)]],
    "6": [[(18, 0), *cv2.ellipse2Poly((12, 28), (12, 12), 0, -160, 200, 6).tolist()]],
    "7": [[(0, 0), (24, 0), (8, 40)]],
    "8": [cv2.ellipse2Poly((12, 10), (9, 10), 0, 0, 360, 6), cv2.ellipse2Poly((12, 30), (12, 10), 0, 0, 360, 6)],
}
"""Digits as a pen draws them, `TEXT_HEIGHT` tall."""


def digits(binary: Uint8, text: str = "0763", thickness: int = 4) -> Uint8:
    """Draw digits as tall as a line's, from row 18 to 58; their ink alone."""
    ink = np.zeros_like(binary)
    for k, digit in enumerate(text):
        for stroke in SHAPES.get(digit, []):
            cv2.polylines(ink, [np.add(stroke, (20 + 50 * k, 18))], False, 1, thickness)
    binary |= ink
    return ink


@pytest.mark.parametrize("thickness", [1, 2, 3, 5])
@pytest.mark.parametrize("drop", [0, 1, 3, 8])
def test_a_ruled_line_vanishes(thickness: int, drop: int) -> None:
    """Also one that leans."""
    page = strip()
    cv2.line(page, (0, 60), (319, 60 + drop), 1, thickness)
    before = int(page.sum())
    assert remove_rules(page, TEXT_HEIGHT)[0].sum() < 0.02 * before


def test_the_walls_of_a_box_vanish() -> None:
    page = strip()
    for left in range(10, 260, 50):
        cv2.rectangle(page, (left, 6), (left + 50, 70), 1, 2)
    left_over = remove_rules(page, TEXT_HEIGHT)[0]
    assert left_over.sum() < 0.1 * page.sum()
    assert max(components(left_over), default=0) < 40, "nothing as large as a digit is left of the corners"


def test_a_page_without_rules_stays_as_it_is() -> None:
    page = strip()
    digits(page)
    assert (remove_rules(page, TEXT_HEIGHT)[0] == page).all()


@pytest.mark.parametrize("digit", SHAPES)
@pytest.mark.parametrize("thickness", [2, 4, 6])
def test_every_digit_stays_as_it_is(digit: str, thickness: int) -> None:
    """The one is no wall and the seven's bar no rule."""
    page = strip(100)
    digits(page, digit, thickness)
    assert (remove_rules(page, TEXT_HEIGHT)[0] == page).all()


CROSSINGS = {"0": (30, 38, 46), "1": (36, 50), "3": (46, 50), "4": (30, 36, 50), "6": (28, 42, 48), "7": (30, 40, 50),
             "8": (28, 32, 48)}  # fmt: skip
"""Where a level line crosses each digit's strokes steeply; one that runs along a stroke may take it away."""


@pytest.mark.parametrize(("digit", "y"), [(digit, y) for digit, rows in CROSSINGS.items() for y in rows])
def test_a_digit_that_crosses_a_line_keeps_its_ink(digit: str, y: int) -> None:
    page = strip()
    ink = digits(page, "  " + digit + " ")
    cv2.line(page, (0, y), (319, y), 1, 2)
    cleaned = remove_rules(page, TEXT_HEIGHT)[0]
    _, labels = cv2.connectedComponents(cleaned & cv2.dilate(ink, np.ones((3, 3), np.uint8)), connectivity=8)
    largest = max((int(ink[labels == n].sum()) for n in range(1, labels.max() + 1)), default=0)
    assert largest >= 0.85 * ink.sum(), "in one piece"
    away = cv2.dilate(ink, np.ones((15, 15), np.uint8)) == 0
    assert not cleaned[away].any(), "the line is gone everywhere else"


def test_a_digit_that_touches_a_wall_keeps_its_ink() -> None:
    page = strip()
    ink = digits(page, "0")
    right = int(np.flatnonzero(ink.any(axis=0))[-1])
    cv2.line(page, (right + 1, 4), (right + 1, 72), 1, 2)
    cleaned = remove_rules(page, TEXT_HEIGHT)[0]
    assert cleaned[ink > 0].sum() >= 0.85 * ink.sum()
    assert cleaned.sum() <= 1.1 * ink.sum()


@given(seed=st.integers(0, 10_000), text_height=st.floats(8, 60))
def test_ink_only_goes(seed: int, text_height: float) -> None:
    generator = np.random.default_rng(seed)
    page = np.zeros(generator.integers(1, 90, 2), np.uint8)
    for _ in range(6):
        ends = generator.integers(0, 90, 4).tolist()
        cv2.line(page, ends[:2], ends[2:], 1, int(generator.integers(1, 8)))
    before = page.copy()
    cleaned = remove_rules(page, text_height)[0]
    assert cleaned.dtype == np.uint8
    assert (cleaned <= page).all()
    assert (page == before).all()


def test_a_thick_bar_is_no_rule() -> None:
    page = strip()
    cv2.rectangle(page, (20, 20), (200, 45), 1, -1)
    assert remove_rules(page, TEXT_HEIGHT)[0].sum() > 0.95 * page.sum()
