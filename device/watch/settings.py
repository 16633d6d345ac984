"""postread.toml: every option of a command under the option's own name; a mistake is named with its line."""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from device.errors import UsageError

FILE = "postread.toml"
NOT_IN_A_FILE = frozenset({"help", "config", "debug"})


def apply(parser: argparse.ArgumentParser, path: Path, table: str) -> None:
    """Make what a file's table says the parser's defaults; the command line is stronger.

    Raises UsageError that names the file and the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from error
    given = tables.get(table, {})
    if not isinstance(given, Mapping):
        raise UsageError(f"{path}, line {_line(text, None, table)}: [{table}] must be a table")
    actions = {_key(action): action for action in parser._actions if action.dest not in NOT_IN_A_FILE}
    for key, value in given.items():
        where = f"{path}, line {_line(text, table, key)}"
        if key not in actions:
            raise UsageError(f"{where}: {key!r} is no option of [{table}]{_meant(key, actions)}")
        _take(parser, actions[key], value, f"{where}: {key}")
    for key in tables:
        if key != table:
            where = f"{path}, line {_line(text, None, key)}"
            raise UsageError(f"{where}: {key!r} is not known here; options stand under [{table}]")


def _key(action: argparse.Action) -> str:
    """--known-codes → known-codes"""
    names = [option for option in action.option_strings if option.startswith("--")]
    return names[0].removeprefix("--") if names else action.dest


def _take(parser: argparse.ArgumentParser, action: argparse.Action, value: Any, where: str) -> None:
    """Check a value as the command line's would be, and make it the default."""
    if isinstance(action, argparse._StoreTrueAction):
        if not isinstance(value, bool):
            raise UsageError(f"{where}: true or false, not {value!r}")
        checked: Any = value
    elif isinstance(action, argparse._AppendAction):
        if not isinstance(value, list):
            raise UsageError(f"{where}: a list, [{value!r}]")
        checked = [_checked(parser, action, one, where) for one in value]
    elif action.nargs == "?" and value is True:  # the option without a value
        checked = action.const
    else:
        checked = _checked(parser, action, value, where)
    parser.set_defaults(**{action.dest: checked})
    action.required = False


def _checked(parser: argparse.ArgumentParser, action: argparse.Action, value: Any, where: str) -> Any:
    if isinstance(value, (bool, list, dict)):
        raise UsageError(f"{where}: {value!r} cannot be; write it as on the command line")
    try:
        checked = parser._get_value(action, str(value))
        parser._check_value(action, checked)
    except argparse.ArgumentError as error:
        raise UsageError(f"{where}: {error.message}") from error
    return checked


def _line(text: str, table: str | None, key: str) -> int:
    """Number of the line on which a key, or a table when that is None, stands."""
    inside = table is None
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+\s*[\"']?([^\]\"']+?)[\"']?\s*\]+", line)
        if header:
            if table is None and header[1].split(".")[0] == key:
                return number
            inside = table is None or header[1] == table
        elif inside and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line):
            return number
    return 1


def _meant(key: str, actions: Mapping[str, Any]) -> str:
    import difflib

    close = difflib.get_close_matches(key, actions, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(sorted(actions))}"
