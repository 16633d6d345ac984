"""A bundle's files: what they are called, that none is overwritten unasked, and how they are put there."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from convert.card import Converted, stem
from convert.source import CLASSES
from train.errors import ExistsError
from train.files import write_atomically, write_json

ENDS = ("-int8.tflite", "-float32.tflite", ".keras", ".h5")
"""Of the files that a network may have."""
KINDS = ("int8", "float32")
"""Of a network on the card."""
UNREADABLE = OSError, ValueError, KeyError, TypeError
"""What a card that is not there, or is damaged, makes those who look into it raise."""


def targets(out: Path, name: str) -> list[Path]:
    """All files that a bundle may have, the card last."""
    files = [out / f"{stem(name, role)}{end}" for role in CLASSES for end in ENDS]
    return [*files, out / f"{name}.json"]


def refuse_to_overwrite(out: Path, name: str, force: bool) -> None:
    """Raise an ExistsError that names what is in the way."""
    there = [path.name for path in targets(out, name) if path.exists()]
    if there and not force:
        raise ExistsError(f"{out} has {', '.join(there)} already; choose another --name, or overwrite with --force")


def write(out: Path, name: str, networks: Sequence[Converted], described: dict[str, Any]) -> None:
    """Write the files of each network, remove those that only the older card of this name names, and the card last.

    Whatever else lies in the folder stays, other bundles' files and the user's own among it.
    """
    card_file = out / f"{name}.json"
    contents = {out / file: content for one in networks for file, content in one.contents(name).items()}
    older = _named(card_file, name) - set(contents)
    for path, content in contents.items():
        write_atomically(path, content)
    for path in older:
        path.unlink(missing_ok=True)
    write_json(card_file, described)


def keep_decoder(older: Path, described: dict[str, Any]) -> dict[str, Any]:
    """The card with the decoder of the one that is there, if that was fitted to these very networks; stderr is told.

    The temperature is part of it, and so what is told of the temperature is kept as well.
    """
    try:
        card = json.loads(older.read_bytes())
        same = hashes(card) == hashes(described) and "fitted" in card["decoder"]
        told = {key: value for key, value in card["made_by"].items() if key == "temperature"}
    except (*UNREADABLE, AttributeError):
        return described
    if not same:
        return described
    print(f"{older}: the networks are the same, so the decoder that was fitted to them is kept", file=sys.stderr)
    made_by = {key: value for key, value in described["made_by"].items() if key != "temperature"}
    return described | {"decoder": card["decoder"], "made_by": made_by | told}


def hashes(card: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Which networks a card describes.  Raises KeyError or TypeError where it does not."""
    return [(one["role"], *(one[kind]["sha256"] for kind in KINDS if kind in one)) for one in card["networks"]]


def _named(card_file: Path, name: str) -> set[Path]:
    """Those of a bundle's own files that its card names; none of one that cannot be read."""
    try:
        card = json.loads(card_file.read_bytes())
        made_by = card["made_by"]
        files = {one[kind]["file"] for one in card["networks"] for kind in KINDS if kind in one}
        files |= {told["keras"]["file"] for told in (made_by, *(made_by.get(role) for role in CLASSES)) if told}
    except (*UNREADABLE, AttributeError):
        return set()
    return {path for path in targets(card_file.parent, name) if path.name in files}
