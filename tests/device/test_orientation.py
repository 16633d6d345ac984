"""Quarter turns: the page's own pixels come back exactly, and `auto` finds which way up a page is."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from device import Frame, Images, Reader, UsageError
from device.orientation import Turn, View, parse_orientation, read_turned, stages
from device.types import Reading

Uint8 = NDArray[np.uint8]
Postread = Callable[..., Any]
TURNS: tuple[Turn, ...] = (0, 90, 180, 270)


@st.composite
def pages_with_a_box(draw: st.DrawFn) -> tuple[Uint8, tuple[int, int, int, int]]:
    """A white page with a black box on it, and where that is: x, y, width, height."""
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    box = x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y))
    page = np.full((height, width), 255, np.uint8)
    page[y : y + box[3], x : x + box[2]] = 0
    return page, box


def black(page: Uint8) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(page == 0)
    x, y = int(columns.min()), int(rows.min())
    return x, y, int(columns.max()) - x + 1, int(rows.max()) - y + 1


def reading(box: tuple[int, int, int, int], confidence: float = 0.9, accepted: bool = True) -> Reading:
    x, y, width, height = box
    corners = (x, y), (x + width - 1, y), (x + width - 1, y + height - 1), (x, y + height - 1)
    reason = None if accepted else "not-sure"
    return Reading(
        "7", "7", "digits", confidence, accepted, reason, None, None, box, corners, (box,), (confidence,), ()
    )


@pytest.mark.parametrize("turn", TURNS)
@given(page_and_box=pages_with_a_box())
def test_boxes_of_a_turned_page_come_back_exactly(
    turn: Turn, page_and_box: tuple[Uint8, tuple[int, int, int, int]]
) -> None:
    page, box = page_and_box
    view = View(turn)
    turned = view.apply(page)
    assert (turned == np.rot90(page, -turn // 90)).all()
    size = page.shape[1], page.shape[0]
    back = view.back(reading(black(turned)), size)
    assert back.box == box
    assert back.digit_boxes == (box,)
    x, y, width, height = box
    corners = [(x, y), (x + width - 1, y), (x + width - 1, y + height - 1), (x, y + height - 1)]
    first = {0: 0, 90: 3, 180: 2, 270: 1}[turn]
    assert list(back.quad) == corners[first:] + corners[:first], "clockwise from the line's own upper left"


@given(pages_with_a_box())
def test_a_page_that_is_neither_turned_nor_inverted_is_the_page_itself(page_and_box: tuple[Uint8, Any]) -> None:
    page, _ = page_and_box
    assert View().apply(page) is page
    assert (View(inverted=True).apply(page) == 255 - page).all()


def test_an_orientation_may_be_a_number_or_an_option_s_text() -> None:
    assert [parse_orientation(value) for value in ("auto", 0, "0", 90, "180", 270)] == ["auto", 0, 0, 90, 180, 270]
    for wrong in (45, "upright", "", -90, 360):
        with pytest.raises(UsageError, match="give auto, 0, 90, 180 or 270"):
            parse_orientation(wrong)


# ── auto ──

PAGE = np.full((60, 100), 255, np.uint8)
BOX = (1, 1, 4, 6)


def seen(orientation: Any, answers: dict[View, list[Reading]], page: Uint8 = PAGE) -> tuple[list[Reading], list[View]]:
    """What is read when the views of a page give those answers, and which of them were asked for."""
    asked: list[View] = []

    def read_view(view: View) -> list[Reading]:
        asked.append(view)
        return answers.get(view, [])

    return read_turned(page, orientation, True, read_view), asked


@pytest.mark.parametrize("turn", TURNS)
def test_a_given_turn_is_the_only_one(turn: Turn) -> None:
    assert seen(turn, {}) == ([], [View(turn)])


def test_a_page_is_read_both_ways_up_and_the_surer_code_counts() -> None:
    upright, turned = [reading(BOX, 0.6)], [reading(BOX, 0.99)]
    assert seen("auto", {View(): upright, View(180): turned}) == (turned, [View(), View(180)])
    assert seen("auto", {View(): turned, View(180): upright}) == (turned, [View(), View(180)])


def test_a_page_that_is_read_along_its_writing_is_not_looked_at_across_it() -> None:
    found = [reading(BOX, 0.6)]
    assert seen("auto", {View(): found, View(90): [reading(BOX, 0.99)]}) == (found, [View(), View(180)])


def test_of_two_turns_the_surest_accepted_reading_wins() -> None:
    sure = [reading(BOX, 0.8)]
    answers = {View(): [reading(BOX, 1.0, False)], View(90): [reading(BOX, 0.7)], View(270): sure}
    assert seen("auto", answers) == (sure, [View(), View(180), View(90), View(270)])


def test_when_all_is_in_vain_the_page_as_it_is_counts() -> None:
    doubtful = [reading(BOX, 0.2, False)]
    assert seen("auto", {View(): doubtful, View(90): [reading(BOX, 0.4, False)]})[0] is doubtful


def test_light_on_dark_is_tried_on_dark_pages_only() -> None:
    assert not any(view.inverted for stage in stages(PAGE, True) for view in stage)
    assert stages(255 - PAGE, True)[:2] == [(View(inverted=True), View(180, True)), (View(), View(180))]


def test_across_the_writing_only_postal_codes_are_looked_for(sample: Any) -> None:
    (frame,) = Images(sample.path)
    assert stages(frame.image, True) == [(View(), View(180)), (View(90), View(270))]
    assert stages(frame.image, False) == [(View(), View(180))]
    assert stages(View(90).apply(frame.image), False) == [(View(90), View(270))]


@pytest.mark.parametrize("view", [View(90), View(180), View(270), View(inverted=True), View(90, True)], ids=str)
def test_the_sample_is_read_whichever_way_it_lies(sample: Any, view: View) -> None:
    (frame,) = Images(sample.path)
    upright = Reader.load(format=sample.format).read(frame)[0]
    lies = view.apply(frame.image)
    found = Reader.load(format=sample.format, orientation="auto").read(Frame(lies))[0]
    assert (found.digits, found.accepted) == (sample.digits, True)
    paints = np.full(lies.shape, 255, np.uint8)
    x, y, width, height = found.box
    paints[y : y + height, x : x + width] = 0
    # Turned back, the box lies where it was found upright.
    turned_back = View({0: 0, 90: 270, 180: 180, 270: 90}[view.turn]).apply(paints)  # type: ignore[arg-type]
    assert np.abs(np.array(black(turned_back)) - np.array(upright.box)).max() <= 1 + 2 * view.inverted


def test_the_option(postread: Postread, sample: Any, tmp_path: Any) -> None:
    (frame,) = Images(sample.path)
    path = tmp_path / "down.png"
    cv2.imwrite(str(path), View(180).apply(frame.image))
    common = ("read", "--format", sample.format)
    assert postread(*common, path).accepted != [postread(*common, sample.path).accepted[0]]
    for orientation in ("auto", "180"):
        answer = postread(*common, "--orientation", orientation, path)
        assert [code.replace("-", "") for code in answer.accepted] == [sample.digits]
    assert postread(*common, "--orientation", "45", path).code == 2
