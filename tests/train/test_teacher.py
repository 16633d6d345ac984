"""Distillation: a network that another one teaches, its command, and what is recorded of both."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from device.errors import PostreadError
from train import __main__ as command
from train import data, feed, fit, runs, teacher
from train.augment import Warp
from train.distil import SOFTNESS, Distilled, Teacher
from train.evaluate import logits_of
from train.networks.registry import NETWORKS
from train.recipe import RECIPES, Recipe

QUICK = Recipe(validation=500, epochs=4, batch=50, warp=Warp(fields=64))


@pytest.fixture(scope="module")
def taught(small, tmp_path_factory):
    """Where the command left two runs: a deep network's, and LeNet-5's that it taught."""
    folder = tmp_path_factory.mktemp("taught")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", lambda path=None: small)
        patch.setitem(RECIPES, "digit", QUICK)
        deep = NETWORKS["cnn-deep"]
        patch.setitem(NETWORKS, "cnn-deep", replace(deep, recipe=replace(QUICK, arch="cnn-deep")))
        assert command.main(["--runs", str(folder), "--arch", "cnn-deep"]) == 0
        by = ["--teacher", str(folder / "cnn-deep")]
        assert command.main(["--runs", str(folder), *by, "--epochs", "6"]) == 0
    return folder


def test_the_loss_is_the_divergence_of_softened_answers():
    theirs, ours = np.array([[6.0, 0.0, -3.0]], np.float32), np.array([[1.0, 2.0, 0.0]], np.float32)
    p, q = (np.exp(one / SOFTNESS) / np.exp(one / SOFTNESS).sum() for one in (theirs, ours))
    targets = np.concatenate([theirs, [[0.0]]], axis=1).astype(np.float32)
    assert float(Distilled()(targets, ours)) == pytest.approx(SOFTNESS**2 * (p * np.log(p / q)).sum(), rel=1e-4)


def test_nothing_is_left_to_learn_of_a_teacher_with_the_same_logits_but_for_a_constant():
    logits = np.array([[2.0, -1.0, 0.5]], np.float32)
    targets = np.concatenate([logits + 4, [[1.0]]], axis=1).astype(np.float32)
    assert float(Distilled()(targets, logits)) == pytest.approx(0, abs=1e-5)


def test_accuracy_is_of_the_label_and_not_of_the_teacher():
    targets = np.array([[9.0, 0.0, 1.0], [9.0, 0.0, 0.0]], np.float32)  # two classes, and the label
    logits = np.array([[0.0, 5.0], [0.0, 5.0]], np.float32)
    assert Teacher(None, {}).accuracy(targets, logits).numpy().tolist() == [1, 0]


def test_the_teacher_is_asked_about_the_very_picture_that_is_shown(small, quick):
    network = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    pixels, targets = next(iter(Teacher(network, {}).lessons(small.train[:100], quick)))
    plain, labels = next(iter(feed.feed(small.train[:100], quick)))
    assert np.array_equal(pixels, plain)
    np.testing.assert_allclose(targets[:, :-1], network(plain), atol=1e-3)
    assert np.array_equal(targets[:, -1], labels)


def test_what_the_teacher_says_is_learnt_and_not_the_label(taught, small):
    """Of a teacher that takes 3 for 8 and 8 for 3."""
    network, swapped = runs.open_run(taught / "cnn-deep").network(), np.array([0, 1, 2, 8, 4, 5, 6, 7, 3, 9])
    last = network.get_layer("output")
    last.set_weights([one[..., swapped] for one in last.get_weights()])
    part, held_out = fit.split(small.train, replace(QUICK, epochs=8))
    ours, _ = fit.train(replace(QUICK, epochs=8), part, held_out, taught / "swapped.keras", Teacher(network, {}))
    answers, labels = logits_of(ours, small.test).argmax(axis=1), small.test.labels
    assert (answers == swapped[labels]).mean() > 0.8
    assert (answers == labels)[np.isin(labels, (3, 8))].mean() < 0.2


def test_the_record_tells_of_the_teacher(taught):
    deep, ours = (runs.open_run(taught / name) for name in ("cnn-deep", "lenet5"))
    told = ours.record["data"]["teacher"]
    assert (told["run"], told["recipe"]["arch"], told["softness"]) == ("cnn-deep", "cnn-deep", SOFTNESS)
    assert told["command"] == deep.record["command"]
    assert len(told["keras_sha256"]) == 64
    assert "teacher" not in deep.record["data"]


def test_the_history_has_what_curves_are_drawn_of(taught):
    history = json.loads((taught / "lenet5" / "run.json").read_text())["history"]
    assert set(history) >= {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert history["loss"][-1] < history["loss"][0] / 2


def test_a_teacher_that_knows_the_held_out_digits_is_refused(taught, small):
    deep = runs.open_run(taught / "cnn-deep")
    with pytest.raises(PostreadError, match="it held out 500, here 1,000 are"):
        teacher.teacher(deep, replace(QUICK, validation=1000), small)
    assert teacher.teacher(deep, replace(QUICK, validation=0), small).network.name == "cnn-deep"


def test_a_teacher_of_other_digits_is_refused(taught, small):
    deep = runs.open_run(taught / "cnn-deep")
    with pytest.raises(PostreadError, match="other digits"):
        teacher.teacher(deep, QUICK, replace(small, train=small.train[:-1]))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--role", "which-digit"], "--teacher is for the role digit"),
        (["--fine-tune", "crops"], "--teacher is for a network that is trained anew"),
        ([], "is not a finished run"),
    ],
)
def test_a_teacher_that_cannot_teach_is_refused_in_one_line(arguments, complaint, small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(data, "load", lambda path=None: small)
    assert command.main([*arguments, "--teacher", str(tmp_path / "none"), "--runs", str(tmp_path / "runs")]) != 0
    assert complaint in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "runs" / "lenet5").exists()
