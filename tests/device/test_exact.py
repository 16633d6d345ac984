"""Scaling and warping in whole numbers: what they give, and that it does not depend on OpenCV's own rounding."""

import hashlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.exact import DARKEST_PAPER, Warp, scaled, shares

SIDE = st.integers(1, 90)


def noise(seed, height, width):
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


@given(seed=st.integers(0, 2**32), height=SIDE, width=SIDE, size=st.tuples(SIDE, SIDE))
def test_a_picture_gets_the_size_asked_for_and_no_grey_that_it_has_not(seed, height, width, size):
    picture = noise(seed, height, width)
    found = scaled(picture, size)
    assert (found.shape, found.dtype) == (size[::-1], np.uint8)
    assert picture.min() <= found.min() <= found.max() <= picture.max()
    np.testing.assert_array_equal(scaled(picture, (width, height)), picture)


@given(seed=st.integers(0, 2**32), factor=st.integers(2, 7), height=st.integers(1, 12), width=st.integers(1, 12))
def test_whole_blocks_are_averaged(seed, factor, height, width):
    picture = noise(seed, height * factor, width * factor)
    means = picture.reshape(height, factor, width, factor).mean(axis=(1, 3))
    assert np.abs(scaled(picture, (width, height)) - means).max() <= 0.5


@pytest.mark.parametrize("shrink", [2.2, 3.9, 9.5])
def test_a_thin_stroke_is_not_lost_however_much_a_picture_shrinks(shrink):
    picture = np.zeros((400, 400), np.uint8)
    picture[:, ::40] = 255
    found = scaled(picture, (round(400 / shrink), round(400 / shrink)))[0].astype(int)
    strokes = np.flatnonzero(picture[0]) / shrink
    seen = [found[max(0, int(place) - 2) : int(place) + 3].sum() for place in strokes]
    assert min(seen) > 0.5 * 255 / shrink


@given(width=st.integers(300, 2000), height=st.integers(40, 400), shrink=st.floats(0.4, 12))
def test_things_stay_where_they_are(width, height, shrink):
    """Bars come out where they were, to half a pixel, the last one too."""
    starts = np.arange(20, width - 60, 97)
    picture = np.zeros((height, width), np.uint8)
    for start in starts:
        picture[:, start : start + 40] = 255
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    mass = scaled(picture, size)[0].astype(float)
    for start in starts:
        low, high = (int(np.clip((start + side) * size[0] / width, 0, size[0])) for side in (-25, 65))
        part, at = mass[low:high], np.arange(low, high)
        centre = (part @ (at + 0.5) / part.sum()) * width / size[0]
        assert abs(centre - (start + 20)) < 0.5 * max(1, shrink)


def test_shares_are_rounded_divisions():
    darker, paper = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    wanted = np.minimum(np.floor(255.0 * darker / np.maximum(paper, DARKEST_PAPER).astype(float) + 0.5), 255)
    np.testing.assert_array_equal(shares(darker, paper), wanted)


def test_a_warp_that_moves_by_whole_pixels_copies_them():
    picture = noise(1, 20, 30)
    found = Warp(np.array([[1.0, 0.0, 3.0], [0.0, 1.0, -2.0]]), (30, 20))(picture, 77)
    np.testing.assert_array_equal(found[2:, :27], picture[:18, 3:])
    assert (found[:2] == 77).all()
    assert (found[:, 27:] == 77).all()


@given(
    seed=st.integers(0, 2**32),
    shear=st.floats(-0.5, 0.5),
    turn=st.floats(-0.3, 0.3),
    zoom=st.floats(0.8, 1.25),
    shift=st.floats(-20, 20),
)
def test_a_warp_is_opencvs_to_a_step_between_pixels(seed, shear, turn, zoom, shift):
    """On a smooth picture, where a 32nd of a pixel is little."""
    picture = np.asarray(cv2.GaussianBlur(noise(seed, 40, 120), (0, 0), 4), np.uint8)
    matrix = np.array([[zoom, shear, shift], [turn / 10, zoom, shift / 4]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    theirs = cv2.warpAffine(picture, matrix, (130, 40), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.full_like(picture, 255), matrix, (130, 40), flags=flags) == 255
    assert np.abs(Warp(matrix, (130, 40))(picture).astype(int) - theirs)[inside].max(initial=0) <= 3


def test_the_bytes_are_these_on_every_machine():
    """Written down on x86-64 with OpenCV 5.0; the same with 4.11, and on aarch64 with both."""
    picture = noise(7, 211, 317)
    found = [
        *(scaled(picture, size) for size in [(231, 154), (100, 66), (640, 480), (31, 200)]),
        shares(picture[:100], picture[100:200]),
        *(Warp(np.array([[1.03, shear, 2.7], [0.01, 0.97, -1.3]]), (330, 200))(picture, 200) for shear in (-0.4, 0.1)),
    ]
    assert hashlib.sha256(b"".join(one.tobytes() for one in found)).hexdigest()[:16] == "d76366105f151e4e"
