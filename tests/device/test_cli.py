"""The command line's contract, point by point: scripts, benchmarks and other languages rely on it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import device
from device import cli
from device.decode import REASONS
from device.headers import parse
from device.sources import pages

Uint8 = NDArray[np.uint8]
Postread = Callable[..., Any]

GIGABYTE = 1_000_000_000


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """White paper: quickly read, nothing on it."""
    path = tmp_path_factory.mktemp("blank") / "blank.png"
    cv2.imwrite(str(path), np.full((60, 100), 255, np.uint8))
    return path


@pytest.fixture
def start(root: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """start(argument, …): `python -m device` with pipes; ended with the test, or when nothing comes of it."""
    running: list[tuple[subprocess.Popen[bytes], threading.Timer]] = []

    def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "device", *map(str, arguments)]
        buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | environment
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=root, stdin=pipe, stdout=pipe, stderr=pipe, env=buffered)
        timer = threading.Timer(60, process.kill)
        timer.start()
        running.append((process, timer))
        return process

    yield start
    for process, timer in running:
        timer.cancel()
        process.kill()
        process.communicate()


def is_box(value: Any, width: int, height: int) -> bool:
    x, y, w, h = value
    integers = all(type(side) is int for side in value)
    return integers and x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= width and y + h <= height


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


# ── Input of every kind ──


def spoil(kind: str, sample_path: Path, tmp_path: Path) -> Path:
    path = tmp_path / f"{kind}.png"
    content = sample_path.read_bytes()
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes(
            {
                "empty": b"",
                "text": b"Avenida Paulista, 1578\n01310-100 Sao Paulo\n",
                "half": content[: len(content) // 2],
                "cut": content[:-1],
            }[kind]
        )
    return path


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "half", "cut"])
def test_what_cannot_be_read_is_an_error(postread: Postread, sample, tmp_path: Path, kind: str) -> None:
    path = spoil(kind, sample.path, tmp_path)
    answer = postread("read", path)
    (line,) = answer.lines
    assert line["readings"] == []
    assert line["error"].startswith(f"{path}: ")
    assert line["error"].isprintable()
    assert answer.code == 1


def test_a_picture_over_the_limit_is_an_error(postread: Postread, blank: Path) -> None:
    answer = postread("read", "--max-pixels", "5999", blank)
    assert "100x60 pixels, over the limit of 5999" in answer.lines[0]["error"]
    assert answer.code == 1
    assert postread("read", "--max-pixels", "6000", blank).code == 0


@pytest.mark.parametrize("format", ["cep", "zip", "digits", "digits:3"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 2), (7, 5), (60, 100), (1200, 1600)], ids=str)
@pytest.mark.parametrize("grey", [0, 128, 255], ids=["black", "grey", "white"])
def test_nothing_on_it_gives_no_readings(
    postread: Postread, tmp_path: Path, shape: tuple[int, int], grey: int, format: str
) -> None:
    path = tmp_path / "nothing.png"
    cv2.imwrite(str(path), np.full(shape, grey, np.uint8))
    answer = postread("read", "--format", format, path)
    assert (answer.lines[0]["readings"], answer.lines[0]["error"], answer.code) == ([], None, 0)


def write_16_bit(grey: Uint8, path: Path) -> None:
    cv2.imwrite(str(path), grey.astype(np.uint16) * 257)


def write_palette(grey: Uint8, path: Path) -> None:
    Image.fromarray(grey).quantize(64).save(path)


def write_alpha(grey: Uint8, path: Path) -> None:
    nothing = np.zeros_like(grey)
    cv2.imwrite(str(path), np.dstack([nothing, nothing, nothing, 255 - grey]))


def write_cmyk(grey: Uint8, path: Path) -> None:
    Image.fromarray(grey).convert("RGB").convert("CMYK").save(path, quality=95)


def write_turned(orientation: int, turn: int) -> Callable[[Uint8, Path], None]:
    def write(grey: Uint8, path: Path) -> None:
        exif = Image.Exif()
        exif[0x112] = orientation
        Image.fromarray(np.ascontiguousarray(np.rot90(grey, turn))).save(path, quality=95, exif=exif)

    return write


VARIANTS: dict[str, Callable[[Uint8, Path], None]] = {
    "16-bit.png": write_16_bit,
    "16-bit.tif": write_16_bit,
    "palette.png": write_palette,
    "palette.gif": write_palette,
    "alpha.png": write_alpha,
    "alpha.tif": write_alpha,
    "cmyk.jpg": write_cmyk,
    "cmyk.tif": write_cmyk,
    "upside-down.jpg": write_turned(3, 2),
    "on-its-side.jpg": write_turned(6, 1),
    "on-its-side.png": write_turned(8, -1),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_sample_in_every_kind_of_file_gives_the_same_code(
    postread: Postread, sample, tmp_path: Path, name: str
) -> None:
    (frame,) = pages(sample.path)
    VARIANTS[name](frame.image, tmp_path / name)
    (line,) = postread("read", "--format", sample.format, tmp_path / name).lines
    assert [reading["digits"] for reading in line["readings"] if reading["accepted"]] == [sample.digits]
    height, width = frame.image.shape
    assert all(is_box(reading["box"], width, height) for reading in line["readings"])


def test_pages(postread: Postread, tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    sheets = [Image.new("L", (100, 60), 255) for _ in range(3)]
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    (line,) = postread("read", path).lines
    assert (line["page"], line["pages"]) == (0, 3)
    answer = postread("read", "--pages", "all", path)
    assert [(line["page"], line["pages"]) for line in answer.lines] == [(0, 3), (1, 3), (2, 3)]


def test_a_page_that_fails_is_named_in_its_line(postread: Postread, tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    Image.new("L", (50, 5), 255).save(path, save_all=True, append_images=[Image.new("L", (100, 60), 255)])
    answer = postread("read", "--pages", "all", "--max-pixels", "1000", path)
    assert [(line["page"], line["pages"], line["error"] is None) for line in answer.lines] == [
        (0, 2, True),
        (1, 2, False),
    ]
    assert answer.code == 1


# ── Paths on stdin ──


def test_each_line_of_stdin_is_answered_before_the_next_is_sent(
    start: Callable[..., subprocess.Popen[bytes]], blank: Path, tmp_path: Path
) -> None:
    latin = tmp_path / os.fsdecode(b"latin-\xe9.png")
    shutil.copy(blank, latin)
    process = start("read", "-")
    assert process.stdin
    assert process.stdout
    for sent, source, fails in [
        (os.fsencode(blank) + b"\n", str(blank), False),
        (b"\n", "", True),
        (b"  \n", "  ", True),
        (os.fsencode(blank) + b"\r\n", str(blank), False),
        (b"missing.png\n", "missing.png", True),
        (os.fsencode(latin) + b"\n", f"{tmp_path}/latin-?.png", False),
        (b"a\0b\n", "a\0b", True),
        (os.fsencode(blank) + b"\n", str(blank), False),
    ]:
        process.stdin.write(sent)
        process.stdin.flush()
        line = json.loads(process.stdout.readline())
        assert line["source"] == source
        assert (line["error"] is not None) is fails, line
    rest, _ = process.communicate(os.fsencode(blank))  # the last line without its end
    assert [json.loads(line)["source"] for line in rest.splitlines()] == [str(blank)]
    assert process.returncode == 1


def test_no_lines_on_stdin_are_no_answers(start: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = start("read", "-")
    assert process.communicate(b"")[0] == b""
    assert process.returncode == 0


def test_a_tiff_of_several_pages_on_stdin_is_one_answer(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    sheet = Image.new("L", (100, 60), 255)
    sheet.save(tmp_path / "pages.tif", save_all=True, append_images=[sheet])
    out, _ = start("read", "-", "--text").communicate(f"{tmp_path}/pages.tif\n\n".encode())
    assert out.decode().splitlines() == [f"{tmp_path}/pages.tif\t?", "\t?"]


@pytest.mark.parametrize("arguments", [("-", "other.png"), ("other.png", "-"), ("-", "-"), ("-", "--pages", "all")])
def test_stdin_goes_with_nothing_else(postread: Postread, arguments: tuple[str, ...]) -> None:
    answer = postread("read", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert "`-`" in answer.err


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


# ── Streams, signals, memory: with real processes ──


def test_stdout_has_results_only(start: Callable[..., subprocess.Popen[bytes]], sample, tmp_path: Path) -> None:
    out, err = start("read", sample.path, tmp_path / "missing.png").communicate()
    assert [json.loads(line)["schema"] for line in out.splitlines()] == [1, 1]
    assert b"missing.png" in err


def test_json_is_utf8_whatever_the_locale(
    start: Callable[..., subprocess.Popen[bytes]], blank: Path, tmp_path: Path
) -> None:
    path = tmp_path / "日本.png"
    shutil.copy(blank, path)
    process = start("read", path, PYTHONIOENCODING="ascii")
    assert json.loads(process.communicate()[0].decode("utf-8"))["source"] == str(path)
    assert process.returncode == 0


@pytest.mark.parametrize("arguments", [("read", *["nothing.png"] * 2000), ("info",)], ids=["read", "info"])
def test_a_reader_that_has_gone_is_not_complained_about(
    start: Callable[..., subprocess.Popen[bytes]], arguments: tuple[str, ...]
) -> None:
    process = start(*arguments)
    assert process.stdout
    assert process.stderr
    process.stdout.close() if arguments == ("info",) else (process.stdout.readline(), process.stdout.close())
    complaints = process.stderr.read().decode()
    process.wait(timeout=60)
    assert "Traceback" not in complaints
    assert "BrokenPipe" not in complaints
    assert process.returncode == 1


def test_interrupted_is_130(start: Callable[..., subprocess.Popen[bytes]], blank: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the tests may have it ignored
    process = start("read", "-")
    signal.signal(signal.SIGINT, before)
    assert process.stdin
    assert process.stdout
    process.stdin.write(os.fsencode(blank) + b"\n")
    process.stdin.flush()
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130  # stdin still open
    out, err = process.communicate()
    assert out == b""
    assert b"Traceback" not in err


MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
sys.stdout.flush()
sys.stdout.buffer.write(done.stdout)
"""
"""Runs a command and tells its exit code and its largest memory in bytes (Linux counts in KiB)."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "size", "options"),
    [("L", (10_000, 10_000), ()), ("RGBA", (10_000, 6_000), ()), ("L", (10_000, 10_000), ("--annotate", "drawn"))],
    ids=["100 megapixels, grey", "60 megapixels with alpha", "100 megapixels, annotated"],
)
def test_memory_stays_below_a_gigabyte(
    root: Path, tmp_path: Path, mode: str, size: tuple[int, int], options: tuple[str, ...]
) -> None:
    path = tmp_path / "large.png"
    Image.new(mode, size, 255 if mode == "L" else (0, 0, 0, 0)).save(path, compress_level=1)
    options = tuple(str(tmp_path / option) if option == "drawn" else option for option in options)
    command = [sys.executable, "-c", MEASURE, sys.executable, "-m", "device", "read", *options, str(path)]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True, timeout=120)
    first, line = done.stdout.splitlines()
    code, peak = map(int, first.split())
    assert (code, json.loads(line)["error"], json.loads(line)["readings"]) == (0, None, [])
    assert peak < GIGABYTE


@pytest.mark.slow
def test_memory_of_a_picture_that_is_refused_stays_small(root: Path, tmp_path: Path) -> None:
    """16 bits and alpha: 600 MB once decoded, twice that while it is."""
    cv2.imwrite(str(tmp_path / "deep.png"), np.zeros((1, 1, 4), np.uint16))
    content = bytearray((tmp_path / "deep.png").read_bytes())
    content[16:24] = (7_500).to_bytes(4, "big") + (10_000).to_bytes(4, "big")
    (tmp_path / "deep.png").write_bytes(content)
    command = [sys.executable, "-c", MEASURE, sys.executable, "-m", "device", "read", str(tmp_path / "deep.png")]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True, timeout=120)
    first, line = done.stdout.splitlines()
    code, peak = map(int, first.split())
    assert code == 1
    assert "over the limit" in json.loads(line)["error"]
    assert peak < GIGABYTE / 4
