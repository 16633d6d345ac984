"""The envelope is found on the table and turned upright; boxes find their way back."""

import cv2
import numpy as np
import pytest

from device.camera.shot import shot_of
from device.watch.envelope import find_paper, paper_box, view


def turned(picture, degrees):
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    return cv2.warpAffine(picture, matrix, (width, height), borderValue=60)


@pytest.mark.parametrize("degrees", [-8, 0, 5])
def test_an_envelope_is_found_and_how_far_it_is_askew(pictures, degrees) -> None:
    paper = find_paper(turned(pictures.envelope("01310-100"), degrees))
    assert paper.turn == pytest.approx(degrees, abs=1)
    assert paper.share == pytest.approx(460 * 260 / (640 * 360), rel=0.05)


def test_an_empty_table_has_none(pictures) -> None:
    noise = np.random.default_rng(0).normal(0, 5, (360, 640))
    assert find_paper(np.clip(pictures.table() + noise, 0, 255).astype(np.uint8)) is None


def test_paper_half_in_a_shadow_is_found_whole(pictures) -> None:
    picture = pictures.envelope("01310-100")
    picture[:, 320:] = picture[:, 320:] // 2
    assert find_paper(picture).share > 0.45


def lit(picture, dark: float):
    """Under a lamp at the right: brightness falls to a share of it at the left edge."""
    return np.clip(picture * np.linspace(dark, 1.1, picture.shape[1]), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("dark", [0.9, 0.6, 0.45])
def test_paper_that_a_lamp_lights_at_one_side_alone_is_found_whole(pictures, dark) -> None:
    paper = find_paper(lit(pictures.envelope("01310-100"), dark))
    assert paper.share == pytest.approx(460 * 260 / (640 * 360), rel=0.05)
    assert paper.edge > 0.95


@pytest.mark.parametrize("kraft", [100, 110, 140])
def test_a_white_label_on_a_brown_envelope_is_not_taken_for_it(pictures, kraft) -> None:
    picture = pictures.table()
    picture[:] = 40
    cv2.rectangle(picture, (80, 50), (540, 310), kraft, -1)
    cv2.rectangle(picture, (260, 160), (460, 260), 240, -1)
    assert find_paper(picture).share == pytest.approx(460 * 260 / (640 * 360), rel=0.05)


def test_a_bright_spot_on_paper_is_no_envelope(pictures) -> None:
    """All of the picture is paper, and a lamp shines on its middle: nothing darker lies along the spot's edge."""
    y, x = np.mgrid[0:360, 0:640]
    picture = 90 + 140 * np.exp(-(((x - 320) / 200) ** 2 + ((y - 180) / 120) ** 2))
    assert find_paper(picture.astype(np.uint8)) is None


def test_the_table_is_painted_over(pictures) -> None:
    shot = shot_of(pictures.envelope("01310-100"), 0.0, 0)
    seen = view(shot, find_paper(shot.small), (0, 0, *shot.size))
    assert np.percentile(seen.grey, 1) > 30
    assert seen.grey[5, 5] > 150


def test_boxes_find_their_way_back(pictures, reading) -> None:
    upright = pictures.envelope("01310-100")
    shot = shot_of(turned(upright, 6), 0.0, 0)
    paper = find_paper(shot.small)
    part = paper_box(paper, shot, (0, 0, *shot.size))
    seen = view(shot, paper, part)
    matrix = cv2.invertAffineTransform(seen.back)
    x, y = matrix @ (400, 200, 1)
    placed = seen.place(reading("01310100", box=(round(x) - 20, round(y) - 5, 40, 10)))
    assert placed.box[0] + 20 == pytest.approx(400, abs=2)
    assert placed.box[1] + 5 == pytest.approx(200, abs=2)
