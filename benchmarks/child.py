"""A long-lived child that is asked a line at a time, and what it costs, read from /proc."""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.errors import BenchmarkError

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
FAREWELL = 10.0
"""How long a child may take to end once its input is closed, seconds."""
SAID = 4096
"""Bytes of its complaints in which the last line is looked for."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a child and its own children have used so far."""

    cpu: float
    """Seconds, user and system, all threads; in steps of a tick."""
    peak: float
    """Greatest resident memory since the last `forget_peak`, MiB."""


class Child:
    """A process in a session of its own, killed with all that it started when the block is left."""

    def __init__(self, name: str, command: Sequence[str], timeout: float):
        self.name, self.timeout, self._read = name, timeout, b""
        self._open = contextlib.ExitStack()
        self._complaints = self._open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115, closed with the stack
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                bufsize=0,
                cwd=ROOT,
                start_new_session=True,
            )
        except OSError as error:
            self._open.close()
            raise BenchmarkError(f"{name}: {shlex.join(command)} does not start ({error.strerror})") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._open.enter_context(self._process.stdout)
        self._ready = self._open.enter_context(selectors.DefaultSelector())
        self._ready.register(self._out, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._in.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(FAREWELL if kind is None else 0.1)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._open.close()

    def say(self, line: str) -> None:
        """Send one line."""
        if "\n" in line:
            raise BenchmarkError(f"{line!r}: a path with a line break cannot be asked for")
        rest = memoryview(os.fsencode(line) + b"\n")
        try:
            while rest:
                rest = rest[self._in.write(rest) :]
        except BrokenPipeError:
            raise self._ended() from None

    def line(self) -> str:
        """The next line it prints.  Raises BenchmarkError where it ends or takes too long."""
        deadline = time.monotonic() + self.timeout
        while b"\n" not in self._read:
            left = deadline - time.monotonic()
            if left <= 0 or not self._ready.select(left):
                raise BenchmarkError(f"{self.name}: no answer within {self.timeout:g} s")
            part = os.read(self._out.fileno(), 1 << 16)
            if not part:
                raise self._ended()
            self._read += part
        line, _, self._read = self._read.partition(b"\n")
        return os.fsdecode(line)

    def cost(self) -> Cost:
        """CPU time and peak memory of its session so far."""
        pids = _session(self._process.pid)
        return Cost(sum(map(_cpu, pids)), sum(map(_peak, pids)))

    def forget_peak(self) -> None:
        """Let the peak start at what is resident now; a kernel that does not know this keeps the old one."""
        for pid in _session(self._process.pid):
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")

    def _ended(self) -> BenchmarkError:
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return BenchmarkError(f"{self.name}: closed its output")
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        size = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, size - SAID))
        said = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return BenchmarkError(f"{self.name}: {how}" + (f" ({said[-1].strip()})" if said else ""))


def _session(leader: int) -> list[int]:
    """The processes of a session, the leader first."""
    out = [leader]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != leader:
            with contextlib.suppress(OSError, IndexError):
                if int(_stat(int(entry.name))[3]) == leader:
                    out.append(int(entry.name))
    return out


def _stat(pid: int) -> list[str]:
    """/proc/PID/stat from the state on, which is its third field (proc(5)); a name may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()


def _cpu(pid: int) -> float:
    """Its own time and that of the children it has waited for, seconds; 0 when it has gone."""
    try:
        return sum(map(int, _stat(pid)[11:15])) / TICKS
    except (OSError, ValueError):
        return 0.0


def _peak(pid: int) -> float:
    """VmHWM, MiB; 0 when it has gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return 0.0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) / 1024 if found else 0.0
