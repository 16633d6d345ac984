"""Lines of writing: found at any size and slant, each once, and cut out so that every box finds its way back."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from device.ink import reduce
from device.lines import MOST_LINES, SEARCH_PIXELS, Line, find_lines, quantile
from device.strips import TEXT_HEIGHT, Strip, cut_out

Uint8 = NDArray[np.uint8]


def paper(height: int, width: int) -> Uint8:
    return np.full((height, width), 235, np.uint8)


def arc(x: float, y: float, across: float, down: float, start: float, stop: float) -> list[tuple[float, float]]:
    """Part of an ellipse, degrees clockwise from the right."""
    turn = np.deg2rad(np.linspace(start, stop, 24))
    return list(zip((x + across * np.cos(turn)).tolist(), (y + down * np.sin(turn)).tolist(), strict=True))


STROKES = {
    "0": [arc(0.3, 0.5, 0.28, 0.5, 0, 360)],
    "1": [[(0.12, 0.22), (0.34, 0.0), (0.34, 1.0)]],
    "2": [[*arc(0.3, 0.27, 0.27, 0.27, 180, 390), (0.02, 1.0), (0.6, 1.0)]],
    "3": [[*arc(0.27, 0.24, 0.27, 0.24, 200, 450), *arc(0.27, 0.74, 0.3, 0.26, 270, 520)]],
    "4": [[(0.45, 1.0), (0.45, 0.0), (0.0, 0.68), (0.6, 0.68)]],
    "5": [[(0.55, 0.0), (0.1, 0.0), (0.06, 0.45), *arc(0.27, 0.68, 0.3, 0.32, 230, 510)]],
    "6": [[(0.45, 0.0), *arc(0.3, 0.7, 0.28, 0.3, 200, -180)]],
    "7": [[(0.0, 0.0), (0.58, 0.0), (0.2, 1.0)]],
    "8": [arc(0.3, 0.24, 0.23, 0.24, 0, 360), arc(0.3, 0.74, 0.29, 0.26, 0, 360)],
    "9": [[*arc(0.3, 0.28, 0.28, 0.28, 0, -360), (0.5, 1.0)]],
}
"""Each digit as a pen draws it, in heights: x from the left, y from the top.  (OpenCV's own letters differ from
version to version.)"""


def write(page: Uint8, text: str, x: float, y: float, height: float, pitch: float = 0.9, slope: float = 0.0) -> None:
    """Draw digits of a height, their lower left at x, y; pitch: from one to the next, heights."""
    pen = max(1, round(height / 10))
    for k, digit in enumerate(text):
        at = np.array([x + k * pitch * height, y - height + pen / 2 + k * pitch * height * slope])
        for stroke in STROKES[digit]:
            points = np.rint((at + np.array(stroke) * (height - pen)) * 8).astype(np.int32)
            cv2.polylines(page, [points], False, 30, pen, cv2.LINE_AA, 3)


SPLIT = [
    *((30, 83, 22, 32), (56, 87, 6, 32), (68, 83, 31, 36), (110, 82, 10, 35), (128, 100, 22, 15), (165, 104, 17, 7)),
    *((131, 83, 14, 16), (186, 87, 22, 31), (216, 86, 26, 32), (253, 93, 26, 34)),
]
"""x, y, width, height of the components of 41016-638, whose last 6 before the hyphen is two."""


def turned(page: Uint8, degrees: float) -> Uint8:
    """The page turned clockwise around its middle."""
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1.0)
    return np.asarray(cv2.warpAffine(page, matrix, (width, height), borderValue=235), np.uint8)


def found(page: Uint8) -> tuple[list[Line], Uint8, float]:
    """Lines, the reduced picture and its scale."""
    small, scale = reduce(page, SEARCH_PIXELS)
    return find_lines(small), small, scale


def extent(line: Line) -> tuple[float, float, float, float]:
    """Left, right, top, bottom of a level line."""
    (x, y), width, height = line.centre, line.width, line.height
    return x - width / 2, x + width / 2, y - height / 2, y + height / 2


def ink_box(page: Uint8) -> tuple[int, int, int, int]:
    x, y, width, height = cv2.boundingRect((page < 130).view(np.uint8))
    return x, y, width, height


# ── What is a line ──


@pytest.mark.parametrize("height", [12, 15, 20, 30, 45, 70, 100, 150, 220, 300, 400])
def test_a_row_of_digits_is_one_line_at_any_height(height: int) -> None:
    page = paper(2 * height + 60, 8 * height + 100)
    write(page, "01310100", 50, 1.5 * height, height)
    lines, _, scale = found(page)
    assert len(lines) == 1
    x, y, width, tall = ink_box(page)
    left, right, top, bottom = (value / scale for value in extent(lines[0]))
    slack = 0.1 * height + 2 / scale
    assert abs(left - x) < slack
    assert abs(right - x - width) < slack
    assert abs(top - y) < slack
    assert abs(bottom - y - tall) < slack
    assert abs(lines[0].text_height / scale - height) < 0.15 * height + 2 / scale


@given(
    text=st.text("0123456789", min_size=4, max_size=9),
    height=st.integers(14, 120),
    pitch=st.floats(0.85, 1.6),
    slope=st.floats(-0.1, 0.1),
)
@settings(max_examples=60)
def test_any_digits_are_one_line(text: str, height: int, pitch: float, slope: float) -> None:
    width = round((len(text) * pitch + 2) * height)
    page = paper(round(3 * height + 0.1 * width), width)
    write(page, text, height, page.shape[0] / 2 + height / 2 - slope * width / 2, height, pitch, slope)
    lines, _, _ = found(page)
    assert len(lines) == 1


def test_rows_are_lines_from_top_to_bottom() -> None:
    page = paper(420, 700)
    for row, (text, x) in enumerate([("123456", 300), ("7890123", 40), ("45678", 150)]):
        write(page, text, x, 110 + 120 * row, 60)
    lines, _, _ = found(page)
    assert len(lines) == 3
    for row, line in enumerate(lines):
        assert abs(line.centre[1] - (80 + 120 * row)) < 6


@pytest.mark.parametrize("leading", [1.35, 1.6, 2.0])
def test_close_rows_stay_apart(leading: float) -> None:
    page = paper(300, 600)
    write(page, "12345678", 40, 100, 50)
    write(page, "90213546", 40, 100 + 50 * leading, 50)
    assert len(found(page)[0]) == 2


@pytest.mark.parametrize("gap", [0.0, 0.8, 1.5, 2.0])
def test_a_wide_gap_does_not_end_a_line(gap: float) -> None:
    """Between the groups of a code, in heights beyond the usual pitch."""
    page = paper(160, 1000)
    write(page, "01310", 40, 100, 50)
    write(page, "100", 40 + 5 * 45 + gap * 50, 100, 50)
    assert len(found(page)[0]) == 1


@pytest.mark.parametrize("size", [0.35, 0.45, 0.6, 0.8])
@pytest.mark.parametrize("rise", [0.0, 0.5, 1.0])
def test_small_zeros_stay_on_their_line(size: float, rise: float) -> None:
    """As hands write them: 130 with a zero half as tall, on the line or raised."""
    page = paper(200, 640)
    write(page, "4471", 40, 130, 70)
    small = size * 70
    for k in range(3):
        write(page, "0", 300 + 55 * k, 130 - rise * (70 - small), small)
    lines, _, _ = found(page)
    assert len(lines) == 1
    _, _, width, _ = ink_box(page)
    assert abs(lines[0].width - width) < 6


def test_a_digit_that_fell_apart_does_not_split_its_line() -> None:
    """The upper part of its 6 goes on to the right, its bar to the hyphen: two groups, one above the other."""
    page = paper(200, 800)
    for x, y, width, height in SPLIT:
        page[y : y + height, x : x + width] = 30
    (line,) = found(page)[0]
    assert len(line.members) == len(SPLIT)


def test_an_outline_around_writing_is_not_its_line() -> None:
    """The edge of a shadow, or of the envelope: its middle lies in the middle line of an address."""
    page = paper(400, 700)
    cv2.polylines(page, [np.array([(20, 10), (20, 390), (560, 390)], np.int32)], False, 60, 2)
    for row in range(3):
        write(page, "4567890", 150, 150 + 70 * row, 30)
    assert sorted(len(line.members) for line in found(page)[0] if line.width > 100 and line.height < 100) == [7, 7, 7]


def test_what_stands_far_away_is_another_line() -> None:
    page = paper(160, 1200)
    write(page, "01310", 40, 100, 50)
    write(page, "22041", 900, 100, 50)
    assert len(found(page)[0]) == 2


# ── Skew ──


@pytest.mark.parametrize("degrees", [-12, -9, -6, -3, -1, 0, 1, 3, 6, 9, 12])
@pytest.mark.parametrize("text", ["01310100", "47120", "90210"])
def test_skew_is_found_to_within_two_degrees(degrees: float, text: str) -> None:
    page = paper(400, 640)
    write(page, text, 330 - len(text) * 27, 220, 60)
    lines, _, _ = found(turned(page, degrees))
    assert len(lines) == 1
    assert abs(np.rad2deg(lines[0].angle) - degrees) < 2
    assert abs(lines[0].text_height - 60) < 14


# ── Boxes ──


def boxed(page: Uint8, text: str, x: int, y: int, height: int, shared: bool) -> None:
    """Digits in a printed grid: boxes that share their walls, or stand apart."""
    side, tall = round(1.1 * height), round(1.5 * height)
    step = side if shared else side + round(0.25 * height)
    for k, digit in enumerate(text):
        left = x + k * step
        cv2.rectangle(page, (left, y), (left + side, y + tall), 90, max(1, height // 24))
        write(page, digit, left + 0.17 * height, y + 1.25 * height, height)


@pytest.mark.parametrize("shared", [True, False], ids=["shared walls", "boxes apart"])
@pytest.mark.parametrize("height", [24, 40, 64])
def test_digits_in_boxes_are_one_line_of_their_own(shared: bool, height: int) -> None:
    """The text that follows beside the grid is not of it."""
    text = "01310100"
    page = paper(4 * height, 16 * height)
    boxed(page, text, height, height, height, shared)
    end = height + len(text) * round(1.1 * height) + (0 if shared else (len(text) - 1) * round(0.25 * height))
    write(page, "57", end + 0.5 * height, 2.25 * height, height)
    lines, _, scale = found(page)
    grid = [line for line in lines if line.width > 6 * height * scale]
    assert len(grid) == 1
    left, right, top, bottom = (value / scale for value in extent(grid[0]))
    assert left < 1.5 * height
    assert end - height < right < end + 0.3 * height
    assert top > 0.9 * height
    assert bottom < 2.6 * height
    assert abs(grid[0].text_height / scale - height) < 0.2 * height


# ── Strips ──


@pytest.mark.parametrize("height", [12, 20, 40, 90, 180, 400])
@pytest.mark.parametrize("degrees", [0, 7])
def test_a_strip_is_upright_and_its_digits_have_one_height(height: int, degrees: float) -> None:
    page = paper(5 * height + 60, 8 * height + 100)
    write(page, "01310100", 50, 3 * height, height)
    page = turned(page, degrees)
    lines, small, scale = found(page)
    strip = cut_out(page, small, scale, lines[0])
    stats = cv2.connectedComponentsWithStats((strip.grey < 130).view(np.uint8))[2][1:]
    tall = stats[stats[:, cv2.CC_STAT_HEIGHT] > 0.6 * TEXT_HEIGHT]
    assert len(tall) == 8
    assert abs(np.median(tall[:, cv2.CC_STAT_HEIGHT]) - TEXT_HEIGHT) < 0.2 * TEXT_HEIGHT
    middle = tall[:, cv2.CC_STAT_TOP] + tall[:, cv2.CC_STAT_HEIGHT] / 2
    assert np.ptp(middle) < 0.2 * TEXT_HEIGHT, "level"
    assert tall[:, cv2.CC_STAT_LEFT].min() > 4, "with paper around it"
    assert (tall[:, cv2.CC_STAT_LEFT] + tall[:, cv2.CC_STAT_WIDTH]).max() < strip.grey.shape[1] - 4


@pytest.mark.parametrize("degrees", [-11, -4, 0, 5, 12])
@pytest.mark.parametrize("height", [20, 50, 130, 200])
def test_a_place_on_the_strip_is_found_again_on_the_frame(height: int, degrees: float) -> None:
    """To within two pixels, or one of the reduced picture's where that is what the strip was cut from."""
    page = paper(6 * height, 10 * height)
    write(page, "11711171", 1.5 * height, 3.5 * height, height)
    page = turned(page, degrees)
    lines, small, scale = found(page)
    strip = cut_out(page, small, scale, max(lines, key=lambda line: line.width))
    ours = components(strip.grey)
    theirs = components(page)
    assert len(ours) == len(theirs) == 8
    limit = max(2.0, 1.0 / scale)
    for x, y in ours:
        at = strip.to_frame @ (x, y, 1.0)
        assert min(np.hypot(*(at - other)) for other in theirs) < limit


