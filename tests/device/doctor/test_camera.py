"""The camera, the devices behind it, and the numpy that picamera2 was built for."""

import sys
from importlib import metadata

import pytest

from device.doctor import camera
from device.doctor.machine import Machine, Said, run

from .conftest import CAMERAS, apt


def test_the_camera_is_named(pi) -> None:
    found = camera.camera(pi.machine, "picamera")
    assert (found.verdict, found.said) == ("ok", "imx708, through picamera2")


@pytest.mark.parametrize(
    ("said", "what", "remedy"),
    [
        (Said(0, "[]\n", ""), "picamera2 sees no camera", "ribbon cable"),
        (Said(1, "", "ModuleNotFoundError: No module named 'picamera2'"), "picamera2 is not there", "apt install"),
        (Said(1, "", "ImportError: No module named 'libcamera'"), "picamera2 does not load", "apt install"),
        (Said(1, "", "ValueError: numpy.dtype size changed, may"), "picamera2 does not load", "see numpy"),
        (Said(124, "", "python: no answer within 60 s"), "libcamera hangs", "reboot"),
        (Said(-11, "", ""), "picamera2 does not load: exit code -11", "apt install"),
    ],
)
def test_what_is_wrong_with_picamera2_is_told_apart(pi, said: Said, what: str, remedy: str) -> None:
    pi.says[CAMERAS] = said
    found = camera.camera(pi.machine, "picamera:0")
    assert found.verdict == "fail"
    assert found.said.startswith(what)
    assert remedy in str(found.remedy)


def test_a_second_camera_that_is_not_there(pi) -> None:
    found = camera.camera(pi.machine, "picamera:1")
    assert (found.verdict, found.said) == ("fail", "no camera 1: there are 1, from 0 (imx708)")


def test_picamera2_is_asked_in_a_process_of_its_own() -> None:
    """Really, here, where it is not installed."""
    said = run([sys.executable, "-c", camera.ASK], 60)
    assert said is not None
    assert said.err.strip().splitlines()[-1] == "ModuleNotFoundError: No module named 'picamera2'"


def test_no_camera_is_looked_for_on_another_machine(pi) -> None:
    pi.remove("/proc/device-tree/model")
    assert camera.camera(pi.machine, "picamera").said == "not a Raspberry Pi"
    assert camera.permissions(pi.machine, "picamera", False).verdict == "skipped"


@pytest.mark.parametrize("source", ["v4l2:2", "/dev/video2"])
def test_a_usb_camera_that_is_not_there_and_what_is_there_instead(pi, source: str) -> None:
    found = camera.camera(pi.machine, source)
    assert (found.verdict, found.said) == ("fail", "/dev/video2 is not there; there is /dev/video0 (pispbe)")
    pi.file("/dev/video2")
    assert camera.camera(pi.machine, source).verdict == "ok"


def test_what_stands_in_for_a_camera_has_to_be_there(pi) -> None:
    assert camera.camera(pi.machine, "folder:/home/ana/post").verdict == "fail"
    pi.file("/home/ana/post/a.png")
    assert camera.camera(pi.machine, "folder:/home/ana/post").verdict == "ok"
    assert camera.camera(pi.machine, "/home/ana/post/a.png").verdict == "ok"
    assert camera.camera(pi.machine, "/home/ana/film.mp4").verdict == "fail"
    assert camera.camera(pi.machine, "rtsp://10.0.0.1/").verdict == "skipped"


def test_pictures_that_may_not_be_looked_at_are_as_none(pi, bar) -> None:
    pi.file("/home/ana/post/a.png")
    bar(pi.root / "home/ana")
    assert camera.camera(pi.machine, "folder:/home/ana/post").verdict == "fail"


def test_devices_that_are_barred_are_named_with_the_group_that_may(pi) -> None:
    assert camera.permissions(pi.machine, "picamera", True).said == "postread may use 4 devices"
    pi.barred = {"/dev/dma_heap/linux,cma"}
    found = camera.permissions(pi.machine, "picamera", False)
    group = camera._group(pi.root / "dev/dma_heap/linux,cma")
    assert (found.verdict, found.said) == ("fail", "postread may not use /dev/dma_heap/linux,cma")
    assert found.remedy == f"sudo usermod --append --groups {group} postread, and log in again"


def test_pins_are_asked_for_only_when_they_are_used(pi) -> None:
    pi.barred = {"/dev/gpiochip0"}
    assert camera.permissions(pi.machine, "picamera", False).verdict == "ok"
    assert camera.permissions(pi.machine, "picamera", True).verdict == "fail"
    assert camera.permissions(pi.machine, "folder:x", False).verdict == "skipped"


def test_whether_a_file_may_be_used_is_asked_of_the_system(tmp_path) -> None:
    (tmp_path / "video0").touch()
    assert Machine().may_use(tmp_path / "video0")
    assert not Machine().may_use(tmp_path / "video1")


@pytest.mark.parametrize(
    ("own", "theirs", "info", "verdict", "remedy"),
    [
        ("1.26.4", "1.24.2", "egg-info", "ok", None),
        ("2.4.6", "2.2.4", "dist-info", "ok", None),
        ("2.4.6", "1.24.2", "egg-info", "fail", '"numpy<2" "opencv-python-headless<4.12"'),
        ("1.26.4", "2.2.4", "dist-info", "fail", '"numpy>=2"'),
    ],
)
def test_a_numpy_that_apts_picamera2_was_not_built_for(
    pi, monkeypatch, own: str, theirs: str, info: str, verdict: str, remedy: str | None
) -> None:
    apt(pi, theirs, info)
    monkeypatch.setattr(metadata, "version", {"numpy": own}.get)
    found = camera.numpy(pi.machine)
    assert found.verdict == verdict
    assert own in found.said
    assert theirs in found.said
    assert remedy is None or remedy in str(found.remedy)


def test_a_numpy_that_nobody_else_uses_clashes_with_nothing(pi) -> None:
    pi.file(f"{camera.PACKAGES}/numpy-1.24.2.egg-info")
    assert camera.numpy(pi.machine).verdict == "skipped"


def test_no_numpy(pi, monkeypatch) -> None:
    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    assert camera.numpy(pi.machine).verdict == "fail"
