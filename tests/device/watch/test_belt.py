"""Envelopes on a belt that does not stop: each is followed through the picture, and announced once."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device import formats
from device.camera.shot import shot_of
from device.types import Reading
from device.watch import carried
from device.watch.envelope import find_paper
from device.watch.lying import Lying
from device.watch.track import Track
from device.watch.writing import Writing
from tests.device.watch.conftest import TO, Knowing, envelope, reading_of

CODE, OTHER = "01310100", "20040020"
AT = 219 - 80, 252, 146, 20
"""Where the code stands: x from the envelope's left edge, y in the picture."""
SENDER = 60, 62, 120, 14
STEP = 8
"""Pixels a frame."""

Sees = Callable[[int], list[Reading]]


def passing(gap: int = 700, envelopes: int = 1) -> Iterator[list[int]]:
    """The left edges of the envelopes in view, frame after frame, from right to left."""
    for gone in range(0, 640 + 480 + (envelopes - 1) * gap, STEP):
        yield [640 + k * gap - gone for k in range(envelopes)]


def pass_by(watch, sees: Sees, lefts: Iterator[list[int]], draw=envelope) -> None:
    """Show a belt to a watcher whose reader sees what stands on the envelopes in view."""
    for here in lefts:
        picture = np.maximum.reduce([draw("01310-100", (left, 50)) for left in here])
        watch.reader.answers = [[one for left in here for one in sees(left)]]
        watch.show(picture, 1)


def code_of(digits: str = CODE, confidence: float = 0.99, at=AT) -> Sees:
    """Sees a code, or as much of it as is in the picture."""

    def sees(left: int) -> list[Reading]:
        x, y, width, height = at
        x += left
        if x > 640 - width:
            shown = max(0, 640 - x)
            return [reading_of(OTHER, 0.9, (x, y, shown, height))] if shown > 20 else []
        return [reading_of(digits, confidence, (x, y, width, height))] if x > 0 else []

    return sees


def test_what_never_rests_is_announced_once_and_while_it_is_in_view(watched) -> None:
    watch = watched([])
    pass_by(watch, code_of(), passing())
    assert [event.event for event in watch.events if event.event != "state"] == ["settled"]
    assert watch.settled() == [CODE]


def test_its_box_and_crop_are_where_it_is_when_it_is_announced(watched) -> None:
    """Earlier looks have a vote as well, and saw it elsewhere."""
    watch = watched([])
    for (left,) in passing():
        pass_by(watch, code_of(), iter([[left]]))
        if watch.settled():
            break
    (settled,) = [event for event in watch.events if event.event == "settled"]
    assert settled.reading.box == pytest.approx((AT[0] + left, *AT[1:]), abs=2)
    ink = np.flatnonzero(settled.crop.min(axis=0) < 100)
    assert 5 <= ink[0] <= 13, "the crop is not around the code"


@pytest.mark.parametrize("gap", [480, 560, 1200])
def test_the_next_one_of_the_same_code_counts_again(watched, gap) -> None:
    """However close it follows."""
    watch = watched([])
    pass_by(watch, code_of(), passing(gap, 3))
    assert watch.settled() == [CODE] * 3


def test_what_cannot_be_settled_is_refused_once_when_it_has_gone(watched) -> None:
    watch = watched([])
    pass_by(watch, code_of(confidence=0.2), passing(envelopes=2))
    watch.show(np.full((360, 640), 60, np.uint8), 30)
    assert [event.reading.digits for event in watch.events if event.reading] == [CODE, CODE]
    assert watch.settled() == []


def test_the_sender_s_code_that_comes_first_is_not_taken_for_the_addressee_s(watched) -> None:
    """It has been read many times when the addressee's comes into view."""
    sender, addressee = code_of(OTHER, at=SENDER), code_of(at=(305, *AT[1:]))
    watch = watched([])
    pass_by(watch, lambda left: sender(left) + addressee(left), passing(envelopes=2))
    assert watch.settled() == [CODE, CODE]


