"""Boxes between the small and the full picture, parts and turns of a shot."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.camera.shot import cropped, map_box, shot_of, small_size, turned

sides = st.integers(2, 5000)


@given(sides, sides, sides, sides, st.data())
def test_a_mapped_box_covers_what_the_box_covered_and_lies_inside(width, height, across, down, data) -> None:
    x = data.draw(st.integers(0, width - 1))
    y = data.draw(st.integers(0, height - 1))
    w, h = data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y))
    left, top, wide, high = map_box((x, y, w, h), (width, height), (across, down))
    assert 0 <= left < across
    assert 0 <= top < down
    assert 1 <= wide <= across - left
    assert 1 <= high <= down - top
    assert left * width <= x * across + 1e-6 * width
    assert (left + wide) * width >= (x + w) * across - 1e-6 * width
    assert (top + high) * height >= (y + h) * down - 1e-6 * height


@pytest.mark.parametrize("size", [(1280, 720), (2304, 1296), (4608, 2592), (640, 480), (480, 640), (200, 100)])
def test_the_small_picture_has_the_full_ones_aspect_and_even_sides(size) -> None:
    width, height = small_size(size)
    assert max(width, height) <= 640
    assert width % 2 == height % 2 == 0
    assert width / height == pytest.approx(size[0] / size[1], rel=0.02)


@pytest.fixture
def shot():
    picture = np.arange(720 * 1280, dtype=np.uint32).reshape(720, 1280).astype(np.uint8)
    picture[:360, :640] = 200
    return shot_of(picture, 1.0, 3)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_turned_shot_is_what_numpy_makes_of_the_whole(shot, degrees) -> None:
    whole = np.rot90(shot.full(), -degrees // 90)
    made = turned(shot, degrees)
    assert made.size == whole.shape[::-1]
    assert np.array_equal(made.full(), whole)
    assert np.array_equal(made.full((100, 50, 60, 70)), whole[50:120, 100:160])
    assert np.array_equal(made.small, np.rot90(shot.small, -degrees // 90))


def test_a_part_of_a_shot_is_a_shot(shot) -> None:
    made = cropped(shot, (320, 180, 640, 360))
    assert made.size == (640, 360)
    assert made.small_size == (320, 180)
    assert made.origin == (320, 180)
    assert np.array_equal(made.full((5, 6, 7, 8)), shot.full((325, 186, 7, 8)))
    assert np.array_equal(made.small, shot.small[90:270, 160:480])
