"""What is changed on the page while an envelope lies there: it is read anew, and announced once all the same."""

from dataclasses import replace

import pytest

from device import formats
from tests.device.watch.conftest import pictures, watched  # noqa: F401

CODE = "01310100"
CEP = formats.get("cep")


@pytest.fixture
def settled(watched, pictures, reading, monkeypatch):  # noqa: F811
    """A watcher under which an envelope lies whose code was settled; its reader knows where the region begins."""

    def read(reader, shot, lying):
        (x, y), found = shot.origin, reader.read()
        here = [tuple((left - x, top - y, w, h) for left, top, w, h in (one.box, *one.digit_boxes)) for one in found]
        return [replace(one, box=box, digit_boxes=boxes) for one, (box, *boxes) in zip(found, here, strict=True)]

    watch = watched([reading(CODE)])
    monkeypatch.setattr("device.watch.look.read", read)
    watch.show(pictures.envelope("01310-100"))
    assert watch.settled() == [CODE]
    return watch


def test_with_another_threshold_or_region_it_is_still_the_same_envelope(settled, pictures) -> None:  # noqa: F811
    settled.watcher.change(CEP, None, 0.95, None)
    settled.show(pictures.envelope("01310-100"))
    assert settled.watcher.state == "settled"
    settled.watcher.change(CEP, None, 0.95, (0.05, 0.05, 0.9, 0.9))
    settled.show(pictures.envelope("01310-100"))
    assert settled.watcher.state == "settled"
    assert settled.settled() == [CODE]


def test_in_another_format_it_is_another_reading(settled, pictures) -> None:  # noqa: F811
    settled.watcher.change(formats.get("digits"), None, 0.8, None)
    assert settled.watcher.standing == ()
    settled.show(pictures.envelope("01310-100"))
    assert settled.settled() == [CODE, CODE]


def test_what_was_refused_is_settled_once_less_is_asked_for(watched, pictures, reading) -> None:  # noqa: F811
    watch = watched([reading(CODE, 0.2)])
    watch.show(pictures.envelope("01310-100"))
    watch.now += 7
    events = watch.show(pictures.envelope("01310-100"), frames=3)
    assert [event.event for event in events] == ["refused"]
    watch.watcher.change(CEP, None, 0.5, None)
    watch.show(pictures.envelope("01310-100"))
    assert watch.settled() == [CODE]


def test_the_next_envelope_counts_after_a_change_of_the_region(settled, pictures) -> None:  # noqa: F811
    settled.watcher.change(CEP, None, 0.8, (0.05, 0.05, 0.9, 0.9))
    settled.show(pictures.envelope("01310-100"))
    settled.show(pictures.table())
    settled.show(pictures.envelope("01310-100"))
    assert settled.settled() == [CODE, CODE]
