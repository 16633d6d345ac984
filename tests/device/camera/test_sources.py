"""Folders, films and streams; what `--source` means."""

import argparse

import numpy as np
import pytest

from device import Folder, PiCamera, Video
from device.camera.newest import InTurn
from device.camera.specs import open_camera, parse_source
from device.errors import InputError, PostreadError, UsageError


def brightness(grey) -> int:
    return round((float(np.mean(grey)) - 10) / 10)


def every(camera) -> list[int]:
    out = []
    while True:
        shot = camera.shot(1.0)
        if shot is None and camera.ended:
            return out
        if shot is not None:
            out.append(brightness(shot.small))


def test_a_folder_in_turn_gives_every_picture_once(folder) -> None:
    assert every(InTurn(Folder(folder, fps=0))) == list(range(10))


def test_a_film_in_turn_gives_every_frame_once(film) -> None:
    assert every(InTurn(Video(film, fps=0))) == list(range(10))


@pytest.mark.parametrize("source", ["folder", "film"])
def test_looped_it_begins_again(source, request) -> None:
    path = request.getfixturevalue(source)
    camera = InTurn((Folder if source == "folder" else Video)(path, fps=0, loop=True))
    shots = [brightness(camera.shot(1.0).small) for _ in range(25)]
    camera.close()
    assert shots == [*range(10), *range(10), *range(5)]


def test_a_picture_that_cannot_be_decoded_is_passed_over(folder) -> None:
    (folder / "3.jpg").write_bytes(b"\xff\xd8 no jpeg")
    assert every(InTurn(Folder(folder, fps=0))) == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_the_pictures_of_a_small_folder_lie_there_for_a_second(folder, monkeypatch) -> None:
    waited = []
    monkeypatch.setattr("device.camera.pace.Pace.wait", lambda self, frames=1.0: waited.append(frames))
    assert every(InTurn(Folder(folder))) == [number for number in range(10) for _ in range(30)]


def test_a_picture_is_decoded_in_full_only_when_it_is_asked_for(folder, monkeypatch) -> None:
    import cv2

    shot = InTurn(Folder(folder / "4.jpg", fps=0)).shot(1.0)
    assert shot.size == (320, 240)
    modes = []
    decode = cv2.imdecode
    monkeypatch.setattr(cv2, "imdecode", lambda data, mode: modes.append(mode) or decode(data, mode))
    assert brightness(shot.full((10, 10, 20, 20))) == 4
    assert shot.full().shape == (240, 320, 3)
    assert len(modes) == 1


def test_iterating_gives_frames_until_the_end(film) -> None:
    with Video(film, fps=200) as frames:
        seen = [brightness(frame.image) for frame in frames]
    assert seen == sorted(set(seen))
    assert seen[-1] == 9


def options(source: str, **changes) -> argparse.Namespace:
    fields = {"source": source, "fps": None, "focus": None, "exposure": None, "size": None, "loop": False}
    return argparse.Namespace(**(fields | changes))


def test_specs(folder) -> None:
    assert parse_source(options("picamera")) == PiCamera(0)
    assert parse_source(options("picamera:1", size=(2304, 1296))) == PiCamera(1, (2304, 1296))
    assert parse_source(options("v4l2:2")).source == 2
    assert parse_source(options("/dev/video0")).is_live
    assert parse_source(options("rtsp://host/stream")).is_live
    assert not parse_source(options(f"folder:{folder}")).is_live
    assert parse_source(options("rtsp://me:secret@host/stream")).name == "rtsp://host/stream"


@pytest.mark.parametrize("spec", ["v4l2:one", "picamera:x", "ftp://host/film"])
def test_a_spec_that_cannot_be_is_a_users_mistake(spec) -> None:
    with pytest.raises(UsageError, match="--source"):
        parse_source(options(spec))


def test_a_folder_without_its_kind_is_told_how_to_be_written(folder) -> None:
    with pytest.raises(UsageError, match=f"write folder:{folder}"):
        parse_source(options(str(folder)))


@pytest.mark.parametrize("spec", ["folder:nowhere", "nowhere.mp4"])
def test_what_is_not_there_is_said_at_once(spec) -> None:
    with pytest.raises(InputError):
        open_camera(parse_source(options(spec, fps=0)), 0)
    camera = open_camera(parse_source(options(spec)), None)
    with pytest.raises(InputError):
        camera.shot(20.0)
    camera.close()


def test_without_picamera2_the_remedy_is_named() -> None:
    camera = open_camera(PiCamera(), None)
    with pytest.raises(PostreadError, match="apt install python3-picamera2"):
        camera.shot(20.0)
    camera.close()


class Endless:
    """A stream that always has a frame, in place of OpenCV's."""

    def read(self):
        return True, np.zeros((90, 160), np.uint8)


def test_a_stream_is_taken_as_fast_as_it_comes(monkeypatch) -> None:
    """Waiting between frames, even for one of a camera's pace, would keep every delay that the network ever had."""
    slept = []
    monkeypatch.setattr("device.camera.pace.time.sleep", slept.append)
    stream = Video("http://127.0.0.1/stream.mjpg")
    stream._capture = Endless()
    assert [stream.grab().number for _ in range(5)] == [0, 1, 2, 3, 4]
    assert slept == []
