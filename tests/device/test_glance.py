"""A glance turns down the lines that cannot hold a code, and no line that may; and says where one is likely."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from device.glance import CLEARLY, MOST_AGAINST, MOST_FOR, promises
from device.lines import Line, Writing

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float64]

TALL = 20
NOTHING = np.zeros(0, np.intp)
KINDS = {"d": (12, TALL), "x": (13, TALL), "M": (44, TALL), "-": (8, 3), "o": (8, 8), "i": (5, TALL)}
"""Width and height of a digit, a letter, several characters that touch, a hyphen, a small part, a stroke."""


def page(*rows: str) -> Writing:
    """Rows of filled boxes, each component of a kind; their ink is darker the further left a kind stands."""
    labels = np.zeros((40 * len(rows) + 40, 30 + 60 * max(map(len, rows))), np.int32)
    stats, lines = [(0, 0, labels.shape[1], labels.shape[0], 0)], []
    for row, text in enumerate(rows):
        x, members = 10, []
        for kind in text:
            width, height = KINDS[kind]
            y = 40 * row + 20 + (TALL - height) // 2
            labels[y : y + height, x : x + width] = len(stats)
            members.append(len(stats))
            stats.append((x, y, width, height, width * height))
            x += width + 4
        middle = (x / 2 + 3, 40 * row + 20 + TALL / 2)
        lines.append(Line(middle, 0.0, float(x - 14), float(TALL), float(TALL), np.array(members[::-1])))
    return Writing(lines, np.where(labels > 0, np.uint8(200), np.uint8(0)), labels, np.array(stats, np.int32), NOTHING)


class Network:
    """Tells a digit from a letter by its width in the field; counts what it is shown."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, shown: Uint8) -> Floats:
        assert shown.shape[1:] == (32, 32)
        self.batches.append(len(shown))
        widths = (shown.max(axis=1) > 0).sum(axis=1)
        return np.where(widths == 13, -8.0, 8.0)  # 13 wide and 20 high stays so in a box of 20


def may_hold_code(writing: Writing, length: int, network: Network) -> list[bool]:
    return [bool(promised > -np.inf) for promised in promises(writing, length, network)]


@pytest.mark.parametrize(
    ("line", "may"),
    [
        ("dddddddd", True),
        ("ddddd-ddd", True),
        ("xxxddddd-dddxx", True),
        ("dddddxddd", True),
        ("ddddddd", False),
        ("xxxxxxxxxxxx", False),
        ("xxxxxxddddxxxxx", False),
        ("ddxddxddxddxdd", False),
        ("ddddoodddd", True),
        ("MMM", True),
        ("ddMdd", True),
        ("M", False),
        ("--------", False),
    ],
)
def test_a_code_needs_a_run_of_what_may_be_its_digits(line: str, may: bool) -> None:
    assert may_hold_code(page(line), 8, Network()) == [may]


def test_one_letter_among_eight_digits_may_be_a_digit_gone_wrong() -> None:
    assert CLEARLY <= MOST_AGAINST < 2 * CLEARLY


@pytest.mark.parametrize(("length", "may"), [(4, True), (5, True), (6, False)])
def test_how_many_digits_are_asked_for(length: int, may: bool) -> None:
    assert may_hold_code(page("xxxddddxxx"), length, Network()) == [may]


@given(st.lists(st.text("dxMoi-", min_size=1, max_size=14), min_size=1, max_size=5))
def test_each_line_is_judged_by_itself_and_all_in_one_batch(rows: list[str]) -> None:
    network = Network()
    together = promises(page(*rows), 8, network)
    assert len(network.batches) == 1
    assert together.tolist() == [promises(page(row), 8, network)[0] for row in rows]


@given(st.text("dxMoi-", min_size=1, max_size=14), st.integers(0, 14))
def test_digits_put_in_never_turn_a_line_down(line: str, at: int) -> None:
    (before,) = promises(page(line), 8, Network())
    assert promises(page(f"{'d' * at}{line}{'d' * at}"), 8, Network())[0] >= before


def test_clear_digits_promise_more_than_what_touches_and_that_more_than_a_letter_among_them() -> None:
    clear, touching, letter, words = promises(page("dddddddd", "ddddMM", "dddMxMd", "xxxxxxxx"), 8, Network())
    assert clear == MOST_FOR > touching > letter > 0
    assert words == -np.inf


def test_a_page_without_lines() -> None:
    empty = Writing([], np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.int32), np.zeros((1, 5), np.int32), NOTHING)
    assert promises(empty, 8, Network()).tolist() == []


def test_a_line_that_a_rule_runs_through_is_looked_at() -> None:
    """The digits may hang on the rule; one that is well away hides nothing."""
    writing = page("xxxxxxxxxx", "xxxxxxxxxx", "xxxxxxxxxx")
    rule = len(writing.stats)
    writing.labels[84, 5:200] = rule
    stats = np.concatenate([writing.stats, np.array([(5, 84, 195, 1, 195)], np.int32)])
    ruled = Writing(writing.lines, writing.contrast, writing.labels, stats, np.array([rule]))
    assert promises(ruled, 8, Network()).tolist() == [-np.inf, np.inf, -np.inf]


def test_a_line_too_short_for_the_code_is_turned_down_ruled_or_not() -> None:
    """A frame's own walls make such lines, taller than they are wide."""
    writing = page("M")
    ruled = Writing(writing.lines, writing.contrast, writing.labels, writing.stats, np.array([1]))
    assert may_hold_code(ruled, 8, Network()) == [False]
    assert may_hold_code(ruled, 4, Network()) == [True]


def test_a_component_is_seen_without_its_neighbours() -> None:
    """Two that overlap each other's box: the network sees the ink of one at a time."""
    writing = page("ddddddddd")
    corner = writing.labels[20:24, 22:26]
    corner[:] = 2  # of the second one, beside the first
    writing.stats[2, :5] = (22, 20, 16, TALL, 0)
    shown: list[Uint8] = []

    def keep(glyphs: Uint8) -> Floats:
        shown.append(glyphs)
        return np.zeros(len(glyphs))

    promises(writing, 8, keep)
    first = shown[0][0]
    assert cv2.connectedComponents((first > 128).view(np.uint8))[0] == 2
