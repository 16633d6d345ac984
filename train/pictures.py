"""The run folder's pictures; matplotlib is imported when one is drawn, and never opens a window."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from train.data import Shown
from train.evaluate import Evaluation, Float32, Uint8
from train.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS, ROWS = 10, 6
"""Of the sheet of mistakes: at most 60 are shown."""
TRAINED, HELD_OUT = "tab:blue", "tab:orange"
NAMES = (*"0123456789", "not")
"""Of the classes."""


def draw_curves(
    path: Path, history: dict[str, list[float]], distorted: bool = True, loss: str = "Cross-entropy"
) -> None:
    """Loss, by the name it is given, and accuracy after every epoch, training and validation."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    figure = _figure(10, 4)
    for place, (name, title) in enumerate({"loss": f"{loss}, nats", "accuracy": "Accuracy, %"}.items()):
        axes = figure.add_subplot(1, 2, place + 1)
        training = "training (distorted)" if distorted else "training"
        for key, label, colour in ((name, training, TRAINED), (f"val_{name}", "validation", HELD_OUT)):
            if key in history:
                values = np.array(history[key]) * (100 if name == "accuracy" else 1)
                axes.plot(np.arange(1, len(values) + 1), values, label=label, color=colour, marker=".")
        epochs = len(history["loss"])
        axes.set(title=title, xlabel="Epoch", xlim=(0.5, epochs + 0.5))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if name == "loss":
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(alpha=0.3)
        axes.legend()
    _save(figure, path)


def draw_confusion(path: Path, evaluation: Evaluation, what: str = "test digits") -> None:
    """Counts of digit against answer; only mistakes are coloured, since the diagonal would outshine them."""
    figure = _figure(6.5, 6)
    axes = figure.add_subplot()
    confusion = evaluation.confusion
    mistakes = confusion - np.diag(np.diag(confusion))
    axes.imshow(mistakes, cmap="Reds", vmin=0, vmax=max(1, int(mistakes.max())) * 1.3)
    for (row, column), count in np.ndenumerate(confusion):
        if count:
            axes.text(column, row, f"{count}", ha="center", va="center", color="grey" if row == column else "black")
    each, names = range(len(confusion)), NAMES[: len(confusion)]
    axes.set(xlabel="Read as", ylabel="Digit", xticks=each, yticks=each, xticklabels=names, yticklabels=names)
    axes.set_title(f"{mistakes.sum():,} of {confusion.sum():,} {what} read wrongly ({evaluation.error:.2%})")
    _save(figure, path)


def draw_mistakes(path: Path, tested: Shown, evaluation: Evaluation) -> None:
    """The worst mistakes, the least excusable first: what it is, what it was read as, and how surely."""
    shown, pixels = evaluation.mistakes[: COLUMNS * ROWS], tested.pixels
    rows = max(1, -(-len(shown) // COLUMNS))
    figure = _figure(1.1 * COLUMNS, 1.35 * rows + 0.5)
    which = f"The worst {len(shown)} of" if len(shown) < len(evaluation.mistakes) else "All"
    figure.suptitle(f"{which} {len(evaluation.mistakes)} mistakes: digit → read as, confidence")
    for place, index in enumerate(shown):
        axes = figure.add_subplot(rows, COLUMNS, place + 1)
        axes.imshow(pixels[index], cmap="gray_r", vmin=0, vmax=255)
        axes.set(xticks=[], yticks=[])
        answer, confidence = evaluation.predicted[index], evaluation.confidence[index]
        axes.set_title(f"{NAMES[tested.labels[index]]} → {NAMES[answer]}  {confidence:.0%}", fontsize=9)
        axes.set_xlabel(f"no. {index}", fontsize=7, labelpad=2)
    _save(figure, path)


def draw_digits(path: Path, shown: Shown) -> None:
    """A sheet of digits or glyphs with their labels, as many as there is room for."""
    pixels, labels = shown.pixels[: COLUMNS * ROWS], shown.labels[: COLUMNS * ROWS]
    rows = max(1, -(-len(labels) // COLUMNS))
    figure = _figure(1.1 * COLUMNS, 1.25 * rows)
    for place, (one, label) in enumerate(zip(pixels, labels, strict=True)):
        axes = figure.add_subplot(rows, COLUMNS, place + 1)
        axes.imshow(one, cmap="gray_r", vmin=0, vmax=255)
        axes.set(xticks=[], yticks=[])
        axes.set_title(NAMES[label], fontsize=9)
    _save(figure, path)


def draw_prediction(path: Path, pixels: Uint8, shares: Float32, what: str) -> None:
    """A digit as the network sees it, uint8[32, 32], and beside it the share of each class, float32[classes]."""
    figure = _figure(8, 3.4)
    seen, bars = figure.subplots(1, 2, width_ratios=(1, 1.6))
    seen.imshow(pixels, cmap="gray_r", vmin=0, vmax=255)
    seen.set(title=what, xticks=[], yticks=[])
    best, each = int(shares.argmax()), range(len(shares))
    bars.bar(each, 100 * shares, color=[HELD_OUT if one == best else TRAINED for one in each])
    bars.set(title=f"{NAMES[best]}, {shares[best]:.1%}", xlabel="Read as", ylabel="Share, %", ylim=(0, 100))
    bars.set_xticks(each, NAMES[: len(shares)])
    _save(figure, path)


def _figure(width: float, height: float) -> Figure:
    """An empty figure, inches; no pyplot, so no display and no state shared with a caller."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", dpi=110)


def _save(figure: Figure, path: Path) -> None:
    picture = io.BytesIO()
    figure.savefig(picture, format="png")  # a figure without pyplot is drawn by Agg
    write_atomically(path, picture.getvalue())
