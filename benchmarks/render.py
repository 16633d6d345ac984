"""The project's own evaluation sets: pictures of each kind with their truth, from seeds that nothing else uses."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.envelopes import PEOPLE, STREETS, TOWNS, camera, cep, envelope, written
from benchmarks.errors import BenchmarkError
from benchmarks.writing import Spacing, boxed, framed, laid, line, specks, turned
from device.errors import InputError
from device.model import Bundle
from train import data, typefaces
from train.data import Digits, Mnist
from train.texts import DIGITS
from train.typefaces import Face
from train.writers import Hand, Hands

Uint8 = NDArray[np.uint8]
Made = tuple[Uint8, str, str]
"""A picture, its truth, and the format that is asked for."""

OURS = 0xBE7C4
"""First word of every seed here; those of a training and of the decoder's fit are others."""
JPEG_QUALITY = 60, 93
"""Of a camera's file."""


def unseen_digits(bundle: Bundle, mnist: Mnist) -> tuple[Digits, str]:
    """MNIST digits that no network of the bundle was trained on as far as its card tells, and what they are in words.

    The test digits, by which nothing here was chosen either: no epoch, temperature or weight of the decoder.  Of a
    network that was brought nothing is known, which the words say.
    """
    made_by = bundle.card.get("made_by", {})
    records = [made_by, *(made_by.get(network.role, {}) for network in bundle.networks[1:])]
    shown = [record.get("training", {}).get("data", {}) for record in records]
    if all("mnist_digits" in data or "training" in data for data in shown):
        return mnist.test, "MNIST's test digits"
    return mnist.test, "MNIST's test digits (the card does not tell what all of its networks were trained on)"


def writers(digits: Digits, fonts: Path, faces: Path | None = None) -> Hands:
    """Hands with these digits, in the typefaces of a folder's wheels.

    faces: a folder of TrueType files to print with instead.
    """
    every = typefaces.load(fonts)
    if faces is not None:
        others = [Face(path, hand=False) for path in sorted(faces.glob("*.[to]tf"))]
        if not others:
            raise InputError(f"{faces}: has no .ttf or .otf file")
        every = [*others, *(face for face in every if face.hand)]
    return Hands(digits.images, digits.labels.astype(np.int64), [], every)


