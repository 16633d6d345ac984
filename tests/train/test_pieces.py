"""Labels of the spans that the device cuts: whose ink they hold, and what is no digit."""

import numpy as np
import pytest

from train import strings
from train.pieces import NOT_A_DIGIT, UNSURE, examples, lattices
from train.rendered import hands
from train.strings import Scene
from train.typefaces import load


@pytest.fixture(scope="module")
def writers(supplies):
    return hands(supplies)


def set_apart(text, face, height=40, gap=16) -> Scene:
    """A clean line of print, each character far from the next."""
    glyphs = [face.glyph(character, height) for character in text]
    drops = [face.rise(character, height) for character in text]
    ink = np.zeros((3 * height, sum(glyph.shape[1] + gap for glyph in glyphs) + 2 * height), np.uint8)
    owners, x = np.zeros((2, *ink.shape), np.int16), height
    for number, (glyph, drop) in enumerate(zip(glyphs, drops, strict=True), start=1):
        y = height + round(drop)
        window = np.s_[y : y + glyph.shape[0], x : x + glyph.shape[1]]
        ink[window] = glyph
        owners[0][window][glyph > 76] = number
        x += glyph.shape[1] + gap
    return Scene(np.asarray(230 - (ink.astype(int) * 200) // 255, np.uint8), owners, tuple(text), True, text)


def test_every_digit_of_a_clean_line_has_a_span_with_its_value(fonts):
    text = "3141592608"
    (line,) = lattices(set_apart(text, load(fonts)[0]))
    for number, digit in enumerate(text):
        own = line.labels[(line.owners == number) & (line.labels < NOT_A_DIGIT)]
        assert int(digit) in own
        assert set(own) <= {int(digit), UNSURE}


def test_two_digits_in_one_span_are_no_digit(fonts):
    (line,) = lattices(set_apart("8888", load(fonts)[0], gap=-7))
    width = line.spans.boxes[:, 2]
    one = np.median(width[line.labels == 8])
    pairs = width > 1.6 * one
    assert pairs.any()
    assert set(line.labels[pairs]) <= {NOT_A_DIGIT, UNSURE}
    assert (line.labels[pairs] == NOT_A_DIGIT).mean() > 0.5


def test_a_digit_with_a_whole_one_beside_it_is_no_digit(fonts):
    (line,) = lattices(set_apart("81", load(fonts)[0], gap=-5))
    both = (line.spans.first == 0) & (line.spans.last == len(line.ink.boxes) - 1)
    assert both.any()
    assert set(line.labels[both]) == {NOT_A_DIGIT}
    assert line.hard[both].all()


def test_letters_unlike_digits_are_none_and_nothing_in_a_word_is_one(fonts):
    (line,) = lattices(set_apart("MARTHA", load(fonts)[0]))
    assert NOT_A_DIGIT in line.labels
    assert set(line.labels) <= {NOT_A_DIGIT, UNSURE}


def test_digits_in_the_boxes_of_a_form_are_found_and_its_walls_are_no_digits(writers, monkeypatch):
    monkeypatch.setattr(strings, "CELLS", 1.0)
    found = whole = 0
    for seed in range(30):
        made = strings.scene(writers, np.random.default_rng((2, seed)))
        if made.printed or not made.truth:
            continue
        assert "".join(made.characters) == made.truth
        lines = list(lattices(made))
        digits = {owner for line in lines for owner in line.owners[line.labels < NOT_A_DIGIT] if owner >= 0}
        found, whole = found + len(digits), whole + len(made.truth)
        for line in lines:
            assert (line.labels[line.owners < 0] == NOT_A_DIGIT).all()
    assert whole > 50
    assert found > 0.7 * whole


def test_all_classes_come_up_and_not_too_many_are_no_digit(writers):
    pixels, labels = examples(writers, 1, 60)
    counts = np.bincount(labels, minlength=11)
    assert (pixels.shape, pixels.dtype, labels.dtype) == ((len(labels), 2, 32, 32), np.uint8, np.uint8)
    assert counts.min() >= 5
    assert len(counts) == 11
    assert 0.5 * counts[:10].sum() < counts[NOT_A_DIGIT] < 3 * counts[:10].sum()
    assert pixels.max(axis=(2, 3)).min() > 0


def test_examples_are_seeded(writers):
    first, again, other = (examples(writers, seed, 4) for seed in (1, 1, 2))
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(first, again, strict=True))
    assert first[0].shape != other[0].shape or not np.array_equal(first[0], other[0])
