"""The pixel contract: what training, conversion and the device all rely on, to the byte."""

import hashlib

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from device.pixels import CANVAS, DIGIT_BOX, MARGIN, MNIST_SIDE, PIXELS_VERSION, SMALLEST_DIGIT, canvas, normalise
from train import data

Uint8 = NDArray[np.uint8]

MIDDLE = CANVAS // 2
"""The pixel right of the middle, where MNIST has the centre of mass."""


def blot(height: int, width: int, seed: int) -> Uint8:
    """Ink in integers alone, the same on every machine: about half of it paper."""
    y, x = np.mgrid[:height, :width].astype(np.uint64)
    noise = (x * 2654435761 + y * 40503 + seed * 97) * (x * y + 12289 + seed) >> 7
    return np.where(noise & 64, noise & 255, 0).astype(np.uint8)


def extent(field: Uint8) -> tuple[int, int]:
    rows, columns = np.flatnonzero(field.any(axis=1)), np.flatnonzero(field.any(axis=0))
    return int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def sha256(arrays: list[Uint8]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


sides = st.integers(1, 300)
solids = st.tuples(sides, sides).map(lambda shape: np.full(shape, 255, np.uint8))
blots = st.builds(blot, sides, sides, st.integers(0, 1000))


# ── The same bytes everywhere and for ever: whoever changes these changes PIXELS_VERSION, and trains again ──


def test_version() -> None:
    assert PIXELS_VERSION == 2


def test_golden_bytes_of_the_canvas() -> None:
    digits = np.stack([blot(MNIST_SIDE, MNIST_SIDE, seed) for seed in range(10)])
    assert sha256([canvas(digits)]) == "3c025226955d397777b232aeae8fad05525f0cfe61e9f7b82576e5eea7cca40a"


def test_golden_bytes_of_normalising() -> None:
    shapes = [(1, 1), (3, 50), (50, 3), (20, 20), (28, 17), (64, 40), (150, 90), (299, 300)]
    fields = [normalise(blot(*shape, seed)) for seed, shape in enumerate(shapes)]
    assert sha256(fields) == "93ce7d1b65748790af3c78d5f294ea1b153721e71fbc279c0cb09265c84c272f"


def test_golden_bytes_with_a_mask_and_a_line_height() -> None:
    shapes = [(4, 4), (9, 21), (31, 26), (70, 41)]
    fields = [normalise(blot(*shape, 5), blot(*shape, 6) > 99, 60.0) for shape in shapes]
    assert sha256(fields) == "62e83901e108e5c8d68afd0d909779456353a94324658deb944053ff373e661c"


# ── canvas: a frame of zeros, nothing else ──


@given(st.integers(0, 5), st.integers(0, 1000))
def test_canvas_is_a_frame_two_pixels_wide(count: int, seed: int) -> None:
    digits = blot(count * MNIST_SIDE, MNIST_SIDE, seed).reshape(count, MNIST_SIDE, MNIST_SIDE)
    framed = canvas(digits)
    inside = np.s_[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    assert MARGIN == 2
    assert framed.shape == (count, CANVAS, CANVAS)
    assert framed.dtype == np.uint8
    assert (framed[inside] == digits).all()
    assert framed.sum(dtype=int) == digits.sum(dtype=int)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((28, 28), np.uint8),
        np.zeros((1, 28, 27), np.uint8),
        np.zeros((1, 28, 28, 1), np.uint8),
        np.zeros((1, 28, 28), np.float32),
        np.zeros((1, 28, 28), np.int8),
    ],
    ids=lambda images: f"{images.dtype}{list(images.shape)}",
)
def test_canvas_takes_nothing_else(images: NDArray) -> None:
    with pytest.raises(ValueError, match=r"uint8\[N, 28, 28\]"):
        canvas(images)


# ── normalise: MNIST's own rule ──


def test_a_digit_cut_out_of_mnist_comes_back_to_the_byte() -> None:
    """Nine in ten do; of the others the box was not 20 pixels to begin with, or the centre lay on an edge."""
    digits = canvas(data.load().test.images[:2000])
    back = np.stack([normalise(digit) for digit in digits])
    same = (back == digits).all(axis=(1, 2))
    assert same.mean() >= 0.88
    near = np.abs(back.astype(int) - digits).mean(axis=(1, 2)) < 16
    assert near.mean() >= 0.97


@given(solids)
def test_the_longest_side_becomes_twenty_pixels_and_the_aspect_stays(ink: Uint8) -> None:
    height, width = ink.shape
    found = extent(normalise(ink))
    assert max(found) == DIGIT_BOX
    for side, out in zip(ink.shape, found, strict=True):
        assert abs(out - max(1, DIGIT_BOX * side / max(height, width))) <= 0.5


