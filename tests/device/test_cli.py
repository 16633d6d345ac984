"""The command line's contract, point by point: scripts, benchmarks and other languages rely on it."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import device
from device import cli, sources
from device.decode import REASONS
from device.headers import parse
from tests.device.conftest import is_box

Uint8 = NDArray[np.uint8]
Postread = Callable[..., Any]

GIGABYTE = 1_000_000_000


# ── One JSON line a page ──


def test_the_sample_s_line_has_these_keys_and_types(postread: Postread, sample) -> None:
    answer = postread("read", "--format", sample.format, sample.path)
    (line,) = answer.lines
    assert answer.code == 0
    assert list(line) == ["schema", "source", "page", "pages", "readings", "error"]
    assert line | {"readings": []} == {
        "schema": 1,
        "source": str(sample.path),
        "page": 0,
        "pages": 1,
        "readings": [],
        "error": None,
    }
    header = parse(sample.path.read_bytes())
    assert header is not None
    assert line["readings"]
    for reading in line["readings"]:
        assert list(reading) == [
            "code",
            "digits",
            "format",
            "confidence",
            "accepted",
            "reason",
            "detail",
            "known",
            "box",
            "quad",
            "digit_boxes",
            "digit_confidences",
        ]
        assert re.fullmatch(r"[0-9]+", reading["digits"])
        assert "".join(filter(str.isdigit, reading["code"])) == reading["digits"]
        assert reading["format"] == sample.format
        assert type(reading["confidence"]) is float
        assert 0 <= reading["confidence"] <= 1
        assert type(reading["accepted"]) is bool
        assert (reading["reason"] is None) == reading["accepted"]
        assert reading["accepted"] or reading["reason"] in REASONS
        assert reading["detail"] is None or type(reading["detail"]) is str
        assert reading["known"] is None
        assert is_box(reading["box"], header.width, header.height)
        assert all(is_box(box, header.width, header.height) for box in reading["digit_boxes"])
        assert len(reading["quad"]) == 4
        assert all(
            type(x) is int and type(y) is int and 0 <= x < header.width and 0 <= y < header.height
            for x, y in reading["quad"]
        )
        assert len(reading["digits"]) == len(reading["digit_boxes"]) == len(reading["digit_confidences"])
        assert all(type(one) is float and 0 <= one <= 1 for one in reading["digit_confidences"])


def test_the_sample_is_read(postread: Postread, sample) -> None:
    answer = postread("read", "--format", sample.format, sample.path)
    assert [reading["digits"] for reading in answer.lines[0]["readings"] if reading["accepted"]] == [sample.digits]


def test_accepted_readings_come_first_then_by_confidence(postread: Postread, sample) -> None:
    for format in (sample.format, "digits"):
        readings = postread("read", "--format", format, sample.path).lines[0]["readings"]
        order = [(not reading["accepted"], -reading["confidence"]) for reading in readings]
        assert order == sorted(order)


def test_a_postal_format_accepts_one_addressee_at_most(postread: Postread, sample) -> None:
    for format in ("cep", "zip"):
        assert len(postread("read", "--format", format, sample.path).accepted) <= 1


def test_cep_is_the_default(postread: Postread, sample) -> None:
    assert postread("read", sample.path).out == postread("read", "--format", "cep", sample.path).out


def test_plain_digits_of_a_given_number(postread: Postread, sample) -> None:
    readings = postread("read", "--format", "digits:8", sample.path).lines[0]["readings"]
    assert {reading["format"] for reading in readings} <= {"digits:8"}
    assert {len(reading["digits"]) for reading in readings if reading["accepted"]} <= {8}


def test_source_is_the_argument_as_given(
    postread: Postread, blank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["a.png", "./a.png", f"{tmp_path}/a.png", "ü ñ.png", "tab\t.png", 'quo"te.png', "-dash.png", "line\n.png"]
    for name in names:
        shutil.copy(blank, name)
    answer = postread("read", "--", *names)
    assert [line["source"] for line in answer.lines] == names
    assert answer.code == 0


def test_a_name_that_is_no_utf8_is_read_all_the_same(postread: Postread, blank: Path, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    shutil.copy(blank, path)
    (line,) = postread("read", path).lines
    assert line["source"] == f"{tmp_path}/caf?.png"
    assert line["error"] is None


def test_order_is_kept_and_the_others_are_answered(postread: Postread, blank: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("Dear postman,")
    missing = tmp_path / "missing.png"
    answer = postread("read", blank, missing, blank, bad, tmp_path, blank)
    assert [line["source"] for line in answer.lines] == list(map(str, [blank, missing, blank, bad, tmp_path, blank]))
    assert [line["error"] is None for line in answer.lines] == [True, False, True, False, False, True]
    assert answer.code == 1


def test_an_error_s_line_has_the_same_keys(postread: Postread, tmp_path: Path) -> None:
    answer = postread("read", tmp_path / "missing.png")
    assert answer.lines == [
        {
            "schema": 1,
            "source": f"{tmp_path}/missing.png",
            "page": 0,
            "pages": 1,
            "readings": [],
            "error": f"{tmp_path}/missing.png: No such file or directory",
        }
    ]
    assert answer.err.splitlines()[-1] == f"postread: {tmp_path}/missing.png: No such file or directory"
    assert answer.code == 1


# ── For people ──


def test_text_is_path_tab_code_or_a_question_mark(postread: Postread, sample, blank: Path, tmp_path: Path) -> None:
    answer = postread("read", "--text", "--format", sample.format, sample.path, blank, tmp_path / "missing.png")
    code = postread("read", "--format", sample.format, sample.path).accepted[0]
    assert answer.out.splitlines() == [f"{sample.path}\t{code}", f"{blank}\t?", f"{tmp_path}/missing.png\t?"]
    assert answer.code == 1


def test_annotate_draws_on_a_copy(postread: Postread, sample, tmp_path: Path) -> None:
    path, folder = tmp_path / "envelope.png", tmp_path / "new/folder"
    shutil.copy(sample.path, path)
    before = path.read_bytes()
    answer = postread("read", "--format", sample.format, "--annotate", folder, path)
    assert answer.lines[0]["readings"] == postread("read", "--format", sample.format, path).lines[0]["readings"]
    (drawn,) = folder.iterdir()
    assert str(drawn) in answer.err
    assert path.read_bytes() == before
    ours, theirs = cv2.imread(str(drawn)), cv2.imread(str(path))
    assert ours.shape == theirs.shape
    assert 0 < (ours != theirs).any(axis=2).mean() < 0.5


def test_a_turned_page_is_drawn_upright(postread: Postread, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    Image.new("RGB", (60, 100), "white").save(tmp_path / "turned.jpg", exif=exif)
    assert postread("read", "--annotate", tmp_path / "out", tmp_path / "turned.jpg").code == 0
    (drawn,) = (tmp_path / "out").iterdir()
    assert cv2.imread(str(drawn)).shape == (60, 100, 3)


def test_annotations_that_cannot_be_written_are_an_error(postread: Postread, blank: Path) -> None:
    answer = postread("read", "--annotate", blank, blank)
    assert "annotated picture cannot be written" in answer.lines[0]["error"]
    assert answer.code == 1


@pytest.mark.parametrize("options", [("--annotate",), ("--explain",), ("--annotate", "--explain")], ids=" ".join)
def test_what_was_read_is_told_though_it_cannot_be_drawn(
    postread: Postread, sample, tmp_path: Path, options: tuple[str, ...]
) -> None:
    path, file = tmp_path / "pages.tif", tmp_path / "file"
    file.touch()
    with Image.open(sample.path) as sheet:
        sheet.convert("L").save(path, save_all=True, append_images=[sheet.convert("L")])
    read = "read", "--format", sample.format, "--pages", "all", path
    plain, answer = postread(*read), postread(*read, *(part for option in options for part in (option, file)))
    assert [line | {"error": None} for line in answer.lines] == plain.lines
    assert len(plain.accepted) == 2
    assert answer.code == 1
    said = [line.removeprefix("postread: ") for line in answer.err.splitlines()]
    assert len(said) == 2 * len(options)
    assert all(one.startswith(f"{file}/pages-page") for one in said)
    assert all(one.endswith("cannot be written (File exists); make room there or give another folder") for one in said)
    assert "; ".join(line["error"] for line in answer.lines) == "; ".join(said)


def test_a_page_that_cannot_be_drawn_leaves_the_others_theirs(
    postread: Postread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In colour a page takes more memory than in grey, so that it may be read and yet not drawn."""
    path, drawn = tmp_path / "pages.tif", tmp_path / "drawn"
    small, large = Image.new("L", (100, 60), 255), Image.new("L", (400, 300), 255)
    large.save(path)
    header = parse(path.read_bytes())
    assert header is not None
    small.save(path, save_all=True, append_images=[large, small])
    monkeypatch.setattr(sources, "MAX_MEMORY", path.stat().st_size + header.pixels * (header.working + 2))
    answer = postread("read", "--pages", "all", "--annotate", drawn, path)
    assert [line["error"] is None for line in answer.lines] == [True, False, True]
    assert "page 1: takes" in answer.err
    assert sorted(file.name for file in drawn.iterdir()) == ["pages-page0-read.png", "pages-page2-read.png"]
    assert answer.code == 1


