"""What networks are compared on."""

import numpy as np
import pytest

from convert.parity import sets
from convert.parity.sets import TestSet
from device.model import Bundle
from train.data import Glyphs
from train.errors import DataError
from train.pieces import NOT_A_DIGIT


@pytest.fixture(scope="module")
def bundle(root):
    return Bundle.load(root / "models" / "lenet5.json")


def test_a_network_of_ten_classes_is_not_shown_what_is_no_digit(bundle):
    labels = np.array([3, NOT_A_DIGIT, 5], np.uint8)
    shown = TestSet("cut", "glyphs", Glyphs(np.zeros((3, 32, 32), np.uint8), labels))
    assert shown.seen_by(bundle.network("digit")).glyphs.labels.tolist() == [3, 5]
    assert shown.seen_by(bundle.network("digit-or-not")).glyphs.labels.tolist() == [3, NOT_A_DIGIT, 5]


def test_a_network_is_shown_the_view_that_it_looks_at(bundle):
    network = bundle.network("digit-or-not")
    pixels = np.zeros((2, 2, 32, 32), np.uint8)
    pixels[:, network.view] = 7
    shown = TestSet("cut", "glyphs", Glyphs(pixels, np.array([1, 2], np.uint8))).seen_by(network)
    assert shown.glyphs.pixels.shape == (2, 32, 32)
    assert (shown.glyphs.pixels == 7).all()


def test_cut_glyphs_are_digits_and_others_and_the_same_again(supplies, tmp_path):
    first = sets.cut(supplies, 1, 12, tmp_path, 1)
    labels = first.glyphs.labels
    assert set(labels.tolist()) == set(range(11))
    again = sets.cut(supplies, 1, 12, tmp_path, 1)
    assert (again.glyphs.pixels == first.glyphs.pixels).all()
    assert len(list(tmp_path.rglob("*.npz"))) == 1  # made once


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(50), b"no zip"], ids=["empty", "cut", "other"])
def test_kept_glyphs_that_are_damaged_are_named_with_what_to_do(content, supplies, tmp_path, monkeypatch):
    file = tmp_path / "0000-12.npz"
    file.write_bytes(content)
    monkeypatch.setattr(sets, "shards", lambda *_: [file])
    with pytest.raises(DataError, match="remove it") as caught:
        sets.cut(supplies, 1, 12, tmp_path, 1)
    assert str(caught.value).startswith(str(file))


def test_printed_digits_are_nearly_all_cut_out_and_readable(supplies, bundle):
    found = sets.printed(supplies, 1, 20, 1).seen_by(bundle.network("which-digit"))
    written = sum(len(sets.printed_scene(_writers(supplies), _rng(1, k)).truth) for k in range(20))
    assert 0.9 * written <= len(found.glyphs) <= written
    from convert.parity.compare import classify

    said = classify(bundle.network("which-digit"), "int8", found.glyphs.pixels).argmax(axis=1)
    assert (said == found.glyphs.labels).mean() > 0.9


def _writers(supplies):
    from train.rendered import hands

    return hands(supplies)


def _rng(seed, number):
    return np.random.default_rng((sets.OURS, seed, number))
