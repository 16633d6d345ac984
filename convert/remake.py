"""Run the commands that a card records, with this machine's folders, in a folder of their own."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from convert import recorded
from convert.errors import ConversionError
from device.model import DEFAULT_BUNDLE, Bundle
from device.provenance import steps
from train.commandline import plain_name

FOLDERS = ("--runs", "--out", "--data", "--pendigits", "--fonts", "--workers", "--fine-tune")
"""Options whose values depend on the machine: a record has them without their folders."""
OF_RUNS = {"model": ("", "--held-out", "--second"), "train": ("--teacher",), "decoder": ()}
"""Options whose values are run folders, by the action; "" is what comes before the first option."""


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

    Raises ConversionError: before anything runs where the card records anything but this project's own commands, or
    where a supply is missing; and where a command fails.
    """
    try:
        commands = [placed(step, work, supplies) for step in steps(bundle)]
    except ConversionError as error:
        raise ConversionError(f"{bundle.path}: {error}") from error
    for number, command in enumerate(commands, start=1):
        shown = f"python {shlex.join(command)}"
        print(f"{number} of {len(commands)}: {shown}", file=sys.stderr)
        if code := subprocess.run([sys.executable, *command], stdout=sys.stderr, check=False).returncode:
            raise ConversionError(f"{shown} ended with code {code}")
    return work / "models" / f"{bundle.name}.json"


def placed(command: str, work: Path, supplies: Supplies) -> list[str]:
    """A recorded command as arguments of Python, in the folders of this machine: ``-m train …``.

    All that it writes lies in the folder `work`, wherever the record has it.
    """
    step = recorded.read(command)
    action, found = step.action, step.options
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
    return ["-m", *step.module, *kept, *added, *forced]


def _kept(action: str, option: str, values: list[str], work: Path) -> list[str]:
    """An option as it was, but for the folders of runs and of the bundle."""
    if option in OF_RUNS[action]:
        values = [str(work / "runs" / _name(value)) for value in values]
    if action == "decoder" and not option:  # without a bundle it was the shipped one, which is to stay as it is
        names = [_name(value).removesuffix(".json") for value in values or [DEFAULT_BUNDLE]]
        values = [str(work / "models" / f"{name}.json") for name in names]
    return [option, *values] if option else values


def _name(value: str) -> str:
    """Of a run or a card, without its folders: never the folder above."""
    try:
        return plain_name(Path(value).name)
    except argparse.ArgumentTypeError as error:
        raise ConversionError(f"it records a command with {value!r}: {error}; look into the card") from error


def _needed(found: Mapping[str, list[str]], option: str, here: Path | None, how: str) -> Path | None:
    """What lies here for an option that the record has; nothing for one that it has not."""
    if option not in found:
        return None
    if here is None:
        raise ConversionError(f"the bundle was made with {' '.join(found[option])}: say where that lies, with {how}")
    return here
