"""A path a line in; PATH, TEXT and CONFIDENCE with tabs between out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

Found = tuple[str, "float | None"]
"""What stands on a picture, in reading order, and how sure that is."""


def serve(read: Callable[[str], Found]) -> None:
    """Answer every path on stdin; what a library prints goes to stderr."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", errors="surrogateescape") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        for line in sys.stdin.buffer:
            path = os.fsdecode(line.rstrip(b"\n"))
            try:
                text, sure = read(path)
            except Exception as error:  # a picture that a peer cannot take is a refusal of its own, not the run's end
                print(f"{path}: {error!r}", file=sys.stderr)
                text, sure = "", None
            print(path, " ".join(text.split()), "" if sure is None else f"{sure:.6f}", sep="\t", file=out, flush=True)


def surest_of(scores: Sequence[float]) -> float | None:
    """A text is as sure as the least sure of its parts."""
    return min(map(float, scores), default=None)
