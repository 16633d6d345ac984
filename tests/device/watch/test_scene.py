"""Change: what moved, told from noise and from light."""

import cv2
import numpy as np

from device.watch.scene import Scene, changed, thumbnail


def noisy(picture, seed, sigma=6.0):
    return np.clip(picture + np.random.default_rng(seed).normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def test_noise_is_not_motion(pictures) -> None:
    scene = Scene()
    for seed in range(30):
        scene.look(noisy(pictures.envelope("01310-100"), seed))
        assert seed == 0 or not scene.moving


def test_a_small_thing_that_moves_is(pictures) -> None:
    scene = Scene()
    for seed in range(10):
        scene.look(noisy(pictures.envelope("01310-100"), seed))
    picture = pictures.envelope("01310-100")
    cv2.circle(picture, (500, 200), 15, 100, -1)
    scene.look(noisy(picture, 11))
    assert scene.moving


def test_light_that_fades_evenly_is_no_change(pictures) -> None:
    picture = pictures.envelope("01310-100")
    assert changed(thumbnail(picture), thumbnail(cv2.subtract(picture, 12))).max() < 1


def test_paper_that_fills_the_picture_is_a_change_however_even_it_is(pictures) -> None:
    assert changed(thumbnail(pictures.table()), thumbnail(cv2.add(pictures.table(), 120))).max() > 50


def test_the_same_picture_object_is_not_looked_at_twice(pictures, monkeypatch) -> None:
    scene, picture = Scene(), pictures.envelope("01310-100")
    scene.look(picture)
    monkeypatch.setattr("device.watch.scene.thumbnail", None)
    scene.look(picture)
    assert scene.still == 1


def test_a_scene_that_lies_still_is_passed_over_and_what_creeps_into_it_is_not(pictures) -> None:
    scene, picture = Scene(), pictures.envelope("01310-100")

    def glimpse(picture, seed):
        return noisy(picture, seed)[::4, ::4].copy()

    for seed in range(3):
        scene.look(noisy(picture, seed), glimpse(picture, seed))
    still = scene.still
    assert all(scene.pass_over(glimpse(picture, seed)) for seed in range(3, 30))
    assert scene.pass_over(glimpse(picture - 3, 30)), "a lamp that flickers"
    assert (scene.still, scene.moving) == (still + 28, False)
    assert not scene.pass_over(glimpse(pictures.table(), 31))
    passed = 0
    for left in range(0, 60, 2):  # slowly, from the edge
        crept = picture.copy()
        cv2.rectangle(crept, (0, 150), (left, 210), 160, -1)
        if not scene.pass_over(glimpse(crept, 31 + left)):
            break
        passed += 1
    assert passed < 12
