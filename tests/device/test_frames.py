"""Frames and the rows of boxes on a form: found whatever their walls, and told from a frame around an address."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from device.frames import frames, framing
from device.ink import components
from device.lines import find_lines
from tests.device.test_lines import paper, turned, write

Uint8 = NDArray[np.uint8]


def row(text: str, height: int = 40, wall: int = 4, apart: int = 0, touching: str = "") -> Uint8:
    """A sheet with digits in boxes; those of `touching` go to the walls of theirs."""
    page = paper(5 * height, (len(text) + 2) * (2 * height + apart))
    for k, digit in enumerate(text):
        left = 2 * height + k * (round(1.4 * height) + apart)
        cv2.rectangle(page, (left, height), (left + round(1.4 * height), 3 * height), 40, wall)
        size, shift = (2.0, 0.1) if digit in touching else (1.0, 0.4)
        write(page, digit, left + shift * height, (3 if digit in touching else 2.5) * height, round(size * height))
    return page


def framed(page: Uint8) -> NDArray[np.float64]:
    """The frames on a page, x, y, width, height, area of each."""
    _, labels, stats, _ = components((page < 130).view(np.uint8))
    every = stats[1:].astype(np.float64)
    return every[framing(every, labels, np.arange(1, len(stats)))]


# ── Frames ──


@pytest.mark.parametrize("wall", [2, 4, 8, 12])
def test_boxes_with_common_walls_are_one_frame(wall: int) -> None:
    assert len(framed(row("0713", wall=wall))) == 1


@pytest.mark.parametrize("wall", [2, 4, 8])
@pytest.mark.parametrize("touching", ["", "7", "71"])
def test_boxes_apart_are_a_frame_each_whatever_touches_their_walls(wall: int, touching: str) -> None:
    assert len(framed(row("0713", wall=wall, apart=20, touching=touching))) == 4


@given(st.text("0123456789", min_size=1, max_size=8), st.integers(16, 60))
def test_digits_are_no_frames(text: str, height: int) -> None:
    page = paper(3 * height, (len(text) + 2) * height)
    write(page, text, height, 2 * height, height)
    assert not len(framed(page))


def test_three_alike_beside_one_another_are_a_row_and_two_are_none() -> None:
    for count in (2, 3):
        page = row("0713"[:count], apart=20)
        _, labels, stats, _ = components((page < 130).view(np.uint8))
        every = stats[1:].astype(np.float64)
        number = np.flatnonzero(framing(every, labels, np.arange(1, len(stats)))) + 1
        found = frames(stats[number].astype(np.float64), labels, number)
        assert len(set(found.row.tolist())) == 1
        assert found.form.all() == (count > 2)


# ── Their lines ──


@pytest.mark.parametrize("wall", [2, 4, 8])
@pytest.mark.parametrize("apart", [0, 20])
@pytest.mark.parametrize("touching", ["", "7", "71"])
@pytest.mark.parametrize("degrees", [0, 4])
def test_a_row_of_boxes_is_one_line(wall: int, apart: int, touching: str, degrees: float) -> None:
    (line,) = find_lines(turned(row("071307", wall=wall, apart=apart, touching=touching), degrees))
    assert line.boxed
    assert np.rad2deg(line.angle) == pytest.approx(degrees, abs=1)
    assert line.width == pytest.approx(6 * 56 + 5 * apart, abs=16)
    assert line.height == pytest.approx(80, abs=14)
    if not touching:
        assert line.text_height == pytest.approx(40, abs=5)


def test_a_frame_around_an_address_is_none() -> None:
    page = paper(300, 800)
    cv2.rectangle(page, (40, 40), (760, 250), 40, 3)
    write(page, "71304", 80, 120, 40)
    write(page, "01310", 80, 210, 40)
    lines = find_lines(page)
    assert [line.boxed for line in lines] == [False, False]


def test_nor_is_one_around_a_word() -> None:
    page = paper(160, 800)
    cv2.rectangle(page, (40, 40), (560, 120), 40, 3)
    write(page, "71304071304071", 60, 100, 40, pitch=0.85)
    (line,) = find_lines(page)
    assert not line.boxed
    assert line.text_height == pytest.approx(40, abs=4)


def test_a_label_with_a_logo_keeps_its_lines() -> None:
    """The logo is as high as a digit in a box might be, and stands in the middle; the writing does not."""
    page = paper(400, 900)
    cv2.rectangle(page, (40, 40), (860, 360), 40, 3)
    cv2.circle(page, (160, 200), 60, 40, 12)
    for k, text in enumerate(("7130471", "0131010", "307")):
        write(page, text, 320, 120 + 100 * k, 40)
    lines = find_lines(page)
    assert not any(line.boxed for line in lines)
    assert sum(line.text_height == pytest.approx(40, abs=4) for line in lines) == 3


def test_fields_side_by_side_are_no_row_of_boxes() -> None:
    page = paper(160, 1100)
    for left, text in ((40, "71304"), (540, "01310")):
        cv2.rectangle(page, (left, 40), (left + 480, 120), 40, 3)
        write(page, text, left + 30, 100, 40)
    lines = find_lines(page)
    assert [(line.boxed, len(line.members)) for line in lines] == [(False, 5), (False, 5)]


def test_nor_are_a_few_digits_in_one_long_frame() -> None:
    page = paper(160, 700)
    cv2.rectangle(page, (40, 40), (640, 120), 40, 3)
    write(page, "307", 80, 100, 40)
    (line,) = find_lines(page)
    assert not line.boxed


def test_nor_are_three_panels_with_a_logo_and_small_writing() -> None:
    page = paper(300, 900)
    for left in (40, 310, 580):
        cv2.rectangle(page, (left, 40), (left + 240, 260), 40, 3)
        cv2.circle(page, (left + 60, 150), 36, 40, 10)
        for k in range(3):
            write(page, "7130", left + 120, 100 + 60 * k, 26)
    lines = find_lines(page)
    assert not any(line.boxed for line in lines)
    assert sum(line.text_height == pytest.approx(26, abs=4) for line in lines) >= 3


def test_nor_is_a_row_of_a_table() -> None:
    page = paper(160, 1300)
    for k, text in enumerate(("7130471304", "0131010013", "3070913070")):
        left = 40 + k * 400
        cv2.rectangle(page, (left, 40), (left + 400, 120), 40, 3)
        write(page, text, left + 20, 100, 40, pitch=0.85)
    assert not any(line.boxed for line in find_lines(page))


@pytest.mark.parametrize("degrees", [-5, 0, 5])
def test_five_boxes_and_three_are_one_line(degrees: float) -> None:
    """As for a CEP, with a gap for its hyphen."""
    page = paper(400, 900)
    for start, text in ((80, "01310"), (480, "100")):
        for k, digit in enumerate(text):
            cv2.rectangle(page, (start + 70 * k, 150), (start + 70 * (k + 1), 240), 40, 3)
            write(page, digit, start + 70 * k + 20, 220, 50)
    (line,) = find_lines(turned(page, degrees))
    assert line.boxed
    assert np.rad2deg(line.angle) == pytest.approx(degrees, abs=0.7)
    assert line.height == pytest.approx(90, abs=10)
    assert len(line.members) == 8
