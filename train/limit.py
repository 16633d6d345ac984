"""A child process that may take so long and no longer."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from train.errors import DataError

LONGEST_REASON = 160
"""Characters of a child's last line of complaint that are passed on."""


def run_limited(command: list[str], seconds: float, folder: Path) -> None:
    """Run a command for at most so many seconds of wall clock; a DataError tells why it failed.

    The whole process group is killed at the end, so that no grandchild lives on.  folder takes
    the child's temporary files, so that whoever made it removes them with it.
    """
    complaint = folder / "stderr"
    with complaint.open("wb") as stderr:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=os.environ | {"TMPDIR": str(folder)},
            start_new_session=True,
        )
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise DataError(f"no answer within {seconds:g} s") from None
        finally:
            _kill_group(child)
    if code:
        raise DataError(_last_line(complaint) or f"exit code {code}")


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and all it started; the group's id is the child's, since it leads its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _last_line(complaint: Path) -> str:
    lines = complaint.read_text(errors="replace").strip().splitlines()
    return lines[-1].strip()[:LONGEST_REASON] if lines else ""
