"""Make a bundle again as its card says, and compare: the short form from its Keras networks, the full one from nothing.

Training and conversion are deterministic, so that the same versions on the same kind of processor give the same bytes.
Where they do not, sums were rounded otherwise on the way; then the answers must be as good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from convert import calibrate, forms, quantize
from convert.errors import ParityError
from convert.files import hashes
from device.model import Bundle, NetworkFile
from device.provenance import Origin, origins
from train import typefaces
from train.data import Mnist
from train.files import sha256
from train.fine_tune import network_of
from train.recipe import DIGIT
from train.runs import versions

Verdict = Literal["identical", "within the gate", "differs", "not checked"]

LEAST_AGREEMENT = 0.999
"""Share of MNIST's test digits that a network made of the same weights gives the same class."""
LARGEST_GAP = 0.001
"""By so much, a share of MNIST's test digits, may a network that was trained again err more: 0.1 points."""
FITTED = ("weights", "confidence", "thresholds", "temperature")
"""Of the decoder, what is compared."""
UNTOLD = "the card does not tell"
PENS = "pen digits"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was made again, or looked at again."""

    what: str
    verdict: Verdict
    detail: str = ""


def table(rows: Sequence[Row]) -> str:
    """The rows for people, and what they come to."""
    width = max(len(row.what) for row in rows)
    lines = [f"{row.what:<{width}}  {row.verdict:<15}  {row.detail}".rstrip() for row in rows]
    counts = {verdict: sum(row.verdict == verdict for row in rows) for verdict in get_args(Verdict)}
    return "\n".join([*lines, ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)])


def require(rows: Iterable[Row]) -> None:
    """Raise a ParityError that names what differs."""
    if wrong := [row.what for row in rows if row.verdict == "differs"]:
        raise ParityError(f"not made again: {', '.join(wrong)}")


def again(bundle: Bundle, mnist: Mnist, pendigits: Path | None = None) -> Iterator[Row]:
    """The short form: the files and data that the card names, and its Keras networks converted once more."""
    yield from _versions(bundle)
    yield from _data(bundle, mnist, pendigits)
    for role, origin in origins(bundle).items():
        yield _same_file(origin.keras, origin.keras_sha256)
        for file in bundle.network(role).files.values():
            yield _same_file(file.path, file.sha256)
    for origin in origins(bundle).values():
        if origin.command is None:
            yield Row(f"{origin.role}, converted", "not checked", "it was brought, and not trained here")
        else:
            yield from _converted(bundle, origin, mnist)


def beside(bundle: Bundle, new: Bundle, mnist: Mnist, pendigits: Path | None = None) -> Iterator[Row]:
    """The full form: a bundle made anew, which has passed the gate of conversion, against the one it is to be."""
    yield from _versions(bundle)
    yield from _data(bundle, mnist, pendigits)
    theirs = origins(new)
    for role, origin in origins(bundle).items():
        if role not in theirs:
            yield Row(f"{role}, trained", "differs", "the recorded commands make no such network")
            continue
        same = origin.keras_sha256 == theirs[role].keras_sha256
        yield Row(
            f"{role}, trained", "identical" if same else "not checked", "" if same else "other bits: see its files"
        )
        for precision, file in bundle.network(role).files.items():
            yield _made_anew(file, new.network(role).files[precision], mnist)
    yield _decoder(bundle, new)


def _decoder(bundle: Bundle, new: Bundle) -> Row:
    """The decoder is fitted to the networks: to the same ones it comes out the same, to others nothing tells."""
    if all(bundle.decoder.get(name) == new.decoder.get(name) for name in FITTED):
        return Row("decoder", "identical")
    if hashes(bundle.card) == hashes(new.card):
        return Row("decoder", "differs", "though the networks are identical")
    return Row("decoder", "not checked", "fitted to networks of other bits")


def _made_anew(file: NetworkFile, other: NetworkFile, mnist: Mnist) -> Row:
    if file.sha256 == other.sha256:
        return Row(file.path.name, "identical")
    gap = _wrong(other.read(), mnist) - _wrong(file.read(), mnist)
    close: Verdict = "within the gate" if gap <= LARGEST_GAP else "differs"
    return Row(file.path.name, close, f"{gap:+.2%} errors on MNIST's test digits, +{LARGEST_GAP:.2%} is allowed")


def _versions(bundle: Bundle) -> Iterator[Row]:
    here = versions()
    for what, told in {
        "versions of training": {name: text for one in origins(bundle).values() for name, text in one.versions.items()},
        "versions of conversion": bundle.card.get("made_by", {}).get("versions", {}),
    }.items():
        others = [f"{name} {text}, here {here.get(name)}" for name, text in told.items() if here.get(name) != text]
        said = "; ".join(others) if told else UNTOLD
        yield Row(what, "not checked" if others or not told else "identical", said)


def _data(bundle: Bundle, mnist: Mnist, pendigits: Path | None) -> Iterator[Row]:
    """What the card says of data against what would be trained on here."""
    told = [one.data for one in origins(bundle).values() if one.command is not None]
    digits = {one.get("sha256", one.get("mnist")) for one in (*told, bundle.card.get("made_by", {}).get("data", {}))}
    yield _same_data("MNIST", digits - {None}, mnist.sha256(), mnist.source)
    pens = {one.get("pendigits") for one in (*told, bundle.decoder.get("fitted", {}))} - {None}
    if pens and pendigits is None:
        yield Row(PENS, "not checked", "give them with --pendigits FILE")
    elif pens and pendigits is not None:
        yield _same_data(PENS, pens, sha256(pendigits), pendigits.name)
    fonts = {
        (name, font["version"], font["sha256"]) for one in told for name, font in one.get("fonts", {}).items()
    }  # fmt: skip
    if fonts:
        other = sorted({name for name, *font in fonts if typefaces.PACKAGES.get(name) != tuple(font)})
        detail = f"of {len(fonts)}: {', '.join(other)}" if other else f"{len(fonts)}, by version and hash"
        yield Row("typefaces", "differs" if other else "identical", detail)


def _same_data(what: str, told: set[Any], here: str, detail: str) -> Row:
    """Data that the card tells the hash of, maybe several times."""
    if not told:
        return Row(what, "not checked", UNTOLD)
    return Row(what, "identical" if told == {here} else "differs", detail)


def _same_file(path: Path, digest: str) -> Row:
    if not path.is_file():
        return Row(path.name, "differs", "it is not there")
    same = sha256(path) == digest
    return Row(path.name, "identical" if same else "differs", "" if same else "its sha256 is not the card's")


def _converted(bundle: Bundle, origin: Origin, mnist: Mnist) -> Iterator[Row]:
    """A network's files, from its Keras network once more."""
    network, model = bundle.network(origin.role), network_of(origin)
    form: quantize.Form = "fast" if network.graph == "fast" else "plain"
    floats = quantize.to_float32(model, form)
    yield _made_of_same_weights(f"{origin.role}, converted to float32", network.file("float32"), floats, mnist)
    what = f"{origin.role}, converted to int8"
    if origin.role != DIGIT:
        yield Row(what, "not checked", "its ranges come from rendered lines: the full form renders them")
        return
    set_ = bundle.card["made_by"]["representative"]
    shown = calibrate.representative(mnist.train, set_["per_class"], set_["seed"])
    yield _made_of_same_weights(what, network.file("int8"), quantize.to_int8(model, shown, form), mnist)


def _made_of_same_weights(what: str, file: NetworkFile, content: bytes, mnist: Mnist) -> Row:
    shipped = file.read()
    if content == shipped:
        return Row(what, "identical")
    same = float((_classes(content, mnist) == _classes(shipped, mnist)).mean())
    close: Verdict = "within the gate" if same >= LEAST_AGREEMENT else "differs"
    return Row(what, close, f"the same class on {same:.2%} of MNIST's test digits, {LEAST_AGREEMENT:.1%} is asked")


def _classes(content: bytes, mnist: Mnist) -> Any:
    return forms.outputs(content, mnist.test.pixels)[:, :10].argmax(axis=1)


def _wrong(content: bytes, mnist: Mnist) -> float:
    return float((_classes(content, mnist) != mnist.test.labels).mean())
