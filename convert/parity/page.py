"""The report as one page of HTML, with everything in it: no other file, no script, nothing fetched."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import jinja2
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from convert import gate
from convert.parity import plots
from convert.parity.codes import Answer, by_kind, compare_codes
from convert.parity.compare import Comparison
from convert.statistics import wilson
from device.classify import log_softmax
from train.pieces import NOT_A_DIGIT
from train.runs import versions

if TYPE_CHECKING:
    from convert.parity.report import Report

TEMPLATE = Path(__file__).with_name("page.html")
MOST_PICTURES = 400
"""Changed glyphs of one comparison that are drawn; beyond that a page would be too heavy to open."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one network makes of a glyph."""

    said: str
    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A glyph that was given another class."""

    picture: str
    """A PNG as a data URI, dark ink on white."""
    number: int
    truth: str
    float32: Opinion
    quantised: Opinion


def page(report: Report) -> str:
    """The whole page."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": _percent, "interval": _interval, "said": _said, "png": _png}
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    sections = [
        {
            "found": found,
            "name": f"{found.role}-{found.shown.name}",
            "plots": Markup(plots.draw(found, number)),
            "changed": list(_changed(found)),
            "left_out": max(0, len(found.changed) - MOST_PICTURES),
            "failures": found.failures(),
        }
        for number, found in enumerate(report.networks)
    ]
    kinds = by_kind(report.codes)
    if report.codes:
        kinds["all"] = compare_codes(report.codes)
    return template.render(
        report=report, sections=sections, failures=report.failures(), kinds=kinds, whole=report.whole,
        hashes=report.hashes(), versions=versions(), wilson=wilson, code_gap=gate.LARGEST_CODE_GAP,
    )  # fmt: skip


def _changed(found: Comparison) -> Iterator[Changed]:
    """The first glyphs that changed their class, with both opinions."""
    chosen = found.changed[:MOST_PICTURES]
    labels = found.shown.glyphs.labels[chosen]
    shares = [np.exp(log_softmax(logits[chosen], found.temperature)) for logits in (found.float32, found.quantised)]
    for k, number in enumerate(chosen):
        both = [Opinion(_class(row.argmax()), float(row.max()), bool(row.argmax() == labels[k])) for row in
                (share[k] for share in shares)]  # fmt: skip
        ink = found.shown.glyphs.pixels[number]
        picture = _png(cv2.imencode(".png", np.asarray(255 - ink, np.uint8))[1].tobytes())
        yield Changed(picture, int(number), _class(labels[k]), *both)


def _class(number: Any) -> str:
    """A class in a word."""
    return "no digit" if number >= NOT_A_DIGIT else str(int(number))


def _png(content: bytes | NDArray[np.uint8]) -> str:
    """A PNG as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(bytes(content)).decode()}"


def _percent(share: float, decimals: int = 2) -> str:
    return f"{share:.{decimals}%}"


def _interval(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:.2%} to {bounds[1]:.2%}"


def _said(answer: Answer) -> str:
    said = answer.said or f"nothing ({answer.reason or 'no line found'})"
    return said if answer.confidence is None else f"{said}, {answer.confidence:.2f}"