@given(blots)
def test_any_ink_gives_a_field(ink: Uint8) -> None:
    field = normalise(ink)
    assert field.shape == (CANVAS, CANVAS)
    assert field.dtype == np.uint8
    assert max(extent(field), default=0) <= DIGIT_BOX if field.any() else not ink.any()


@given(blots)
def test_the_centre_of_mass_is_in_the_middle(ink: Uint8) -> None:
    field = normalise(ink)
    assume(field.any())
    mass, at = field.astype(np.int64), np.arange(CANVAS)
    for axis, lines in enumerate((field.any(axis=1), field.any(axis=0))):
        centre = (mass.sum(axis=1 - axis) * at).sum() / mass.sum()
        at_the_edge = lines[0] or lines[-1]  # a lopsided glyph is not pushed out of the field
        assert abs(centre - MIDDLE) <= 1 or at_the_edge


@given(blots, st.integers(2, 4))
def test_a_glyph_photographed_k_times_larger_gives_the_same_field(ink: Uint8, k: int) -> None:
    assume(ink.any() and max(extent(ink)) >= DIGIT_BOX)  # what is smaller is enlarged, by another rule
    larger = np.kron(ink, np.ones((k, k), np.uint8))
    difference = np.abs(normalise(larger).astype(int) - normalise(ink))
    assert difference.max() <= 4  # one level, as much as a faint glyph's contrast is raised


@given(blots)
def test_the_margin_does_not_matter(ink: Uint8) -> None:
    assert (normalise(np.pad(ink, ((3, 1), (0, 7)))) == normalise(ink)).all()


@given(blots, st.integers(0, 1000))
def test_what_the_mask_leaves_out_is_not_there(ink: Uint8, seed: int) -> None:
    mask = blot(*ink.shape, seed) > 127
    alone = np.where(mask, ink, np.uint8(0))
    assert (normalise(ink, mask) == normalise(alone)).all()


def test_a_neighbour_within_the_box_is_masked_away() -> None:
    ink = np.zeros((30, 40), np.uint8)
    ink[:, :10] = ink[5:25, 30:] = 255
    assert (normalise(ink, np.arange(40)[None, :].repeat(30, 0) < 20) == normalise(ink[:, :10])).all()


def test_the_ink_is_left_as_it_was() -> None:
    ink = blot(40, 30, 1)
    before = ink.copy()
    normalise(ink, ink > 99, 50.0)
    assert (ink == before).all()


@pytest.mark.parametrize("side", range(2, 9))
def test_a_dot_stays_a_dot_where_the_line_is_known(side: int) -> None:
    dot = np.full((side, side), 255, np.uint8)
    assert extent(normalise(dot)) == (DIGIT_BOX, DIGIT_BOX)
    out = DIGIT_BOX * side / int(SMALLEST_DIGIT * 40)
    assert extent(normalise(dot, line_height=40.0)) == pytest.approx((out, out), abs=0.5)


def test_a_digit_is_as_large_whether_the_line_is_known_or_not() -> None:
    digit = blot(40, 24, 2)
    assert (normalise(digit, line_height=40.0) == normalise(digit)).all()


def test_the_strongest_ink_becomes_black() -> None:
    for peak in (64, 100, 200, 255):
        assert normalise(np.full((30, 20), peak, np.uint8)).max() == 255


def test_what_is_hardly_there_stays_faint() -> None:
    assert normalise(np.full((30, 20), 16, np.uint8)).max() == pytest.approx(64, abs=1)


@pytest.mark.parametrize("shape", [(0, 0), (0, 7), (7, 0), (1, 1), (300, 300)])
def test_no_ink_gives_zeros(shape: tuple[int, int]) -> None:
    assert not normalise(np.zeros(shape, np.uint8)).any()
    assert not normalise(np.full(shape, 255, np.uint8), np.zeros(shape, np.bool_)).any()


@pytest.mark.parametrize(
    "ink",
    [np.zeros(9, np.uint8), np.zeros((9, 9, 1), np.uint8), np.zeros((9, 9), np.float64), np.zeros((9, 9), np.bool_)],
    ids=lambda ink: f"{ink.dtype}{list(ink.shape)}",
)
def test_normalise_takes_nothing_else(ink: NDArray) -> None:
    with pytest.raises(ValueError, match=r"uint8\[h, w\]"):
        normalise(ink)


@pytest.mark.parametrize(
    "mask",
    [np.ones((1, 9), np.bool_), np.ones((9, 8), np.bool_), np.ones((9, 9), np.uint8)],
    ids=lambda mask: f"{mask.dtype}{list(mask.shape)}",
)
def test_a_mask_is_bool_and_of_the_ink_s_shape(mask: NDArray) -> None:
    with pytest.raises(ValueError, match="mask"):
        normalise(np.full((9, 9), 255, np.uint8), mask)
