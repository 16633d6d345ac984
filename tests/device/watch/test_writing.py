"""The same writing is known again, moved or in other light; another line in its place is not taken for it."""

import cv2
import numpy as np
import pytest

from device.watch.lying import blocks
from device.watch.trouble import text_lines
from device.watch.writing import Writing

CODE = 218, 249, 150, 26


def of(picture) -> Writing:
    return Writing(picture, blocks(text_lines(picture), picture.shape[::-1]))


def seen(picture, seed: int, blur: float = 0.6, sigma: float = 4.0, light: float = 1.0):
    """As a camera sees it."""
    noise = np.random.default_rng(seed).normal(0, sigma, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), blur) * light + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("blur", [0.5, 1.5])
@pytest.mark.parametrize("light", [1.0, 0.6])
def test_the_same_is_found_in_noise_blur_and_other_light(pictures, blur, light) -> None:
    picture = pictures.envelope("01310-100")
    before = of(seen(picture, 1, blur))
    assert before.share_in_place(seen(picture, 2, blur, light=light)) == 1


def test_a_shadow_s_edge_is_no_other_writing(pictures) -> None:
    picture = pictures.envelope("01310-100")
    shaded = picture.copy()
    shaded[:, 330:] = shaded[:, 330:] * 0.7
    assert of(seen(picture, 1)).share_in_place(seen(shaded, 2)) > 0.9


@pytest.mark.parametrize("blur", [0.5, 1.5])
def test_other_lines_in_its_place_are_not(pictures, blur) -> None:
    before = of(seen(pictures.envelope("01310-100"), 1, blur))
    other = pictures.envelope("04538-133", to=("Marcos Pereira", "Av Paulista 1578"))
    assert before.share_in_place(seen(other, 2, blur)) < 0.5


def test_one_other_digit_is_seen(pictures) -> None:
    before = of(seen(pictures.envelope("01310-100"), 1))
    assert before.share_in_place(seen(pictures.envelope("01310-700"), 2)) < 0.99


@pytest.mark.parametrize("by", [(9, 6), (40, 25), (-30, 12)])
@pytest.mark.parametrize("turn", [0.0, 2.0])
def test_what_was_moved_and_turned_a_little_is_found_where_the_code_went(pictures, by, turn) -> None:
    picture = pictures.envelope("01310-100")
    before = of(seen(picture, 1))
    x, y, width, height = CODE
    matrix = cv2.getRotationMatrix2D((x + width / 2, y + height / 2), turn, 1.0)
    matrix[:, 2] += by
    moved = seen(cv2.warpAffine(picture, matrix, (640, 360), borderValue=60), 2)
    assert before.share_moved(moved, CODE, by) > 0.8
    other = pictures.envelope("01310-100", to=("Marcos Pereira", "Av Paulista 1578"))
    moved = seen(cv2.warpAffine(other, matrix, (640, 360), borderValue=60), 2)
    assert before.share_moved(moved, CODE, by) < 0.5


def test_of_too_little_ink_or_another_region_nothing_is_concluded(pictures) -> None:
    assert of(pictures.table()).share_in_place(pictures.envelope("01310-100")) == 1
    assert of(pictures.envelope("01310-100")).share_in_place(pictures.table()[:100]) == 1
