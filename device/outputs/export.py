"""Corrected readings as labelled crops, for `python -m train --fine-tune`."""

from __future__ import annotations

import csv
from pathlib import Path

from device.errors import OutputError
from device.outputs.store import Store

LABELS = "labels.csv"


def labelled_crops(store: Store, folder: Path) -> int:
    """Write FOLDER/ID.png and FOLDER/labels.csv (columns file, label: the code's digits); how many.

    Raises OutputError.
    """
    rows = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for id, digits, png in store.labelled():
            (folder / f"{id}.png").write_bytes(png)
            rows.append((f"{id}.png", digits))
        with (folder / LABELS).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([("file", "label"), *rows])
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror or error})") from error
    return len(rows)
