"""Work in several processes: the order of the tasks, one state a worker, and errors that come through."""

import operator

import cv2
import pytest

from train.workers import spread, team


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_tasks(workers):
    assert list(spread(operator.add, range(20), int, ("100",), workers)) == list(range(100, 120))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_worker_comes_through(workers):
    with pytest.raises(ZeroDivisionError):
        list(spread(operator.floordiv, [1, 0], int, ("1",), workers))


def test_a_team_works_again_and_again():
    with team(int, ("2",), 2) as each:
        assert list(each(operator.mul, [1, 2])) == [2, 4]
        assert list(each(operator.pow, [1, 2])) == [2, 4]


def test_without_tasks_nothing_is_started():
    assert list(spread(operator.add, [], pytest.fail, ("started",), 2)) == []


def test_one_worker_leaves_opencvs_threads_as_they_were():
    before = cv2.getNumThreads()
    assert list(spread(operator.add, [1], int, ("1",), 1)) == [2]
    assert cv2.getNumThreads() == before
