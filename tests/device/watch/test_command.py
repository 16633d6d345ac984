"""`postread watch`, whole: from a folder that stands in for a camera to lines, rows and files."""

import json
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from device.outputs.store import Store


@pytest.fixture
def envelopes(sample, tmp_path):
    """A film in a folder: an empty table, the sample, an empty table, the sample again, 15 frames each."""
    folder = tmp_path / "envelopes"
    folder.mkdir()
    picture = cv2.imread(str(sample.path))
    empty = np.full_like(picture, 90)
    for part, one in enumerate((empty, picture, empty, picture)):
        for number in range(15):
            cv2.imwrite(str(folder / f"{part}-{number:02d}.jpg"), one)
    return folder


def lines(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def test_every_envelope_of_a_folder_is_settled_stored_and_written(postread, envelopes, sample, tmp_path) -> None:
    database, table = tmp_path / "readings.db", tmp_path / "codes.csv"
    source = "--source", f"folder:{envelopes}", "--fps", "0"
    answer = postread("watch", *source, "--store", database, "--csv", table)
    assert answer.code == 0, answer.err
    settled = [line for line in lines(answer.out) if line["event"] == "settled"]
    assert [line["reading"]["digits"] for line in settled] == [sample.digits] * 2
    store = Store(database)
    assert [one.id for one in store.latest()] == [line["id"] for line in reversed(settled)]
    assert store.crop(settled[0]["id"]) is not None
    store.close()
    assert [line.split(",")[2] for line in table.read_text().splitlines()[1:]] == ["01310-100"] * 2


def test_terminated_it_ends_in_order_and_an_envelope_that_still_lies_there_is_not_read_twice(
    sample, tmp_path, root
) -> None:
    database = tmp_path / "readings.db"
    command = [sys.executable, "-m", "device", "watch", "--source", f"folder:{sample.path}", "--loop"]
    for run in range(2):
        out = tmp_path / f"{run}.out"
        with out.open("wb") as file:
            process = subprocess.Popen([*command, "--store", str(database)], stdout=file, cwd=root)
            until = time.monotonic() + 120
            while b'"state": "settled"' not in out.read_bytes() and time.monotonic() < until:
                time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    store = Store(database)
    assert store.counts()["settled"] == 1
    store.close()


def test_a_mistake_in_postread_toml_is_a_users_mistake(postread, tmp_path) -> None:
    path = tmp_path / "postread.toml"
    path.write_text("[watch]\nformt = 'zip'\n")
    answer = postread("watch", "--config", path)
    assert answer.code == 2
    assert f"{path}, line 2: 'formt' is no option of [watch]; did you mean 'format'?" in answer.err


def test_the_command_line_is_stronger_than_the_file(postread, tmp_path) -> None:
    path = tmp_path / "postread.toml"
    path.write_text("[watch]\nsource = 'folder:nowhere'\nno-store = true\n")
    answer = postread("watch", "--config", path, "--source", "folder:elsewhere")
    assert answer.code == 1
    assert "elsewhere" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--no-store", "--csv", "x.csv"], "leave out --no-store"),
        (["--mqtt", "broker"], "give a broker's address"),
        (["--webhook", "host/path"], "address of an HTTP server"),
        (["--gate", "17"], "give a pin and the codes' first digits"),
        (["--source", "v4l2:front"], "Give a number"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(postread, tmp_path, arguments, said) -> None:
    answer = postread("watch", "--source", "folder:x", "--store", tmp_path / "a.db", *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert len(answer.err.strip().splitlines()) == 1


def test_forget_and_export(postread, tmp_path) -> None:
    from tests.device.outputs.conftest import event_of

    database = tmp_path / "readings.db"
    store, one = Store(database), event_of("01310100")
    store.add(one)
    store.add(event_of("20040020"))
    store.correct(one.id, "01310108")
    store.close()
    answer = postread("export", "--store", database, tmp_path / "crops")
    assert (answer.code, "1 labelled crops" in answer.err) == (0, True)
    answer = postread("forget", "--store", database, "--code", "20040-020")
    assert (answer.code, "1 forgotten" in answer.err) == (0, True)
    answer = postread("forget", "--store", tmp_path / "none.db", "--all")
    assert (answer.code, "no such database" in answer.err) == (2, True)
