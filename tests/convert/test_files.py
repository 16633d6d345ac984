"""A bundle's files beside others and the user's own: what --force writes over and takes away, and what it leaves."""

import json

import pytest

from convert import files
from convert.card import stem


class Plain:
    """Stands for a network of a role, whose files have its bundle's name in them."""

    def __init__(self, role="digit", suffix=".keras"):
        self.role, self.ends = role, ("-int8.tflite", "-float32.tflite", suffix)

    def contents(self, name):
        return {f"{stem(name, self.role)}{end}": f"{name} {self.role}".encode() for end in self.ends}

    def card(self, name):
        int8, float32, keras_file = self.contents(name)
        entry = {"role": self.role, "int8": {"file": int8, "sha256": "1"}, "float32": {"file": float32, "sha256": "2"}}
        return entry, {"keras": {"file": keras_file}}


def put(out, name, *networks):
    """Write a bundle of stand-ins with --force."""
    (first, made_by), *others = [one.card(name) for one in networks]
    made_by |= {entry["role"]: told for entry, told in others}
    files.write(out, name, networks, {"networks": [first, *(one for one, _ in others)], "made_by": made_by})


def test_a_bundle_whose_name_begins_as_another_ones_loses_nothing_to_it(out):
    put(out, "net-which-digit", Plain())
    before = {path: path.read_bytes() for path in out.iterdir()}
    for _ in range(2):
        put(out, "net", Plain())
        assert {path: path.read_bytes() for path in before} == before
    put(out, "net", Plain(), Plain("digit-or-not"))
    put(out, "net", Plain())
    assert {path: path.read_bytes() for path in before} == before
    assert not list(out.glob("net-digit-or-not*"))


def test_a_users_own_file_stays_unless_it_is_written_over(out):
    out.mkdir()
    own = out / "mine.keras"
    own.write_text("own")
    put(out, "mine", Plain(suffix=".h5"))
    put(out, "mine", Plain(suffix=".h5"))
    assert own.read_text() == "own"
    put(out, "mine", Plain())
    assert own.read_text() == "mine digit"
    assert not (out / "mine.h5").exists()


@pytest.mark.parametrize("card", ["", "[]", '{"networks": 3, "made_by": {}}', '{"networks": [], "made_by": []}'])
def test_a_damaged_card_names_nothing_that_is_removed(card, out):
    put(out, "mine", Plain(), Plain("digit-or-not"))
    (out / "mine.json").write_text(card)
    put(out, "mine", Plain())
    assert (out / "mine-digit-or-not-int8.tflite").exists()


def test_a_card_names_no_files_of_others_that_are_removed(out):
    put(out, "mine", Plain())
    (out / "notes.txt").touch()
    card = json.loads((out / "mine.json").read_bytes())
    card["networks"][0]["int8"]["file"] = "notes.txt"
    (out / "mine.json").write_text(json.dumps(card))
    put(out, "mine", Plain())
    assert (out / "notes.txt").exists()
