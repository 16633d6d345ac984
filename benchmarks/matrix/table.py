"""The matrix as a Markdown table."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.aarch64 import lane
from benchmarks.matrix.cells import REFERENCE
from benchmarks.matrix.verdict import Verdict
from benchmarks.tables import markdown

PACKAGE = {"litert": "ai-edge-litert", "tf": "tensorflow", "tflite-runtime": "tflite-runtime"}
"""That has the runtime."""
HEAD = (
    "runtime",
    "processor",
    "version",
    "Python, NumPy, OpenCV",
    "digits of another class (no draws)",
    "int8 logits: largest difference, units (unequal)",
    "float32 logits: largest difference",
    "glyphs of other pixels",
    "pictures of other codes",
    "boxes: largest difference, pixels",
    "confidence: largest difference",
)


def table(verdicts: Sequence[Verdict]) -> str:
    """A row for each cell, the reference the first."""
    return markdown(HEAD, [_row(one) for one in verdicts], words=4)


def about(verdicts: Sequence[Verdict]) -> str:
    """What the figures are of, in a sentence or two."""
    one = verdicts[0]
    digits = f"{one.digits:,} digits through each of {one.networks} int8 networks"
    pictures = "a picture" if one.pictures == 1 else f"{one.pictures} pictures"
    return (
        f"{digits}, the pixels of {one.glyphs:,} glyphs, and {pictures}, each beside "
        f"{REFERENCE.name}'s answers. The cortex cells run under {lane.version()}."
    )


def _row(one: Verdict) -> list[str]:
    board = lane.BOARDS.get(one.cell.processor)
    versions = ", ".join(one.about[name] for name in ("python", "numpy", "opencv-python-headless"))
    return [
        one.cell.runtime,
        f"{one.cell.processor} ({board})" if board else one.cell.processor,
        one.about[PACKAGE[one.cell.runtime]],
        versions,
        f"{one.classes_changed} ({one.decided_changed})",
        f"{one.int8_change} ({one.int8_changed:.1%})",
        f"{one.float_change:.0e}" if one.float_change else "0",
        f"{one.glyphs_changed}",
        f"{one.codes_changed}",
        f"{one.box_change}",
        f"{one.confidence_change:.4f}",
    ]
