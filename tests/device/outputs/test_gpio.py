"""Lights and gates, on gpiozero's own mock pins."""

import pytest

from device.errors import UsageError
from device.outputs.gpio import Gate, Pins, PushButton


@pytest.fixture
def pins():
    import gpiozero
    from gpiozero.pins.mock import MockFactory

    before, gpiozero.Device.pin_factory = gpiozero.Device.pin_factory, MockFactory()
    yield gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory.reset()
    gpiozero.Device.pin_factory = before


def on(factory) -> set[int]:
    return {number for number in (5, 6, 17, 18) if factory.pin(number).state}


def test_settled_lights_accept_and_the_gate_of_its_prefix(pins, event, wait) -> None:
    shown = Pins(5, 6, [Gate(17, ("01", "02")), Gate(18, ("2",))], seconds=0.3)
    shown.show(event("01310100"))
    wait(lambda: on(pins) == {5, 17})
    wait(lambda: on(pins) == set())
    shown.show(event("20040020", "refused"))
    wait(lambda: on(pins) == {6})
    shown.close()


def test_a_new_reading_switches_the_last_ones_off(pins, event, wait) -> None:
    shown = Pins(5, None, [Gate(17, ("0",)), Gate(18, ("2",))], seconds=30)
    shown.show(event("01310100"))
    wait(lambda: on(pins) == {5, 17})
    shown.show(event("20040020"))
    wait(lambda: on(pins) == {5, 18})
    shown.close()


def test_a_late_reading_switches_nothing(pins, event) -> None:
    """Its envelope has gone, and another may be passing."""
    shown = Pins(5, 6, [Gate(17, ("0",))], seconds=30)
    shown.show(event("01310100", late=True))
    assert on(pins) == set()
    shown.close()


def test_a_press_counts_once(pins, wait) -> None:
    button = PushButton(17)
    pins.pin(17).drive_low()
    wait(button.pressed)
    assert not button.pressed()
    button.close()


@pytest.mark.parametrize("text", ["17", "x=01", "17=", "17=ab"])
def test_a_gate_that_cannot_be_is_a_users_mistake(text) -> None:
    with pytest.raises(UsageError, match="--gate"):
        Gate.parse(text)


def test_two_uses_of_one_pin_are_a_users_mistake(pins) -> None:
    with pytest.raises(UsageError, match="one pin"):
        Pins(5, 5, [])
