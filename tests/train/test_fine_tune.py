"""Fine-tuning: a hand that is misread becomes right, and the rest stays as it was."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np
import pytest

from device.model import Bundle
from device.provenance import origins
from device.reader import Reader
from train import __main__ as command
from train import data, fine_tune
from train.augment import Wear
from train.crops import cut, listed
from train.errors import DataError, RunError
from train.recipe import RECIPES, fine
from train.runs import open_run
from train.start import digit_error


@pytest.fixture(scope="module")
def bundle(root, tmp_path_factory) -> Path:
    """The shipped bundle's first network alone: the others go on in the same way, but on rendered lines."""
    folder = tmp_path_factory.mktemp("bundle")
    card = json.loads((root / "models" / "lenet5.json").read_text(encoding="utf-8"))
    (folder / "one.json").write_text(json.dumps(card | {"name": "one", "networks": card["networks"][:1]}))
    for name in ("lenet5.keras", "lenet5-int8.tflite", "lenet5-float32.tflite"):
        shutil.copy(root / "models" / name, folder)
    return folder / "one.json"


@pytest.fixture(scope="module")
def crops(hand, tmp_path_factory) -> Path:
    """Two hundred digits of a hand that is misread."""
    folder = tmp_path_factory.mktemp("crops")
    hand.save(folder, hand.crops(200, seed=1))
    return folder


@pytest.fixture(scope="module")
def others(hand, bundle, tmp_path_factory):
    """Three hundred more of its digits, as the network looks at them."""
    folder = tmp_path_factory.mktemp("others")
    hand.save(folder, hand.crops(300, seed=77))
    return cut(listed(folder), Reader.load(bundle, "digits")).glyphs("digit")


@pytest.fixture(scope="module")
def tuned(bundle, crops, tmp_path_factory):
    """The run that the command leaves of them."""
    runs = tmp_path_factory.mktemp("runs")
    given = ["--fine-tune", str(crops), "--model", str(bundle), "--runs", str(runs), "--epochs", "2", "--name", "mine"]
    assert command.main(given) == 0
    return open_run(runs / "mine")


@pytest.mark.slow
def test_the_hand_becomes_right_and_mnist_stays_so(tuned, others, mnist, root):
    before = keras.models.load_model(root / "models" / "lenet5.keras", compile=False)
    after = tuned.network()
    assert digit_error(before, others) > 0.4
    assert digit_error(after, others) <= 0.03
    assert digit_error(after, mnist.test) <= digit_error(before, mnist.test) + 0.001


@pytest.mark.slow
def test_the_run_says_what_it_comes_from(tuned, bundle, crops):
    record, card = tuned.record, json.loads(bundle.read_text())
    assert record["base"]["keras_sha256"] == card["made_by"]["keras"]["sha256"]
    assert record["base"]["bundle"] == "one"
    assert record["base"]["decoder"] == card["decoder"]
    assert record["data"]["crops"]["training"] + record["data"]["crops"]["held_out"] == 200
    assert record["data"]["crops"]["sha256"] == cut(listed(crops), Reader.load(bundle, "digits")).sha256()
    assert record["command"].endswith("--name mine")
    assert str(crops.parent) not in json.dumps(record)
    found = record["results"]
    assert found["crops_error"] < found["crops_error_before"]
    assert found["test_error_before"] == pytest.approx(card["accuracy"]["mnist-test"]["float32_error"], abs=2e-4)


def test_a_recipe_comes_back_from_a_card():
    for recipe in (*RECIPES.values(), replace(RECIPES["digit"], wear=Wear(blur=(0.2, 0.4)))):
        assert fine_tune._recipe(json.loads(json.dumps(asdict(recipe)))) == recipe
    before = asdict(RECIPES["digit-or-not"])
    assert fine_tune._recipe({name: before[name] for name in before if name not in ("worn", "wear")}).worn == 0


def test_every_network_goes_on_by_its_own_recipe_and_smaller_steps(root):
    for recipe in RECIPES.values():
        going_on = fine(recipe)
        assert (going_on.warp, going_on.classes, going_on.arch) == (recipe.warp, recipe.classes, recipe.arch)
        assert going_on.rate < recipe.rate
        assert going_on.seed != recipe.seed


def test_digits_of_one_crop_stay_together(hand, tmp_path):
    hand.save(tmp_path, hand.crops(160, seed=5, codes=True))
    made = cut(listed(tmp_path), Reader.load(format="digits"))
    train, held_out = fine_tune._parts(made, seed=1)
    assert sorted([*train, *held_out]) == list(range(len(made.labels)))
    assert not set(made.owners[train]) & set(made.owners[held_out])
    assert 0.1 < len(held_out) / len(made.labels) < 0.3


def test_what_was_held_out_is_held_out_again_when_other_crops_have_come(hand, tmp_path):
    first, both = tmp_path / "first", tmp_path / "both"
    hand.save(first, hand.crops(60, seed=5))
    hand.save(both, [*hand.crops(60, seed=5), *hand.crops(25, seed=6)])
    reader = Reader.load(format="digits")

    def parts(folder: Path) -> list[set[bytes]]:
        made = cut(listed(folder), reader)
        return [{made.used[made.owners[one]].path.read_bytes() for one in part} for part in fine_tune._parts(made, 1)]

    (trained, held_out), (trained_again, held_out_again) = parts(first), parts(both)
    assert held_out <= held_out_again
    assert trained <= trained_again
    assert len(held_out_again) > len(held_out) > 0


