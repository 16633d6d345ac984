"""Films of passing envelopes: who passes when, how `postread watch` is scored on them, and a short one watched."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import film_frames, film_scores, films, votes
from benchmarks.envelopes import CAMERA
from benchmarks.film_scores import Score
from benchmarks.films import Take, plan, plan_belt
from device.reader import Reader
from device.watch.events import Event
from tests.device.watch.conftest import reading_of
from train.data import Mnist
from train.writers import Hands

SEEDS = st.integers(0, 2**32 - 1)
ONE, OTHER = "01310100", "20040020"


def take(first: int, code: str = ONE) -> Take:
    """Fifty frames, of which the envelope rests from the tenth on."""
    return Take("printed" if code else "without", code, first, first + 10, first + 40, first + 50)


def settled(frame: int, code: str) -> tuple[int, Event]:
    return frame, Event("settled", "settled", reading=reading_of(code))


def scored(takes: list[Take], *announced: tuple[int, Event]) -> dict[str, Any]:
    score = Score(takes=sum(bool(one.code) for one in takes))
    film_scores._count(score, takes, list(announced))
    return {name: getattr(score, name) for name in ("right", "wrong", "refused", "without", "waits")}


@given(SEEDS)
def test_each_kind_passes_as_often_as_asked_one_after_the_other_and_two_in_a_row_have_one_code(seed: int) -> None:
    takes = plan(seed)
    kinds = [one.kind for one in takes]
    assert [kinds.count(kind) for kind in ("printed", "written", "without")] == [30, 30, 12]
    assert all(one.first < one.rest < one.leave < one.stop for one in takes)
    assert all(one.stop == after.first for one, after in pairwise(takes))
    assert all(bool(one.code) == (one.kind != "without") for one in takes)
    assert sum(bool(one.code) and one.code == after.code for one, after in pairwise(takes)) >= 1


@given(SEEDS, st.floats(2, 40))
def test_on_a_belt_each_follows_the_last_one_at_some_distance(seed: int, speed: float) -> None:
    takes = plan_belt(seed, speed)
    apart = [(after.rest - one.rest) * speed / CAMERA[0] for one, after in pairwise(takes)]
    frame = 1.1 * speed / CAMERA[0]
    assert films.APART[0] - frame < min(apart) <= max(apart) < films.APART[1] + frame
    assert all(one.first < one.rest == one.leave < one.stop for one in takes)
    assert sum(bool(one.code) for one in takes) == 60
    assert sum(bool(one.code) and one.code == after.code for one, after in pairwise(takes)) >= 1


def test_of_two_of_one_code_in_view_at_once_each_is_right() -> None:
    takes = [take(0), take(30), take(60, OTHER)]
    score = scored(takes, settled(32, ONE), settled(38, ONE), settled(64, ONE), settled(72, OTHER))
    assert score == {"right": 2, "wrong": 1, "refused": 0, "without": 0, "waits": [22, -2, 2]}


def test_an_envelope_is_right_when_its_code_and_nothing_else_was_settled_once() -> None:
    takes = [take(0), take(50), take(100, OTHER), take(150)]
    score = scored(takes, settled(12, ONE), settled(64, OTHER), settled(112, OTHER), settled(130, OTHER))
    assert score == {"right": 1, "wrong": 2, "refused": 0, "without": 0, "waits": [2, 2]}


def test_a_code_on_an_envelope_without_one_is_wrong() -> None:
    assert scored([take(0, "")], settled(12, ONE)) == {"right": 0, "wrong": 1, "refused": 0, "without": 1, "waits": []}


def test_a_refusal_is_neither_right_nor_wrong() -> None:
    refused = 30, Event("refused", "needs-help", reading=reading_of(ONE, 0.4))
    assert scored([take(0)], refused) == {"right": 0, "wrong": 0, "refused": 1, "without": 0, "waits": []}


@pytest.fixture(scope="module")
def hands(mnist: Mnist, fonts: Path) -> Hands:
    from benchmarks.render import writers

    return writers(mnist.test, fonts)


def test_the_same_seed_gives_the_same_film(hands: Hands) -> None:
    first, again = (list(films.frames(hands, 1, plan(1, (1, 0, 0)))) for _ in range(2))
    assert first == again
    assert cv2.imdecode(np.frombuffer(first[0], np.uint8), cv2.IMREAD_COLOR).shape == (720, 1280, 3)


@pytest.mark.slow
def test_of_a_short_film_each_envelope_is_read_once_and_soon(hands: Hands) -> None:
    cv2.setNumThreads(1)
    takes = plan(7, (4, 4, 2))
    score = film_scores.run(films.frames(hands, 7, takes), takes, Reader.load(format="cep"), 0.8)
    assert score.takes == 8
    assert score.right >= 7
    assert (score.wrong, score.without) == (0, 0)
    assert max(score.waits) <= 15


@pytest.mark.slow
def test_on_a_belt_that_does_not_stop_each_envelope_is_read_once(hands: Hands) -> None:
    cv2.setNumThreads(1)
    takes = plan_belt(7, 10, (1, 2, 0))
    score = film_scores.run(films.belt_frames(hands, 7, takes, 10), takes, Reader.load(format="cep"), 0.8)
    assert score.wrong == 0
    assert score.right >= 2
    assert score.right + score.refused == 3


@pytest.mark.slow
def test_of_looks_at_resting_envelopes_it_is_told_what_they_make_of_each_code(hands: Hands, monkeypatch) -> None:
    monkeypatch.setattr(votes, "plan", lambda seed: plan(seed, (2, 2, 1)))
    every = list(votes.looked_at(hands, Reader.load(format="cep"), 7))
    rows = [one.row() for one in every if one.take.code]
    assert all(row is not None and len(row[0]) == 3 for row in rows)
    assert sum(row[1] for row in rows) >= 3
    accepted = [one.accepted(0.8) for one in every]
    assert accepted.count(False) == 0
    assert accepted.count(True) >= 3
    assert "| 0.8 | " in votes.table(every)


def test_movement_brakes_towards_rest() -> None:
    way = list(film_frames.glide(10))
    away, speed = [one for one, _ in way], [one for _, one in way]
    assert away == sorted(away, reverse=True)
    assert speed == sorted(speed, reverse=True)
    assert 0 < away[-1] < 0.05
