"""`postread batch` as it is used: a pile with everything that is wrong in one, and the contract's points."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from device.batch import journal, tables
from device.batch.journal import Journal, failure
from device.batch.pile import Source
from device.errors import InputError

Line = dict[str, Any]
Lines = Callable[[Path], list[Line]]

FORMULA = '=HYPERLINK("http:||x","y").png'
BROKEN = "a\nb, 'c' \"d\".png"
PAGES = 2_000


@pytest.fixture(scope="module")
def bad_pile(tmp_path_factory: pytest.TempPathFactory, coded: bytes, blank: bytes, root: Path) -> Path:
    """Good pages among everything that may lie in a pile."""
    pile = tmp_path_factory.mktemp("bad") / "pile"
    (pile / "in").mkdir(parents=True)
    for name in ("00.png", FORMULA, BROKEN, "in/99.png"):
        (pile / name).write_bytes(coded)
    (pile / "blank.png").write_bytes(blank)
    (pile / "zero.png").write_bytes(b"")
    (pile / "cut.jpg").write_bytes(cv2.imencode(".jpg", np.zeros((60, 100), np.uint8))[1].tobytes()[:-300])
    (pile / "text.png").write_text("Dear postman,")
    (pile / "bomb.pdf").write_bytes(_pdf(b"/MediaBox [0 0 14400 14400]"))
    (pile / "locked.pdf").write_bytes(_pdf(b"/MediaBox [0 0 72 72]", encrypted=True))
    sheets = [Image.fromarray(np.full((40, 60), shade % 250, np.uint8)) for shade in range(100, 100 + PAGES)]
    sheets[0].save(pile / "book.tif", save_all=True, append_images=sheets[1:])
    (pile / "in/up").symlink_to(pile)
    (pile / "gone.png").symlink_to(pile / "nowhere")
    os.mkfifo(pile / "pipe.png")
    return pile


def _pdf(page: bytes, encrypted: bool = False) -> bytes:
    objects = [b"/Type /Catalog /Pages 2 0 R", b"/Type /Pages /Kids [3 0 R] /Count 1", b"/Type /Page /Parent 2 0 R "]
    objects[2] += page
    padded = b"<" + b"ab" * 32 + b">"
    if encrypted:
        objects.append(b"/Filter /Standard /V 1 /R 2 /P -4 /O " + padded + b" /U " + padded)
    out, table = b"%PDF-1.4\n", b"0000000000 65535 f \n"
    for number, content in enumerate(objects, start=1):
        table += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj << %s >> endobj\n" % (number, content)
    trailer = b"/Size %d /Root 1 0 R" % (len(objects) + 1) + (b" /Encrypt 4 0 R /ID [<00> <00>]" * encrypted)
    tail = b"xref\n0 %d\n%strailer << %s >>\nstartxref\n%d\n%%%%EOF"
    return out + tail % (len(objects) + 1, table, trailer, len(out))


@pytest.fixture(scope="module")
def batch(root: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """batch(argument, …): `python -m device batch` in a process of its own."""

    def batch(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "device", "batch", *map(str, arguments)]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, **options)

    return batch


Batch = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def done(batch: Batch, bad_pile: Path, lines_of: Lines) -> tuple[subprocess.CompletedProcess[str], list[Line]]:
    """The bad pile, read once: how it ended and its lines."""
    out = bad_pile.parent / "codes.jsonl"
    return batch(bad_pile, "--out", out, "--workers", "2"), lines_of(out)


ERRORS = {
    "bomb.pdf": "60000x60000 pixels, over the limit",
    "cut.jpg": "truncated",
    "gone.png": "No such file",
    "in/up": "a link back to a folder that it lies in",
    "locked.pdf": "an encrypted PDF",
    "pipe.png": "not a regular file",
    "text.png": "not a picture that can be read",
    "zero.png": "empty (0 bytes)",
}


def test_what_is_wrong_is_named_and_the_rest_is_read(
    done: tuple[subprocess.CompletedProcess[str], list[Line]], bad_pile: Path
) -> None:
    process, lines = done
    found = {line["source"].removeprefix(f"{bad_pile}/"): line["error"] for line in lines if line["error"]}
    assert found.keys() == ERRORS.keys()
    for name, error in ERRORS.items():
        assert error in found[name]
        assert f"postread: {found[name]}\n" in process.stderr
    read = {line["source"].removeprefix(f"{bad_pile}/") for line in lines if not line["error"]}
    assert read == {"00.png", FORMULA, BROKEN, "in/99.png", "blank.png", "book.tif"}
    assert "Traceback" not in process.stderr
    assert f"{len(lines):,} pages of 14 files: 4 with a code, {PAGES + 1:,} refused, 8 unreadable" in process.stderr
    assert (process.returncode, process.stdout) == (1, "")


def test_lines_are_in_the_pile_s_order_and_every_page_is_there_once(
    done: tuple[subprocess.CompletedProcess[str], list[Line]],
) -> None:
    order = [(line["source"], line["page"]) for line in done[1]]
    assert order == sorted(order)
    assert [page for source, page in order if source.endswith("book.tif")] == list(range(PAGES))
    assert {line["pages"] for line in done[1] if line["source"].endswith("book.tif")} == {PAGES}


def test_lines_are_those_of_read(
    done: tuple[subprocess.CompletedProcess[str], list[Line]], bad_pile: Path, postread: Callable[..., Any]
) -> None:
    paths = [bad_pile / name for name in ("00.png", BROKEN, "text.png", "book.tif")]
    told = postread("read", "--pages", "all", *paths).lines
    ours = {(line["source"], line["page"]): line for line in json.loads(json.dumps(done[1]))}
    assert [ours[line["source"], line["page"]] for line in told] == told


def test_nothing_is_left_beside_the_output(
    done: tuple[subprocess.CompletedProcess[str], list[Line]], bad_pile: Path
) -> None:
    assert sorted(entry.name for entry in bad_pile.parent.iterdir()) == ["codes.jsonl", "pile"]


def test_one_worker_writes_the_same_bytes(batch: Batch, bad_pile: Path, tmp_path: Path, done: Any) -> None:
    assert batch(bad_pile, "--out", tmp_path / "one.jsonl", "--workers", "1").returncode == 1
    assert (tmp_path / "one.jsonl").read_bytes() == (bad_pile.parent / "codes.jsonl").read_bytes()


# ── The output's place ──


def test_an_output_that_is_there_is_left_alone(postread: Callable[..., Any], fill: Any, tmp_path: Path) -> None:
    out = tmp_path / "codes.jsonl"
    out.write_text("mine\n")
    answer = postread("batch", fill("pile", "a.png"), "--out", out)
    assert (answer.code, out.read_text()) == (2, "mine\n")
    assert answer.err == f"postread: {out}: is already there; give --out another name, or --overwrite\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["codes.jsonl", "pile"]
    assert postread("batch", tmp_path / "pile", "--out", out, "--overwrite").code == 0
    assert json.loads(out.read_text())["source"] == str(tmp_path / "pile/a.png")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("pile",),
        ("--out", "codes.csv"),
        ("pile", "--out", "codes.xlsx"),
        ("pile", "--out", "codes.csv", "--format", "uk"),
        ("pile", "--out", "codes.csv", "--workers", "0"),
        ("pile", "--out", "codes.csv", "--timeout", "-1"),
    ],
    ids=" ".join,
)
def test_usage_errors_give_2(postread: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    answer = postread("batch", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err


def test_a_model_that_is_not_there_is_one_line(postread: Callable[..., Any], fill: Any, tmp_path: Path) -> None:
    answer = postread("batch", fill("pile", "a.png"), "--out", tmp_path / "codes.csv", "--model", "lenet6")
    assert answer.code == 1
    assert answer.err == "postread: no shipped bundle is called 'lenet6'; there is lenet5, or give a PATH.json\n"


def test_a_spoiled_model_is_said_by_the_worker_that_finds_it(
    postread: Callable[..., Any], fill: Any, tmp_path: Path, bundle: Any
) -> None:
    bundle.file().write_bytes(b"TFL3" * 10)
    answer = postread("batch", fill("pile", "a.png"), "--out", tmp_path / "codes.csv", "--model", bundle.path)
    assert answer.code == 1
    assert len(answer.err.splitlines()) == 1
    assert str(bundle.file()) in answer.err


def test_an_empty_pile_is_an_empty_table(postread: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "pile").mkdir()
    answer = postread("batch", tmp_path / "pile", "--out", tmp_path / "codes.csv")
    assert answer.code == 0
    assert "0 pages of 0 files" in answer.err
    assert len((tmp_path / "codes.csv").read_text().splitlines()) == 1


def test_the_document_tells_of_every_option(postread: Callable[..., Any], root: Path) -> None:
    lines = (root / "docs/batch.md").read_text(encoding="utf-8").splitlines()
    told = "\n".join(line for line in lines if "python -m" not in line)
    options = set(re.findall(r"--[a-z][a-z-]*", postread("batch", "--help").out))
    of_read = {"--help", "--model", "--precision", "--runtime", "--threads", "--debug", "--max-pixels", "--orientation"}
    assert set(re.findall(r"--[a-z][a-z-]*", told)) <= options
    assert options - of_read <= set(re.findall(r"--[a-z][a-z-]*", told))


def test_a_file_without_permission_is_named_and_the_rest_is_read(
    batch: Batch, fill: Any, tmp_path: Path, root: Path, lines_of: Lines
) -> None:
    pile, out = fill("pile", "a.png", "b.png", "c.png"), tmp_path / "codes.jsonl"
    (pile / "b.png").chmod(0)
    # Even root has to ask, without the capabilities that let it read everything.
    less = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    command = [*less, sys.executable, "-m", "device", "batch", str(pile), "--out", str(out), "--workers", "1"]
    process = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert [line["error"] for line in lines_of(out)] == [None, f"{pile}/b.png: Permission denied", None]
    assert f"postread: {pile}/b.png: Permission denied\n" in process.stderr
    assert process.returncode == 1


# ── Two at once ──


@pytest.mark.parametrize("more", [(), ("--restart",)], ids=["as it is", "restart"])
def test_a_second_run_on_an_output_is_refused_while_the_first_is_at_work(
    postread: Callable[..., Any], fill: Any, tmp_path: Path, more: tuple[str, ...], lines_of: Lines
) -> None:
    out = tmp_path / "codes.jsonl"
    path = Path(f"{out}.journal")
    with Journal(path) as first:
        first.begin({}, [Source("a.png", "1")])
        answer = postread("batch", fill("pile", "b.png"), "--out", out, *more)
        first.record(failure(0, "a.png", 0, 1, "a.png: empty"))
        first.commit()
        tables.write(out, first.lines())
    said = f"postread: {path}: another run is at work on it; wait for it, or end it\n"
    assert (answer.code, answer.err) == (1, said)
    assert [line["source"] for line in lines_of(out)] == ["a.png"]


def test_what_is_there_is_left_alone_though_a_run_was_stopped_before_it_had_listed_anything(
    postread: Callable[..., Any], fill: Any, tmp_path: Path
) -> None:
    out = tmp_path / "codes.jsonl"
    out.write_text("mine\n")
    Path(f"{out}.journal").touch()
    answer = postread("batch", fill("pile", "b.png"), "--out", out)
    assert (answer.code, out.read_text()) == (2, "mine\n")


def test_the_journal_goes_while_nobody_else_can_have_it(
    postread: Callable[..., Any], fill: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, remove = [], journal.remove

    def asked(path: Path) -> None:
        with pytest.raises(InputError, match="another run is at work on it"):
            Journal(path)
        remove(path)
        gone.append(path)

    monkeypatch.setattr(journal, "remove", asked)
    assert postread("batch", fill("pile", "a.png"), "--out", tmp_path / "codes.csv").code == 0
    assert gone == [tmp_path / "codes.csv.journal"]


def test_a_restart_forgets_what_was_read(
    postread: Callable[..., Any], fill: Any, tmp_path: Path, lines_of: Lines
) -> None:
    out = tmp_path / "codes.jsonl"
    with Journal(Path(f"{out}.journal")) as earlier:
        earlier.begin({"format": "zip"}, [Source("a.png", "1")])
    assert postread("batch", fill("pile", "b.png"), "--out", out, "--restart").code == 0
    assert [line["source"] for line in lines_of(out)] == [str(tmp_path / "pile/b.png")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["codes.jsonl", "pile"]


def test_a_restart_leaves_an_output_alone_too_and_what_was_read_beside_it(
    postread: Callable[..., Any], fill: Any, tmp_path: Path
) -> None:
    out = tmp_path / "codes.jsonl"
    out.write_text("mine\n")
    with Journal(Path(f"{out}.journal")) as earlier:
        earlier.begin({"format": "zip"}, [Source("a.png", "1")])
    answer = postread("batch", fill("pile", "b.png"), "--out", out, "--restart")
    assert (answer.code, out.read_text()) == (2, "mine\n")
    assert "is already there" in answer.err
    with Journal(Path(f"{out}.journal")) as kept:
        assert not kept.is_new


# ── Stopped and given again ──


def test_a_full_disk_ends_the_run_in_one_line_and_the_same_command_goes_on(
    batch: Batch, fill: Any, tmp_path: Path, root: Path
) -> None:
    pile, out = fill("pile", *(f"{number:03d}.png" for number in range(200))), tmp_path / "codes.jsonl"
    command = [sys.executable, "-m", "device", "batch", str(pile), "--out", str(out), "--workers", "1"]
    limited = ["prlimit", "--fsize=40000", *command]  # as a disk that has so much room left
    process = subprocess.run(limited, cwd=root, capture_output=True, text=True, timeout=300)
    (said,) = [line for line in process.stderr.splitlines() if line.startswith("postread: ")]
    assert "the disk is full" in said
    assert said.endswith("make room and give the same command again: it goes on")
    assert (process.returncode, out.exists(), "Traceback" in process.stderr) == (1, False, False)
    assert batch(pile, "--out", out, "--workers", "1").returncode == 0
    whole = tmp_path / "whole.jsonl"
    assert batch(pile, "--out", whole, "--workers", "1").returncode == 0
    assert out.read_bytes() == whole.read_bytes()


def test_interrupted_is_130_and_it_goes_on(
    root: Path, fill: Any, tmp_path: Path, batch: Batch, lines_of: Lines
) -> None:
    pile, out = fill("pile", *(f"{number:03d}.png" for number in range(300))), tmp_path / "codes.jsonl"
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the tests may have it ignored
    command = [sys.executable, "-m", "device", "batch", str(pile), "--out", str(out), "--workers", "1"]
    process = subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    journal = Path(f"{out}.journal")
    assert process.stderr
    process.stderr.readline()  # the worker's runtime says that it is there
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "of 300 pages are kept; the same command goes on" in said
    assert journal.exists()
    assert not out.exists()
    again = batch(pile, "--out", out)
    assert again.returncode == 0
    assert [line["source"] for line in lines_of(out)] == sorted(map(str, pile.iterdir()))
    assert not journal.exists()
