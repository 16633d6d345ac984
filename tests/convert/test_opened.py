"""Cards that somebody wrote into: one line that names the card, and no traceback."""

import json

import pytest

from convert import __main__ as command
from convert.opened import open_bundle
from device.errors import ModelError
from train import data


def test_the_shipped_bundle_is_opened(root):
    assert open_bundle(root / "models" / "lenet5.json").name == "lenet5"


def put(card, *names, value):
    *outer, last = names
    for name in outer:
        card = card[name]
    card[last] = value


@pytest.mark.parametrize(
    ("names", "value", "said"),
    [
        (("made_by",), [], "made_by is list"),
        (("made_by", "which-digit"), None, "made_by.which-digit is NoneType"),
        (("made_by", "temperature"), "1.2", "made_by.temperature is str"),
        (("made_by", "keras"), [], "made_by.keras is list"),
        (("made_by", "keras", "file"), None, "made_by.keras.file is NoneType"),
        (("made_by", "training", "data"), 3, "made_by.training.data is int"),
        (("made_by", "training", "data", "training"), "all", "made_by.training.data.training is str"),
        (("decoder", "temperature"), None, "its decoder cannot be read"),
        (("decoder", "weights"), [], "its decoder cannot be read"),
        (("decoder", "thresholds"), {"any": "low"}, "its decoder cannot be read"),
        (("decoder", "fitted"), None, "decoder.fitted is NoneType"),
    ],
)
@pytest.mark.parametrize(
    "arguments", [["parity", "--on", "mnist"], ["decoder"], ["reproduce", "--quick"]], ids=" ".join
)
def test_a_damaged_card_is_refused_in_one_line(arguments, names, value, said, root, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(data, "load", lambda path=None: None)
    card = json.loads((root / "models" / "lenet5.json").read_bytes())
    put(card, *names, value=value)
    path = tmp_path / "lenet5.json"
    path.write_text(json.dumps(card))
    name, *options = arguments
    assert command.main([name, str(path), *options]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m convert: {path}: the card is damaged ({said}")
    assert line.endswith("; restore the bundle")
    with pytest.raises(ModelError):
        open_bundle(path)