def components(grey: Uint8) -> list[NDArray[np.float64]]:
    """Centre of mass of each component, weighted by its ink."""
    count, labels = cv2.connectedComponents((grey < 150).view(np.uint8))
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
    out = []
    for n in range(1, count):
        weight = np.where(cv2.dilate((labels == n).view(np.uint8), np.ones((5, 5))) > 0, 235.0 - grey, 0)
        if (labels == n).sum() > 12:
            out.append(np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum())
    return out


@pytest.mark.parametrize("degrees", [0, -8, 10])
def test_a_box_on_the_frame_holds_the_digit_it_was_drawn_for(degrees: float) -> None:
    page = paper(500, 900)
    write(page, "40975", 150, 280, 90)
    page = turned(page, degrees)
    lines, small, scale = found(page)
    strip = cut_out(page, small, scale, lines[0])
    stats = cv2.connectedComponentsWithStats((strip.grey < 130).view(np.uint8))[2][1:]
    truth = cv2.connectedComponentsWithStats((page < 130).view(np.uint8))[2][1:, :4]
    assert len(stats) == len(truth) == 5
    for x, y, width, height, _ in stats:
        box = strip.box(float(x), float(y), float(width), float(height))
        middle = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])
        near = truth[np.hypot(*((truth[:, :2] + truth[:, 2:] / 2) - middle).T).argmin()]
        assert (np.array(box[:2]) <= near[:2] + 3).all()
        assert (np.array(box[:2]) + box[2:] >= near[:2] + near[2:] - 3).all()
        if degrees == 0:
            assert np.abs(np.array(box) - near).max() <= 6


