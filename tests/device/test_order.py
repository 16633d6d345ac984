"""Lines are read in the order of what they promise, and no further than the addressee's code."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from device.decode import Decoder
from device.formats import get
from device.lines import Line, Writing
from device.reader import CERTAIN, IN_VAIN, MOST_READ, RATHER_NOT, SENDER_ONLY, SETTLED, SURE, Reader
from device.types import Box, Reading

Uint8 = NDArray[np.uint8]
HALF = 100
PAGE = np.zeros((2 * HALF, 300), np.uint8)
MIDDLE, CORNER = (140, 120, 80, 20), (20, 20, 80, 20)
DOUBTFUL = SETTLED - 0.5
"""Promises more than what is left once the sender's code was read, and less than once the addressee's was."""


def a_reading(box: Box, accepted: bool, known: bool | None, confidence: float = CERTAIN) -> Reading:
    corners = cast(Any, ((0, 0),) * 4)
    why = None if accepted else "not-sure"
    return Reading(
        "01310-100", "01310100", "cep", confidence, accepted, why, None, known, box, corners, (box,) * 8, (0.9,) * 8, ()
    )


@dataclass(slots=True)
class Told(Reader):
    """Reads what it is told of each line, and keeps which lines it was asked for."""

    promised: list[float] = field(default_factory=list)
    found: dict[int, Reading] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    def _promises(self, writing: Writing) -> NDArray[np.float64]:
        return np.array(self.promised)

    def read_line(self, grey: Uint8, small: Uint8, scale: float, line: Line) -> list[Reading]:
        number = int(line.centre[1]) % HALF
        self.asked.append(number)
        return [self.found[number]] if number in self.found else []


def asked(
    promised: list[float], found: dict[int, Reading], format: str = "cep", above: Collection[int] = ()
) -> list[int]:
    """The lines that are read, in their order, of a page on which they promise that and give these readings; those
    above stand where stamps do, the others on the page's lower half."""
    heights = [float(number if number in above else HALF + number) for number in range(len(promised))]
    lines = [Line((0.0, height), 0.0, 100.0, 20.0, 20.0) for height in heights]
    nothing = np.zeros((1, 5), np.int32)
    writing = Writing(lines, PAGE, PAGE, nothing, np.zeros(0, np.intp))
    reader = Told(cast(Any, None), get(format), Decoder.from_card({}), cast(Any, None), None, promised=promised)
    reader.found.update(found)
    assert reader._read_lines(PAGE, PAGE, 1.0, writing) == [found[number] for number in reader.asked if number in found]
    return reader.asked


def test_what_promises_most_comes_first_and_what_holds_none_not_at_all() -> None:
    assert asked([0.5, 3.0, -np.inf, np.inf, 0.3], {}) == [3, 1, 0, 4]


def test_lines_that_promise_as_much_go_from_top_to_bottom() -> None:
    assert asked([1.0, np.inf, 1.0, np.inf], {}) == [1, 3, 0, 2]


@pytest.mark.parametrize(
    ("box", "accepted", "known", "read"),
    [
        (MIDDLE, True, None, [1, 2]),
        (MIDDLE, True, True, [1, 2]),
        (MIDDLE, True, False, [1, 2, 0]),
        (MIDDLE, False, None, [1, 2, 0]),
        (CORNER, True, None, [1, 2, 0]),
    ],
    ids=["addressee", "known", "in no list", "refused", "sender"],
)
def test_once_the_code_was_read_doubtful_lines_are_left(
    box: Box, accepted: bool, known: bool | None, read: list[int]
) -> None:
    assert asked([DOUBTFUL, 3.0, SETTLED, SENDER_ONLY - 0.5], {1: a_reading(box, accepted, known)}) == read


def test_a_code_that_is_not_sure_leaves_out_what_rather_promises_none() -> None:
    """`Rua do Carmo, 1955` was read as eight digits first, and the code below it, which promised less, never."""
    promised = [DOUBTFUL, 3.0, RATHER_NOT, RATHER_NOT - 0.01]
    assert asked(promised, {1: a_reading(MIDDLE, True, None, SURE - 0.01)}) == [1, 0, 2]
    assert asked(promised, {1: a_reading(MIDDLE, True, None, SURE)}) == [1]


def test_after_a_few_lines_those_that_promise_rather_none_are_left() -> None:
    rather_not = [RATHER_NOT - 0.01] * 9
    assert asked(rather_not, {}) == list(range(IN_VAIN))
    assert asked([*rather_not, RATHER_NOT, np.inf], {}) == [10, 9]
    assert asked([RATHER_NOT] * 9, {}) == list(range(9))
    assert asked([-np.inf, *rather_not], {}, above={1, 2, 3}) == [4, 5], "what holds no code is not counted"


def test_a_texture_is_not_read_to_its_end() -> None:
    assert asked([np.inf] * 40, {}) == list(range(MOST_READ))
    assert asked([np.inf] * 40, {}, "digits:8") == list(range(40))


def test_lines_where_senders_and_stamps_are_come_last() -> None:
    assert asked([np.inf, 1.0, 5.0], {}, above={0, 2}) == [1, 0, 2]
    assert asked([np.inf, 1.0, 5.0], {}, "digits:8", above={0, 2}) == [0, 2, 1]


@pytest.mark.parametrize(("confidence", "read"), [(CERTAIN, [1, 2]), (CERTAIN - 0.01, [1, 2, 0])])
def test_they_are_left_once_the_addressee_s_code_is_certain(confidence: float, read: list[int]) -> None:
    assert asked([np.inf, 5.0, 5.0], {1: a_reading(MIDDLE, True, None, confidence)}, above={0}) == read


def test_a_certain_code_of_the_sender_s_leaves_nothing_out() -> None:
    assert asked([np.inf, 5.0], {1: a_reading(CORNER, True, None, CERTAIN)}, above={0}) == [1, 0]


def test_every_line_of_digits_is_read() -> None:
    assert asked([DOUBTFUL, 3.0], {1: a_reading(MIDDLE, True, None)}, "digits:8") == [1, 0]
