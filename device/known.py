"""Lists of the codes that are served."""

from __future__ import annotations

from pathlib import Path

from device import formats
from device.errors import UsageError


def read_known(path: Path, format: str) -> set[str]:
    """The codes of a list, one a line, as digits; blank lines and what follows a # are passed over.

    Raises UsageError, FormatError.
    """
    length = formats.get(format).length
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--known {path}: cannot be read ({error}); give a text file, one code a line") from error
    codes = set()
    for number, line in enumerate(lines, start=1):
        code = "".join(line.split("#")[0].split()).replace("-", "").replace(".", "")
        if not code:
            continue
        if not (code.isascii() and code.isdigit()) or (length is not None and len(code) != length):
            raise UsageError(f"--known {path}, line {number}: {line.strip()!r} is no {format} code")
        codes.add(code)
    if not codes:
        raise UsageError(f"--known {path}: no code in it; give one a line")
    return codes
