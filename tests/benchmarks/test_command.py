"""`python -m benchmarks` as it is used."""

import json
import re
import shlex
from pathlib import Path

import pytest

from benchmarks.__main__ import _parser, main
from benchmarks.readers import ADAPTORS


def test_the_sample_gives_a_table(root: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    assert main(["accuracy", "--folder", str(root / "docs/sample"), "--both", "--json", str(out)]) == 0
    head, rule, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith("| kind | reader | n | codes right % (95 %) |")
    assert rule == "| --- | --- |" + " ---: |" * 8
    assert [row.split(" | ")[:3] for row in rows] == [["| envhand", f"postread {p}", "1"] for p in ("int8", "float32")]
    figures = json.loads(out.read_text())
    assert figures["schema"] == 1
    assert figures["failures"] == []
    assert [row["n"] for row in figures["rows"]] == [1, 1]
    assert all(row["peak_mib"] > 20 for row in figures["rows"])
    assert [answer["truth"] for answer in figures["answers"]] == ["01310100"] * 2


def test_a_peer_stands_beside_it(root: Path, capsys: pytest.CaptureFixture[str], knowing: str) -> None:
    given = ["accuracy", "--folder", str(root / "docs/sample"), "--peer", f"knowing={knowing}", "--json", "-"]
    assert main(given) == 0
    ours, peer = json.loads(capsys.readouterr().out)["rows"]
    assert (ours["reader"], peer["reader"]) == ("postread int8", "knowing")
    assert (peer["right"], peer["accepted"], peer["false_reads"], peer["ece"]) == (1, 1, 0, 0.25)


def test_a_dying_peer_is_one_line_and_the_others_table_stands(
    root: Path, capsys: pytest.CaptureFixture[str], make_peer
) -> None:
    dying = make_peer("import sys\ninput()\nsys.exit('no model found')\n")
    assert main(["accuracy", "--folder", str(root / "docs/sample"), "--peer", f"weak={dying}"]) == 1
    out, errors = capsys.readouterr()
    assert "| envhand | postread int8 | 1 |" in out
    assert "weak" not in out
    assert errors.splitlines()[-1] == "python -m benchmarks: weak: ended with code 1 (no model found)"


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["--peer", "nameless"], 2, "--peer nameless: give NAME=COMMAND; for rapidocr-rec,"),
        (["--peer", "a=true", "--peer", "a=true"], 2, "two readers of one name"),
        (["--seed", "2"], 2, "--seed is for pictures that are rendered here"),
        (["--model", "nothing"], 1, "no shipped bundle is called 'nothing'"),
        (["--folder", "nowhere"], 1, "nowhere: has no truth.csv"),
    ],
)
def test_a_mistake_is_one_line(
    root: Path, capsys: pytest.CaptureFixture[str], given: list[str], code: int, said: str
) -> None:
    assert main(["accuracy", "--folder", str(root / "docs/sample"), *given]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m benchmarks: {said}")


def test_speed_tells_each_stage(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed", "--repeats", "2", "--json", "-"]) == 0
    figures = json.loads(capsys.readouterr().out)
    (picture,) = figures["pictures"]
    stages = picture["stages_ms"]
    assert list(stages)[:4] == ["decode image", "find lines", "glance", "cut out"]
    assert all(value > 0 for value in stages.values())
    assert picture["ratio"] > 1
    assert figures["machine"]["machine"]


def test_the_document_names_what_there_is(root: Path) -> None:
    text = (root / "docs/benchmarks.md").read_text(encoding="utf-8")
    commands = re.findall(r'make bench ARGS="([^"]+)"', text)
    given = [shlex.split(command) for command in commands if "…" not in command]
    assert {one[0] for one in given} == {"accuracy", "speed", "graphs", "matrix"}
    for one in given:
        _parser().parse_args(one)
    assert set(ADAPTORS) <= set(re.findall(r"`([a-z-]+)` \|", text))
    help_ = _parser().format_help() + "".join(
        sub.format_help()
        for action in _parser()._actions
        if hasattr(action, "choices") and action.choices
        for sub in action.choices.values()
    )
    assert set(re.findall(r"`?(--[a-z]+)", text)) <= set(re.findall(r"--[a-z]+", help_)) | {"--format"}
