"""Other ways of quantising, made from the very Keras networks that a bundle's float32 and int8 ones were made from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, get_args

import keras

import train.networks.registry  # noqa: F401 (makes the project's own layers known to Keras)
from convert import brought, calibrate, quantize
from convert.errors import ConversionError
from convert.graph import inspect
from convert.parity.compare import Sides
from convert.parity.sets import TestSet
from convert.scaling import Scaling
from convert.source import BROUGHT
from device.model import Bundle, Network
from train.data import Mnist
from train.files import sha256, write_json
from train.recipe import DIGIT

INT8, INT16X8 = "int8", "int16x8"
"""The bundle's own, and one that needs ranges as well."""
SCHEMES = (INT8, *get_args(quantize.Scheme))


def has_keras(bundle: Bundle, role: str) -> bool:
    """Whether the Keras network of a role's files lies beside the card: in a checkout, and not in the wheel."""
    said = _said(bundle, role)
    return said is not None and _beside(bundle, said).is_file()


def open_keras(bundle: Bundle, role: str, mnist: Mnist) -> keras.Model:
    """The Keras network that a role's files were made from, as it was converted.

    Raises ConversionError where it is not there or is not the one that the card describes.
    """
    said = _said(bundle, role)
    if said is None:
        raise ConversionError(f"{bundle.path}: the card names no Keras file for its {role} network")
    path = _beside(bundle, said)
    if not path.is_file():
        raise ConversionError(f"{path}: no such file; the {role} network cannot be made another way without it")
    if sha256(path) != said["sha256"]:
        raise ConversionError(f"{path}: not the file that the card describes (its sha256 differs)")
    if bundle.network(role).arch == BROUGHT:
        made_by = bundle.card["made_by"]["scaling"]
        return brought.open_source(path, mnist, Scaling(made_by["paper"], made_by["ink"]))[0].model
    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, ValueError, TypeError) as error:
        raise ConversionError(f"{path} is not a Keras model: {error}") from error


def _said(bundle: Bundle, role: str) -> dict[str, Any] | None:
    """What the card says of a role's Keras file."""
    made_by = bundle.card.get("made_by", {})
    return (made_by if role == DIGIT else made_by.get(role, {})).get("keras")


def _beside(bundle: Bundle, said: dict[str, Any]) -> Path:
    return bundle.path.parent / Path(str(said["file"])).name


def sides(bundle: Bundle, scheme: str, mnist: Mnist, cut: TestSet | None, folder: Path) -> Sides:
    """Float32 beside a scheme: the bundle's own int8 files, or others, converted into a folder.

    cut: rendered glyphs, from which the ranges of networks of rendered lines come; the first network's, and without
    any glyphs all of them, come from MNIST's training digits.
    """
    if scheme == INT8:
        return Sides(bundle, bundle)
    return Sides(bundle, _draft(bundle, scheme, mnist, cut, folder), "float32", scheme)


def _draft(bundle: Bundle, scheme: Any, mnist: Mnist, cut: TestSet | None, folder: Path) -> Bundle:
    """A bundle whose float32 files are quantised by another scheme (their inputs and outputs are float32 still)."""
    card = json.loads(json.dumps(bundle.card))
    for network, entry in zip(bundle.networks, card["networks"], strict=True):
        shown = mnist.train if network.role == DIGIT or cut is None else cut.seen_by(network).glyphs
        pixels = calibrate.representative(shown, min(calibrate.PER_CLASS, _fewest(shown.labels)))
        content = quantize.to_scheme(open_keras(bundle, network.role, mnist), scheme, pixels, _form(network))
        graph = inspect(content)
        if (graph.input.dtype, graph.output.dtype) != ("float32", "float32"):
            raise ConversionError(f"{scheme} gave a network of {graph.input.dtype} and {graph.output.dtype}")
        (folder / entry["float32"]["file"]).write_bytes(content)
        entry["float32"] |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        del entry["int8"]
    path = folder / bundle.path.name
    write_json(path, card)
    return Bundle.load(path)


def _form(network: Network) -> quantize.Form:
    return "fast" if network.graph == "fast" else "plain"


def _fewest(labels: Any) -> int:
    """Examples of the rarest class."""
    return int(min((labels == label).sum() for label in set(labels.tolist())))
