"""The run folder, and the command that makes it."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import cv2
import keras
import numpy as np
import pytest

from device.pixels import canvas
from train import __main__ as command
from train import data, runs
from train.commandline import command_of
from train.errors import ExistsError, RunError
from train.recipe import RECIPES, Recipe, final


@pytest.fixture(scope="module")
def run(small, quick, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "quick"
    runs.make_run(folder, quick, small, "python -m train --name quick")
    return runs.open_run(folder)


def test_a_run_leaves_the_network_the_record_and_four_pictures(run):
    names = {"model.keras", "run.json", "digits.png", "curves.png", "confusion.png", "mistakes.png"}
    assert {path.name for path in run.folder.iterdir()} == names


@pytest.mark.parametrize("name", ["digits.png", "curves.png", "confusion.png", "mistakes.png"])
def test_a_picture_is_one(run, name):
    picture = cv2.imread(str(run.folder / name))
    assert picture is not None
    assert picture.shape[0] > 200
    assert picture.std() > 10


def test_the_record_says_how_to_make_it_again(run, small, quick):
    record = run.record
    assert record["command"] == "python -m train --name quick"
    assert record["seed"] == quick.seed
    assert set(record["versions"]) == {"python", "tensorflow", "keras", "numpy", "opencv"}
    assert record["data"] == {
        "name": "MNIST", "sha256": small.sha256(), "training": 1000, "validation": 500, "test": 300,
    }  # fmt: skip
    assert record["recipe"]["warp"]["rotation"] == quick.warp.rotation


def test_the_record_has_every_epochs_figures(run, quick):
    assert set(run.record["history"]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in run.record["history"].values()} == {quick.epochs}


def test_the_record_names_no_folder_of_this_machine(run):
    assert str(run.folder.parent) not in (run.folder / "run.json").read_text()


def test_the_network_kept_has_the_errors_recorded(run, small):
    model = keras.models.load_model(run.model_file, compile=False)
    for digits, name in ((small.train[1000:], "validation_error"), (small.test, "test_error")):
        logits = np.asarray(model(canvas(digits.images)[..., None].astype(np.float32)))
        assert (logits.argmax(axis=1) != digits.labels).mean() == pytest.approx(run.record["results"][name])


def test_it_has_learnt_something(run):
    assert run.record["results"]["test_error"] < 0.6


def test_a_run_of_this_name_is_not_overwritten_unless_forced(run, small, quick):
    before = (run.folder / "run.json").read_bytes()
    with pytest.raises(ExistsError, match="--force"):
        runs.make_run(run.folder, quick, small, "again")
    assert (run.folder / "run.json").read_bytes() == before


def test_force_replaces_a_runs_files_and_no_others(small, quick, tmp_path):
    for name in ("run.json", "notes.txt"):
        (tmp_path / name).write_text("mine")
    record = runs.make_run(tmp_path, replace(final(quick), epochs=1), small, "again", force=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert runs.open_run(tmp_path).record == record
    assert record["results"]["validation_error"] is None


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [("run.json", None, "no run.json"), ("model.keras", None, "no model.keras"), ("run.json", "{", "not JSON"),
     ("run.json", "[]", "run schema 1"), ("run.json", '{"run_schema": 2}', "run schema 1")],
)  # fmt: skip
def test_a_folder_that_is_no_finished_run_is_refused(name, content, complaint, tmp_path):
    for file in ("run.json", "model.keras"):
        (tmp_path / file).write_text(json.dumps({"run_schema": 1}))
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_text(content)
    with pytest.raises(RunError, match=complaint):
        runs.open_run(tmp_path)


RECORDED = {
    "run_schema": 1,
    "command": "python -m train",
    "seed": 1998,
    "versions": {},
    "data": {"sha256": "ab", "held_out_sha256": "cd"},
    "recipe": {"arch": "lenet5", "validation": 0},
}
BASE = {"bundle": "lenet5", "keras_sha256": "ab"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"recipe": None}, "it has no recipe"),
        ({"recipe": []}, "it has no recipe"),
        ({"command": 7}, "it has no command"),
        ({"seed": "1998"}, "it has no seed"),
        ({"versions": None}, "it has no versions"),
        ({"data": "MNIST"}, "it has no data"),
        ({"data": {}}, "it has no sha256 of MNIST"),
        ({"data": {"mnist": 3}}, "it has no sha256 of MNIST"),
        ({"data": {"mnist": "ab"}, "role": "which-digit"}, r"it has no sha256 of held-out\.npz"),
        ({"role": "other"}, "its role is 'other', there are digit, "),
        ({"role": ["digit"]}, r"its role is \['digit'\]"),
        ({"recipe": {"arch": "../escaped", "validation": 0}}, r"its network is '\.\./escaped', there are lenet5, "),
        ({"recipe": {"arch": {}, "validation": 0}}, "its network is {}"),
        ({"recipe": {}}, "its recipe holds None digits out"),
        ({"recipe": {"validation": "5"}}, "its recipe holds '5' digits out"),
        ({"recipe": {"validation": -5}}, "its recipe holds -5 digits out"),
        ({"base": []}, "it does not tell what it was fine-tuned from"),
        ({"base": {"bundle": "lenet5"}}, "it does not tell what it was fine-tuned from"),
        ({"base": BASE | {"beside": ["../x"]}}, r"it was fine-tuned beside \['\.\./x'\]"),
        ({"base": BASE | {"beside": 3}}, "it was fine-tuned beside 3"),
        ({"base": BASE | {"decoder": None}}, "it has no decoder"),
    ],
)
def test_a_record_that_is_not_as_a_training_leaves_it_is_refused_in_one_line(change, complaint, tmp_path):
    (tmp_path / "model.keras").touch()
    record = tmp_path / "run.json"
    record.write_text(json.dumps(RECORDED | {"base": BASE | {"beside": ["which-digit"], "decoder": {}}}))
    assert runs.open_run(tmp_path).arch == "lenet5"
    record.write_text(json.dumps(RECORDED | change))
    with pytest.raises(RunError, match=f"{complaint}.*; train the run again") as caught:
        runs.open_run(tmp_path)
    assert str(caught.value).startswith(f"{record} is damaged: ")


def test_a_command_is_recorded_without_this_machines_folders():
    arguments = ["--data", "/home/someone/mnist.npz", "--runs=/var/runs", "--name", "a b", "--rate", "0.1"]
    assert command_of("train", arguments) == "python -m train --data mnist.npz --runs=runs --name 'a b' --rate 0.1"


def test_the_command_trains_and_prints_the_result_alone(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(data, "load", lambda path=None: small)
    monkeypatch.setitem(RECIPES, "digit", Recipe(validation=500))
    assert command.main(["--runs", str(tmp_path), "--name", "one", "--epochs", "1"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in out[:2]] == ["validation", "test"]
    assert out[2] == str(tmp_path / "one")


def test_the_command_refuses_to_overwrite_in_one_line_before_it_asks_for_data(run, capsys, monkeypatch):
    monkeypatch.setattr(data, "load", lambda path=None: pytest.fail("asked for data"))
    assert command.main(["--runs", str(run.folder.parent), "--name", "quick"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m train: ")
    assert "there already" in line


def test_debug_shows_the_traceback(tmp_path, capsys):
    assert command.main(["--runs", str(tmp_path), "--data", str(tmp_path / "none"), "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [["--epochs", "0"], ["--epochs", "many"], ["--name", "../x"], ["--warped", "1.1"], ["--pooling", "min"], ["x"]],
)
def test_a_wrong_argument_is_a_usage_error(wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(wrong)
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""


def test_help_comes_without_tensorflow(root):
    code = "import sys, train.__main__ as m\ntry: m.main(['--help'])\nfinally: assert 'tensorflow' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--final" in done.stdout
