"""postread.toml: every option, and mistakes named with their line."""

import argparse

import pytest

from device.cli import _parser
from device.errors import UsageError
from device.watch import settings


def watch_parser() -> argparse.ArgumentParser:
    options = _parser().parse_args(["watch"])
    return options.parser


def apply(tmp_path, text: str) -> argparse.Namespace:
    path = tmp_path / "postread.toml"
    path.write_text(text, encoding="utf-8")
    parser = watch_parser()
    settings.apply(parser, path, "watch")
    return parser.parse_args([])


def test_options_are_taken_as_the_command_line_takes_them(tmp_path) -> None:
    text = (
        '[watch]\nsource = "folder:scans"\nroi = "0,0.5,1,0.5"\nmin-confidence = 0.9\nloop = true\ngate = ["17=01"]\n'
    )
    options = apply(tmp_path, text)
    assert options.source == "folder:scans"
    assert options.roi == (0, 0.5, 1, 0.5)
    assert options.min_confidence == 0.9
    assert options.loop is True
    assert options.gate == ["17=01"]


def test_every_option_can_be_in_the_file() -> None:
    parser = watch_parser()
    for action in parser._actions:
        if action.dest not in settings.NOT_IN_A_FILE:
            assert settings._key(action)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[watch]\n\nsourc = "x"\n', r"line 3: 'sourc' is no option of \[watch\]; did you mean 'source'\?"),
        ("[watch]\nfps = 30\nmin-confidence = 3\n", "line 3: min-confidence: 3: between 0 and 1"),
        ('[watch]\nloop = "yes"\n', "line 2: loop: true or false"),
        ("# ours\n[wacth]\n", "line 2: 'wacth' is not known"),
        ("[watch]\nfps = = 3\n", "not TOML.*line 2"),
        ("[watch]\nrotate = 45\n", "line 2: rotate: .*45"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, text, said) -> None:
    with pytest.raises(UsageError, match=said):
        apply(tmp_path, text)
