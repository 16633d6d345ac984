"""Frame → ink: shadow and tint are paper, a faint pen is a pen, and nothing fainter than `FAINTEST_INK` is ink."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from device.ink import FAINTEST_INK, contrast, reduce, sharpness, soften, threshold, to_grey, with_hairlines

Uint8 = NDArray[np.uint8]
WINDOW = 45


def paper(brightness: int = 230, height: int = 120, width: int = 320) -> Uint8:
    return np.full((height, width), brightness, np.uint8)


def strokes(page: Uint8, darkness: float, thickness: int = 5) -> NDArray[np.bool_]:
    """Draw a few strokes that darken the page by that share; where they are, bool[H, W]."""
    mask = np.zeros(page.shape, np.uint8)
    for x in range(60, page.shape[1] - 40, 60):
        cv2.line(mask, (x, 40), (x + 18, 80), 1, thickness)
        cv2.circle(mask, (x + 30, 60), 14, 1, thickness)
    page[mask > 0] = np.rint(page[mask > 0] * (1 - darkness)).astype(np.uint8)
    return mask > 0


def binary(page: Uint8) -> NDArray[np.bool_]:
    map_ = contrast(page, WINDOW)
    return map_ > threshold(map_)


# ── Contrast ──


@pytest.mark.parametrize("brightness", [0, 1, 23, 24, 128, 254, 255])
def test_a_flat_page_has_no_contrast(brightness: int) -> None:
    map_ = contrast(paper(brightness), WINDOW)
    assert map_.dtype == np.uint8
    assert map_.shape == (120, 320)
    assert not map_.any()
    assert not binary(paper(brightness)).any()


def test_contrast_is_the_share_of_the_paper_that_is_missing() -> None:
    for brightness in (80, 160, 240):
        page = paper(brightness)
        page[20:100, 100:106] = brightness // 2
        map_ = contrast(page, WINDOW)
        assert (map_[20:100, 100:106] == 128).all(), "half as bright as the paper, whatever the paper"
        assert np.count_nonzero(map_) == 80 * 6


def test_black_on_white_is_255() -> None:
    page = paper(255)
    mask = strokes(page, 1.0)
    assert (contrast(page, WINDOW)[mask] == 255).all()


def test_what_is_brighter_than_the_paper_is_no_ink() -> None:
    page = paper(100)
    cv2.line(page, (60, 60), (250, 60), 255, 5)
    assert not binary(page)[58:63, 60:250].any()


def test_in_the_dark_noise_is_no_ink() -> None:
    noise = np.random.default_rng(1).integers(0, 3, (120, 320)).astype(np.uint8)
    assert not binary(noise).any()


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))),
    st.sampled_from([1, 3, 9, 10, 45, 61]),
)
def test_any_picture_of_any_size_has_a_contrast(picture: Uint8, window: int) -> None:
    map_ = contrast(picture, window)
    assert map_.shape == picture.shape
    assert FAINTEST_INK <= threshold(map_) <= 255


def test_the_picture_is_left_as_it_was() -> None:
    page = paper()
    strokes(page, 0.6)
    before = page.copy()
    soften(contrast(page, WINDOW), threshold(contrast(page, WINDOW)))
    assert (page == before).all()


# ── Light ──


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_the_edge_of_a_shadow_is_no_ink(share: float) -> None:
    """A straight edge, soft over a few pixels; the strokes on both sides are kept, and the edge is not."""
    page = paper(240)
    mask = strokes(page, 0.8)
    edge = 185  # between two drawings
    light = np.where(np.arange(page.shape[1]) < edge, 1.0, share)
    light = cv2.blur(light[None, :], (9, 1))
    found = binary(np.rint(page * light).astype(np.uint8))
    assert found[mask].mean() > 0.97
    assert not found[~cv2.dilate(mask.view(np.uint8), np.ones((3, 3))).view(bool)].any()


@given(
    left=st.integers(110, 250),
    right=st.integers(110, 250),
    top=st.floats(0.7, 1),
)
def test_a_gradient_is_no_ink(left: int, right: int, top: float) -> None:
    page = np.linspace(left, right, 320)[None, :] * np.linspace(top, 1, 120)[:, None]
    found = binary(np.rint(page).astype(np.uint8))
    assert found.mean() < 0.001
    mask = strokes(page, 0.7)
    found = binary(np.rint(page).astype(np.uint8))
    assert found[mask].mean() > 0.95
    assert not found[~mask].any()


# ── Threshold ──


@given(arrays(np.uint8, (16, 16)))
def test_the_threshold_is_never_below_the_faintest_ink(map_: Uint8) -> None:
    assert FAINTEST_INK <= threshold(map_) <= 255


def test_paper_alone_has_the_lowest_threshold() -> None:
    assert threshold(np.zeros((20, 20), np.uint8)) == FAINTEST_INK
    grain = np.random.default_rng(2).integers(0, FAINTEST_INK, (200, 200)).astype(np.uint8)
    assert not (grain > threshold(grain)).any()


def test_faint_strokes_are_kept_whole() -> None:
    """A dark word and a pencil stroke that fades along its way: Otsu alone would break it."""
    page = paper(230)
    strokes(page[:, :260], 0.9)
    fading = np.linspace(0.75, 0.40, 40)
    for step, darkness in enumerate(fading):
        page[40 + step, 290:294] = round(230 * (1 - darkness))
    map_ = contrast(page, WINDOW)
    otsu, _ = cv2.threshold(map_, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    assert (map_[40:80, 290:294] <= otsu).any(), "the picture is too easy: Otsu's threshold keeps it all"
    assert (map_[40:80, 290:294] > threshold(map_)).all()


def test_a_lower_threshold_that_lets_the_paper_in_is_not_taken() -> None:
    """Stains between Otsu's threshold and 0.6 of it, as large as the ink: nothing below it may be taken."""
    map_ = np.zeros((100, 100), np.uint8)
    map_[:10] = 200
    otsu, _ = cv2.threshold(map_, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    map_[50:90] = 60
    map_[90:] = 90
    otsu, _ = cv2.threshold(map_, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    assert 90 <= otsu < 200
    assert threshold(map_) > 60


@pytest.mark.parametrize("darkness", [0.12, 0.2, 0.4, 0.9])
def test_a_page_written_with_one_faint_pen_is_read(darkness: float) -> None:
    page = paper(220)
    mask = strokes(page, darkness)
    assert (binary(page) == mask).all()


# ── Hairlines ──


def bold_four(bar: int, noise: float = 0.0) -> Uint8:
    """A contrast map of three stems, and the bar and slant of a 4 on one of them, so much darker than the paper."""
    map_ = np.abs(np.random.default_rng(4).normal(0, noise, (76, 200)))
    cv2.line(map_, (62, 46), (88, 16), bar, 2)
    map_[46:49, 62:100] = bar
    for x in (20, 82, 140):
        map_[16:58, x : x + 12] = 120
    return np.asarray(cv2.GaussianBlur(map_, (0, 0), 1.0), np.uint8)


@pytest.mark.parametrize("bar", [28, 36])
def test_a_hairline_beside_broad_strokes_becomes_ink(bar: int) -> None:
    before = bold_four(bar, noise=3.0)
    least = threshold(before)
    after = with_hairlines(before, least)
    assert (before[47, 64:80] <= least).all()
    assert (after[47, 64:80] > threshold(after)).mean() > 0.9
    assert (after[:, 84:92] == before[:, 84:92]).mean() > 0.9, "the stem stays as it is"
    assert (after[:, 160:] <= threshold(after)).all(), "and so does the paper"


def test_thin_strokes_throughout_are_left_alone() -> None:
    page = paper(220)
    strokes(page, 0.5, thickness=3)
    map_ = contrast(page, WINDOW)
    assert with_hairlines(map_, threshold(map_)) is map_


@given(arrays(np.uint8, (16, 16)), st.integers(0, 254))
def test_nothing_is_made_fainter_and_nothing_darker_than_the_pen(map_: Uint8, least: int) -> None:
    after = with_hairlines(map_, least)
    assert (after >= map_).all()
    assert after.max() == map_.max()


# ── The soft map ──


@pytest.mark.parametrize("darkness", [0.15, 0.4, 0.8])
def test_any_pen_is_made_black(darkness: float) -> None:
    page = paper(220)
    mask = strokes(page, darkness)
    map_ = contrast(page, WINDOW)
    soft = soften(map_, threshold(map_))
    assert soft[mask].mean() > 235
    assert soft[mask].min() > 160, "also where so much ink stands that the paper seems darker"
    assert not soft[~mask].any()


@given(arrays(np.uint8, (12, 12)), st.integers(FAINTEST_INK, 254))
def test_the_soft_map_keeps_the_order_of_contrast(map_: Uint8, least: int) -> None:
    soft = soften(map_, least)
    assert soft.dtype == np.uint8
    order = np.argsort(map_, axis=None, kind="stable")
    assert (np.diff(soft.ravel()[order].astype(int)) >= 0).all()
    assert not soft[map_ <= least // 4].any()


# ── Reducing ──


def test_to_grey_leaves_grey_alone() -> None:
    grey = paper()
    assert to_grey(grey) is grey


def test_to_grey_takes_the_order_blue_green_red() -> None:
    blue, red = np.zeros((2, 4, 4, 3), np.uint8)
    blue[..., 0] = red[..., 2] = 255
    assert int(to_grey(blue)[0, 0]) == 29
    assert int(to_grey(red)[0, 0]) == 76


@given(st.integers(1, 3000), st.integers(1, 300), st.integers(100, 50_000))
def test_reduce_keeps_within_its_pixels(height: int, width: int, most: int) -> None:
    grey = np.full((height, width), 200, np.uint8)
    small, scale = reduce(grey, most)
    assert 0 < scale <= 1
    if height * width <= most:
        assert small is grey
        assert scale == 1
    else:  # rounding may add half a row or column
        assert small.size <= most + (small.shape[0] + small.shape[1]) / 2 + 1 or min(small.shape) == 1
        assert min(small.shape) >= 1
    assert (small == 200).all()


def test_sharpness_falls_with_blur() -> None:
    ink = np.zeros((76, 200), np.uint8)
    cv2.ellipse(ink, (60, 38), (14, 20), 0, 0, 360, 255, 5)
    cv2.line(ink, (120, 18), (120, 58), 255, 5)
    found = [
        sharpness(np.asarray(cv2.GaussianBlur(ink, (0, 0), sigma), np.uint8), (ink > 127).view(np.uint8))
        for sigma in (0.3, 1.0, 2.0, 4.0)
    ]
    assert found == sorted(found, reverse=True)
    assert 0.8 < found[0] <= 1.5
    assert found[-1] < 0.5 * found[0]


def test_paper_has_no_sharpness() -> None:
    assert sharpness(np.zeros((76, 200), np.uint8), np.zeros((76, 200), np.uint8)) == 0.0
