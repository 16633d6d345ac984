"""The report's tables between the markers of a document, so that no figure in it is typed in."""

from __future__ import annotations

from pathlib import Path

from benchmarks.tables import markdown, renew
from convert.parity.codes import by_kind, compare_codes
from convert.parity.report import Report, identity
from convert.parity.schemes import INT8
from convert.statistics import wilson


def update(document: Path, report: Report) -> None:
    """Write what was compared and its tables into a document.

    The bundle's own int8: between `<!-- parity NAME -->` and `<!-- end of parity NAME -->`, NAME being about, networks,
    layers and codes; what was not asked for stays as it is.  Another scheme: its networks alone, between
    `<!-- SCHEME networks -->` and the end of that.
    """
    parts = {"networks": networks(report)} if report.networks else {}
    if report.sides.scheme == INT8:
        parts |= {"about": about(report)}
        parts |= {"layers": layers(report)} if report.networks else {}
        parts |= {"codes": codes(report)} if report.codes else {}
    spaced = {name: part.replace("%", " %") for name, part in parts.items()}
    renew("parity" if report.sides.scheme == INT8 else report.sides.scheme, document, spaced)


def about(report: Report) -> str:
    """What was compared: told from others of its name by hashes."""
    return f"Bundle `{identity(report.sides.float32, report.sides.scheme)}`; rendered with {report.digits}."


def networks(report: Report) -> str:
    """A row for every network and set."""
    scheme = report.sides.scheme
    head = ("network", "set", "n", "float32 error", f"{scheme} error", "McNemar p", "same class", "SQNR",
            "confidence shift", "calibration error", "most noise at")  # fmt: skip
    rows = []
    for one in report.networks:
        parity, shown = one.parity, {"mnist": "MNIST", "cut": "cut glyphs", "printed": "print"}
        errors = [_share(wrong, parity.n) for wrong in (parity.float32_wrong, parity.quantised_wrong)]
        calibration = f"{parity.float32_calibration:.2%}, {parity.quantised_calibration:.2%}"
        blamed = one.blamed.name if one.blamed else "–"
        rows.append((
            f"`{one.role}`", shown.get(one.shown.name, one.shown.name), f"{parity.n:,}", *errors, f"{parity.p:.2g}",
            f"{parity.agreement:.2%}", f"{parity.sqnr:.1f} dB", f"{parity.confidence_shift:+.3%}", calibration, blamed,
        ))  # fmt: skip
    return markdown(head, rows)


def codes(report: Report) -> str:
    """A row for every kind of pages, and one for all."""
    scheme = report.sides.scheme
    head = ("pages", "n", "float32 right", f"{scheme} right", "difference", "McNemar p", "answers that change")
    rows = []
    for kind, found in (*by_kind(report.codes).items(), ("all", compare_codes(report.codes))):
        right = [_share(count, found.n, 1) for count in (found.float32_right, found.quantised_right)]
        rows.append((kind, f"{found.n:,}", *right, f"{found.gap:+.2%}", f"{found.p:.2g}", f"{len(found.changed):,}"))
    return markdown(head, rows, words=1)


def layers(report: Report) -> str:
    """SQNR of every layer and the share clipped, of every network on the first set it was shown."""
    first = {one.role: one for one in reversed(report.networks)}
    roles = list(dict.fromkeys(one.role for one in report.networks))
    names = list(dict.fromkeys(layer.name for role in roles for layer in first[role].layers))
    rows = []
    for name in names:
        cells = []
        for role in roles:
            layer = next((one for one in first[role].layers if one.name == name), None)
            cells.append("–" if layer is None else f"{layer.sqnr:.1f} dB, {layer.clipped:.2%}")
        rows.append((name, *cells))
    return markdown(("layer", *(f"`{role}`" for role in roles)), rows, words=1)


def _share(count: int, n: int, decimals: int = 2) -> str:
    low, high = wilson(count, n)
    return f"{count / n:.{decimals}%} ({low:.{decimals}%} to {high:.{decimals}%})"
