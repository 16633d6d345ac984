"""A bundle: the card and the networks it lists, checked against each other before the first digit.

The card is `NAME.json`; the networks lie beside it.  What is checked here needs no
interpreter: the card's own sense, each file's presence, hash and kind.  What only the
interpreter can tell (shapes, types, quantisation) is checked in `device.classify`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from device.errors import ModelError
from device.pixels import PIXELS_VERSION

CARD_SCHEMA = 1
DEFAULT_BUNDLE = "lenet5"
TFLITE_MAGIC = b"TFL3"
"""FlatBuffers file identifier of a TFLite model, at bytes 4 to 8."""

DIGITS = tuple("0123456789")
"""The first ten classes of every network."""
ROLES = {"digit": 10, "digit-or-not": 11, "digit-or-not-alone": 11, "which-digit": 10}
"""Classes of a network, by its role."""
ALONE, AMONG = 0, 1
"""The two ways in which `device.glyphs.glyphs` shows a glyph: alone, and among its neighbours."""
VIEWS = {"digit": ALONE, "digit-or-not": AMONG, "digit-or-not-alone": ALONE, "which-digit": ALONE}
"""The way in which each role's network looks at it."""

Precision = Literal["int8", "float32"]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """What the card says of a network's input or output."""

    shape: tuple[int, ...]
    """-1 stands for the batch, which can be resized."""
    dtype: str
    scale: float | None
    """real = scale * (quantised - zero_point); None for float tensors."""
    zero_point: int | None


@dataclass(frozen=True, slots=True)
class NetworkFile:
    path: Path
    sha256: str
    input: TensorSpec
    output: TensorSpec

    def read(self) -> bytes:
        """The file's bytes, once they are known to be the ones that the card describes."""
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise ModelError(f"{self.path}: cannot be read ({error.strerror}); restore the bundle") from error
        if content[4:8] != TFLITE_MAGIC:
            raise ModelError(f"{self.path}: not a TFLite model; restore the bundle or convert it again")
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise ModelError(
                f"{self.path}: not the file that the card describes (its sha256 differs): truncated or replaced; "
                "restore the bundle or convert it again"
            )
        return content


@dataclass(frozen=True, slots=True)
class Network:
    role: str
    """``digit`` (ten classes, of MNIST), ``digit-or-not`` and ``digit-or-not-alone`` (the eleventh: not a digit; the
    one sees a glyph among its neighbours, the other alone), or ``which-digit`` (ten, of digits off rendered lines)."""
    arch: str
    classes: tuple[str, ...]
    graph: str
    """``plain`` as drawn, ``fast`` with C1 and S2 rewritten; the same answers either way."""
    files: Mapping[str, NetworkFile]
    """By precision."""

    @property
    def view(self) -> int:
        """How it looks at a glyph: `ALONE` or `AMONG`."""
        return VIEWS[self.role]

    def file(self, precision: Precision) -> NetworkFile:
        if precision not in self.files:
            raise ModelError(f"the bundle has no {precision} file for its {self.role} network: use another --precision")
        return self.files[precision]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A card, with its networks and the decoder's parameters."""

    name: str
    path: Path
    """The card."""
    card: Mapping[str, Any]
    networks: tuple[Network, ...]
    decoder: Mapping[str, Any]
    """Weights, temperature and default thresholds, as `device.decode` wants them."""

    @classmethod
    def load(cls, where: str | Path | None = None) -> Bundle:
        """Load a bundle by name (``lenet5``) or by the path of its card; the shipped one by default.

        Raises ModelError, one line, when the card or a file is not what it should be.
        """
        path = find(where)
        card = _read_card(path)
        try:
            networks = tuple(_network(entry, path.parent) for entry in card["networks"])
            bundle = cls(str(card["name"]), path, card, networks, dict(card["decoder"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            what = f"{type(error).__name__}: {error}"
            raise ModelError(f"{path}: the card is damaged ({what}); restore the bundle") from error
        bundle.network("digit")
        for network in networks:
            if network.classes[:10] != DIGITS or len(network.classes) != ROLES.get(network.role, len(network.classes)):
                classes = " ".join(network.classes)
                raise ModelError(f"{path}: its {network.role} network has the classes {classes}; convert it again")
        return bundle

    def network(self, role: str) -> Network:
        for network in self.networks:
            if network.role == role:
                return network
        raise ModelError(f"{self.path}: the bundle has no network for the role {role!r}")


def find(where: str | Path | None = None) -> Path:
    """The card's path: as given, or by name among the shipped bundles (in the wheel, else in the checkout)."""
    name = str(where or DEFAULT_BUNDLE)
    if name.endswith(".json") or "/" in name:
        path = Path(name)
        if path.suffix != ".json":
            raise ModelError(f"{path}: give the card (NAME.json), not the network or its folder")
        return path
    if Path(name).suffix in {".tflite", ".keras", ".h5"}:
        raise ModelError(f"{name}: give the card (NAME.json), not the network")
    folders = _shipped()
    for folder in folders:
        if (folder / f"{name}.json").is_file():
            return folder / f"{name}.json"
    names = sorted({path.stem for folder in folders for path in folder.glob("*.json")})
    there = ", ".join(names) or "none"
    raise ModelError(f"no shipped bundle is called {name!r}; there is {there}, or give a PATH.json")


def _shipped() -> list[Path]:
    here = Path(__file__).resolve().parent
    return [folder for folder in (here / "models", here.parent / "models") if folder.is_dir()]


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: the card cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not a model card (not JSON: {error})") from error
    if not isinstance(card, dict) or "card_schema" not in card:
        raise ModelError(f"{path}: not a model card (it has no card_schema)")
    if card["card_schema"] != CARD_SCHEMA:
        schema = card["card_schema"]
        raise ModelError(f"{path}: card_schema {schema}, this version reads {CARD_SCHEMA}; upgrade postread")
    if card.get("pixels_version") != PIXELS_VERSION:
        raise ModelError(
            f"{path}: made for pixels version {card.get('pixels_version')}, this device has {PIXELS_VERSION}; "
            "convert the model again with this version"
        )
    return card


def _network(entry: Mapping[str, Any], folder: Path) -> Network:
    files = {
        precision: NetworkFile(
            folder / Path(entry[precision]["file"]).name,  # never outside the card's folder
            str(entry[precision]["sha256"]),
            _spec(entry[precision]["input"]),
            _spec(entry[precision]["output"]),
        )
        for precision in ("int8", "float32")
        if precision in entry
    }
    classes = tuple(str(name) for name in entry["classes"])
    return Network(str(entry["role"]), str(entry["arch"]), classes, str(entry["graph"]), files)


def _spec(entry: Mapping[str, Any]) -> TensorSpec:
    scale, zero_point = entry["scale"], entry["zero_point"]
    return TensorSpec(
        tuple(int(side) for side in entry["shape"]),
        str(entry["dtype"]),
        None if scale is None else float(scale),
        None if zero_point is None else int(zero_point),
    )
