"""Envelopes come and go: each is announced once, and a person is told what is amiss."""

import numpy as np
import pytest

from device.camera.shot import shot_of

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


def test_an_envelope_on_top_of_another_is_another(watched, pictures, reading) -> None:
    watch = watched(*[[reading(CODE)]] * 2, [reading("20040020")])
    watch.show(pictures.envelope("01310-100"))
    watch.show(pictures.envelope("20040-020", (130, 80)))
    assert watch.settled() == [CODE, "20040020"]


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
