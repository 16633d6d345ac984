"""Whole codes through the whole reader, twice."""

from dataclasses import replace

import pytest

from convert.parity.codes import WITH_CODES, Answer, Code, Readers, by_kind, compare_codes, read_codes

RIGHT, NOTHING, OTHER = Answer("123", 0.9, None), Answer(None, 0.4, "not-sure"), Answer("128", 0.8, None)


def code(float32, quantised, kind="hand", number=0):
    return Code(kind, number, "123", float32, quantised)


def test_codes_are_counted():
    codes = [
        code(RIGHT, RIGHT),
        code(RIGHT, NOTHING),
        code(NOTHING, RIGHT, "cam"),
        code(RIGHT, OTHER),
        code(OTHER, OTHER),
    ]
    found = compare_codes(codes)
    assert (found.n, found.float32_right, found.quantised_right) == (5, 3, 2)
    assert (found.only_float32_right, found.only_quantised_right) == (2, 1)
    assert (found.float32_false, found.quantised_false) == (1, 2)
    assert found.changed == (codes[1], codes[2], codes[3])
    assert found.gap == pytest.approx(-0.2)
    assert {kind: one.n for kind, one in by_kind(codes).items()} == {"hand": 4, "cam": 1}


def test_another_confidence_is_no_other_answer():
    assert not code(RIGHT, replace(RIGHT, confidence=0.7)).changed


def test_the_record_has_every_code_that_changes():
    record = compare_codes([code(RIGHT, OTHER), code(RIGHT, RIGHT)]).record()
    assert record["float32_share"] == 1
    assert record["quantised_interval"][0] < 0.5 < record["quantised_interval"][1]
    assert [one["quantised"]["said"] for one in record["changed"]] == ["128"]


@pytest.fixture(scope="module")
def readers(root, supplies):
    card = str(root / "models" / "lenet5.json")
    return Readers(card, card, "int8", supplies)


@pytest.mark.slow
def test_rendered_pages_are_read_with_both_and_nearly_all_alike(readers):
    codes = read_codes(readers, seed=3, count=24, workers=1)
    assert [one.kind for one in codes] == [kind for kind in WITH_CODES for _ in range(3)]
    found = compare_codes(codes)
    assert found.float32_right >= 8  # the reader reads; how well is the benchmarks' to say
    assert len(found.changed) <= 3
    assert all(one.truth.isdigit() for one in codes)
    assert all((one.picture is not None) == one.changed for one in codes)


def test_the_same_seed_gives_the_same_answers(readers):
    first, again = (read_codes(readers, seed=4, count=8, workers=1) for _ in range(2))
    assert first == again
    assert first != read_codes(readers, seed=5, count=8, workers=1)
