"""Making a bundle again: the recorded commands in this machine's folders, and what is said of what comes out."""

import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from convert import __main__ as command
from convert import remake as remaking
from convert import reproduce
from convert.errors import ConversionError, ParityError
from convert.recorded import OPTIONS
from convert.remake import Supplies, placed, remake
from convert.reproduce import Row
from device.model import Bundle
from device.provenance import steps
from train import __main__ as training
from train.files import sha256

WORK = Path("w")


@pytest.fixture
def bundle(root, tmp_path) -> Path:
    """A copy of the shipped bundle."""
    shutil.copytree(root / "models", tmp_path / "models")
    return tmp_path / "models" / "lenet5.json"


@pytest.mark.parametrize(
    ("step", "there"),
    [
        ("train --epochs 45 --final --runs runs", "train --epochs 45 --final --workers 3 --runs w/runs --force"),
        (
            "train --pendigits p.tra --fonts fonts --scenes 800 --runs=elsewhere --role which-digit --workers 2",
            "train --scenes 800 --role which-digit --workers 3 --pendigits /here/p.tra --runs w/runs --force",
        ),
        (
            "train --fine-tune corrections --name mine",
            "train --name mine --workers 3 --runs w/runs --fine-tune /here/c --force",
        ),
        (
            "train --teacher a/deep --epochs 60",
            "train --teacher w/runs/deep --epochs 60 --workers 3 --runs w/runs --force",
        ),
        (
            "convert model runs/lenet5 --held-out runs/held --second a/b/or-not which --name mine --force",
            "convert model w/runs/lenet5 --held-out w/runs/held --second w/runs/or-not w/runs/which --name mine "
            "--out w/models --force",
        ),
        (
            "convert decoder models/lenet5.json --pendigits p.tra --lines 2400 --workers 2",
            "convert decoder w/models/lenet5.json --lines 2400 --workers 3 --pendigits /here/p.tra",
        ),
        ("convert decoder mine --lines 30", "convert decoder w/models/mine.json --lines 30 --workers 3"),
    ],
)
def test_a_recorded_command_runs_in_this_machines_folders(step, there):
    supplies = Supplies(pendigits=Path("/here/p.tra"), crops=Path("/here/c"), workers=3)
    assert " ".join(placed(f"python -m {step}", WORK, supplies)) == f"-m {there}"


def test_what_a_record_leaves_out_or_shortens_is_placed_too():
    """Without a bundle it was the shipped one, which is not to be written to."""
    supplies = Supplies(pendigits=Path("p"))
    assert placed("python -m convert decoder --lines 30", WORK, Supplies())[3] == "w/models/lenet5.json"
    assert placed("python -m convert decoder a.b --seed 2", WORK, Supplies())[3] == "w/models/a.b.json"
    shortened = placed("python -m train --epoch 3 --pend elsewhere/p --run ..", WORK, supplies)
    assert shortened == "-m train --epochs 3 --pendigits p --runs w/runs --force".split()


@pytest.mark.parametrize(
    "command",
    [
        "python -m pydoc helper.py",
        "python -m train.tricks",
        "python3 -m train --final",
        "python -c 'import os'",
        "bash -m train --final",
        "python -m convert keras mine.keras",
        "python -m train predict runs/a --test 0 --draw shares.png",
        "python -m train --final table runs/a --into README.md",
        "python -m train --draw shares.png",
        "python -m train --f",
        "python -m train -- predict",
        "python -m convert model",
        "python -m convert model a b",
        "python -m convert model .. --held-out b",
        "python -m convert model a --second /",
        "python -m train --teacher ..",
        "python -m convert decoder ../.. --lines 30",
        "python -m train --name 'x",
        "make",
        "",
        "python -m",
    ],
)
def test_nothing_runs_if_the_card_records_any_other_command(command, bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("ran"))
    monkeypatch.setattr(remaking, "steps", lambda _: ["python -m train --final", command])
    with pytest.raises(ConversionError) as caught:
        remake(Bundle.load(bundle), tmp_path, Supplies())
    assert str(caught.value).startswith(f"{bundle}: it records ")
    assert "look into the card" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "step",
    [
        "train --runs ../../x --final",
        "train --runs=/etc",
        "convert model ../../x/lenet5 --out /etc --held-out /held --second ../a",
        "convert decoder /etc/lenet5.json",
    ],
)
def test_all_that_is_written_lies_in_the_folder_for_it(step):
    command = placed(f"python -m {step}", WORK, Supplies())
    assert not {".", "..", "/", "etc", "x"} & {part for word in command for part in Path(word).parts}


