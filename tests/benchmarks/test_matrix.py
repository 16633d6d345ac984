"""The runtime matrix: what is held equal, and that each check can fail; the emulated processors, where they are."""

import copy
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks import cases
from benchmarks.__main__ import main
from benchmarks.aarch64 import lane
from benchmarks.errors import BenchmarkError, MissingError
from benchmarks.matrix import cells, shown, table, verdict
from benchmarks.matrix.cells import CELLS, REFERENCE, Cell
from benchmarks.tables import renew
from device.errors import InputError
from device.model import Bundle
from train import data

LITERT, OLDER = Cell("litert", "cortex-a72"), Cell("tflite-runtime", "cortex-a72")
FAST, FLOAT = "fast digit int8", "fast digit float32"


@pytest.fixture
def answers():
    """What a cell might answer: 20 digits of one network, whose best class leads by 20 units."""
    units = np.tile(np.arange(-90, 10, 10), (20, 1))
    units[:, 3] = 30
    reading = {
        "code": "01310-100",
        "digits": "01310100",
        "format": "cep",
        "accepted": True,
        "reason": None,
        "known": None,
        "confidence": 0.97,
        "digit_confidences": [0.99] * 8,
        "box": [10, 10, 80, 12],
        "quad": [[10, 10], [90, 10], [90, 22], [10, 22]],
        "digit_boxes": [[10 + 10 * k, 10, 9, 12] for k in range(8)],
    }
    return {
        "about": {"python": "3.11.2", "numpy": "2.4", "opencv-python-headless": "5.0", "ai-edge-litert": "2.3"},
        "canvas": ["a", "b"],
        "normalise": ["c"],
        "logits": {FAST: units.tolist(), FLOAT: (units / 4).tolist()},
        "readings": [[reading, reading | {"accepted": False, "code": "1", "confidence": 0.1}]],
    }


def judged(answers, changed=None, cell=LITERT):
    """The verdict on a copy of the answers in which things, by their place, are others."""
    theirs = copy.deepcopy(answers)
    for (*path, last), value in (changed or {}).items():
        inner = theirs
        for step in path:
            inner = inner[step]
        inner[last] = value
    return verdict.compare(cell, answers, theirs)


def test_the_same_answers_are_no_failure(answers) -> None:
    found = judged(answers)
    assert found.failures() == []
    assert (found.digits, found.networks, found.glyphs, found.pictures) == (20, 1, 3, 1)
    assert (found.int8_change, found.int8_changed, found.box_change, found.confidence_change) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({("logits", FAST, 7, 0): 99}, "1 digits get another class"),
        ({("logits", FAST, 7, 0): -87}, "int8 logits differ by 3 units, 2 is allowed"),
        ({("logits", FLOAT, 7, 0): 99.0}, "float32 gives 1 digits another class"),
        ({("logits", FLOAT, 7, 0): -22.499}, "float32 logits differ by 4.4e-05, 1e-05 is allowed"),
        ({("canvas", 1): "x"}, "the pixels of 1 of 3 glyphs differ"),
        ({("normalise", 0): "x"}, "the pixels of 1 of 3 glyphs differ"),
        ({("readings", 0, 0, "code"): "01310-101"}, "other codes are accepted on 1 of 1 pictures"),
        ({("readings", 0, 0, "accepted"): False}, "other codes are accepted on 1 of 1 pictures"),
        ({("readings", 0, 0, "reason"): "not-sure"}, "other codes are accepted on 1 of 1 pictures"),
        ({("readings", 0): []}, "other codes are accepted on 1 of 1 pictures"),
        ({("readings", 0, 0, "digit_boxes", 2, 0): 90}, "boxes differ by 60 pixels"),
        ({("readings", 0, 0, "confidence"): 0.5}, "confidences differ by 0.47"),
    ],
)
def test_each_difference_is_told(answers, changed, said) -> None:
    assert any(said in line for line in judged(answers, changed).failures())


def test_of_readings_turned_down_nothing_is_promised(answers) -> None:
    found = judged(answers, {("readings", 0, 1, "code"): "2"})
    assert found.failures() == []
    assert found.refusals_changed == 1


def test_kernels_that_round_otherwise_may_decide_a_draw_otherwise_but_nothing_else(answers) -> None:
    answers["logits"][FAST][4][5] = 29
    draw = {("logits", FAST, 4, 5): 31}
    assert judged(answers, draw, OLDER).failures() == []
    assert (judged(answers, draw, OLDER).classes_changed, judged(answers, draw, OLDER).decided_changed) == (1, 0)
    assert judged(answers, draw).failures() == ["1 digits get another class"]
    decided = judged(answers, {("logits", FAST, 5, 5): 31}, OLDER)
    assert "1 digits get another class that are no draws" in decided.failures()


def test_different_networks_cannot_be_compared(answers) -> None:
    theirs = answers | {"logits": {}}
    with pytest.raises(ValueError, match="different networks"):
        verdict.compare(LITERT, answers, theirs)


def test_every_runtime_and_processor_has_its_cell() -> None:
    found = {(cell.runtime, cell.processor) for cell in CELLS}
    here = {("litert", cells.HERE), ("tf", cells.HERE), ("tflite-runtime", cells.HERE)}
    emulated = {(runtime, cpu) for runtime in ("litert", "tflite-runtime") for cpu in ("cortex-a72", "cortex-a76")}
    assert found == here | emulated
    assert CELLS[0] == REFERENCE == Cell("litert", cells.HERE)


