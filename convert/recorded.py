"""The commands that a card records: read as this project's own, or refused.  A card may come from anywhere."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from convert.errors import ConversionError

ACTIONS = (("train",), ("convert", "model"), ("convert", "decoder"))
"""The commands that make a bundle, and nothing else."""
_ANY = "--data", "--debug"
_RENDERED = "--pendigits", "--fonts", "--workers"
OPTIONS = {
    "train": (
        *("--role", "--arch", "--name", "--runs", "--final", "--force", "--seed", "--epochs", "--batch", "--rate"),
        *(
            "--patience",
            "--warped",
            "--worn",
            "--activation",
            "--pooling",
            "--scenes",
            "--fine-tune",
            "--model",
            "--teacher",
        ),
        *(*_ANY, *_RENDERED),
    ),
    "model": ("--name", "--held-out", "--second", "--graph", "--out", "--force", *_ANY),
    "decoder": ("--lines", "--seed", *_ANY, *_RENDERED),
}
"""All that they take, by the action; their commands for other purposes have options that write files."""
WITHOUT_VALUE = "--final", "--force", "--debug"
OF_SEVERAL = "--second"
BEFORE = {"train": (0,), "model": (1,), "decoder": (0, 1)}
"""How many words may stand before the first option: a run's folder, or a bundle."""


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded command."""

    action: str
    """``train``, ``model`` or ``decoder``."""
    options: Mapping[str, list[str]]
    """Each option with its values, and what comes before any as the option ``""``."""

    @property
    def module(self) -> list[str]:
        """What follows ``-m``."""
        return ["train"] if self.action == "train" else ["convert", self.action]


def read(command: str) -> Step:
    """A command that trains, converts or fits.  Raises ConversionError for every other."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise _refused(command, str(error)) from error
    module = next((one for one in ACTIONS if words == ["python", "-m", *one, *words[2 + len(one) :]]), None)
    if module is None:
        raise _refused(command, "another program")
    action, found = module[-1], dict[str, list[str]]()
    for option, values in _by_option(words[2 + len(module) :]):
        name = _full(option, action)
        if name is None or not _fits(name, len(values), action):
            raise _refused(
                command, f"{' '.join([option, *values]).strip()!r}" if option or values else "a word missing"
            )
        found[name] = values
    return Step(action, found)


def _by_option(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each option with its values, and first those that come before any, as the option ``""``."""
    option, values = "", list[str]()
    for word in words:
        if word.startswith("--"):
            yield option, values
            option, equals, value = word.partition("=")
            values = [value] if equals else []
        else:
            values.append(word)
    yield option, values


def _full(option: str, action: str) -> str | None:
    """An option as it is called, which the command line lets people shorten."""
    if not option or option in OPTIONS[action]:
        return option
    meant = [one for one in OPTIONS[action] if len(option) > 2 and one.startswith(option)]
    return meant[0] if len(meant) == 1 else None


def _fits(option: str, values: int, action: str) -> bool:
    if not option:
        return values in BEFORE[action]
    return values >= 1 if option == OF_SEVERAL else values == (option not in WITHOUT_VALUE)


def _refused(command: str, why: str) -> ConversionError:
    ours = "`python -m train …` and `python -m convert model|decoder …`"
    shown = " ".join(command.split())
    return ConversionError(f"it records the command {shown!r}, and only {ours} are run ({why}): look into the card")
