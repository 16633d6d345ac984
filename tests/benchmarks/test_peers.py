"""The adaptors' side of the line protocol."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.cases import Case
from benchmarks.peers.protocol import surest_of
from benchmarks.readers import peer

SERVING = """
from benchmarks.peers.protocol import serve
def read(path):
    print("chatter")
    if "bad" in path:
        raise ValueError("no picture")
    return ("", None) if "empty" in path else ("01310\\t100\\n7", 0.5)
serve(read)
"""


def test_an_answer_is_one_line_whatever_the_library_prints(root: Path) -> None:
    asked = b"a b.png\n\xff.png\nbad.png\nempty.png\n"
    done = subprocess.run([sys.executable, "-c", SERVING], input=asked, capture_output=True, cwd=root, timeout=60)
    assert done.stdout.split(b"\n") == [
        b"a b.png\t01310 100 7\t0.500000",
        b"\xff.png\t01310 100 7\t0.500000",
        b"bad.png\t\t",
        b"empty.png\t\t",
        b"",
    ]
    assert b"bad.png: ValueError('no picture')" in done.stderr


def test_a_text_is_as_sure_as_its_least_sure_part() -> None:
    assert surest_of([0.9, 0.5]) == 0.5
    assert surest_of([]) is None


@pytest.mark.parametrize(
    ("spec", "command", "pages"),
    [
        ("rapidocr-rec=py", ["py", "-m", "benchmarks.peers.rapid_ocr", "rec"], False),
        ("rapidocr-full=py -X utf8", ["py", "-X", "utf8", "-m", "benchmarks.peers.rapid_ocr", "full"], True),
        ("tesseract-line=py", ["py", "-m", "benchmarks.peers.tesseract", "7"], False),
        ("mine=./read 'a b' --x=1", ["./read", "a b", "--x=1"], True),
    ],
)
def test_a_peer_known_by_name_is_given_its_python(spec: str, command: list[str], pages: bool) -> None:
    reader = peer(spec)
    assert reader.command("cep") == command
    assert reader.takes(Case(Path("a"), "hand", "1", "digits"))
    assert reader.takes(Case(Path("a"), "cam", "1", "cep")) == pages


@pytest.mark.parametrize("module", ["rapid_ocr", "tesseract"])
def test_an_adaptor_needs_nothing_of_this_projects_environment(root: Path, module: str) -> None:
    code = f"import sys, benchmarks.peers.{module}; assert not {{'numpy', 'cv2', 'device'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True, timeout=60)
