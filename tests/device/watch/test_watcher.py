"""Envelopes come and go: each is announced once, and a person is told what is amiss."""

import cv2
import numpy as np
import pytest

from device import formats
from device.camera.shot import shot_of
from tests.device.watch.conftest import TO, Knowing

CODE = "01310100"


@pytest.fixture
def code(reading):
    return [reading(CODE)]


def test_an_envelope_is_settled_once_and_soon(watched, pictures, code) -> None:
    watch = watched(code)
    watch.show(pictures.table())
    events = watch.show(pictures.envelope("01310-100"), frames=15)
    watch.show(pictures.envelope("01310-100"), frames=60)
    assert watch.settled() == [CODE]
    assert events[-1].state == "settled"


def test_an_unchanged_scene_is_not_read_again(watched, pictures, code) -> None:
    watch = watched(code)
    watch.show(pictures.envelope("01310-100"), frames=100)
    assert watch.reader.looks <= 4


def test_the_same_code_on_the_next_envelope_counts_again(watched, pictures, code) -> None:
    watch = watched(code)
    for _ in range(2):
        watch.show(pictures.envelope("01310-100"))
        watch.show(pictures.table())
    assert watch.settled() == [CODE, CODE]


def test_a_hand_over_the_envelope_does_not_make_it_another(watched, pictures, code) -> None:
    watch = watched(code)
    watch.show(pictures.envelope("01310-100"))
    for left in (0, 150, 300):
        watch.show(pictures.envelope("01310-100", hand=left), frames=4)
    watch.show(pictures.envelope("01310-100"))
    assert watch.settled() == [CODE]


def test_its_boxes_are_shown_as_long_as_it_lies_where_it_was_read(watched, pictures, code) -> None:
    watch = watched(code)
    watch.show(pictures.envelope("01310-100"))
    assert [one.digits for one in watch.watcher.in_place] == [CODE]
    watch.show(pictures.envelope("01310-100", (150, 80)), frames=1)  # it is pulled away
    assert watch.watcher.in_place == ()
    watch.show(pictures.envelope("01310-100", (150, 80)))
    assert [one.digits for one in watch.watcher.standing] == [CODE]
    watch.show(pictures.table())
    assert watch.watcher.in_place == ()


def test_an_envelope_that_is_nudged_stays_the_same(watched, pictures, reading) -> None:
    boxes = (220, 215, 150, 26), (240, 225, 150, 26)
    watch = watched(*[[reading(CODE, box=boxes[0])]] * 2, [reading(CODE, box=boxes[1])])
    watch.show(pictures.envelope("01310-100", (80, 50)))
    watch.show(pictures.envelope("01310-100", (100, 60)))
    assert watch.settled() == [CODE]


def test_an_envelope_that_was_looked_at_while_it_still_moved_is_announced_once(watched, pictures, reading) -> None:
    """It is pushed in slowly, and then the table is knocked.  Its ink is pale: from afar it hardly moves."""

    def pale(left: int):
        inked, empty = pictures.envelope("01310-100", (left, 50)), pictures.envelope("", (left, 50), to=("", ""))
        return cv2.addWeighted(inked, 0.3, empty, 0.7, 0)

    watch = watched([], [], [reading(CODE, box=LINE)])
    for far in range(12, -1, -1):
        watch.show(pale(80 + 8 * far), 1)
    assert (watch.reader.looks, watch.settled()) == (1, [])
    watch.show(pale(80), 30)
    watch.show(pale(83), 1)
    watch.show(pale(80), 30)
    assert watch.settled() == [CODE]


def test_an_envelope_on_top_of_another_is_another(watched, pictures, reading) -> None:
    watch = watched(*[[reading(CODE)]] * 2, [reading("20040020")])
    watch.show(pictures.envelope("01310-100"))
    watch.show(pictures.envelope("20040-020", (130, 80)))
    assert watch.settled() == [CODE, "20040020"]


OTHER = "Marcos Pereira", "Av Paulista 1578"