@pytest.mark.parametrize("command", [(), ("read",), ("info",)])
def test_every_command_has_help(postread: Postread, command: tuple[str, ...]) -> None:
    answer = postread(*command, "--help")
    assert answer.code == 0
    assert answer.out.startswith("usage: postread")
    assert len(answer.out.splitlines()) > 5


def test_no_other_command_lacks_a_test_of_its_help(postread: Postread) -> None:
    commands = re.findall(r"^    (\w+) ", postread("--help").out, re.MULTILINE)
    assert {"read", "info"} <= set(commands)
    for command in commands:
        assert postread(command, "--help").code == 0


def test_version(postread: Postread) -> None:
    assert postread("--version").out == f"postread {device.__version__}\n"


# ── What a user gets wrong ──


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("reed",),
        ("read",),
        ("read", "--pages", "some", "a.png"),
        ("read", "--precision", "int4", "a.png"),
        ("read", "--runtime", "onnx", "a.png"),
        ("read", "--threads", "0", "a.png"),
        ("read", "--max-pixels", "many", "a.png"),
        ("read", "--format", "zap", "a.png"),
        ("read", "--format", "digits:0", "a.png"),
        ("info", "a.png"),
    ],
    ids=" ".join,
)
def test_usage_errors_give_2(postread: Postread, arguments: tuple[str, ...]) -> None:
    answer = postread(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err


@pytest.mark.parametrize(("name", "country"), [("uk", "United Kingdom"), ("ca", "Canada"), ("nl", "Netherlands")])
def test_codes_with_letters_are_refused_by_name(postread: Postread, name: str, country: str) -> None:
    answer = postread("read", "--format", name, "a.png")
    assert answer.code == 2
    assert country in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize("command", [("read", "a.png"), ("info",)])
def test_an_unknown_model_is_one_line(postread: Postread, command: tuple[str, ...]) -> None:
    answer = postread(*command, "--model", "lenet6")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "postread: no shipped bundle is called 'lenet6'; there is lenet5, or give a PATH.json\n"


def test_a_spoiled_model_is_one_line_that_names_the_file(postread: Postread, bundle, blank: Path) -> None:
    bundle.file().write_bytes(bundle.file().read_bytes()[:-100])
    answer = postread("read", "--model", bundle.path, blank)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"postread: {bundle.file()}: not the file that the card describes")
    assert len(answer.err.splitlines()) == 1


