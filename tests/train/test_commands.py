"""The commands around a run: another network by its name, one digit, and runs side by side."""

import json
import re
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest

from device.pixels import canvas
from train import __main__ as command
from train import data, runs
from train.augment import Warp
from train.data import Glyphs
from train.evaluate import logits_of
from train.networks.registry import NETWORKS
from train.predict import to_canvas
from train.recipe import RECIPES, Recipe
from train.table import MARK


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory):
    """Two runs left by the command: LeNet-5, and that of 1998."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", lambda path=None: small)
        quick = {"validation": 500, "warp": Warp(fields=64)}
        patch.setitem(RECIPES, "digit", Recipe(**quick))
        ours = NETWORKS["lenet5-1998"]
        patch.setitem(NETWORKS, "lenet5-1998", replace(ours, recipe=replace(ours.recipe, **quick)))
        assert command.main(["--runs", str(folder), "--epochs", "1", "--warped", "0"]) == 0
        assert command.main(["--runs", str(folder), "--epochs", "4", "--arch", "lenet5-1998", "--batch", "10"]) == 0
    return folder


@pytest.fixture
def mnist_is_small(small, monkeypatch):
    monkeypatch.setattr(data, "load", lambda path=None: small)


def test_a_run_is_named_after_its_network_and_opens_as_that(folder):
    run = runs.open_run(folder / "lenet5-1998")
    assert (run.arch, run.role, run.network().name) == ("lenet5-1998", "digit", "lenet5-1998")
    assert run.record["recipe"]["batch"] == 10
    assert {path.name for path in run.folder.iterdir()} == {
        "model.keras", "run.json", "digits.png", "curves.png", "confusion.png", "mistakes.png",
    }  # fmt: skip


def test_the_network_of_1998_has_the_error_recorded(folder, small):
    run = runs.open_run(folder / "lenet5-1998")
    wrong = logits_of(run.network(), small.test).argmax(axis=1) != small.test.labels
    assert wrong.mean() == pytest.approx(run.record["results"]["test_error"])
    assert wrong.mean() < 0.6


def test_a_run_of_before_there_were_others_is_lenet5(folder):
    run = runs.open_run(folder / "lenet5")
    recipe = {name: value for name, value in run.record["recipe"].items() if name != "arch"}
    assert runs.Run(run.folder, run.record | {"recipe": recipe}).arch == "lenet5"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--arch", "lenet5-1998", "--activation", "relu"], "--activation is an option of lenet5"),
        (["--arch", "cnn-simple", "--role", "digit-or-not"], "cnn-simple has ten classes"),
    ],
)
def test_an_option_that_a_network_does_not_have_is_refused(arguments, complaint, tmp_path, capsys):
    assert command.main([*arguments, "--runs", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line


def test_help_has_each_networks_own_defaults(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    text = "".join(capsys.readouterr().out.split())
    assert "lenet-keras:5;cnn-simple:10;cnn-deep:26)" in text


@pytest.mark.parametrize("name", ["lenet5", "lenet5-1998"])
def test_one_test_digit_is_read(name, folder, small, mnist_is_small, capsys):
    assert command.main(["predict", str(folder / name), "--test", "3"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    logits = logits_of(runs.open_run(folder / name).network(), small.test[3:4])[0]
    shares = [float(share) for _, share in lines]
    assert int(lines[0][0]) == logits.argmax()
    assert sorted(digit for digit, _ in lines) == list("0123456789")
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-3)


def test_one_picture_is_read_and_drawn(folder, small, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "digit.png"), small.test.images[0])
    arguments = ["predict", str(folder / "lenet5"), str(tmp_path / "digit.png"), "--draw", str(tmp_path / "drawn.png")]
    assert command.main(arguments) == 0
    logits = logits_of(runs.open_run(folder / "lenet5").network(), small.test[:1])[0]
    assert capsys.readouterr().out.split()[0] == str(logits.argmax())
    assert cv2.imread(str(tmp_path / "drawn.png")).std() > 10


@pytest.mark.parametrize("arguments", [[], ["--test", "1", "x.png"], ["--test", "10000"]])
def test_what_is_to_be_read_must_be_one_digit(arguments, folder, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(["predict", str(folder / "lenet5"), *arguments])
    assert caught.value.code == 2


@pytest.mark.parametrize(("run", "picture"), [("lenet5", "none.png"), ("none", "none.png")])
def test_a_picture_or_run_that_is_not_there_is_one_line(run, picture, folder, tmp_path, capsys):
    assert command.main(["predict", str(folder / run), str(tmp_path / picture)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "none" in line


def test_mnists_own_pictures_are_shown_as_they_are(small):
    assert np.array_equal(to_canvas(small.test.images[0]), canvas(small.test.images[:1])[0])
    assert np.array_equal(to_canvas(small.test.pixels[0]), small.test.pixels[0])


def test_ink_on_paper_is_turned_over(small):
    assert np.abs(to_canvas(255 - small.test.images[0]).astype(int) - canvas(small.test.images[:1])[0]).max() <= 1


@pytest.mark.parametrize("paper", [255, 180])
def test_a_large_picture_is_fitted_into_the_field(paper):
    picture = np.full((300, 200), paper, np.uint8)
    cv2.rectangle(picture, (92, 60), (107, 239), 20, -1)
    pixels = to_canvas(picture)
    rows, columns = np.nonzero(pixels > 128)
    assert (rows.min(), rows.max()) == (7, 26)
    assert 15 <= columns.min() <= columns.max() <= 17


def test_a_sheet_without_ink_gives_an_empty_field():
    assert not to_canvas(np.full((60, 60), 250, np.uint8)).any()


def test_the_table_has_the_figures_of_run_and_network(folder, capsys):
    assert command.main(["table", str(folder / "lenet5"), str(folder / "lenet5-1998")]) == 0
    lines = capsys.readouterr().out.splitlines()
    errors = [runs.open_run(folder / name).record["results"]["test_error"] for name in ("lenet5", "lenet5-1998")]
    ours, theirs = (f"{100 * error:.2f} %" for error in errors)
    assert lines[2] == f"| `lenet5` | no | 61,706 | 60,000 | 416,520 | {ours} | 0.95 % | – | – | – |"
    assert lines[3] == f"| `lenet5-1998` | yes | 60,000 | 60,000 | 328,096 | {theirs} | 0.80 % | – | – | – |"
    assert "| C3 | 10x10x16 | 1,516 | 150,000 |" in lines
    assert "    python -m train --epochs 1 --warped 0" in lines


def test_a_bundle_fills_the_int8_columns_of_the_run_it_was_made_of(root, folder, tmp_path, mnist_is_small):
    made_of = tmp_path / "shipped"
    shutil.copytree(folder / "lenet5", made_of)
    shutil.copy(root / "models" / "lenet5.keras", made_of / "model.keras")
    document = tmp_path / "networks.md"
    document.write_text(f"# Networks\n\n{MARK}\nold\n", encoding="utf-8")
    arguments = [str(made_of), str(folder / "lenet5-1998"), "--bundle", "lenet5", "--into", str(document)]
    assert command.main(["table", *arguments]) == 0
    lines = document.read_text(encoding="utf-8").splitlines()
    assert (lines[0], lines[2], "old" in lines) == ("# Networks", MARK, False)
    card = json.loads((root / "models" / "lenet5.json").read_text())
    size = (root / "models" / "lenet5-int8.tflite").stat().st_size
    expected = rf"\| {100 * card['accuracy']['mnist-test']['int8_error']:.2f} % \| {size:,} \| [0-9.]+ \|$"
    assert re.search(expected, lines[6])
    assert lines[7].endswith("| – | – | – |")


def test_a_document_without_the_mark_is_left_alone(folder, tmp_path, capsys):
    document = tmp_path / "other.md"
    document.write_text("mine\n")
    assert command.main(["table", str(folder / "lenet5"), "--into", str(document)]) == 1
    assert "has no line" in capsys.readouterr().err
    assert document.read_text() == "mine\n"


def test_the_document_has_every_network_with_its_counts(root):
    text = (root / "docs" / "networks.md").read_text(encoding="utf-8")
    for name, parameters, macs in (
        ("lenet5", "61,706", "416,520"),
        ("lenet5-1998", "60,000", "328,096"),
        ("lenet-keras", "369,174", "4,796,744"),
        ("cnn-simple", "1,087,106", "4,771,600"),
    ):
        assert re.search(rf"^\| `{name}` \| (?:yes|no) \| {parameters} \| [^|]+ \| {macs} \|", text, re.MULTILINE)


def test_blank_glyphs_are_read_without_a_warning(folder):
    network = runs.open_run(folder / "lenet5-1998").network()
    assert np.isfinite(logits_of(network, Glyphs(np.zeros((2, 32, 32), np.uint8), np.zeros(2, np.uint8)))).all()