@pytest.mark.parametrize("waves", [1, 4])
def test_an_envelope_of_the_same_form_in_the_same_place_is_another(watched, pictures, reading, waves) -> None:
    """Only a digit differs, and from afar nothing does, whether the hand is quick or takes its time."""
    watch = watched([reading(CODE, box=LINE)])
    before, after = pictures.envelope("01310-100"), pictures.envelope("01310-700")
    watch.show(before, 30)
    watch.exchange(before, after, [reading("01310700", box=LINE)], waves=waves)
    assert watch.settled() == [CODE, "01310700"]


@pytest.mark.parametrize("by", [(0, 0), (8, 5), (30, 20)])
def test_another_addressee_s_envelope_of_the_same_code_in_its_place_counts_again(
    watched, pictures, reading, by
) -> None:
    """Print of the code is alike to the last dot, the lines above it are not."""
    watch = watched([reading(CODE, box=(219, 252, 146, 20))])
    before, after = (
        pictures.envelope("01310-100", (80 + x, 50 + y), to=to) for (x, y), to in (((0, 0), TO), (by, OTHER))
    )
    watch.show(before, 30)
    watch.exchange(before, after, [reading(CODE, box=(219 + by[0], 252 + by[1], 146, 20))])
    assert watch.settled() == [CODE, CODE]


def test_where_the_last_one_was_refused_another_of_the_same_form_is_read(watched, pictures, reading) -> None:
    watch = watched([reading(CODE, 0.2)])
    before, after = pictures.envelope("01310-100"), pictures.envelope("01310-700")
    watch.show(before, 250)
    watch.exchange(before, after, [reading("01310700")])
    assert watch.settled() == ["01310700"]


def under_a_hand(picture, left: int, top: int):
    """With a hand of 150x40 pixels on it."""
    covered = picture.copy()
    cv2.rectangle(covered, (left, top), (left + 150, top + 40), 120, -1)
    return covered


LINE = 219, 252, 146, 20
"""Where the code stands on `envelope`."""


@pytest.mark.parametrize(
    "seen",
    [
        [(CODE, LINE)],  # the hand lies on the street
        [],  # on the code
        [("20040020", (100, 70, 120, 16))],  # the sender's can still be read
        [("013101", (219, 252, 90, 20))],  # half of it can
    ],
    ids=["the code", "nothing", "the sender's", "half of it"],
)
def test_a_hand_that_rests_on_an_envelope_does_not_make_it_another(watched, pictures, reading, seen) -> None:
    watch = watched([reading(CODE, box=LINE)])
    picture = pictures.envelope("01310-100")
    watch.show(picture, 30)
    watch.reader.answers = [[reading(digits, box=box) for digits, box in seen]]
    left, top = (230, 205) if seen and seen[0][0] == CODE else (290, 240)
    for far in (300, 200, 100):
        watch.show(under_a_hand(picture, left + far, top), 1)
    before = len(watch.events)
    watch.show(under_a_hand(picture, left, top), 90)
    watch.reader.answers = [[reading(CODE, box=LINE)]]
    watch.show(picture, 40)
    assert watch.events[before:] == []
    assert watch.settled() == [CODE]


def test_a_hand_that_goes_about_over_it_is_no_reason_to_read_it_again(watched, pictures, code) -> None:
    watch = watched(code)
    picture = pictures.envelope("01310-100")
    watch.show(picture, 30)
    looks = watch.reader.looks
    for left in [*range(0, 480, 20)] * 2:
        watch.show(under_a_hand(picture, left, 160), 1)
    watch.show(picture, 30)
    assert watch.reader.looks == looks
    assert watch.settled() == [CODE]


def test_an_envelope_that_is_nudged_by_a_hand_that_stays_on_it_stays_the_same(watched, pictures, reading) -> None:
    x, y, width, height = LINE
    watch = watched([reading(CODE, box=LINE)])
    watch.show(pictures.envelope("01310-100"), 30)
    watch.reader.answers = [[reading(CODE, box=(x + 12, y + 8, width, height))]]
    nudged = pictures.envelope("01310-100", (92, 58))
    watch.show(under_a_hand(nudged, 232, 160), 40)
    watch.show(nudged, 40)
    assert watch.settled() == [CODE]


