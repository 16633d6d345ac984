"""Which part of a picture a look reads: the envelope first, then what was like the addressee's code."""

import numpy as np
import pytest

from device import formats
from device.camera.shot import shot_of
from device.watch import look
from device.watch.envelope import Paper
from device.watch.lying import Lying
from device.watch.track import Track

PAPER = (40, 30, 560, 300)
ADDRESSEE, SENDER = (300, 240, 160, 24), (60, 50, 160, 24)


class Recorder:
    """A reader that reads nothing and keeps the size of what it is shown."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def read(self, frame):
        self.sizes.append(frame.image.shape[1::-1])
        return []


@pytest.fixture
def second_look(reading):
    """The size of what is read, after a look that read codes in these boxes."""

    def seen(*boxes, format="cep", way=None, looks=1, paper=None) -> tuple[int, int]:
        lying = Lying(np.zeros(1, np.uint8), Track(formats.get(format), 0.8), 0.0, paper, PAPER, way=way)
        for _ in range(looks):
            lying.track.add([reading("01310100", box=box) for box in boxes])
        reader = Recorder()
        look.read(reader, shot_of(np.full((360, 640), 200, np.uint8), 0.0, 0), lying)
        return reader.sizes[0]

    return seen


def test_the_envelope_is_read_where_nothing_was_like_a_code(second_look) -> None:
    assert second_look() >= PAPER[2:]


def test_what_was_like_a_code_is_read_again_alone(second_look) -> None:
    width, height = second_look(ADDRESSEE)
    assert width < 0.6 * PAPER[2]
    assert height < 0.6 * PAPER[3]


def test_the_senders_code_is_no_reason_to_look_nowhere_else(second_look) -> None:
    assert second_look(SENDER) == second_look()
    assert second_look(SENDER, ADDRESSEE) == second_look(ADDRESSEE)


def test_a_number_that_is_no_postal_code_has_no_sender(second_look) -> None:
    assert second_look(SENDER, format="digits:8")[0] < 0.6 * PAPER[2]


def test_of_what_is_carried_past_all_that_is_in_view_is_read(second_look) -> None:
    """What is like a code may be the sender's, and the addressee's come later; beyond its paper is the next one."""
    assert second_look(ADDRESSEE, way=(-24, 0)) >= PAPER[2:]
    x, y, width, height = PAPER
    hull = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], np.int32)
    paper = Paper(hull, 0.0, 0.5, 1.0)
    assert second_look(ADDRESSEE, looks=look.WITHOUT_PAPER, paper=paper) == (640, 360)
    assert second_look(ADDRESSEE, looks=look.WITHOUT_PAPER, paper=paper, way=(-24, 0)) == PAPER[2:]