def test_a_code_that_the_picture_s_border_cuts_is_none_yet(watched) -> None:
    """What is read of half a code may look like a whole one."""
    watch = watched([])
    pass_by(watch, code_of(), ([left] for left in range(640, 640 - AT[0] - 100, -STEP)))
    assert watch.watcher.standing == ()
    watch.show(np.full((360, 640), 60, np.uint8), 30)
    assert [event for event in watch.events if event.reading] == []


def test_it_may_stop_and_go_on(watched) -> None:
    watch = watched([])
    lefts = list(passing())
    pass_by(watch, code_of(), (here for k, here in enumerate(lefts) for _ in range(30 if k == len(lefts) // 2 else 1)))
    assert watch.settled() == [CODE]


@pytest.mark.parametrize("wide", [False, True], ids=["all of it in view", "wider than the picture"])
def test_what_lies_still_is_settled_though_something_else_always_moves(watched, wide) -> None:
    left = -20 if wide else 80
    picture = envelope("01310-100", (left, 50))
    if wide:
        picture[50:311] = np.maximum(picture[50:311], np.where(np.arange(640) > 420, 220, 0).astype(np.uint8))
    watch = watched(code_of()(left))
    for turn in range(90):
        watch.show(flickering(picture, turn), 1)
    assert watch.watcher._scene.restless > 60
    assert watch.settled() == [CODE]


def test_what_was_read_enough_is_where_it_is_now_though_the_last_looks_read_nothing(watched) -> None:
    watch = watched([])
    sees = code_of()
    for (left,) in passing():
        pass_by(watch, lambda left: sees(left) if left > 240 else [], iter([[left]]))
        if watch.settled():
            break
    (settled,) = [event for event in watch.events if event.event == "settled"]
    assert left <= 240
    assert settled.reading.box == pytest.approx((AT[0] + left, *AT[1:]), abs=2)


def test_on_a_slow_belt_too_the_addressee_s_code_has_its_time(watched) -> None:
    """Patience with an envelope begins when all of it can be seen, not when it comes in."""
    sender, addressee = code_of(OTHER, at=SENDER), code_of(at=(305, *AT[1:]))
    watch = watched([])
    for gone in range(0, 640 + 480, 4):
        pass_by(watch, lambda left: sender(left) + addressee(left), iter([[640 - gone]]))
        watch.now += 0.1
    assert [(event.event, event.reading.digits) for event in watch.events if event.reading] == [("settled", CODE)]


@pytest.mark.parametrize("textured", [False, True])
@pytest.mark.parametrize("way", [(0, 1), (0, -1), (-1, 0), (-1, -1)])
def test_from_wherever_it_comes_each_is_announced_once(watched, way, textured) -> None:
    """Envelopes of 300x200 on a plain belt, and on one whose grain looks like writing."""
    grain = np.random.default_rng(3).normal(60, 12 if textured else 0, (360, 640))
    belt = np.clip(cv2.GaussianBlur(grain, (0, 0), 1.2) * (1.6 if textured else 1) - (36 if textured else 0), 0, 255)
    watch = watched([])
    apart, step = 720, 20
    for gone in range(-400, 2 * apart + 700, step):
        picture = np.roll(belt, (way[1] * gone, way[0] * gone), (0, 1)).astype(np.uint8)
        seen = []
        for k in range(3):
            x, y = (170 + way[0] * (gone - k * apart), 80 + way[1] * (gone - k * apart))
            cv2.rectangle(picture, (x, y), (x + 300, y + 200), 220, -1)
            for row, text in enumerate((*TO, "01310-100")):
                cv2.putText(
                    picture, text, (x + 40, y + 100 + 36 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 40, 2, cv2.LINE_AA
                )
            box = x + 40, y + 157, 146, 20
            inside = min(box[:2]) > 0 and box[0] + 146 < 640 and box[1] + 20 < 360
            seen += [reading_of(CODE, 0.99, box)] if inside else []
        watch.reader.answers = [seen]
        watch.show(picture, 1)
    assert watch.settled() == [CODE] * 3
    assert [event for event in watch.events if event.event == "refused"] == []


@pytest.mark.parametrize("codes", [(CODE, OTHER, "30140071"), (CODE, CODE, CODE)])
def test_on_a_white_belt_each_is_announced_once(watched, codes) -> None:
    """Paper is not told from it."""
    watch = watched([])
    for gone in range(0, 640 + 3 * 700, STEP):
        picture, seen = np.full((360, 640), 215, np.uint8), []
        for k, code in enumerate(codes):
            left = 640 + k * 700 - gone
            for row, text in enumerate(("Helena Duarte", f"Rua do Ouvidor {code[:2]}", f"{code[:5]}-{code[5:]}")):
                cv2.putText(
                    picture, text, (left + 140, 190 + 40 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 40, 2, cv2.LINE_AA
                )
            seen += code_of(code)(left)
        watch.reader.answers = [seen]
        watch.show(picture, 1)
    assert watch.settled() == list(codes)


def flickering(picture, turn: int):
    shown = picture.copy()
    cv2.circle(shown, (600 + 20 * (turn % 2), 340), 12, 250, -1)
    return shown


def test_where_nothing_can_be_read_and_something_always_moves_help_is_asked_for(watched) -> None:
    """And it is not read at every turn for ever."""
    watch = watched([])
    for turn in range(400):
        watch.show(flickering(envelope("01310-100"), turn), 1)
    assert watch.watcher.state == "needs-help"
    assert watch.reader.looks < 60


def test_of_what_goes_past_unread_help_is_asked_for(watched) -> None:
    watch = watched([])
    pass_by(watch, lambda left: [], passing())
    assert "needs-help" in [event.state for event in watch.events]


def test_a_code_near_the_border_counts_where_nothing_goes_on(watched) -> None:
    watch = watched([reading_of(CODE, box=(300, 4, 146, 20))])
    for turn in range(90):
        watch.show(flickering(envelope("01310-100"), turn), 1)
    assert watch.settled() == [CODE]


def test_what_leaves_before_all_of_it_was_in_view_is_refused_with_a_reason(watched) -> None:
    """Its code may have been the sender's."""
    watch = watched([])
    pass_by(watch, code_of(), ([left] for left in range(640, 200, -STEP)))
    watch.show(np.full((360, 640), 60, np.uint8), 30)
    (event,) = [event for event in watch.events if event.reading]
    assert (event.event, event.why, event.reading.accepted, event.reading.reason) == (
        "refused",
        "not-sure",
        False,
        "not-sure",
    )
    assert "left before" in event.detail


def test_an_empty_belt_does_not_say_at_every_look_what_is_amiss(watched) -> None:
    glaring = np.full((360, 1400), 200, np.uint8)
    glaring[100:260] = 255
    for slat in range(60, 1400, 300):
        glaring[:, slat : slat + 40] = 60
    watch = watched([])
    for turn in range(90):
        watch.show(glaring[:, STEP * turn : STEP * turn + 640], 1)
    assert "glare" in [event.why for event in watch.events]
    assert len(watch.events) < 10


def test_on_a_slow_belt_numbers_that_come_late_are_announced_too(watched) -> None:
    digits = formats.get("digits")
    watch = watched([], reader=Knowing([[]], digits))
    watch.reader = watch.watcher.reader
    early, late = code_of(OTHER, at=(20, 180, 120, 16)), code_of(at=(300, *AT[1:]))
    for gone in range(0, 640 + 480, 2):
        pass_by(watch, lambda left: early(left) + late(left), iter([[640 - gone]]))
    assert watch.settled() == [OTHER, CODE]


def test_what_is_shown_of_it_goes_along_after_it_was_announced(watched) -> None:
    watch = watched([])
    for (left,) in passing():
        pass_by(watch, code_of(), iter([[left]]))
        if left == 0:
            break
    (standing,) = watch.watcher.in_place
    assert standing.box[0] == pytest.approx(AT[0], abs=2 * STEP + 2)
    pass_by(watch, code_of(), ([left] for left in range(0, -440, -STEP)))
    assert watch.watcher.in_place == ()


def test_a_belt_does_not_wait_for_a_source_that_is_lost(watched) -> None:
    watch = watched([])
    pass_by(watch, code_of(confidence=0.2), ([left] for left in range(640, 60, -STEP)))
    watch.watcher._lose("it ended")
    assert [event.event for event in watch.events if event.reading] == ["refused"]
    assert watch.watcher._lying is None


def test_of_a_region_one_pixel_high_no_way_is_known() -> None:
    one = lying(envelope("01310-100"))
    one.writing = Writing(one.writing.small[:1], one.writing.where)
    assert carried.way(one, envelope("01310-100")[:1]) is None


def test_of_several_numbers_each_is_announced_once(watched) -> None:
    digits = formats.get("digits")
    watch = watched([], reader=Knowing([[]], digits))
    watch.reader = watch.watcher.reader
    above, below = code_of(OTHER, at=SENDER), code_of()
    pass_by(watch, lambda left: above(left) + below(left), passing())
    assert sorted(watch.settled()) == [CODE, OTHER]


def test_what_is_not_in_view_any_more_went_no_way() -> None:
    other = envelope("20040-020", to=("Papelaria Sabia", "Ladeira da Misericordia 7"))
    assert carried.way(lying(envelope("01310-100")), np.full((360, 640), 60, np.uint8)) is None
    assert carried.way(lying(envelope("01310-100")), other) is None


def test_where_its_ink_is_not_found_its_paper_goes_on_as_before() -> None:
    one = lying(envelope("01310-100"))
    blank = envelope("", (56, 50), to=("", ""))
    cv2.rectangle(blank, (200, 150), (400, 290), 220, -1)
    one.writing = Writing.of(envelope("01310-100"))
    for way, found in (((-24, 0), (-24, 0)), ((0, 0), None), (None, None)):
        one.way = way
        assert carried.way(one, cv2.GaussianBlur(blank, (0, 0), 12)) == found


@given(st.integers(-60, 60), st.integers(-40, 40), st.integers(0, 2**32 - 1))
def test_how_far_it_went_is_told_by_its_ink(across: int, down: int, seed: int) -> None:
    """To a pixel or two: one in two is compared."""
    before, after = (
        noisy(envelope("01310-100", at), seed + k) for k, at in enumerate([(80, 50), (80 + across, 50 + down)])
    )
    found = carried.way(lying(before), after)
    assert found is not None
    assert np.abs(np.subtract(found, (across, down))).max() <= 2


def noisy(picture, seed: int):
    noise = np.random.default_rng(seed).normal(0, 3, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def lying(picture) -> Lying:
    track = Track(formats.get("cep"), 0.8)
    return Lying(cv2.resize(picture, (160, 96)), track, 0.0, find_paper(picture), writing=Writing.of(picture))


def test_everything_that_is_known_of_it_moves_along() -> None:
    before, after = envelope("01310-100"), envelope("01310-100", (40, 60))
    one = lying(before)
    one.track.add([reading_of(CODE, box=(219, 252, 146, 20))])
    assert carried.carry(one, (-40, 10), shot_of(after, 0.0, 0), cv2.resize(after, (160, 96)))
    (place,) = one.track.places
    assert place.box == place.votes[0].box == (179, 262, 146, 20)
    assert place.votes[0].digit_boxes[0][:2] == (179, 262)
    assert place.votes[0].quad[2] == (325, 282)
    assert one.paper is not None
    assert abs(one.paper.hull[:, 0].min() - 40) < 4


def test_of_another_paper_nothing_is_moved() -> None:
    one = lying(envelope("01310-100", (-300, 50)))
    after = envelope("01310-100", (220, 50))
    assert not carried.carry(one, (-40, 0), shot_of(after, 0.0, 0), cv2.resize(after, (160, 96)))
    assert one.way is None
