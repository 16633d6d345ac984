"""The report of a table held against its truth, as one HTML page with its plots drawn in SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from device.batch.edits import NONE
from device.batch.truth import Point, Report, at_shares
from device.batch.truth_text import shares, told

WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 28, 16, 44
"""Of the plot within the picture."""
FLOOR = 1e-4
"""The least error on the plot, whose axis is logarithmic; a curve without an error runs along it."""
STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } th, td { padding: .15rem .7rem; text-align: right; }
th:first-child, td:first-child { text-align: left; } td { border-top: 1px solid #8884; }
.words td { text-align: left; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
.grid { stroke: #8884; } .band { fill: #1667c733; } .curve { fill: none; stroke: #1667c7; stroke-width: 2; }
.matrix td { width: 2.6rem; text-align: center; padding: .2rem; border: 1px solid #8883; }
"""


def page(report: Report, title: str) -> str:
    """The page; what it quotes of names and codes is escaped."""
    parts = [
        f"<h1>{escape(title)}</h1><p>{report.pages:,} pages whose code is known.</p>",
        _table((), [(name, told(share)) for name, share in shares(report)]),
        "<h2>Wrong among the accepted, by the share that is refused</h2>",
        _plot(report.curve),
        _curve_table(report),
        "<h2>Digits, and what they were read as</h2>",
        _matrix(report),
    ]
    if report.worst:
        rows = [
            (f"{one.confidence:.4f}", one.read, one.truth or NONE, one.source, str(one.page)) for one in report.worst
        ]
        parts.append("<h2>Accepted and wrong, the surest first</h2>")
        parts.append(_table(("confidence", "read", "truth", "source", "page"), rows, "words"))
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], style: str = "") -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table class="{style}"><tr>{top}</tr>{body}</table>'


def _curve_table(report: Report) -> str:
    points = at_shares(report.curve)
    rows = [(f"{100 * one.refused:.1f} %", told(one.errors), f"{one.confidence:.4f}") for one in points]
    return _table(("refused", "wrong among the accepted (95 %)", "confidence from"), rows)


def _matrix(report: Report) -> str:
    """Counts, shaded by their share of the row; wrong ones red."""
    names = [*"0123456789", NONE]
    cells = ["<tr><th></th>" + "".join(f"<th>{name}</th>" for name in names) + "</tr>"]
    for one in names:
        counts = [report.confusion.get((one, other), 0) for other in names]
        shaded = [_cell(count, sum(counts), one == other) for count, other in zip(counts, names, strict=True)]
        cells.append(f"<tr><th>{one}</th>{''.join(shaded)}</tr>")
    about = f"Rows: what stands there. Columns: what was read. {NONE}: passed over, or not there."
    return f'<p>{about}</p><table class="matrix">{"".join(cells)}</table>'


def _cell(count: int, of: int, right: bool) -> str:
    strength = math.sqrt(count / of) if of else 0.0
    colour = f"rgba(28, 122, 63, {0.6 * strength:.2f})" if right else f"rgba(214, 60, 40, {0.9 * strength:.2f})"
    return f'<td style="background: {colour}">{count or ""}</td>'


def _plot(points: Sequence[Point]) -> str:
    """Error against reject with its 95 % band, the error's axis logarithmic."""
    if not points:
        return "<p>Nothing was read.</p>"
    highest = max(0.01, *(one.errors.high or 0.0 for one in points))

    def x(refused: float) -> float:
        return round(LEFT + refused * (WIDTH - LEFT - RIGHT), 1)

    def y(error: float) -> float:
        share = math.log(max(error, FLOOR) / FLOOR) / math.log(highest / FLOOR)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def path(values: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{x(refused)},{y(error)}" for refused, error in values)

    parts = []
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        parts.append(f'<line class="grid" x1="{x(share)}" x2="{x(share)}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{x(share)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{100 * share:.0f} %</text>')
    for error in (0.0001, 0.001, 0.01, 0.1, 1.0):
        if error <= highest:
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(error)}" y2="{y(error)}"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{y(error) + 4}" text-anchor="end">{100 * error:g} %</text>')
    thin = [*points[:: max(1, len(points) // 1000)], points[-1]]
    upper = [(one.refused, one.errors.high or 0.0) for one in thin]
    lower = [(one.refused, one.errors.low or 0.0) for one in reversed(thin)]
    parts.append(f'<polygon class="band" points="{path(upper + lower)}"/>')
    parts.append(f'<polyline class="curve" points="{path([(one.refused, one.errors.share or 0.0) for one in thin])}"/>')
    parts.append(f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 6}" text-anchor="middle">refused</text>')
    label = "wrong among the accepted, and the 95 % interval of that share"
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
