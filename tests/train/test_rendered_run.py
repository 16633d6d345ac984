"""A digit-or-not training, small as it is: its command, its run folder and its figures."""

import keras
import numpy as np
import pytest

from train import __main__ as command
from train import data, rendered, runs, typefaces
from train.errors import RunError
from train.evaluate import logits_of
from train.recipe import RECIPES


@pytest.fixture(scope="module")
def run(small, fonts, tmp_path_factory):
    """Left by the command."""
    folder = tmp_path_factory.mktemp("runs")
    arguments = ["--role", "digit-or-not", "--scenes", "60", "--epochs", "3", "--workers", "1", "--batch", "64"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", lambda path=None: small)
        patch.setattr(rendered, "HELD_OUT_DIGITS", 500)
        patch.setattr(typefaces, "PACKAGES", {name: typefaces.PACKAGES[name] for name in ("arimo", "zeyada")})
        assert command.main([*arguments, "--fonts", str(fonts), "--runs", str(folder)]) == 0
    return runs.open_run(folder / "lenet5-digit-or-not")


def test_it_leaves_the_network_the_record_four_pictures_and_the_held_out_glyphs(run):
    names = {"model.keras", "run.json", "digits.png", "curves.png", "confusion.png", "mistakes.png", "held-out.npz"}
    assert {path.name for path in run.folder.iterdir()} == names
    assert (run.folder.parent / ".glyphs").is_dir()


def test_the_record_says_what_it_was_shown(run, small):
    record = run.record
    assert (run.role, record["recipe"]["classes"], record["recipe"]["batch"]) == ("digit-or-not", 11, 64)
    assert record["recipe"]["warp"]["rotation"] == RECIPES["digit-or-not"].warp.rotation == 6
    assert record["data"]["mnist"] == small.sha256()
    assert record["data"]["scenes"] == {"training": 58, "held_out": 2}
    assert set(record["data"]["fonts"]["arimo"]) == {"version", "sha256", "licence"}
    assert str(run.folder.parent) not in (run.folder / "run.json").read_text()
    assert record["command"].startswith("python -m train --role digit-or-not --scenes 60")


def test_the_figures_are_the_networks(run, small):
    model = keras.models.load_model(run.model_file, compile=False)
    glyphs = run.held_out()
    answers, digit = logits_of(model, glyphs).argmax(axis=1), glyphs.labels < 10
    results = run.record["results"]
    assert results["validation_error"] == pytest.approx((answers != glyphs.labels)[digit].mean())
    assert results["not_digits_taken"] == pytest.approx((answers < 10)[~digit].mean())
    on_mnist = logits_of(model, small.test)
    assert on_mnist.shape == (300, 11)
    assert results["test_error"] == pytest.approx((on_mnist[:, :10].argmax(axis=1) != small.test.labels).mean())
    assert results["test_error"] < 0.6


def test_which_digit_is_trained_on_the_same_lines_without_what_is_no_digit(run, small, fonts, monkeypatch, capsys):
    folder = run.folder.parent
    monkeypatch.setattr(data, "load", lambda path=None: small)
    monkeypatch.setattr(rendered, "HELD_OUT_DIGITS", 500)
    monkeypatch.setattr(typefaces, "PACKAGES", {name: typefaces.PACKAGES[name] for name in ("arimo", "zeyada")})
    arguments = ["--role", "which-digit", "--scenes", "60", "--epochs", "1", "--workers", "1", "--fonts", str(fonts)]
    assert command.main([*arguments, "--runs", str(folder)]) == 0
    assert "not digits" not in capsys.readouterr().out
    which = runs.open_run(folder / "lenet5-which-digit")
    assert (which.role, which.record["recipe"]["classes"]) == ("which-digit", 10)
    glyphs = run.held_out()
    digits = glyphs.labels < 10
    assert (which.held_out().labels == glyphs.labels[digits]).all()
    assert (which.held_out().pixels <= glyphs.pixels[digits]).all(), "the same glyphs, without their neighbours"


def test_held_out_glyphs_that_were_changed_are_refused(run, tmp_path):
    copy = runs.Run(tmp_path, run.record)
    with pytest.raises(RunError, match=r"no held-out\.npz"):
        copy.held_out()
    (tmp_path / "held-out.npz").write_bytes(b"PK")
    with pytest.raises(RunError, match="sha256 differs"):
        copy.held_out()


def test_a_run_of_ten_classes_has_no_such_glyphs(run):
    with pytest.raises(RunError, match="one on rendered lines is wanted"):
        runs.Run(run.folder, run.record | {"role": "digit"}).held_out()


def test_pen_digits_that_are_none_are_refused_before_anything_is_rendered(tmp_path, capsys):
    arguments = ["--role", "digit-or-not", "--runs", str(tmp_path), "--pendigits", str(tmp_path / "none")]
    assert command.main(arguments) == 1
    assert "no such file" in capsys.readouterr().err


def test_help_has_each_roles_own_defaults(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "(30; digit-or-not: 10;" in text
    assert "(128; digit-or-not: 256;" in text


def test_an_epochs_order_is_drawn_once(small):
    from train import feed

    batch = feed.batches(small.train[:300], RECIPES["digit-or-not"])
    first, again = batch(1)[1], batch(1)[1]
    batch(5)
    assert np.array_equal(first, again)
    assert np.array_equal(first, batch(1)[1])
