"""`postread forget` and `postread export`: argparse, and what they do with the store."""

from __future__ import annotations

import argparse
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from device.errors import UsageError


def default_store() -> Path:
    """Where readings are kept unless told otherwise."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "postread" / "readings.db"


def register(commands: Any) -> None:
    """Add both subcommands."""
    forget = commands.add_parser("forget", help="erase stored readings and their crops", description=_FORGET)
    _store(forget)
    which = forget.add_mutually_exclusive_group(required=True)
    which.add_argument("--older-than", type=float, metavar="DAYS", help="those read longer ago")
    which.add_argument("--code", metavar="CODE", help="those of one code")
    which.add_argument("--id", metavar="ID", help="one reading")
    which.add_argument("--all", action="store_true", help="every one")
    forget.set_defaults(run=_forget)
    export = commands.add_parser("export", help="crops of corrected readings, labelled for training")
    _store(export)
    export.add_argument("folder", type=Path, metavar="FOLDER", help="for PNG files and labels.csv")
    export.set_defaults(run=_export)


_FORGET = """Erase readings, the crops of their codes and messages that still wait.  What was already sent elsewhere
(MQTT, webhook, CSV) is not reached from here."""


def _store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", type=Path, metavar="FILE", help=f"the database ({default_store()})")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _open(options: argparse.Namespace) -> Any:
    from device.outputs.store import Store

    path = options.store or default_store()
    if not path.is_file():
        raise UsageError(f"{path}: no such database; name the one that `postread watch` writes with --store")
    return Store(path)


def _forget(options: argparse.Namespace) -> int:
    store = _open(options)
    if options.older_than is not None:
        limit = datetime.now(UTC) - timedelta(days=options.older_than)
        count = store.forget(before=limit.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    elif options.code is not None:
        digits = re.sub(r"\D", "", options.code)
        if not digits:
            raise UsageError(f"--code {options.code}: no digit in it")
        count = store.forget(code=digits)
    elif options.id is not None:
        count = store.forget(id=options.id)
    else:
        count = store.forget()
    store.close()
    print(f"postread: {count} forgotten", file=sys.stderr)
    if store.has_traces:
        print(
            f"postread: {store.path}-wal still holds traces of it: another program is reading, or the disk is full; "
            "run this again",
            file=sys.stderr,
        )
    return int(store.has_traces)


def _export(options: argparse.Namespace) -> int:
    from device.outputs.export import labelled_crops

    store = _open(options)
    count = labelled_crops(store, options.folder)
    store.close()
    print(f"postread: {count} labelled crops in {options.folder}", file=sys.stderr)
    return 0
