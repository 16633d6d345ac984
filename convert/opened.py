"""Bundles as conversion opens them: it looks into parts of the card that the device never does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from device.decode import Decoder
from device.errors import ModelError
from device.model import ROLES, Bundle

Tree = Mapping[str, Any]

NETWORK: Tree = {
    "representative": {},
    "recipe": {},
    "base": {},
    "training": {"data": {"mnist_digits": int, "training": int}, "versions": {}},
    "keras": {"file": str, "sha256": str},
    "scaling": {"paper": (int, float), "ink": (int, float)},
}
"""What the card tells of how a network was made, and what each part of it is; none of it has to be there."""
MADE_BY: Tree = {**NETWORK, **dict.fromkeys(ROLES, NETWORK), "data": {}, "versions": {}, "temperature": {}}
DECODER: Tree = {"fitted": {}}


def open_bundle(where: str | Path | None) -> Bundle:
    """Load a bundle by name or card, as `Bundle.load` does.  Raises ModelError, one line, for a damaged card too."""
    bundle = Bundle.load(where)
    for what in _damaged(bundle):
        raise ModelError(f"{bundle.path}: the card is damaged ({what}); restore the bundle")
    return bundle


def _damaged(bundle: Bundle) -> Iterator[str]:
    yield from _others(bundle.card.get("made_by", {}), MADE_BY, "made_by")
    yield from _others(bundle.decoder, DECODER, "decoder")
    try:
        Decoder.from_card(bundle.decoder)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        yield f"its decoder cannot be read: {error}"


def _others(told: Any, wanted: Any, name: str) -> Iterator[str]:
    """Parts of the card that are something else than they should be."""
    kind = dict if isinstance(wanted, Mapping) else wanted
    if not isinstance(told, kind):
        yield f"{name} is {type(told).__name__}"
    elif isinstance(wanted, Mapping):
        for key, below in wanted.items():
            if key in told:
                yield from _others(told[key], below, f"{name}.{key}")
