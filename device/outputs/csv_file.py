"""A CSV file that grows by a line a reading."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

from device.errors import OutputError
from device.outputs.store import Waiting

COLUMNS = ("time", "event", "code", "format", "confidence", "known", "reason", "id")
TAIL = 65_536
"""Bytes at a file's end in which the ids written last are looked for; a batch is shorter."""


class CsvFile:
    """Appended to and on the disk before it counts as delivered; what a crash left there is not written again."""

    name = "csv"

    def __init__(self, path: Path) -> None:
        self.path = path

    def deliver(self, messages: Sequence[Waiting]) -> int:
        try:
            with self.path.open("a+b") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - TAIL))
                tail = file.read()
                text = io.StringIO()
                rows = csv.writer(text, lineterminator="\n")
                if not tail:
                    rows.writerow(COLUMNS)
                elif not tail.endswith(b"\n"):  # power went while a line was written
                    text.write("\n")
                rows.writerows(_row(message) for message in messages if message.id.encode() not in tail)
                file.write(text.getvalue().encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({error.strerror or error})") from error
        return len(messages)

    def close(self) -> None:
        """Nothing is kept open: the file may be moved away at any time."""


def _row(message: Waiting) -> list[str]:
    line = json.loads(message.line)
    every = {**line["reading"], **{name: line[name] for name in ("time", "event", "id")}}
    return ["" if every[column] is None else str(every[column]) for column in COLUMNS]
