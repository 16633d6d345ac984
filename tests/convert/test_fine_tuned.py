"""A fine-tuned network becomes a bundle: with the decoder of the one it comes from, and the runs beside it."""

import json

import pytest

from convert import __main__ as command
from device import provenance
from device.model import Bundle
from train import data
from train.runs import open_run

BASE = {
    "bundle": "lenet5",
    "keras_sha256": "ab" * 32,
    "decoder": {"temperature": 1.2, "weights": {"odds": 0.7}, "confidence": {}, "thresholds": {"any": 0.3}},
    "beside": [],
}


@pytest.fixture
def tuned(make_run):
    """The shipped network's run, as if it had been fine-tuned."""

    def make(**base):
        run = make_run("tuned")
        record = json.loads((run.folder / "run.json").read_text()) | {"base": BASE | base}
        record["data"]["crops"] = {"pictures": 200, "skipped": 0, "training": 160, "held_out": 40, "sha256": "cd" * 32}
        (run.folder / "run.json").write_text(json.dumps(record))
        return open_run(run.folder)

    return make


def convert(run, out, *more) -> int:
    return command.main(["model", str(run.folder), "--name", "mine", "--out", str(out), *more])


def test_the_card_has_the_older_decoder_and_says_whose_it_is(tuned, small, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", lambda path=None: small)
    assert convert(tuned(), tmp_path) == 0
    bundle = Bundle.load(tmp_path / "mine.json")
    assert bundle.decoder == BASE["decoder"] | {"taken_from": "lenet5"}
    assert bundle.card["made_by"]["temperature"] == {"taken_from": "lenet5"}
    origin = provenance.origins(bundle)["digit"]
    assert origin.base == {"bundle": "lenet5", "keras_sha256": "ab" * 32}
    assert origin.data["crops"]["sha256"] == "cd" * 32


def test_the_networks_that_were_fine_tuned_with_it_are_found_beside_it(
    tuned, make_second, small, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(data, "load", lambda path=None: small)
    run = tuned(beside=["digit-or-not"])
    assert convert(run, tmp_path) == 1
    assert "tuned-digit-or-not is not a finished run" in capsys.readouterr().err
    second = make_second("tuned-digit-or-not").folder / "run.json"
    assert convert(run, tmp_path) == 1
    assert "tuned-digit-or-not was fine-tuned on other crops than" in capsys.readouterr().err
    record = json.loads(second.read_text())
    second.write_text(json.dumps(record | {"data": record["data"] | {"crops": run.record["data"]["crops"]}}))
    assert convert(run, tmp_path) == 0
    assert [network.role for network in Bundle.load(tmp_path / "mine.json").networks] == ["digit", "digit-or-not"]


def test_digits_held_out_do_not_calibrate_a_fine_tuned_network(tuned, make_run, tmp_path, small, monkeypatch, capsys):
    monkeypatch.setattr(data, "load", lambda path=None: small)
    assert convert(tuned(), tmp_path, "--held-out", str(make_run("held-out").folder)) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "tuned was fine-tuned and keeps the temperature and the decoder of the bundle lenet5" in line
    assert "leave --held-out out" in line
