"""The command line of conversion: what it answers, and what it refuses before anything is done."""

import json

import pytest

from convert import __main__ as command
from train import data


def test_the_command_converts(make_run, small, out, monkeypatch, capsys):
    monkeypatch.setattr(data, "load", lambda path=None: small)
    assert command.main(["model", str(make_run().folder), "--name", "mine", "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out / "mine.json")
    recorded = json.loads((out / "mine.json").read_bytes())["made_by"]["command"]
    assert recorded == "python -m convert model run --name mine --out models"


def test_the_command_refuses_in_one_line_before_it_asks_for_data(make_run, tmp_path, out, monkeypatch, capsys):
    monkeypatch.setattr(data, "load", lambda path=None: pytest.fail("asked for data"))
    assert command.main(["model", str(tmp_path / "none"), "--out", str(out)]) == 1
    assert "not a finished run" in capsys.readouterr().err
    out.mkdir()
    (out / "lenet5.json").touch()  # called after the network, since no --name is given
    assert command.main(["model", str(make_run().folder), "--out", str(out)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m convert: ")
    assert "--force" in line


WRONG = [[], ["model"], ["keras"], ["bake"], ["model", "run", "--name", "a/b"], ["parity", "a", "b"]]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_argument_is_a_usage_error(wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(wrong)
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("subcommand", ["model", "keras", "parity"])
def test_every_subcommand_has_help(subcommand, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main([subcommand, "--help"])
    assert caught.value.code == 0
    assert "--data" in capsys.readouterr().out