@pytest.mark.parametrize("count", [1, 2, 3])
def test_of_few_crops_some_are_held_out_and_some_are_not(hand, tmp_path, count):
    hand.save(tmp_path, hand.crops(8 * count, seed=9, codes=True))
    made = cut(listed(tmp_path), Reader.load(format="digits"))
    for seed in range(20):
        train, held_out = fine_tune._parts(made, seed)
        assert len(held_out) >= 8
        assert len(train) >= (0 if count == 1 else 8)


def test_what_is_missing_is_told_before_anything_is_trained(root, crops, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fine_tune.runs, "make_run", lambda *_: pytest.fail("trained"))
    given = ["--fine-tune", str(crops), "--runs", str(tmp_path), "--pendigits", str(tmp_path / "none.tra")]
    assert command.main(given) == 1
    assert "none.tra: no such file" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_fine_tuning_that_is_stopped_leaves_no_network_of_an_older_one(bundle, crops, mnist, tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(fine_tune.runs, "make_run", stopped)
    runs = [tmp_path / "mine", tmp_path / "mine-which-digit"]
    for run in runs:
        run.mkdir()
        (run / "run.json").write_text("{}")
    monkeypatch.setattr(
        fine_tune, "origins", lambda bundle: {role: origins(bundle)["digit"] for role in ("digit", "which-digit")}
    )
    monkeypatch.setattr(fine_tune.typefaces, "provide", lambda folder: folder)
    replay = fine_tune.Replay(None, None, 20, tmp_path / ".glyphs", 1)
    with pytest.raises(KeyboardInterrupt):
        fine_tune.fine_tune(Bundle.load(bundle), crops, mnist, {}, replay, tmp_path / "mine", "", force=True)
    assert not any((run / "run.json").exists() for run in runs)


def test_networks_of_two_fine_tunings_are_no_bundle(tmp_path):
    for name, crops in (("mine", "a"), ("mine-which-digit", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.keras").write_bytes(b"")
        record = {
            "run_schema": 1,
            "role": name.removeprefix("mine-").replace("mine", "digit"),
            "command": "c",
            "seed": 1,
        }
        record |= {
            "versions": {},
            "recipe": {"validation": 10_000},
            "data": {"sha256": "m", "held_out_sha256": "h", "crops": {"sha256": crops}},
            "base": {"bundle": "lenet5", "keras_sha256": "k", "beside": ["which-digit"]},
        }
        (tmp_path / name / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"mine-which-digit was fine-tuned on other crops than .*mine"):
        open_run(tmp_path / "mine").beside()


def test_too_few_digits_are_refused_in_one_line(hand, bundle, tmp_path, capsys):
    hand.save(tmp_path, hand.crops(10, seed=1))
    assert command.main(["--fine-tune", str(tmp_path), "--model", str(bundle), "--runs", str(tmp_path / "runs")]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("python -m train")]
    assert "has 10 digits that can be used, at least 20 are wanted" in line


def test_crops_that_cannot_be_used_are_named_and_too_many_counted(bundle, tmp_path, capsys):
    (tmp_path / "1").mkdir()
    for number in range(13):
        (tmp_path / "1" / f"{number}.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match="has 0 digits"):
        fine_tune._cut(Bundle.load(bundle), tmp_path)
    lines = capsys.readouterr().err.splitlines()
    assert sum("not a picture" in line for line in lines) == 10
    assert lines[-1] == "skipped: 3 more"


@pytest.mark.parametrize(
    ("spoil", "complaint"), [(Path.unlink, "is not there"), (lambda p: p.write_bytes(b"x"), "sha256")]
)
def test_a_bundle_without_its_keras_network_cannot_go_on(bundle, crops, spoil, complaint, tmp_path):
    shutil.copytree(bundle.parent, tmp_path / "copy")
    spoil(tmp_path / "copy" / "lenet5.keras")
    origin = fine_tune.origins(Bundle.load(tmp_path / "copy" / "one.json"))["digit"]
    with pytest.raises(RunError, match=complaint):
        fine_tune.network_of(origin)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--fine-tune", "x", "--role", "digit"], "--role is for a network that is trained anew"),
        (["--fine-tune", "x", "--final"], "--final is for"),
        (["--model", "lenet5"], "give --fine-tune FOLDER with it"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, complaint, capsys):
    assert command.main(arguments) == 2
    assert complaint in capsys.readouterr().err


def test_a_run_that_is_there_is_not_overwritten_and_nothing_is_asked_for(bundle, crops, tmp_path, monkeypatch, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "run.json").write_text("{}")
    monkeypatch.setattr(data, "load", lambda path=None: None)
    given = ["--fine-tune", str(crops), "--model", str(bundle), "--runs", str(tmp_path), "--name", "mine"]
    assert command.main(given) == 1
    assert "there already" in capsys.readouterr().err


def test_the_table_has_a_row_for_every_network():
    results = {"crops_error_before": 0.525, "crops_error": 0.01, "test_error_before": 0.0041, "test_error": 0.0045}
    rows = fine_tune.table({"digit": {"results": results}, "which-digit": {"results": results}}).splitlines()
    assert [row.split()[0] for row in rows] == ["network", "digit", "which-digit"]
    assert rows[1].split() == ["digit", "52.50%", "→", "1.00%", "0.41%", "→", "0.45%"]


def test_what_stays_and_what_is_learnt_are_weighed_as_told():
    from train.start import KEEP, Taught

    logits = np.array([[2.0, 0.0], [0.0, 0.0], [1.0, 3.0]], np.float32)
    targets = np.array([[2.0, 0.0, 0.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]], np.float32)
    assert np.asarray(Taught().call(targets, logits)) == pytest.approx([0.0, np.log(2), KEEP * 2.0])