def test_no_runtime_is_one_line_with_the_command(
    postread: Postread, blank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", None)
    answer = postread("read", blank)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "postread: no TFLite interpreter is installed: pip install ai-edge-litert\n"


def test_debug_adds_the_traceback_and_changes_nothing_else(postread: Postread, blank: Path, tmp_path: Path) -> None:
    plain = postread("read", tmp_path / "missing.png", blank)
    loud = postread("read", "--debug", tmp_path / "missing.png", blank)
    assert (loud.out, loud.code) == (plain.out, plain.code)
    assert "Traceback" in loud.err
    assert "Traceback" not in plain.err
    assert loud.err.endswith(plain.err.splitlines()[-1] + "\n")
    assert postread("read", "--debug", "--format", "zap", blank).code == 2


def test_only_main_turns_errors_into_codes(postread: Postread, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise RuntimeError("a bug")

    monkeypatch.setattr(cli, "_info", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        postread("info")


# ── info ──


def test_info_as_json(postread: Postread, root: Path) -> None:
    answer = postread("info", "--json")
    facts = json.loads(answer.out)
    assert answer.code == 0
    assert facts["schema"] == 1
    assert facts["postread"] == device.__version__
    assert facts["card"] == json.loads((root / "models/lenet5.json").read_text(encoding="utf-8"))
    assert facts["model"] == str(root / "models/lenet5.json")
    assert (facts["runtime"], facts["precision"]) == ("litert", "int8")
    assert facts["packages"]["numpy"] == np.__version__
    assert {"numpy", "opencv-python-headless", "ai-edge-litert", "tflite-runtime"} <= set(facts["packages"])
    assert facts["python"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")


def test_info_for_people(postread: Postread) -> None:
    answer = postread("info", "--precision", "float32")
    assert answer.code == 0
    for word in ("lenet5", "litert", "float32", "10 classes", device.__version__):
        assert word in answer.out


@pytest.mark.parametrize("graph", ["plain", "fast"])
def test_info_says_which_graph(postread: Postread, bundle, graph: str) -> None:
    bundle.network["graph"] = graph
    assert f"digit: lenet5, {graph} graph, 10 classes" in postread("info", "--model", bundle.write()).out


def test_info_opens_the_network(postread: Postread, bundle) -> None:
    bundle.file().write_bytes(b"not a network")
    answer = postread("info", "--json", "--model", bundle.path)
    assert (answer.code, answer.out) == (1, "")
    assert "not a TFLite model" in answer.err
