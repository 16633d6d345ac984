"""The readers that are compared: postread over its own command line, and peers over a line protocol."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.cases import PAGES, Case
from benchmarks.child import Child
from benchmarks.errors import BenchmarkError
from benchmarks.scores import Answer, ours, theirs
from device.errors import UsageError

ADAPTORS = {
    "rapidocr-rec": ("rapid_ocr", "rec"),
    "rapidocr-full": ("rapid_ocr", "full"),
    "tesseract-line": ("tesseract", "7"),
    "tesseract-page": ("tesseract", "3"),
    "tesseract-sparse": ("tesseract", "11"),
}
"""Peers that this project knows how to call: the module under benchmarks.peers, and its argument."""
LINES_ONLY = frozenset({"rapidocr-rec", "tesseract-line"})
"""Peers that take a picture for one line, and are not asked for whole pages."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader."""

    name: str
    command: Callable[[str], list[str]]
    """The command line for a format."""
    ask: Callable[[Child, Case], Answer]
    format_matters: bool
    """It is told the format when it starts, so that each format has a process of its own."""
    lines_only: bool = False

    def takes(self, case: Case) -> bool:
        """Whether it is asked for a picture of this kind."""
        return not (self.lines_only and case.kind in PAGES)

    def group(self, case: Case) -> str:
        """Cases of one group are read by one process."""
        return case.format if self.format_matters else ""


def postread(model: str | None, precision: str) -> Reader:
    """This checkout's reader, as scripts call it."""
    options = ["--precision", precision, *(["--model", model] if model else [])]
    return Reader(
        f"postread {precision}",
        lambda format: [sys.executable, "-m", "device", "read", *options, "--format", format, "-"],
        _ask_postread,
        format_matters=True,
    )


def peer(spec: str) -> Reader:
    """A peer from NAME=COMMAND.  Raises UsageError."""
    name, equals, command = spec.partition("=")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--peer {spec}: {error}") from error
    if not (name and equals and words):
        known = ", ".join(ADAPTORS)
        raise UsageError(f"--peer {spec}: give NAME=COMMAND; for {known} the command is the Python that has it")
    if name in ADAPTORS:
        module, argument = ADAPTORS[name]
        words += ["-m", f"benchmarks.peers.{module}", argument]
    return Reader(name, lambda _: words, _ask_peer, format_matters=False, lines_only=name in LINES_ONLY)


def _ask_postread(child: Child, case: Case) -> Answer:
    child.say(str(case.path))
    line = child.line()
    try:
        answer = json.loads(line)
        error, readings = answer["error"], answer["readings"]
    except (ValueError, KeyError, TypeError) as wrong:
        raise BenchmarkError(f"{child.name}: not the line that was expected: {line[:120]!r}") from wrong
    if error:
        raise BenchmarkError(f"{child.name}: {error}")
    return ours(case.kind, readings)


def _ask_peer(child: Child, case: Case) -> Answer:
    """PATH out, PATH, TEXT and CONFIDENCE back, tabs between; other lines are chatter."""
    path = str(case.path)
    child.say(path)
    fields = child.line().split("\t")
    while fields[0] != path:
        fields = child.line().split("\t")
    text, sure = (*fields[1:3], "", "")[:2]
    try:
        return theirs(case, text, float(sure) if sure.strip() else None)
    except ValueError as error:
        raise BenchmarkError(f"{child.name}: {sure!r} is no confidence") from error
