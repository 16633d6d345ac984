"""The real picamera2 and libcamera, as Debian trixie and the package index have them, on libcamera's virtual camera.

`make camera` unpacks them into .venv/camera; bubblewrap starts Python in there.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

SECOND = "20040020"
REOPENED = 3
LIES, BETWEEN = 8, 2
"""Pictures in a row, each of which the camera shows four times."""
DARK, LIGHT = 70, 225
TRIES = 3
"""The virtual camera itself stalls after one of some fifty openings: then all is tried anew."""


def other_envelope() -> np.ndarray:
    """A printed one with another code, BGR uint8[600, 1000, 3]."""
    sheet = Image.new("L", (1000, 600), LIGHT)
    draw = ImageDraw.Draw(sheet)
    for number, text in enumerate(("Helena Duarte", "Rua do Ouvidor", "Rio de Janeiro - RJ", "20040-020")):
        draw.text((380, 220 + 80 * number), text, font=ImageFont.load_default(50), fill=40)
    return cv2.cvtColor(np.array(sheet), cv2.COLOR_GRAY2BGR)


@pytest.fixture(scope="module")
def frames(sample, tmp_path_factory) -> Path:
    """A folder of what the camera shows: a dark table, the sample on it, the table, another envelope."""
    folder = tmp_path_factory.mktemp("frames")
    first = cv2.resize(cv2.imread(str(sample.path)), (1000, 600), interpolation=cv2.INTER_AREA)
    table = np.full((720, 1280, 3), DARK, np.uint8)
    number = 0
    for envelope in (first, other_envelope()):
        lying = table.copy()
        lying[60:660, 140:1140] = envelope
        for picture in [table] * BETWEEN + [lying] * LIES:
            cv2.imwrite(str(folder / f"{number:03d}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
            number += 1
    return folder


@pytest.fixture(scope="module")
def inside(root, frames):
    """inside(arguments…, kept=a folder): the command that runs Python in the userland."""
    lane = root / ".venv" / "camera"
    if not (lane / ".installed").exists():
        pytest.skip("trixie's userland is not in .venv/camera: make camera")
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap (Debian's package) is not installed")
    rig = Path(__file__).parent / "virtual"
    given = {
        "HOME": "/tmp",
        "PYTHONPATH": "/opt/site:/postread:/rig",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LIBCAMERA_LOG_LEVELS": "*:ERROR",
        "LD_PRELOAD": "/opt/dma_heap.so",
    }

    def command(*arguments: str, kept: Path | None = None) -> list[str]:
        bound = {lane / "root": "/", root: "/postread", rig: "/rig", frames: "/frames"}
        read_only = [part for source, target in bound.items() for part in ("--ro-bind", str(source), target)]
        others = ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/tmp", "--unshare-net"]
        others += ["--die-with-parent"] + (["--bind", str(kept), "/kept"] if kept else [])
        environment = [part for name, value in given.items() for part in ("--setenv", name, value)]
        return ["bwrap", *read_only, *others, "--clearenv", *environment, "/usr/bin/python3.13", *arguments]

    return command


@pytest.fixture(scope="module")
def seen(inside) -> dict:
    """What `looking.py` tells."""
    said = []
    for _ in range(TRIES):
        done = subprocess.run(inside("/rig/looking.py", str(REOPENED)), capture_output=True, text=True, timeout=300)
        if done.returncode == 0:
            return json.loads(done.stdout.splitlines()[-1])
        said.append(done.stderr)
    raise AssertionError("\n".join(said))


def test_both_streams_show_the_same_in_full_range_without_the_rows_padding(seen) -> None:
    for run in [*seen["runs"], seen["found"]]:
        assert (run["full"], run["small"]) == ([720, 1280, 3], [360, 640])
        assert run["apart"] < 3
        assert max(abs(level - DARK) for level in run["levels"]) <= 3


def test_it_can_be_closed_and_opened_again_and_leaves_no_file_open(seen) -> None:
    assert len({run["files"] for run in [*seen["runs"], seen["found"]]}) == 1


def test_a_code_is_read_off_it(seen, sample) -> None:
    assert seen["read"]["codes"][0] in (sample.digits, SECOND)


def test_only_one_can_have_the_camera(seen) -> None:
    assert "another program has it" in seen["read"]["second"]


def test_when_no_frame_comes_it_is_lost_and_can_be_found_again(seen) -> None:
    assert "gives no pictures" in seen["lost"]
    assert seen["found"]["small"] == [360, 640]


@pytest.fixture
def watching(inside, tmp_path) -> Iterator[tuple[subprocess.Popen, Path]]:
    out = tmp_path / "lines"
    options = ["watch", "--source", "picamera", "--store", "/kept/readings.db", "--format", "cep"]
    with out.open("wb") as file:
        process = subprocess.Popen(
            inside("/rig/watching.py", *options, kept=tmp_path), stdout=file, stderr=subprocess.PIPE, text=True
        )
        yield process, out
        process.kill()
        process.communicate()


def test_postread_watch_settles_every_envelope_under_it(watching, sample, wait) -> None:
    process, out = watching

    def settled() -> list[str]:
        lines = [json.loads(line) for line in out.read_text().splitlines() if line.endswith("}")]
        return [line["reading"]["digits"] for line in lines if line["event"] == "settled"]

    both = {sample.digits, SECOND}
    wait(lambda: both <= set(settled()) or process.poll() is not None, 500)
    os.kill(int((out.parent / "pid").read_text()), signal.SIGTERM)  # bubblewrap would not pass it on
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert set(settled()) == both, said