def test_all_options_of_training_and_conversion_are_known():
    """But those of the commands for runs that are there already, and help."""
    of_convert = command._parser()._subparsers._group_actions[0].choices
    parsers = {"train": training._parser(), "model": of_convert["model"], "decoder": of_convert["decoder"]}
    for action, parser in parsers.items():
        found = {option for option in parser._option_string_actions if option not in ("-h", "--help")}
        assert found == set(OPTIONS[action]), action


def test_data_and_fonts_go_where_they_are_taken():
    supplies = Supplies(data=Path("m.npz"), fonts=Path("f"))
    assert placed("python -m train --final", WORK, supplies)[2:6] == ["--final", "--data", "m.npz", "--fonts"]
    assert "--fonts" not in placed("python -m convert model runs/a", WORK, supplies)


@pytest.mark.parametrize(
    ("step", "complaint"),
    [("train --pendigits p.tra", "made with p.tra: .*--pendigits FILE"), ("train --fine-tune c", "--crops FOLDER")],
)
def test_what_is_missing_is_said_before_anything_runs(step, complaint):
    with pytest.raises(ConversionError, match=complaint):
        placed(f"python -m {step}", WORK, Supplies())


def test_the_shipped_bundles_steps_are_all_commands_of_this_project(root):
    found = steps(Bundle.load(root / "models" / "lenet5.json"))
    assert [step.split()[2:4][0] for step in found] == ["train"] * (len(found) - 2) + ["convert"] * 2
    supplies = Supplies(pendigits=Path("p.tra"))
    assert all(placed(step, WORK, supplies)[0] == "-m" for step in found)


def test_a_bundle_that_comes_out_the_same_is_identical_throughout(bundle, mnist, tmp_path, monkeypatch):
    ran = []

    def run(arguments, **_):
        ran.append(arguments[1:4])
        if arguments[2:4] == ["convert", "model"]:
            shutil.copytree(bundle.parent, tmp_path / "work" / "models")
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    shipped = Bundle.load(bundle)
    card = remake(shipped, tmp_path / "work", Supplies(pendigits=Path("p.tra")))
    rows = list(reproduce.beside(shipped, Bundle.load(card), mnist))
    assert len(ran) == len(steps(shipped))
    unasked = "versions of training", "versions of conversion", "pen digits"
    assert {row.verdict for row in rows if row.what not in unasked} == {"identical"}
    assert {"digit, trained", "lenet5-int8.tflite", "decoder"} <= {row.what for row in rows}


def test_a_command_that_fails_is_one_line(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=3))
    with pytest.raises(ConversionError, match=r"^python -m train .* ended with code 3$"):
        remake(Bundle.load(bundle), tmp_path, Supplies(pendigits=Path("p.tra")))


@pytest.mark.parametrize(("wrong", "verdict"), [(0, "within the gate"), (40, "differs")])
def test_a_network_of_other_bits_must_be_as_good(wrong, verdict, bundle, mnist, monkeypatch):
    file = Bundle.load(bundle).network("digit").file("int8")
    other = SimpleNamespace(sha256="another", read=lambda: b"other")

    def classes(content, mnist):
        answers = mnist.test.labels.astype(np.int64).copy()
        if content == b"other":
            answers[:wrong] = (answers[:wrong] + 1) % 10
        return answers

    monkeypatch.setattr(reproduce, "_classes", classes)
    assert reproduce._made_anew(file, other, mnist).verdict == verdict


