"""The representative set: every class as often, no image twice, seeded, through the device's pixels."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convert.calibrate import PER_CLASS, representative
from device.pixels import canvas


def labels_of(pixels, digits):
    """Look each image up among the digits it was drawn from."""
    known = dict(zip(map(bytes, canvas(digits.images)), digits.labels, strict=True))
    return np.array([known[bytes(one)] for one in pixels])


def test_it_has_as_many_of_each_class(small):
    pixels = representative(small.train)
    assert (pixels.shape, pixels.dtype) == ((10 * PER_CLASS, 32, 32), np.uint8)
    assert np.bincount(labels_of(pixels, small.train)).tolist() == [PER_CLASS] * 10


def test_no_image_comes_twice(small):
    pixels = representative(small.train)
    assert len(set(map(bytes, pixels))) == len(pixels)


def test_the_classes_take_turns(small):
    assert labels_of(representative(small.train)[:20], small.train).tolist() == [*range(10)] * 2


@given(seed=st.integers(0, 2**32), per_class=st.integers(1, 5))
def test_it_is_seeded_and_balanced_whatever_the_seed(small, seed, per_class):
    part = small.train[:500]
    first = representative(part, per_class, seed)
    assert np.array_equal(first, representative(part, per_class, seed))
    assert np.bincount(labels_of(first, part)).tolist() == [per_class] * 10


def test_another_seed_draws_other_digits(small):
    assert not np.array_equal(representative(small.train), representative(small.train, seed=2))


def test_it_has_black_and_white_so_that_pixels_quantise_to_themselves(small):
    pixels = representative(small.train)
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert not pixels[:, :2].any()