def render(hands: Hands, folder: Path, count: int, seed: int) -> list[Case]:
    """Write so many pictures of each kind, and their truth.csv, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for number, (kind, make) in enumerate(KINDS.items()):
        for k in range(count):
            rng = np.random.default_rng((OURS, seed, number, k))
            picture, text, format_ = make(hands, rng)
            path = folder / f"{kind}_{k:04d}.{'jpg' if kind == 'cam' else 'png'}"
            _save(path, picture, rng)
            out.append(Case(path.resolve(), kind, text, format_))
        print(f"rendered {count:,} pictures, {kind}", file=sys.stderr)
    cases.write(folder, out)
    return out


def _save(path: Path, picture: Uint8, rng: np.random.Generator) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*JPEG_QUALITY))] if path.suffix == ".jpg" else []
    if not cv2.imwrite(str(path), picture, options):
        raise BenchmarkError(f"{path}: cannot be written")


def _number(rng: np.random.Generator, low: int = 5, high: int = 8) -> str:
    return "".join(rng.choice(list(DIGITS), int(rng.integers(low, high + 1))))


def _hand(hands: Hands, rng: np.random.Generator, kind: str) -> Hand:
    """A writer or a typeface, its digits between 20 and 75 pixels tall."""
    return Hand(hands, rng, kind, float(np.exp(rng.uniform(np.log(20), np.log(75)))))


def _on_paper(ink: Uint8, rng: np.random.Generator) -> Uint8:
    return laid(turned(framed(ink, max(12, ink.shape[0] // 3)), float(rng.normal(0, 1.5))), rng)


def spaced(hands: Hands, rng: np.random.Generator) -> Made:
    """Handwritten digits, apart."""
    text = _number(rng)
    return _on_paper(line([(_hand(hands, rng, "mnist"), text)], Spacing(), rng), rng), text, "digits"


def touching(hands: Hands, rng: np.random.Generator) -> Made:
    """Handwritten digits, most of which touch the next."""
    text = _number(rng)
    ink = line([(_hand(hands, rng, "mnist"), text)], Spacing(touching=True), rng)
    return _on_paper(ink, rng), text, "digits"


def printed(hands: Hands, rng: np.random.Generator) -> Made:
    """Printed digits."""
    text = _number(rng)
    return _on_paper(line([(_hand(hands, rng, "printed"), text)], Spacing(), rng), rng), text, "digits"


def in_boxes(hands: Hands, rng: np.random.Generator) -> Made:
    """Eight handwritten digits in printed boxes."""
    text = _number(rng, 8, 8)
    return _on_paper(boxed(_hand(hands, rng, "mnist"), text, rng), rng), text, "digits"


def address(hands: Hands, rng: np.random.Generator) -> Made:
    """The last line of an address: a code among words."""
    code = cep(rng)
    by_hand = rng.random() < 0.5
    numbers = _hand(hands, rng, "mnist" if by_hand else "printed")
    words = Hand(hands, rng, "handface", 0.8 * numbers.height) if by_hand else numbers
    shown, town = (numbers, written(code, rng)), (words, str(rng.choice(list(TOWNS))))
    orders = ([(words, "CEP"), shown], [shown, town], [(words, "CEP"), shown, town], [town, shown])
    return _on_paper(line(orders[rng.integers(len(orders))], Spacing(0.06, 0.25), rng), rng), code, "cep"


def empty(hands: Hands, rng: np.random.Generator) -> Made:
    """Paper with specks and perhaps a ruled line."""
    sheet = np.zeros((int(rng.integers(80, 200)), int(rng.integers(240, 640))), np.uint8)
    specks(sheet, rng)
    return laid(sheet, rng), "", "digits"


def letters(hands: Hands, rng: np.random.Generator) -> Made:
    """A line of words without a digit."""
    hand = _hand(hands, rng, "handface" if rng.random() < 0.4 else "printed")
    words = str(rng.choice([*PEOPLE, *STREETS, *TOWNS]))
    words = words.upper() if rng.random() < 0.25 else words
    return _on_paper(line([(hand, words)], Spacing(), rng), rng), "", "digits"


def printed_envelope(hands: Hands, rng: np.random.Generator) -> Made:
    """A scanned envelope, all of it in print."""
    code = cep(rng)
    return envelope(hands, code, False, rng), code, "cep"


def written_envelope(hands: Hands, rng: np.random.Generator) -> Made:
    """A scanned envelope, addressed by hand."""
    code = cep(rng)
    return envelope(hands, code, True, rng), code, "cep"


def seen_by_a_camera(hands: Hands, rng: np.random.Generator) -> Made:
    """An envelope of either sort on a desk."""
    code = cep(rng)
    return camera(envelope(hands, code, bool(rng.random() < 0.5), rng), rng), code, "cep"


KINDS: dict[str, Callable[[Hands, np.random.Generator], Made]] = {
    "hand": spaced,
    "touch": touching,
    "print": printed,
    "boxed": in_boxes,
    "address": address,
    "blank": empty,
    "words": letters,
    "envprint": printed_envelope,
    "envhand": written_envelope,
    "cam": seen_by_a_camera,
}
"""The kinds that are rendered, in the order of the table; a kind's place is part of its seeds, so add at the end."""


def own_sets(
    bundle: Bundle, folder: Path, count: int, seed: int, mnist: Path | None, fonts: Path | None, faces: Path | None
) -> tuple[list[Case], str]:
    """Render the evaluation sets into a folder: the cases, and whose digits they show."""
    digits, whose = unseen_digits(bundle, data.load(mnist))
    return render(writers(digits, typefaces.provide(fonts), faces), folder, count, seed), whose
