"""What model this is, where it comes from and what it runs on, for people and as JSON."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from device import __version__, provenance
from device.classify import Classifier, RuntimeName
from device.errors import ModelError
from device.model import Bundle, Precision

PACKAGES = ("numpy", "opencv-python-headless", "ai-edge-litert", "tflite-runtime")


def facts(
    model: str | Path | None = None, precision: Precision = "int8", runtime: RuntimeName = "auto", threads: int = 1
) -> dict[str, Any]:
    """The card, opened and checked, with versions.  Raises ModelError, RuntimeMissing."""
    bundle = Bundle.load(model)
    runtimes = {Classifier.open(network, precision, runtime, threads).runtime for network in bundle.networks}
    return {
        "schema": 1,
        "postread": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": {name: _version(name) for name in PACKAGES},
        "runtime": ", ".join(sorted(runtimes)),
        "precision": precision,
        "model": str(bundle.path),
        "provenance": _provenance(bundle),
        "card": dict(bundle.card),
    }


def text(found: dict[str, Any]) -> str:
    """The facts as lines for people."""
    card = found["card"]
    packages = ", ".join(f"{name} {version}" for name, version in found["packages"].items() if version)
    lines = [
        f"postread {found['postread']}, Python {found['python']} on {found['machine']}",
        f"{packages}",
        f"model     {card['name']} ({found['model']})",
        f"runtime   {found['runtime']}, {found['precision']}",
    ]
    for network in card["networks"]:
        arch, size = f"{network['arch']}, {network['graph']} graph", network[found["precision"]]["bytes"] / 1024
        lines.append(f"network   {network['role']}: {arch}, {len(network['classes'])} classes, {size:.0f} KB")
    for name, figures in card.get("accuracy", {}).items():
        shown = ", ".join(f"{key.replace('_', ' ')} {_figure(value)}" for key, value in figures.items())
        lines.append(f"accuracy  {name}: {shown}")
    if found["provenance"] is not None:
        lines += ["", *provenance.lines(found["provenance"])]
    return "\n".join(lines)


def _figure(value: float) -> str:
    """A count, decibels, or a share of one as per cent."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.2%}" if value <= 1 else f"{value:.2f}"


def _provenance(bundle: Bundle) -> dict[str, Any] | None:
    """Where the bundle comes from, unless its card does not tell: it reads as well without."""
    try:
        return provenance.record(bundle)
    except ModelError:
        return None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
