"""What the page can change while it runs: format, threshold, region; kept in a file over a restart."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from device import formats
from device.errors import OutputError, UsageError
from device.watch.watcher import Region

log = logging.getLogger("postread.web")

SCHEMA = 1
LEAST_SIDE = 0.05
"""Of a region: as a share of the picture."""


@dataclass(frozen=True, slots=True)
class Settings:
    """As the options of the same names; raises UsageError for what cannot be."""

    format: str
    min_confidence: float
    roi: Region | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "format", formats.get(_text(self.format)).name)
        least = _number(self.min_confidence)
        if not 0 <= least <= 1:
            raise UsageError(f"min_confidence {least:g}: between 0 and 1")
        object.__setattr__(self, "min_confidence", least)
        if self.roi is not None:
            object.__setattr__(self, "roi", _region(self.roi))

    def changed(self, wanted: Mapping[str, Any]) -> Settings:
        """With other values.  Raises UsageError."""
        unknown = set(wanted) - {field.name for field in fields(Settings)}
        if unknown:
            raise UsageError(f"{sorted(unknown)[0]!r} cannot be set here; format, min_confidence and roi can")
        return replace(self, **wanted)


class Kept:
    """The settings now: those the options ask for, and over them those made on the page, which are in a file.

    One of the file counts as long as the option is what it was when it was made: what was said last wins.
    """

    def __init__(self, path: Path, given: Settings) -> None:
        """given: what the options ask for."""
        self._path, self.given = path, given
        self.now = self._read()

    def change(self, wanted: Mapping[str, Any]) -> Settings:
        """Raises UsageError for what cannot be, OutputError when it cannot be kept; then nothing is changed."""
        self._write(self.now.changed(wanted))
        return self.now

    def reset(self) -> Settings:
        """Back to what the options ask for.  Raises OutputError."""
        self._write(self.given)
        return self.now

    def _read(self) -> Settings:
        if not self._path.is_file():
            return self.given
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            if told["schema"] != SCHEMA:
                raise ValueError(f"schema {told['schema']}")
            given = _plain(self.given)
            made = {name: one["value"] for name, one in told["settings"].items() if given[name] == one["instead_of"]}
            now = self.given.changed(made)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("%s: cannot be used (%s); settings are as the options say", self._path, error)
            return self.given
        if now != self.given:
            log.warning("%s: as set on the page (%s)", ", ".join(self.differing(now)), self._path)
        return now

    def differing(self, settings: Settings) -> list[str]:
        """Names of the settings that are not as the options ask for."""
        now, given = _plain(settings), _plain(self.given)
        return [name for name in now if now[name] != given[name]]

    def _write(self, settings: Settings) -> None:
        """Whole, or not at all."""
        now, given = _plain(settings), _plain(self.given)
        made = {name: {"value": now[name], "instead_of": given[name]} for name in self.differing(settings)}
        beside = self._path.with_name(self._path.name + ".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("w", encoding="utf-8") as file:
                json.dump({"schema": SCHEMA, "settings": made}, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError as error:
            raise OutputError(f"{self._path}: cannot be written ({error.strerror or error})") from error
        self.now = settings


def _plain(settings: Settings) -> dict[str, Any]:
    """As JSON has it."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(settings)))
    return plain


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{value!r}: a format's name")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise UsageError(f"{value!r}: a number")
    return float(value)


def _region(value: object) -> Region:
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        raise UsageError(f"roi {value!r}: four shares of the picture, x, y, width, height, or null")
    x, y, width, height = (round(_number(one), 4) for one in value)
    if min(x, y) < 0 or min(width, height) < LEAST_SIDE or max(x + width, y + height) > 1.0002:
        raise UsageError(f"roi {value!r}: inside of the picture, each side at least {LEAST_SIDE:g} of it")
    return x, y, min(width, round(1 - x, 4)), min(height, round(1 - y, 4))