numbers = st.floats(-2000, 2000)
sides = st.floats(0, 3000)


@given(x=numbers, y=numbers, width=sides, height=sides, angle=st.floats(-0.3, 0.3), size=st.floats(0.05, 20))
def test_boxes_and_corners_stay_on_the_frame(
    x: float, y: float, width: float, height: float, angle: float, size: float
) -> None:
    cos, sin = np.cos(angle) * size, np.sin(angle) * size
    strip = Strip(np.zeros((10, 10), np.uint8), np.array([[cos, -sin, 30.0], [sin, cos, 20.0]]), (640, 480))
    left, top, across, down = strip.box(x, y, width, height)
    assert 0 <= left < left + across <= 640
    assert 0 <= top < top + down <= 480
    assert all(0 <= px < 640 and 0 <= py < 480 for px, py in strip.quad(x, y, width, height))


@given(st.floats(0, 500), st.floats(0, 300), st.floats(1, 100), st.floats(1, 100))
def test_a_box_that_was_not_turned_is_its_own_extent(x: float, y: float, width: float, height: float) -> None:
    strip = Strip(np.zeros((10, 10), np.uint8), np.array([[1.0, 0, 0], [0, 1, 0]]), (640, 480))
    left, top, across, down = strip.box(x, y, width, height)
    assert left <= x
    assert top <= y
    assert left + across >= x + width
    assert top + down >= y + height
    assert max(x - left, y - top, left + across - x - width, top + down - y - height) < 1
    a, b, c, d = strip.quad(x, y, width, height)
    assert a[0] == d[0] <= b[0] == c[0]
    assert a[1] == b[1] <= c[1] == d[1]


