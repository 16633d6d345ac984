"""What a shot costs: little while nothing happens, whether the picture is the same or only the scene."""

import time

import cv2
import numpy as np
import pytest

from device.camera.shot import shot_of
from device.reader import Reader
from device.watch.watcher import Watcher


class Nothing:
    name, trouble, ended = "test", None, True


@pytest.fixture(scope="module")
def frames(sample):
    """Passing: an envelope slides in, rests, and slides out, 66 pictures of 1280x720; resting: it lies there, noisy."""
    cv2.setNumThreads(1)
    picture = cv2.resize(cv2.imread(str(sample.path)), (1000, 600), interpolation=cv2.INTER_AREA)
    chance = np.random.default_rng(1)
    noise = chance.normal(0, 2, (720, 1280, 3)).astype(np.int16)

    def seen(away: int) -> np.ndarray:
        table = np.full((720, 1280, 3), 70, np.uint8)
        if away < 1140:
            table[60:660, 140 + away : 1140 + away] = picture[:, : max(0, min(1000, 1140 - away))]
        shifted = np.roll(noise, tuple(chance.integers(0, 700, 2)), axis=(0, 1))
        return cv2.add(table, shifted, dtype=cv2.CV_8U)

    steps = [*[1140] * 6, *range(1140, 0, -76), *[0] * 20, *range(0, 1140, 76), *[1140] * 10]
    return [seen(away) for away in steps], [seen(0) for _ in range(72)]


def cost(watcher: Watcher, pictures) -> float:
    """CPU seconds a picture."""
    begun = time.process_time()
    for number, picture in enumerate(pictures):
        watcher.look(shot_of(picture, 0.0, number))
    return (time.process_time() - begun) / len(pictures)


def test_an_idle_scene_costs_a_fraction_of_a_busy_one(frames, sample) -> None:
    passing, resting = frames
    events = []
    watcher = Watcher(Nothing(), Reader.load(), events.append)
    cost(watcher, resting[:12])  # settles it
    noisy = min(cost(watcher, resting[12:]) for _ in range(3))
    lying = shot_of(resting[0], 0.0, 0)
    begun = time.process_time()
    for _ in range(200):  # as the stand-in gives a picture that still lies there
        watcher.look(lying)
    idle = (time.process_time() - begun) / 200
    busy = min(cost(watcher, passing) for _ in range(2))
    settled = [event.reading.digits for event in events if event.event == "settled"]
    assert set(settled) == {sample.digits}
    assert len(settled) == 3
    assert busy < 1 / 30
    assert idle < 0.1 * busy
    assert noisy < 0.1 * busy
    print(f"CPU ms a frame: passing {1e3 * busy:.2f}, idle {1e3 * idle:.3f}, idle but noisy {1e3 * noisy:.2f}")
