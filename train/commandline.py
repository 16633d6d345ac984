"""What the command lines of training and conversion share."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from device.errors import PostreadError, UsageError

OK, FAILURE, USAGE, INTERRUPTED = 0, 1, 2, 130


def answer(body: Callable[[], int], program: str, debug: bool) -> int:
    """Run a command's body; a user's mistake becomes one line on stderr and an exit code."""
    try:
        return body()
    except (PostreadError, OSError) as error:
        if debug:
            traceback.print_exc()
        print(f"{program}: {' '.join(str(error).split())}", file=sys.stderr)
        return USAGE if isinstance(error, UsageError) else FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED


def quieten() -> None:
    """Keep TensorFlow's start-up messages off the screen; to be called before it is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def command_of(module: str, arguments: Sequence[str]) -> str:
    """The command as it goes into a record, without the folders of the machine it ran on."""
    return shlex.join(["python", "-m", module, *(_without_folders(one) for one in arguments)])


def _without_folders(argument: str) -> str:
    option, equals, value = argument.rpartition("=") if argument.startswith("--") else ("", "", argument)
    return f"{option}{equals}{Path(value).name}" if Path(value).is_absolute() else argument


def plain_name(text: str) -> str:
    """An argparse type: a name that can stand in a file's name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a name of letters, digits, dots and hyphens")
    return text


def number(kind: Callable[[str], float], low: float, high: float) -> Callable[[str], float]:
    """Make an argparse type: a number of this kind within both bounds."""

    def within(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number of the kind wanted") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}")
        return value

    return within


def add_supplies(group: argparse._ActionsContainer) -> None:
    """Options of every command that renders lines."""
    group.add_argument("--pendigits", type=Path, metavar="FILE", help="UCI's pen digits (pendigits-orig.tra)")
    group.add_argument("--fonts", type=Path, metavar="FOLDER", help="the fontpkg wheels (fetched into the cache)")
    workers = number(int, 1, 256)
    group.add_argument(
        "--workers", type=workers, default=os.cpu_count() or 1, help="processes that render (%(default)s)"
    )