def test_a_stand_in_s_next_picture_is_another_envelope_however_alike(watched, pictures, reading) -> None:
    """A folder gives the same shot again and again: what is another shot is another envelope, without any motion."""
    watch = watched([reading(CODE)])
    for text, digits in (("01310-100", CODE), ("01310-700", "01310700")):
        watch.reader.answers, watch.reader.looks = [[reading(digits)]], 0
        lying = shot_of(np.array(pictures.envelope(text)), 0.0, 0)
        for _ in range(30):
            watch.watcher.look(lying)
    assert watch.settled() == [CODE, "01310700"]


@pytest.fixture
def sheet(watched, reading):
    """A sheet with two numbers, in a format that knows of no addressee."""
    boxes = (300, 200, 160, 24), (300, 270, 160, 24)
    both = [reading(digits, box=box) for digits, box in zip(("12345678", "87654321"), boxes, strict=True)]
    return watched(both, reader=Knowing([both], formats.get("digits")))


def test_of_several_numbers_each_is_announced_once(sheet, pictures) -> None:
    sheet.show(pictures.table())
    sheet.show(pictures.envelope("01310-100"), 40)
    assert sheet.settled() == ["12345678", "87654321"]
    sheet.exchange(pictures.envelope("01310-100"), pictures.envelope("01310-100", (88, 54)), *sheet.reader.answers)
    assert sheet.settled() == ["12345678", "87654321"]
    sheet.watcher.change(formats.get("digits"), None, 0.7, None)
    sheet.show(pictures.envelope("01310-100", (88, 54)), 40)
    assert sheet.settled() == ["12345678", "87654321"]


def test_what_cannot_be_settled_is_refused_when_it_leaves_with_its_crop(watched, pictures, reading) -> None:
    watch = watched([reading(CODE, 0.2)])
    watch.show(pictures.envelope("01310-100"), frames=30)
    watch.show(pictures.table())
    (refused,) = [event for event in watch.events if event.event == "refused"]
    assert (refused.reading.digits, refused.why) == (CODE, "not-sure")
    assert refused.crop is not None
    assert refused.crop.shape[0] < 60


def test_what_lies_there_unsettled_is_refused_after_a_while_and_only_once(watched, pictures, reading) -> None:
    watch = watched([reading(CODE, 0.2)])
    watch.show(pictures.envelope("01310-100"), frames=250)
    watch.show(pictures.table())
    assert [event.event for event in watch.events].count("refused") == 1


def test_an_empty_table_is_neither_read_nor_refused(watched, pictures, code) -> None:
    watch = watched(code)
    watch.show(pictures.table(), frames=60)
    assert watch.reader.looks == 0
    assert watch.watcher.state == "searching"


def test_an_envelope_without_a_code_asks_for_help_and_refuses_nothing(watched, pictures) -> None:
    watch = watched([])
    watch.show(pictures.envelope("Campinas SP"), frames=30)
    assert (watch.watcher.state, watch.watcher.why) == ("needs-help", "nothing-code-like")
    watch.show(pictures.table())
    assert {event.event for event in watch.events} == {"state"}


