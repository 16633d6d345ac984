"""The command line as a process: streams, signals, memory."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Uint8 = NDArray[np.uint8]
Postread = Callable[..., Any]

GIGABYTE = 1_000_000_000


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
