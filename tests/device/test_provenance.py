"""Where a bundle comes from: what the card tells, as records and for people."""

import json
from pathlib import Path

import pytest

from device import info, provenance
from device.errors import ModelError
from device.model import Bundle


@pytest.fixture(scope="module")
def shipped(root: Path) -> Bundle:
    return Bundle.load(root / "models" / "lenet5.json")


@pytest.fixture
def written(root: Path, tmp_path: Path):
    """Load the shipped card with changes; what is told of a bundle needs no network."""

    def write(**changes) -> Bundle:
        card = json.loads((root / "models" / "lenet5.json").read_text(encoding="utf-8"))
        (tmp_path / "other.json").write_text(json.dumps(card | changes))
        return Bundle.load(tmp_path / "other.json")

    return write


def test_every_network_has_its_origin(shipped):
    found = provenance.origins(shipped)
    assert list(found) == [network.role for network in shipped.networks]
    for role, origin in found.items():
        assert origin.role == role
        assert origin.command.startswith("python -m train")
        assert {"python", "tensorflow"} <= set(origin.versions)
        assert origin.keras.is_file()
        assert len(origin.keras_sha256) == 64
        assert origin.recipe["seed"] == 1998


def test_the_steps_train_all_networks_then_convert_then_fit(shipped):
    found = provenance.steps(shipped)
    assert found[-2] == shipped.card["made_by"]["command"]
    assert found[-1] == shipped.decoder["fitted"]["command"]
    assert set(found[:-2]) >= {origin.command for origin in provenance.origins(shipped).values()}
    assert len(found) == len(set(found))


def test_the_readme_has_the_same_commands(shipped, root):
    """Apart from where things lay on one machine."""
    text = " ".join((root / "models" / "README.md").read_text(encoding="utf-8").replace("\\\n", " ").split())
    for step in provenance.steps(shipped):
        words = step.split()
        assert " ".join(words[:3]) in text
        for option in ("--epochs", "--scenes", "--role", "--lines"):
            if option in words:
                assert f"{option} {words[words.index(option) + 1]}" in text


def test_a_record_is_json_and_complete(shipped):
    told = provenance.record(shipped)
    assert json.loads(json.dumps(told)) == told
    for network in told["networks"]:
        assert network["trained_on"] != "what its card does not tell"
        assert None not in (network["command"], network["seed"], network["epochs"], network["keras_sha256"])
    assert told["steps"]


def test_people_are_told_of_data_seeds_versions_and_commands(shipped):
    text = "\n".join(provenance.lines(provenance.record(shipped)))
    words = "digit: trained on 50,000 digits of MNIST as cnn-deep read them", "seed 1998", "tensorflow 2."
    assert all(one in text for one in ("rendered lines", "make reproduce"))
    assert all(one in text for one in words)
    assert shipped.card["made_by"]["training"]["data"]["sha256"][:12] in text
    for step in provenance.steps(shipped):
        assert f"\n  {step}" in text


def test_a_teacher_is_trained_before_the_network_that_it_taught(written, shipped):
    made_by = json.loads(json.dumps(shipped.card["made_by"]))
    made_by["training"]["data"]["teacher"] = {"run": "cnn-deep", "command": "python -m train --arch cnn-deep --final"}
    made_by["training"]["command"] = "python -m train --teacher runs/cnn-deep --final"
    made_by["temperature"]["teacher"] = "python -m train --arch cnn-deep --name held-out"
    made_by["temperature"]["training"] = "python -m train --teacher runs/held-out --name taught"
    taught = written(made_by=made_by)
    assert provenance.steps(taught)[:4] == [
        "python -m train --arch cnn-deep --name held-out",
        "python -m train --teacher runs/held-out --name taught",
        "python -m train --arch cnn-deep --final",
        "python -m train --teacher runs/cnn-deep --final",
    ]
    assert "digits of MNIST as cnn-deep read them" in provenance.trained_on(provenance.origins(taught)["digit"])


def test_a_fine_tuned_bundle_says_of_what_and_from_where(written, shipped):
    made_by = json.loads(json.dumps(shipped.card["made_by"]))
    made_by["base"] = {"bundle": "lenet5", "keras_sha256": "ab" * 32}
    made_by["training"]["data"]["crops"] = {"pictures": 25, "training": 160, "sha256": "cd" * 32}
    tuned = written(made_by=made_by, decoder={**shipped.decoder, "taken_from": "lenet5"})
    text = "\n".join(provenance.lines(provenance.record(tuned)))
    assert "digit: trained on 160 digits of 25 crops, among 50,000 digits of MNIST as cnn-deep read them" in text
    assert "from the network abababababab of the bundle lenet5" in text
    assert "crops sha256 cdcdcdcdcdcd…" in text
    assert "decoder: as it was fitted to lenet5" in text
    assert shipped.decoder["fitted"]["command"] not in text


def test_a_brought_network_was_not_trained_here(written, shipped):
    keras = shipped.card["made_by"]["keras"]
    brought = written(
        networks=shipped.card["networks"][:1],
        made_by={"brought": "my.keras", "keras": keras, "command": "c"},
        decoder={},
    )
    told = provenance.record(brought)
    assert (told["networks"][0]["command"], told["steps"]) == (None, ["c"])
    assert "what its card does not tell" in "\n".join(provenance.lines(told))


def test_a_card_that_tells_nothing_is_read_all_the_same(written):
    silent = written(made_by={})
    with pytest.raises(ModelError, match="does not tell how its networks were made"):
        provenance.origins(silent)
    assert info._provenance(silent) is None


def test_info_prints_it(postread, shipped):
    told = json.loads(postread("info", "--json").out)["provenance"]
    assert told == json.loads(json.dumps(provenance.record(shipped)))
    out = postread("info").out
    assert "made again" in out
    assert all(step in out for step in told["steps"])


@pytest.mark.parametrize(("value", "shown"), [(10_000, "10,000"), (0.0039, "0.39%"), (41.3, "41.30"), (1.0, "100.00%")])
def test_figures_are_counts_shares_or_decibels(value, shown):
    assert info._figure(value) == shown
