"""From a run to a bundle: what is written, what the card says, and when nothing is written at all."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from convert import __main__ as command
from convert import bundle as bundles
from convert import calibrate
from convert.errors import ConversionError, ParityError
from convert.graph import inspect
from device.classify import Classifier
from device.model import Bundle
from device.pixels import PIXELS_VERSION
from train import data
from train.errors import ExistsError
from train.lenet5 import lenet5

FILES = {"mine-int8.tflite", "mine-float32.tflite", "mine.keras", "mine.json"}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "models"


def make(run, out, mnist, **options):
    return bundles.make_bundle(run, "mine", out, mnist, "python -m convert model run --name mine", **options)


def test_a_run_becomes_a_bundle_that_the_device_opens(make_run, small, out):
    parity = make(make_run(), out, small)
    assert {path.name for path in out.iterdir()} == FILES
    bundle = Bundle.load(out / "mine.json")
    accuracy = bundle.card["accuracy"]["mnist-test"]
    assert accuracy == {
        "n": 1000,
        "float32_error": parity.float32_error,
        "int8_error": parity.int8_error,
        "argmax_agreement": parity.agreement,
    }
    for precision in ("int8", "float32"):
        logits = Classifier.open(bundle.network("digit"), precision=precision).logits(np.zeros((3, 32, 32), np.uint8))
        assert logits.shape == (3, 10)


def card_matches(folder, name):
    """Check a card against its files, without the device."""
    card = json.loads((folder / f"{name}.json").read_bytes())
    (network,) = card["networks"]
    for precision in ("int8", "float32"):
        said, content = network[precision], (folder / f"{name}-{precision}.tflite").read_bytes()
        graph = inspect(content)
        assert said["file"] == f"{name}-{precision}.tflite"
        assert (said["sha256"], said["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
        for end, tensor in (("input", graph.input), ("output", graph.output)):
            found = {"shape": list(tensor.shape), "dtype": tensor.dtype, "scale": tensor.scale}
            assert said[end] == found | {"zero_point": tensor.zero_point}
    keras_file = folder / card["made_by"]["keras"]["file"]
    assert hashlib.sha256(keras_file.read_bytes()).hexdigest() == card["made_by"]["keras"]["sha256"]
    return card


def test_the_shipped_card_matches_its_files(root):
    card = card_matches(root / "models", "lenet5")
    assert (card["card_schema"], card["name"], card["pixels_version"]) == (1, "lenet5", PIXELS_VERSION)
    assert card["networks"][0]["classes"] == list("0123456789")
    assert (card["networks"][0]["role"], card["networks"][0]["arch"]) == ("digit", "lenet5")
    assert card["made_by"]["data"]["mnist"] == data.ARRAYS_SHA256
    assert card["accuracy"]["mnist-test"]["n"] == 10_000


def test_the_shipped_temperature_was_fitted_on_digits_held_out(root):
    card = json.loads((root / "models" / "lenet5.json").read_bytes())
    assert card["made_by"]["temperature"]["held_out"] == 10_000
    assert 1 < card["decoder"]["temperature"] < 1.5


def test_the_card_names_no_folder_and_no_time(make_run, small, out):
    make(make_run(), out, small)
    text = (out / "mine.json").read_text()
    card_matches(out, "mine")
    assert str(out.parent) not in text
    assert text.endswith("}\n")
    assert not {"time", "date", "created"} & set(json.loads(text)["made_by"])


def test_the_same_run_gives_the_same_bytes(make_run, small, out):
    run = make_run()
    make(run, out, small)
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    make(run, out, small, force=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def test_calibration_on_one_image_repeated_is_not_shipped(make_run, small, out, monkeypatch):
    one = calibrate.representative(small.train)[:1]
    monkeypatch.setattr(calibrate, "representative", lambda digits: np.repeat(one, 100, axis=0))
    with pytest.raises(ParityError, match="int8 does not match float32 on 1,000 digits"):
        make(make_run(), out, small)
    assert not out.exists()


def test_a_failed_conversion_leaves_the_older_bundle_alone(make_run, small, out, monkeypatch):
    run = make_run()
    make(run, out, small)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    one = calibrate.representative(small.train)[:1]
    monkeypatch.setattr(calibrate, "representative", lambda digits: one)
    with pytest.raises(ParityError):
        make(run, out, small, force=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize("name", sorted(FILES))
def test_any_file_in_the_way_is_named_and_kept(name, make_run, small, out):
    out.mkdir()
    (out / name).write_text("mine")
    with pytest.raises(ExistsError, match=rf"has {name} already.*--force"):
        make(make_run(), out, small)
    assert [path.read_text() for path in out.iterdir()] == ["mine"]


def test_digits_the_network_was_not_trained_on_are_refused(make_run, small, out):
    with pytest.raises(ConversionError, match="other digits"):
        make(make_run(), out, replace(small, train=small.train[:2999]))


def test_a_file_that_is_no_network_is_refused(make_run, small, out):
    run = make_run()
    run.model_file.write_text("not a network")
    with pytest.raises(ConversionError, match="not a Keras model"):
        make(run, out, small)


def test_a_network_of_other_classes_is_refused(make_run, small, out):
    with pytest.raises(ConversionError, match="11 classes"):
        make(make_run(model=lenet5(classes=11), validation=0), out, small)


def test_the_temperature_comes_from_digits_held_out(make_run, small):
    final, held_out = make_run("final", validation=0), make_run("held-out", validation=500)
    assert bundles.temperature_of(final, small) == 1.0
    assert bundles.temperature_of(held_out, small) != 1.0


def test_a_final_run_takes_the_temperature_of_one_that_held_digits_out(make_run, small, out):
    final, held_out = make_run("final", validation=0), make_run("held-out", validation=500)
    make(final, out, small, held_out=held_out)
    card = json.loads((out / "mine.json").read_bytes())
    assert card["decoder"]["temperature"] == bundles.temperature_of(held_out, small)
    assert card["made_by"]["temperature"] == {"held_out": 500, "training": "python -m train --name held-out"}


def test_a_temperature_of_another_recipe_is_refused(make_run, small, out):
    with pytest.raises(ConversionError, match="another recipe"):
        make(make_run("final", validation=0), out, small, held_out=make_run("other", epochs=7))


def test_the_command_converts(make_run, small, out, monkeypatch, capsys):
    monkeypatch.setattr(data, "load", lambda path=None: small)
    assert command.main(["model", str(make_run().folder), "--name", "mine", "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out / "mine.json")
    recorded = json.loads((out / "mine.json").read_bytes())["made_by"]["command"]
    assert recorded == "python -m convert model run --name mine --out models"


def test_the_command_refuses_in_one_line_before_it_asks_for_data(tmp_path, out, monkeypatch, capsys):
    monkeypatch.setattr(data, "load", lambda path=None: pytest.fail("asked for data"))
    assert command.main(["model", str(tmp_path / "none"), "--out", str(out)]) == 1
    assert "not a finished run" in capsys.readouterr().err
    out.mkdir()
    (out / "lenet5.json").touch()
    assert command.main(["model", str(tmp_path / "none"), "--out", str(out)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m convert: ")
    assert "--force" in line


@pytest.mark.parametrize("wrong", [[], ["model"], ["bake"], ["model", "run", "--name", "a/b"], ["parity", "a", "b"]])
def test_a_wrong_argument_is_a_usage_error(wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(wrong)
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("subcommand", ["model", "parity"])
def test_every_subcommand_has_help(subcommand, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main([subcommand, "--help"])
    assert caught.value.code == 0
    assert "--data" in capsys.readouterr().out
