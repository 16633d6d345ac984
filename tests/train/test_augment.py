"""Distorted and worn digits: seeded, of the same kind, and each on its own."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.pixels import canvas
from train.augment import CHUNK, Warp, Wear, distort, elastic_fields, wear

WARP = Warp(fields=32)
FIELDS = elastic_fields(WARP, np.random.default_rng(0))
STILL = Warp(rotation=0, shear=0, scale=0, shift=0, elastic=0, fields=1)
CLEAN = Wear(blur=(0.1, 0.1), grain=0, nothing=(0, 0), full=(255, 255), smooth=(0.1, 0.1))
"""So little blur that a kernel has one pixel."""


@pytest.fixture(scope="module")
def pixels(mnist):
    return canvas(mnist.train.images[:400])


def warped(pixels, seed=1, share=1.0, warp=WARP):
    return distort(pixels, warp, FIELDS, share, np.random.default_rng(seed))


def worn(pixels, seed=1, share=1.0, by=None):
    return wear(pixels, by or Wear(), share, np.random.default_rng(seed))


BOTH = pytest.mark.parametrize("changed", [warped, worn])


@BOTH
def test_the_same_seed_gives_the_same_bytes(pixels, changed):
    assert np.array_equal(changed(pixels), changed(pixels))
    assert not np.array_equal(changed(pixels), changed(pixels, seed=2))


@BOTH
@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 30), seed=st.integers(0, 2**32), share=st.floats(0, 1))
def test_shape_and_type_stay_and_the_digits_given_are_not_touched(pixels, changed, count, seed, share):
    given_pixels = pixels[:count].copy()
    out = changed(given_pixels, seed, share)
    assert (out.shape, out.dtype) == ((count, 32, 32), np.uint8)
    assert not np.shares_memory(out, given_pixels)
    assert np.array_equal(given_pixels, pixels[:count])


def test_no_share_leaves_every_digit_as_it_is(pixels):
    assert np.array_equal(warped(pixels, share=0), pixels)


def test_a_share_is_distorted_and_the_others_are_not(pixels):
    changed = (warped(pixels, share=0.5) != pixels).any(axis=(1, 2)).mean()
    assert 0.4 < changed < 0.6


def test_a_warp_of_nothing_changes_nothing(pixels):
    assert np.array_equal(warped(pixels, warp=STILL), pixels)


def test_a_digit_does_not_bleed_into_its_neighbour():
    full, blank = np.full((32, 32), 255, np.uint8), np.zeros((32, 32), np.uint8)
    full[:2] = full[-2:] = full[:, :2] = full[:, -2:] = 0  # the canvas' margin
    out = warped(np.stack([full, blank] * 100))
    assert not out[1::2].any()
    assert out[::2].any(axis=(1, 2)).all()


def test_more_digits_than_one_remap_takes_are_all_distorted(pixels):
    many = np.concatenate([pixels] * 3)
    assert len(many) > CHUNK
    assert (warped(many) != many).any(axis=(1, 2)).all()


def test_a_digit_stays_on_the_canvas_with_about_its_ink(pixels):
    ratio = warped(pixels).sum(axis=(1, 2)) / pixels.sum(axis=(1, 2))
    assert 0.9 < np.median(ratio) < 1.1
    assert ratio.min() > 0.5


@pytest.mark.parametrize("kind", ["rotation", "shear", "scale", "shift", "elastic"])
def test_each_distortion_has_an_effect_of_its_own(pixels, kind):
    alone = replace(STILL, **{kind: getattr(WARP, kind)})
    assert (warped(pixels, warp=alone) != pixels).any(axis=(1, 2)).mean() > 0.9


def test_elastic_fields_are_smooth_seeded_and_of_one_strength():
    assert FIELDS.shape == (32, 2, 32, 32)
    assert np.array_equal(FIELDS, elastic_fields(WARP, np.random.default_rng(0)))
    np.testing.assert_allclose((FIELDS**2).mean(axis=(2, 3)), 1, rtol=1e-4)
    assert np.abs(np.diff(FIELDS, axis=3)).mean() < 0.5


def test_a_share_is_worn_and_no_share_leaves_all_as_they_are(pixels):
    assert np.array_equal(worn(pixels, share=0), pixels)
    assert 0.4 < (worn(pixels, share=0.5) != pixels).any(axis=(1, 2)).mean() < 0.6


def test_wear_of_nothing_changes_nothing(pixels):
    assert np.array_equal(worn(pixels, by=CLEAN), pixels)


def test_a_blurred_digit_has_softer_edges(pixels):
    def steepest(images):
        return np.abs(np.diff(images.astype(int), axis=2)).max(axis=(1, 2)).mean()

    assert steepest(worn(pixels, by=replace(CLEAN, blur=(1.3, 1.3)))) < 0.7 * steepest(pixels)


def test_a_lower_threshold_makes_strokes_bolder_and_a_higher_one_thinner(pixels):
    soft = worn(pixels, by=replace(CLEAN, blur=(1.0, 1.0)))
    bold, thin = (worn(soft, by=replace(CLEAN, **given)) for given in ({"full": (80, 80)}, {"nothing": (120, 120)}))
    assert (bold > 127).sum() > 1.2 * (soft > 127).sum() > 1.5 * (thin > 127).sum()


def test_grain_is_noise_on_the_paper_too(pixels):
    assert (worn(pixels, by=replace(CLEAN, grain=10))[:, :2] > 0).mean() > 0.2
