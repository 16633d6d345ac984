"""A bundle's files: what they are called, that none is overwritten unasked, and how they are put there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convert.card import Converted, stem
from convert.source import CLASSES
from train.errors import ExistsError
from train.files import write_atomically, write_json

ENDS = ("-int8.tflite", "-float32.tflite", ".keras", ".h5")
"""Of the files that a network may have."""


def targets(out: Path, name: str) -> list[Path]:
    """All files that a bundle may have, the card last, so that it stands beside files not its own only for a moment."""
    files = [out / f"{stem(name, role)}{end}" for role in CLASSES for end in ENDS]
    return [*files, out / f"{name}.json"]


def refuse_to_overwrite(out: Path, name: str, force: bool) -> None:
    """Raise an ExistsError that names what is in the way."""
    there = [path.name for path in targets(out, name) if path.exists()]
    if there and not force:
        raise ExistsError(f"{out} has {', '.join(there)} already; choose another --name, or overwrite with --force")


def write(out: Path, name: str, networks: Sequence[Converted], described: dict[str, Any]) -> None:
    """Write the files of each network, remove those that are no longer the bundle's, and write the card last."""
    *files, card_file = targets(out, name)
    contents = {out / file: content for one in networks for file, content in one.contents(name).items()}
    for path, content in contents.items():
        write_atomically(path, content)
    for path in files:
        if path not in contents:
            path.unlink(missing_ok=True)
    write_json(card_file, described)


def keep_decoder(older: Path, described: dict[str, Any]) -> dict[str, Any]:
    """The card with the decoder of the one that is there, if that was fitted to these very networks."""
    try:
        card = json.loads(older.read_bytes())
        same = _hashes(card) == _hashes(described) and "fitted" in card["decoder"]
    except (OSError, ValueError, KeyError, TypeError):
        return described
    return described | {"decoder": card["decoder"]} if same else described


def _hashes(card: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["role"], one["int8"]["sha256"], one["float32"]["sha256"]) for one in card["networks"]]
