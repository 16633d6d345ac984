"""Pictures of a comparison, as SVG that stands inside a page."""

from __future__ import annotations

import io
import re

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from convert.parity.compare import Comparison
from convert.statistics import reliability
from device.classify import log_softmax

FLOAT, QUANTISED, BAD, GREY = "#1b6ca8", "#d1702b", "#b3261e", "#9aa5b1"
"""Colours of float32, of quantised, of what is to blame, and of lines that only guide the eye."""
SIZE = 15.5, 3.4
"""Of the four pictures side by side, inches."""
MOST_POINTS = 60_000
"""Logits in a scatter: more are one blot."""
DECLARATION = re.compile(r"<\?xml.*?<svg", re.S)


def draw(found: Comparison, number: int) -> str:
    """Logits against each other and their differences, the layers' SQNR, and the calibration of both.

    number: of the picture on its page, which keeps its parts' names apart from those of the others.
    """
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": f"parity {number}", "font.size": 9})
    figure = Figure(figsize=SIZE, layout="constrained")
    scatter, difference, layers, calibration = every = figure.subplots(1, 4)
    _scatter(scatter, found)
    _difference(difference, found)
    _layers(layers, found)
    _calibration(calibration, found)
    for axes in every:
        axes.spines[["top", "right"]].set_visible(False)
    file = io.StringIO()
    figure.savefig(file, format="svg", dpi=110, metadata={"Date": None, "Creator": None})
    return DECLARATION.sub("<svg", file.getvalue(), count=1)


def _scatter(axes: Axes, found: Comparison) -> None:
    """Each logit, float32 across and quantised up."""
    across, up = _points(found)
    low, high = float(min(across.min(), up.min())), float(max(across.max(), up.max()))
    axes.plot([low, high], [low, high], color=GREY, linewidth=0.8, zorder=0)
    axes.scatter(across, up, s=2, color=QUANTISED, alpha=0.25, linewidths=0, rasterized=True)
    axes.set(xlabel="float32 logit", ylabel=f"{found.scheme} logit", title=f"Logits, {found.parity.sqnr:.1f} dB")


def _difference(axes: Axes, found: Comparison) -> None:
    """What quantising does to each logit: a band is rounding, and a slope at an end is clipping."""
    across, up = _points(found)
    axes.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    axes.scatter(across, up - across, s=2, color=QUANTISED, alpha=0.25, linewidths=0, rasterized=True)
    axes.set(xlabel="float32 logit", ylabel=f"{found.scheme} less float32", title="Differences")


def _points(found: Comparison) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both networks' logits, one in some where there are too many."""
    step = max(1, found.float32.size // MOST_POINTS)
    return found.float32.ravel()[::step], found.quantised.ravel()[::step]


def _layers(axes: Axes, found: Comparison) -> None:
    """SQNR of every layer, first to last; where most noise comes in stands out."""
    names = [layer.name for layer in found.layers]
    colours = [BAD if layer is found.blamed else FLOAT for layer in found.layers]
    values = [layer.sqnr for layer in found.layers]
    bars = axes.barh(range(len(names)), values, color=colours, height=0.7)
    axes.bar_label(bars, [f"{value:.1f}" for value in values], padding=3, fontsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.axvline(found.limits.sqnr, color=GREY, linestyle="--", linewidth=1)
    axes.set(xlabel="SQNR, dB (dashed: asked at the end)", title="Layers; red: most noise")
    axes.set_xlim(0, max([*values, found.limits.sqnr]) * 1.15)


def _calibration(axes: Axes, found: Comparison) -> None:
    """Share right over confidence, in bins of equal count: on the diagonal a network is as right as it is sure."""
    labels = found.shown.glyphs.labels
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
    lowest = 1.0
    for name, logits, colour in (("float32", found.float32, FLOAT), (found.scheme, found.quantised, QUANTISED)):
        sure = np.exp(log_softmax(logits, found.temperature).max(axis=1))
        bins = reliability(sure, logits.argmax(axis=1) == labels)
        axes.plot([one[0] for one in bins], [one[1] for one in bins], "o-", color=colour, label=name, markersize=3.5)
        lowest = min([lowest, *(min(one[:2]) for one in bins)])
    axes.set(xlabel="confidence", ylabel="share right", title="Calibration", xlim=(lowest - 0.02, 1.01))
    axes.set_ylim(lowest - 0.02, 1.01)
    axes.legend(frameon=False, loc="upper left")
