"""Pen strokes: UCI's UNIPEN text, and what is drawn from it."""

import numpy as np
import pytest

from train.errors import DataError
from train.rendered import check_pendigits
from train.strokes import read_pendigits, render

UNIPEN = """.VERSION 1.0
.HIERARCHY DIGIT TEXT
.COMMENT  written by hand for this test
.SEGMENT DIGIT ? OK "4"
.COMMENT 4  12
.DT 100
.PEN_DOWN
 100 300
 80 200
 180 200
.PEN_UP
.DT 100
.PEN_DOWN
 160 250
 150 100
.PEN_UP
.DT 100
.SEGMENT DIGIT ? OK "1"
.DT 100
.PEN_DOWN
 50 400
 50 100
.PEN_UP
.DT 100
"""


@pytest.fixture
def unipen(tmp_path):
    path = tmp_path / "pendigits-orig.tra"
    path.write_text(UNIPEN)
    return path


def test_labels_and_strokes_are_read_one_unit_tall_and_upright(unipen):
    (four, strokes), (one, line) = read_pendigits(unipen)
    assert (four, one) == ("4", "1")
    assert [len(stroke) for stroke in strokes] == [3, 2]
    assert strokes[0].tolist() == [[0.1, 0.0], [0.0, 0.5], [0.5, 0.5]]  # UNIPEN's y grows upward, ours downward
    assert strokes[1].tolist() == [[0.4, 0.25], [0.35, 1.0]]
    assert line[0].tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_what_was_read_can_be_drawn_at_any_size(unipen):
    for label, strokes in read_pendigits(unipen):
        for height in (15, 60):
            ink = render(strokes, height, 0.1 * height)
            rows = np.flatnonzero(ink.max(axis=1) > 40)
            assert abs(np.ptp(rows) + 1 - 1.1 * height) <= 3, label


def test_a_file_without_all_digits_is_no_pendigits(unipen, tmp_path):
    with pytest.raises(DataError, match="it has no digit 0 2 3 5 6 7 8 9"):
        check_pendigits(unipen)
    with pytest.raises(DataError, match="no such file"):
        check_pendigits(tmp_path / "none")
    check_pendigits(None)