def test_in_the_dark_light_is_asked_for(watched, pictures) -> None:
    watch = watched([])
    watch.show(pictures.envelope("01310-100") // 8, frames=20)
    assert watch.watcher.why == "too-dark"


def test_with_the_trigger_motion_what_lay_there_first_is_not_read(watched, pictures, code) -> None:
    watch = watched(code, trigger="motion")
    watch.show(pictures.envelope("01310-100"), frames=30)
    assert watch.settled() == []
    watch.show(pictures.table())
    watch.show(pictures.envelope("01310-100"), frames=30)
    assert watch.settled() == [CODE]


class Pushed:
    def __init__(self) -> None:
        self.down = False

    def pressed(self) -> bool:
        was, self.down = self.down, False
        return was


def test_with_a_button_each_press_reads_once(watched, pictures, code) -> None:
    button = Pushed()
    watch = watched(code, trigger="gpio", button=button)
    watch.show(pictures.envelope("01310-100"), frames=30)
    assert watch.settled() == []
    for count in (1, 2):
        button.down = True
        watch.show(pictures.envelope("01310-100"), frames=30)
        assert watch.settled() == [CODE] * count


def test_after_a_restart_what_still_lies_there_is_not_announced_again(watched, pictures, code) -> None:
    first = watched(code)
    first.show(pictures.envelope("01310-100"))
    (settled,) = [event for event in first.events if event.event == "settled"]
    second = watched(code)
    second.watcher.remember(settled.scene, CODE)
    second.show(pictures.envelope("01310-100"), frames=40)
    assert second.settled() == []
    second.show(pictures.table())
    second.show(pictures.envelope("01310-100"))
    assert second.settled() == [CODE]


def test_after_a_restart_another_of_the_same_form_in_its_place_is_read(watched, pictures, reading) -> None:
    before, after = pictures.envelope("01310-100"), pictures.envelope("01310-700")
    first = watched([reading(CODE, box=LINE)])
    first.show(before)
    (settled,) = [event for event in first.events if event.event == "settled"]
    second = watched([reading(CODE, box=LINE)])
    second.watcher.remember(settled.scene, CODE)
    second.show(before, 40)
    second.exchange(before, after, [reading("01310700", box=LINE)])
    assert second.settled() == ["01310700"]


def test_only_the_region_is_watched_and_boxes_lie_on_the_whole_picture(watched, pictures, reading) -> None:
    watch = watched([reading(CODE, box=(60, 30, 160, 24))], roi=(0.25, 0.5, 0.5, 0.5))
    watch.show(pictures.envelope("01310-100"))
    (settled,) = [event.reading for event in watch.events if event.event == "settled"]
    assert settled.box[:2] == (160 + 60, 180 + 30)


class Ending:
    """A camera that loses its source once, and ends."""

    name, trouble, ended = "test", None, False

    def __init__(self, shots) -> None:
        self.shots = list(shots)

    def shot(self, timeout):
        if not self.shots:
            self.ended = True
            return None
        shot = self.shots.pop(0)
        self.trouble = "test: unplugged" if shot is None else None
        return shot


def test_a_lost_source_is_said_and_what_comes_back_goes_on(watched, pictures, code) -> None:
    watch = watched(code)
    lying = [shot_of(np.array(pictures.envelope("01310-100")), 0.0, 0) for _ in range(20)]
    watch.watcher.camera = Ending([None, *lying])
    watch.watcher.run()
    states = [(event.state, event.why) for event in watch.events if event.event == "state"]
    assert ("needs-help", "source-lost") in states
    assert watch.settled() == [CODE]


def test_what_lay_there_settled_is_settled_when_the_source_comes_back(watched, pictures, code) -> None:
    watch = watched(code)
    lying = [shot_of(np.array(pictures.envelope("01310-100")), 0.0, 0) for _ in range(40)]
    watch.watcher.camera = Ending([*lying, None, *lying])
    watch.watcher.run()
    states = [(event.state, event.why) for event in watch.events]
    lost = states.index(("needs-help", "source-lost"))
    assert states[lost - 1 : lost + 2] == [("settled", None), ("needs-help", "source-lost"), ("settled", None)]
    assert watch.settled() == [CODE]


def test_what_was_taken_away_while_the_source_was_lost_is_not_said_to_be_settled(watched, pictures, code) -> None:
    watch = watched(code)
    lying, gone = (
        [shot_of(np.array(one), 0.0, 0) for _ in range(40)] for one in (pictures.envelope("1"), pictures.table())
    )
    watch.watcher.camera = Ending([*lying, None, *gone])
    watch.watcher.run()
    states = [event.state for event in watch.events]
    assert states[-2:] == ["needs-help", "searching"]


def test_of_a_region_too_a_stand_in_s_picture_that_lies_there_does_not_move(watched, pictures, code) -> None:
    watch = watched(code, roi=(0.0, 0.0, 1.0, 1.0))
    lying, moving = shot_of(np.array(pictures.envelope("01310-100")), 0.0, 0), []
    for _ in range(100):
        watch.watcher.look(lying)
        moving.append(watch.watcher._scene.moving)
    assert not any(moving[1:])
