"""Run the commands that a card records, with this machine's folders, in a folder of their own."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from convert.errors import ConversionError
from device.model import Bundle
from device.provenance import steps

FOLDERS = ("--runs", "--out", "--data", "--pendigits", "--fonts", "--workers", "--fine-tune")
"""Options whose values depend on the machine: a record has them without their folders."""
OF_RUNS = ("", "--held-out", "--second")
"""Options of a conversion whose values are run folders, and what comes before the first option."""


@dataclass(frozen=True, slots=True)
class Supplies:
    """Where what the commands need lies here; None for what is not needed, or is fetched."""

    data: Path | None = None
    pendigits: Path | None = None
    fonts: Path | None = None
    crops: Path | None = None
    workers: int | None = None


def remake(bundle: Bundle, work: Path, supplies: Supplies) -> Path:
    """Train, convert and fit as the card says; what is printed on the way goes to stderr.  Returns the new card.

    Raises ConversionError: before anything runs where a supply is missing, and where a command fails.
    """
    commands = [placed(step, work, supplies) for step in steps(bundle)]
    for number, command in enumerate(commands, start=1):
        shown = f"python {shlex.join(command)}"
        print(f"{number} of {len(commands)}: {shown}", file=sys.stderr)
        if code := subprocess.run([sys.executable, *command], stdout=sys.stderr, check=False).returncode:
            raise ConversionError(f"{shown} ended with code {code}")
    return work / "models" / f"{bundle.name}.json"


def placed(step: str, work: Path, supplies: Supplies) -> list[str]:
    """A recorded command as arguments of Python, in the folders of this machine: ``-m train …``."""
    _, _, program, *words = shlex.split(step)
    action = words.pop(0) if program == "convert" else "train"
    found = dict(_by_option(words))
    kept = [word for option, values in found.items() if option not in FOLDERS and option != "--force"
            for word in _kept(action, option, values, work)]  # fmt: skip
    ours: dict[str, Path | int | None] = {"--data": supplies.data}
    if action == "model":
        ours["--out"] = work / "models"
    else:
        ours |= {"--fonts": supplies.fonts, "--workers": supplies.workers}
        ours["--pendigits"] = _needed(found, "--pendigits", supplies.pendigits, "--pendigits FILE")
    if action == "train":
        ours["--runs"] = work / "runs"
        ours["--fine-tune"] = _needed(found, "--fine-tune", supplies.crops, "--crops FOLDER")
    added = [word for option, value in ours.items() if value is not None for word in (option, str(value))]
    forced = [] if action == "decoder" else ["--force"]
    return ["-m", program, *([] if program == "train" else [action]), *kept, *added, *forced]


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


def _kept(action: str, option: str, values: list[str], work: Path) -> list[str]:
    """An option as it was, but for the folders of runs and of the bundle."""
    if action == "model" and option in OF_RUNS:
        values = [str(work / "runs" / Path(value).name) for value in values]
    if action == "decoder" and not option:
        values = [str(work / "models" / Path(value).with_suffix(".json").name) for value in values]
    return [option, *values] if option else values


def _needed(found: dict[str, list[str]], option: str, here: Path | None, how: str) -> Path | None:
    """What lies here for an option that the record has; nothing for one that it has not."""
    if option not in found:
        return None
    if here is None:
        raise ConversionError(f"the bundle was made with {' '.join(found[option])}: say where that lies, with {how}")
    return here
