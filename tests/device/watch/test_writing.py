"""The same writing is known again, moved or in other light; another line in its place is not taken for it."""

import cv2
import numpy as np
import pytest

from device.watch.writing import Writing

CODE = 219, 252, 146, 20
OTHER = "Marcos Pereira", "Av Paulista 1578"


def seen(picture, seed: int, blur: float = 0.6, sigma: float = 4.0, light: float = 1.0):
    """As a camera sees it."""
    noise = np.random.default_rng(seed).normal(0, sigma, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), blur) * light + noise, 0, 255).astype(np.uint8)


def hand_over(picture, left: int, top: int):
    covered = picture.copy()
    cv2.rectangle(covered, (left, top), (left + 220, top + 70), 120, -1)
    return covered


@pytest.fixture
def picture(pictures):
    return pictures.envelope("01310-100")


@pytest.mark.parametrize("code", [None, CODE])
@pytest.mark.parametrize("blur", [0.5, 1.2])
@pytest.mark.parametrize("light", [1.0, 0.6])
def test_the_same_is_in_place_in_noise_in_other_light_and_out_of_focus_a_little(picture, code, blur, light) -> None:
    assert Writing.of(seen(picture, 1, 0.8)).is_in_place(seen(picture, 2, blur, light=light), code)


@pytest.mark.parametrize("code", [None, CODE])
def test_under_a_hand_it_is_not_all_in_place_and_what_can_be_seen_is_alike(picture, code) -> None:
    before = Writing.of(seen(picture, 1))
    for left, top in ((300, 165), (200, 165), (330, 240), (200, 240)):
        covered = seen(hand_over(picture, left, top), 2)
        assert not before.is_in_place(covered, code)
        assert before.is_alike(Writing.of(covered), code)


@pytest.mark.parametrize("blur", [0.5, 1.5])
def test_other_lines_in_its_place_are_not_alike(picture, pictures, blur) -> None:
    before = Writing.of(seen(picture, 1, blur))
    for other in (pictures.envelope("04538-133", to=OTHER), pictures.envelope("01310-100", to=OTHER)):
        assert not before.is_alike(Writing.of(seen(other, 2, blur)), CODE)


@pytest.mark.parametrize("code", [None, CODE])
def test_one_other_digit_is_not_in_place(picture, pictures, code) -> None:
    assert not Writing.of(seen(picture, 1)).is_in_place(seen(pictures.envelope("01310-700"), 2), code)


def test_a_form_s_printed_lines_far_from_the_code_are_not_asked_for_its_addressee(pictures) -> None:
    """They are alike on every envelope of the form, and more than the address is."""

    def form(to):
        picture = pictures.envelope("01310-100", at=(80, 50), to=to)
        for k, line in enumerate(("Banco do Planalto SA", "Servico de cobranca, caixa postal 77")):
            cv2.putText(picture, line, (90, 75 + 18 * k), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 40, 1, cv2.LINE_AA)
        return picture

    before = Writing.of(seen(form(("Helena Duarte", "Rua do Ouvidor 12")), 1))
    assert not before.is_alike(Writing.of(seen(form(OTHER), 2)), CODE)


@pytest.mark.parametrize("by", [(9, 6), (40, 25), (-30, 12)])
@pytest.mark.parametrize("turn", [0.0, 2.0])
def test_what_was_moved_and_turned_a_little_went_along_with_the_code(picture, pictures, by, turn) -> None:
    before = Writing.of(seen(picture, 1))
    x, y, width, height = CODE
    matrix = cv2.getRotationMatrix2D((x + width / 2, y + height / 2), turn, 1.0)
    matrix[:, 2] += by

    def moved(picture, seed: int) -> Writing:
        return Writing.of(seen(cv2.warpAffine(picture, matrix, (640, 360), borderValue=60), seed))

    assert before.went_along(moved(picture, 2), CODE, by)
    assert before.went_along(moved(hand_over(picture, 200, 165), 3), CODE, by)
    assert not before.went_along(moved(pictures.envelope("01310-100", to=OTHER), 4), CODE, by)


def test_of_too_little_ink_or_another_region_nothing_is_concluded(picture, pictures) -> None:
    assert Writing.of(pictures.table()).is_alike(Writing.of(picture), None)
    assert Writing.of(picture).is_alike(Writing.of(pictures.table()[:100]), None)
