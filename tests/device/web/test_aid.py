"""Focus and light: the advice that a picture deserves."""

import cv2
import numpy as np
import pytest

from device.camera.shot import shot_of
from device.web.aid import ADVICE, judge


def advice(picture) -> str:
    return judge(shot_of(picture, 0, 0), ()).advice


def test_a_good_picture_is_good(envelope) -> None:
    assert advice(envelope) == "good"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda picture: picture // 8, "too-dark"),
        (lambda picture: cv2.GaussianBlur(picture, (0, 0), 5), "blurred"),
        (lambda picture: cv2.GaussianBlur(picture, (0, 0), 3), "soft"),
        (lambda picture: np.full_like(picture, 120), "no-writing"),
    ],
)
def test_a_spoilt_one_says_what_to_do(envelope, spoil, said: str) -> None:
    assert said in ADVICE
    assert advice(spoil(envelope)) == said


def test_a_burnt_out_spot_is_glare(envelope) -> None:
    picture = envelope.copy()
    cv2.circle(picture, (300, 380), 240, (255, 255, 255), -1)
    assert advice(picture) == "glare"


def test_digits_that_are_too_small_are_said_and_measured_on_the_full_picture(envelope, reading) -> None:
    shot = shot_of(envelope, 0, 0)
    small = judge(shot, [reading("01310100", box=(300, 240, 70, 10))])
    assert (small.digit_height, small.advice) == (10, "digits-small")
    assert judge(shot, [reading("01310100", box=(300, 240, 160, 24))]).advice == "good"


def test_sharpness_falls_as_focus_is_lost(envelope) -> None:
    figures = [
        judge(shot_of(cv2.GaussianBlur(envelope, (0, 0), sigma), 0, 0), ()).sharpness for sigma in (0.5, 1, 2, 3, 5, 8)
    ]
    assert figures == sorted(figures, reverse=True)