def test_a_cell_that_dies_or_babbles_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BenchmarkError, match=rf"^{REFERENCE.name}: ended with code 1 \(FileNotFoundError"):
        REFERENCE.answers(tmp_path)
    monkeypatch.setattr(Cell, "command", lambda self, *given: ["echo", "hello"])
    with pytest.raises(BenchmarkError, match=rf"^{REFERENCE.name}: answered 'hello'"):
        REFERENCE.answers(tmp_path)


def test_what_is_missing_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match=r"^there is no qemu-aarch64 or qemu-aarch64-static: apt-get install qemu"):
        LITERT.command()
    for name in lane.EMULATORS:
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setattr(lane, "ROOT", tmp_path)
    monkeypatch.setattr(lane, "LANE", tmp_path / "lane")
    with pytest.raises(MissingError, match=r"^lane/cortex-a72 is not there: run `make aarch64`"):
        LITERT.command()
    monkeypatch.setattr(cells, "TFLITE", tmp_path / "python")
    with pytest.raises(MissingError, match=r"^python is not there: run `make aarch64`"):
        Cell("tflite-runtime", cells.HERE).command()


def test_a_mistake_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matrix", "--write", "nowhere.md"]) == 2
    assert capsys.readouterr().err.startswith("python -m benchmarks: --write nowhere.md: no such file")


@pytest.mark.parametrize("cpu", sorted(lane.BOARDS))
def test_each_processor_has_its_own_cpuinfo(root: Path, cpu: str) -> None:
    """LiteRT takes the dot products of a Cortex-A76 from this file: on a Cortex-A72 it would die of them."""
    text = (root / "benchmarks" / "aarch64" / f"{cpu}.cpuinfo").read_text()
    (features,) = set(re.findall(r"^Features\t: (.*)$", text, re.MULTILINE))
    assert ("asimddp" in features.split()) == (cpu == "cortex-a76")
    assert text.count("processor\t:") == 4


def test_glyphs_come_in_all_sizes_and_are_the_same_every_time(tmp_path: Path) -> None:
    digits = np.random.default_rng(1).integers(0, 256, (5, 32, 32), np.uint8)
    saved = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shown.prepare(tmp_path / name, [], digits, [])
        saved.append(dict(np.load(tmp_path / name / "shown.npz")))
    for key, array in saved[0].items():
        np.testing.assert_array_equal(array, saved[1][key])
    sides = saved[0]["shapes"]
    assert sides.min() == 1
    assert sides.max() > 150
    assert len(saved[0]["inks"]) == len(saved[0]["masks"]) == sides.prod(axis=1).sum()


@pytest.fixture(scope="module")
def asked(tmp_path_factory, root: Path) -> Path:
    """A folder with what cells are shown: a hundred digits, the shipped bundle, the sample."""
    folder = tmp_path_factory.mktemp("asked")
    shown.prepare(folder, [Bundle.load()], data.load().test.pixels[:100], cases.read(root / "docs" / "sample")[:1])
    return folder


@pytest.fixture(scope="module")
def reference(asked: Path):
    return REFERENCE.answers(asked)


def test_the_reference_answers_everything(reference) -> None:
    assert len(reference["canvas"]) == 100
    assert len(reference["normalise"]) == shown.GLYPHS
    assert [name for name in reference["logits"] if name.endswith("int8")] == [
        f"{network.graph} {network.role} int8" for network in Bundle.load().networks
    ]
    assert np.abs(np.array(reference["logits"][FAST])).max() <= 127 + 128
    assert [reading["digits"] for reading in reference["readings"][0] if reading["accepted"]] == ["01310100"]


@pytest.mark.parametrize(
    "cell",
    [Cell("tflite-runtime", cells.HERE), Cell("litert", "cortex-a76"), Cell("tflite-runtime", "cortex-a72")],
    ids=lambda cell: cell.name,
)
def test_other_cells_answer_the_same(asked: Path, reference, cell: Cell) -> None:
    try:
        cell.command()
    except MissingError as error:
        pytest.skip(f"{cell.name}: {error}")
    assert verdict.compare(cell, reference, cell.answers(asked)).failures() == []


def test_the_document_has_every_cell(root: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copy(root / "docs" / "parity.md", tmp_path))
    found = re.search(r"<!-- matrix table -->\n(.*)<!-- end of matrix table -->", copied.read_text(), re.DOTALL)
    assert found
    rows = [line.split(" | ") for line in found[1].splitlines() if line.startswith("| ")]
    assert rows[0] == f"| {' | '.join(table.HEAD)} |".split(" | ")
    assert [(row[0].strip("| "), row[1].split()[0]) for row in rows[2:]] == [(c.runtime, c.processor) for c in CELLS]
    renew("matrix", copied, {"table": "new"})
    assert "<!-- matrix table -->\n\nnew\n\n<!-- end of matrix table -->" in copied.read_text()
    with pytest.raises(InputError, match="has no place for a table"):
        renew("other", copied, {"table": "new"})


def test_the_table_tells_what_differs(answers, monkeypatch: pytest.MonkeyPatch) -> None:
    row = table.table([judged(answers, {("canvas", 1): "x", ("readings", 0, 0, "confidence"): 0.96})]).splitlines()[-1]
    assert row.startswith("| litert | cortex-a72 (Raspberry Pi 4) | 2.3 | 3.11.2, 2.4, 5.0 | 0 (0) | 0 (0.0%) | 0 | 1 ")
    assert row.endswith(" | 0.0100 |")