def test_a_line_at_the_edge_is_cut_out_with_paper_beyond_it() -> None:
    page = paper(100, 400)
    write(page, "31415", 2, 62, 60)
    page = page[2:, :]
    lines, small, scale = found(page)
    strip = cut_out(page, small, scale, lines[0])
    assert strip.grey[:4].min() > 150
    assert strip.grey[:, :4].min() > 150


# ── Bounds ──


@pytest.mark.parametrize("kind", ["grain", "salt", "weave", "scribble"])
def test_texture_gives_a_bounded_number_of_lines(kind: str) -> None:
    generator = np.random.default_rng(3)
    page = generator.integers(0, 256, (620, 800)).astype(np.uint8)
    if kind == "salt":
        page = np.where(page < 12, 0, 235).astype(np.uint8)
        page = cv2.erode(page, np.ones((7, 4)))
    elif kind == "weave":
        page = paper(620, 800)
        page[::9, ::7] = page[1::9, ::7] = page[2::9, ::7] = page[3::9, ::7] = page[4::9, ::7] = 20
    elif kind == "scribble":
        page = paper(620, 800)
        for _ in range(900):
            x, y = (int(value) for value in generator.integers((0, 0), (800, 620)))
            dx, dy = (int(value) for value in generator.integers(-9, 10, 2))
            cv2.line(page, (x, y), (x + dx, y + dy), 20, 2)
    lines = find_lines(page)
    assert len(lines) <= MOST_LINES
    assert [line.centre[1] for line in lines] == sorted(line.centre[1] for line in lines)


@pytest.mark.parametrize("brightness", [0, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (1, 500), (400, 1), (300, 400)])
def test_an_empty_page_has_no_lines(brightness: int, size: tuple[int, int]) -> None:
    assert find_lines(np.full(size, brightness, np.uint8)) == []


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_any_small_picture_can_be_cut_into_strips(seed: int) -> None:
    generator = np.random.default_rng(seed)
    page = np.full(generator.integers(8, 90, 2), 230, np.uint8)
    for _ in range(8):
        ends = generator.integers(0, 90, 4).tolist()
        cv2.line(page, ends[:2], ends[2:], 20, int(generator.integers(1, 6)))
    lines, small, scale = found(page)
    for line in lines:
        strip = cut_out(page, small, scale, line)
        assert strip.grey.dtype == np.uint8
        assert min(strip.grey.shape) >= 8
        assert max(strip.grey.shape) < 60 * TEXT_HEIGHT


@given(st.lists(st.floats(0, 300), min_size=1, max_size=40), st.sampled_from([0.0, 0.3, 0.7, 0.75, 1.0]))
def test_the_quantile_is_numpys(values: list[float], share: float) -> None:
    assert quantile(np.array(values), share) == np.quantile(np.array(values), share)
