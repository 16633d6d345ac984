"""Errors, confusions and mistakes, on answers made by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from train.data import Digits
from train.evaluate import evaluate
from train.pictures import draw_confusion, draw_mistakes

LABELS = np.array([0, 1, 2, 2], np.uint8)
LOGITS = np.array([[5, 0, 0], [0, 5, 0], [1, 0, 0], [9, 0, 0]], np.float32)


def test_the_error_is_the_share_read_wrongly():
    assert evaluate(LOGITS, LABELS).error == 0.5


def test_the_confusion_counts_digits_by_row_and_answers_by_column():
    assert evaluate(LOGITS, LABELS).confusion.tolist() == [[1, 0, 0], [0, 1, 0], [2, 0, 0]]


def test_the_surest_mistake_is_the_worst():
    tested = evaluate(LOGITS, LABELS)
    assert tested.mistakes.tolist() == [3, 2]
    assert tested.confidence[3] > 0.99 > tested.confidence[2]


@given(seed=st.integers(0, 2**32), n=st.integers(1, 50))
def test_confusion_error_and_mistakes_agree(seed, n):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n).astype(np.uint8)
    tested = evaluate(rng.normal(size=(n, 10)).astype(np.float32), labels)
    assert tested.confusion.sum() == n
    assert n - np.trace(tested.confusion) == len(tested.mistakes) == round(tested.error * n)
    assert (tested.predicted[tested.mistakes] != labels[tested.mistakes]).all()


def test_a_network_without_mistakes_has_its_pictures_too(tmp_path):
    tested = evaluate(LOGITS[:2], LABELS[:2])
    draw_confusion(tmp_path / "confusion.png", tested)
    draw_mistakes(tmp_path / "mistakes.png", Digits(np.zeros((2, 28, 28), np.uint8), LABELS[:2]), tested)
    assert all(path.stat().st_size > 1000 for path in tmp_path.iterdir())
