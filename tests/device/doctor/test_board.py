"""Temperature, power and clock of a board; and that other machines are left alone."""

from datetime import UTC, datetime

import pytest

from device.doctor import board
from device.doctor.machine import Said


@pytest.mark.parametrize(
    ("millidegrees", "verdict"), [("51234", "ok"), ("79999", "ok"), ("80000", "warn"), ("85000", "fail")]
)
def test_a_hot_board_slows_down(pi, millidegrees: str, verdict: str) -> None:
    pi.file("/sys/class/thermal/thermal_zone1/temp", millidegrees)
    found = board.temperature(pi.machine)
    assert found.verdict == verdict
    assert found.remedy is None or "heat sink" in found.remedy


def test_a_board_without_a_sensor_is_left_alone(pi) -> None:
    pi.remove("/sys/class/thermal/*/temp")
    assert board.temperature(pi.machine).said == "there is no sensor"


@pytest.mark.parametrize(
    ("bits", "verdict", "said", "remedy"),
    [
        ("0x0", "ok", "enough", ""),
        ("0x50005", "fail", "now: too little voltage, a slowed-down clock", "power supply"),
        ("0x50000", "warn", "since it was started: too little voltage, a slowed-down clock", "power supply"),
        ("0x80008", "fail", "now: the soft temperature limit", "heat sink"),
        ("0x20000", "warn", "since it was started: a capped clock", "heat sink"),
    ],
)
def test_what_the_firmware_noted_is_named(pi, bits: str, verdict: str, said: str, remedy: str) -> None:
    pi.says["vcgencmd"] = Said(0, f"throttled={bits}\n", "")
    found = board.power(pi.machine)
    assert (found.verdict, found.said[: len(said)]) == (verdict, said)
    assert remedy in (found.remedy or "")


def test_without_vcgencmd_the_kernels_file_is_read(pi) -> None:
    pi.says["vcgencmd"] = Said(1, "", "VCHI initialization failed")
    assert board.power(pi.machine).verdict == "skipped"
    pi.file(board.THROTTLED, "50005\n")
    assert board.power(pi.machine).verdict == "fail"


def test_a_clock_from_before_this_version_is_wrong(pi) -> None:
    pi.now = datetime(1970, 1, 1, tzinfo=UTC)
    found = board.clock(pi.machine)
    assert found.verdict == "fail"
    assert "it says 1970-01-01" in found.said
    assert "sudo date -s" in str(found.remedy)


def test_a_clock_that_was_not_set_over_the_network_may_be_wrong(pi) -> None:
    pi.says["timedatectl"] = Said(0, "no\n", "")
    found = board.clock(pi.machine)
    assert (found.verdict, "set-ntp true" in str(found.remedy)) == ("warn", True)
    pi.says["timedatectl"] = None
    assert board.clock(pi.machine).verdict == "skipped"


def test_the_date_of_this_version_is_not_in_the_future() -> None:
    assert datetime.now(UTC) >= board.RELEASED


@pytest.mark.parametrize("check", [board.temperature, board.power])
def test_another_machine_is_left_alone(pi, check) -> None:
    pi.file("/proc/device-tree/model", "Some other board")
    found = check(pi.machine)
    assert (found.verdict, found.said) == ("skipped", "not a Raspberry Pi")