@pytest.mark.slow
def test_the_short_form_finds_the_shipped_bundle_as_its_card_says(capsys):
    assert command.main(["reproduce", "--quick"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("digit, converted to int8") for line in lines)
    assert not any("differs" in line for line in lines)
    assert "identical" in lines[-1]


def test_files_that_are_not_the_cards_are_found(bundle, mnist, monkeypatch):
    monkeypatch.setattr(reproduce, "_converted", lambda *_: iter(()))
    (bundle.parent / "lenet5.keras").write_bytes(b"other")
    (bundle.parent / "lenet5-int8.tflite").unlink()
    rows = {row.what: row for row in reproduce.again(Bundle.load(bundle), mnist)}
    assert rows["lenet5.keras"].detail == "its sha256 is not the card's"
    assert rows["lenet5-int8.tflite"].detail == "it is not there"
    assert rows["lenet5-float32.tflite"].verdict == "identical"
    with pytest.raises(ParityError, match=r"not made again: .*lenet5-int8\.tflite"):
        reproduce.require(rows.values())


def test_other_digits_and_other_typefaces_are_found(bundle, small, monkeypatch):
    monkeypatch.setattr(reproduce, "_converted", lambda *_: iter(()))
    card = json.loads(bundle.read_text())
    card["made_by"]["digit-or-not"]["training"]["data"]["fonts"]["arimo"]["sha256"] = "0"
    bundle.write_text(json.dumps(card))
    rows = {row.what: row for row in reproduce.again(Bundle.load(bundle), small)}
    assert rows["MNIST"].verdict == "differs"
    assert (rows["typefaces"].verdict, rows["typefaces"].detail.split()[-1]) == ("differs", "arimo")


def changed(bundle, change):
    """The same bundle with another card."""
    card = json.loads(bundle.read_text())
    change(card)
    bundle.write_text(json.dumps(card))
    return Bundle.load(bundle)


def test_another_decoder_differs_unless_it_was_fitted_to_other_networks(bundle, mnist, monkeypatch):
    same = SimpleNamespace(verdict="within the gate", what="", detail="")
    monkeypatch.setattr(reproduce, "_made_anew", lambda *_: same)
    shipped = Bundle.load(bundle)
    other = changed(bundle, lambda card: card["decoder"]["thresholds"].update(any=0.01))
    rows = {row.what: row for row in reproduce.beside(shipped, other, mnist)}
    assert (rows["decoder"].verdict, rows["decoder"].detail) == ("differs", "though the networks are identical")
    assert rows["digit, trained"].verdict == "identical"
    with pytest.raises(ParityError, match=r"not made again: decoder$"):
        reproduce.require(rows.values())

    def retrained(card):
        card["networks"][0]["int8"]["sha256"] = card["made_by"]["keras"]["sha256"] = "another"

    rows = {row.what: row for row in reproduce.beside(shipped, changed(bundle, retrained), mnist)}
    assert rows["decoder"].verdict == rows["digit, trained"].verdict == "not checked"


def test_a_network_that_the_commands_do_not_make_is_named(bundle, mnist):
    shipped = Bundle.load(bundle)
    fewer = changed(bundle, lambda card: card["networks"].pop())
    with pytest.raises(ParityError, match=f"not made again: {shipped.networks[-1].role}, trained$"):
        reproduce.require(reproduce.beside(shipped, fewer, mnist))


def test_pen_digits_are_held_against_the_file_that_is_given(bundle, mnist, tmp_path, monkeypatch):
    monkeypatch.setattr(reproduce, "_converted", lambda *_: iter(()))
    file = tmp_path / "pens.tra"
    file.write_text("pens")

    def verdict(opened, given):
        (row,) = (row for row in reproduce.again(opened, mnist, given) if row.what == "pen digits")
        return row.verdict

    shipped = Bundle.load(bundle)
    assert verdict(shipped, None) == "not checked"
    assert verdict(shipped, file) == "differs"
    digest = sha256(file)

    def told(card):
        for one in (card["made_by"][role]["training"]["data"] for role in ("digit-or-not", "which-digit")):
            one["pendigits"] = digest
        card["decoder"]["fitted"]["pendigits"] = digest

    assert verdict(changed(bundle, told), file) == "differs"  # another role's are others

    def all_told(card):
        card["made_by"]["digit-or-not-alone"]["training"]["data"]["pendigits"] = digest

    assert verdict(changed(bundle, all_told), file) == "identical"


def test_what_the_card_does_not_tell_is_not_checked(bundle, mnist, monkeypatch):
    monkeypatch.setattr(reproduce, "_converted", lambda *_: iter(()))

    def brought(card):
        keras_file = card["made_by"]["keras"]
        card["networks"] = card["networks"][:1]
        card["made_by"], card["decoder"] = {"keras": keras_file, "brought": "mine.keras"}, {"temperature": 1.0}

    rows = {row.what: row.verdict for row in reproduce.again(changed(bundle, brought), mnist)}
    assert {rows[what] for what in ("MNIST", "versions of training", "versions of conversion")} == {"not checked"}
    assert "pen digits" not in rows
    other = changed(bundle, lambda card: card["made_by"].update(data={"mnist": "0" * 64}))
    assert {row.what: row.verdict for row in reproduce.again(other, mnist)}["MNIST"] == "differs"


def test_the_table_counts_the_verdicts():
    rows = [Row("a", "identical"), Row("longer", "differs", "why"), Row("c", "identical")]
    assert reproduce.table(rows).splitlines() == [
        "a       identical",
        "longer  differs          why",
        "c       identical",
        "2 identical, 1 differs",
    ]
