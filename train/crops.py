"""Labelled crops, the corrections that users make: a folder of pictures in, glyphs as the networks see them out.

A folder has `labels.csv` with the columns `file` and `label`, or folders 0 to 9 with the pictures of each digit.  A
label of one digit is the picture's one digit; a longer one is a line of digits, which is cut by the device's own cuts,
as its best path that spells the label goes.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from device.errors import InputError
from device.glyphs import glyphs
from device.ink import reduce, to_grey
from device.lattice import Scores, Weights, best_paths
from device.lines import SEARCH_PIXELS, find_lines
from device.model import VIEWS
from device.reader import Reader
from device.segment import LineInk, Spans, line_ink, spans
from device.sources import SUFFIXES, pages
from train.align import aligned
from train.data import Glyphs
from train.errors import DataError
from train.files import sha256
from train.predict import to_canvas

Uint8 = NDArray[np.uint8]

LABELS, COLUMNS = "labels.csv", ("file", "label")
SEPARATORS = str.maketrans("", "", " -./")
"""What may stand between a label's digits."""
LONGEST = 40
"""Digits of a label at most."""
WIDEST = 1.75
"""Widths of a digit in its heights at most."""
ROOM = 0.5
"""Paper that is put around a line's crop, in its heights: lines are found with some around them."""
DOUBT = 3.0
"""A digit that looks wrong counts no more than this against a cut, nats: here the networks are known to err."""
MARK = 0.35
"""A piece of no more than this part of the line's height, and apart from the rest of a span, is a hyphen or a speck."""
OTHER_COUNT = 8.0
"""By so much a path of more or fewer digits may outdo the label's, nats, before the label is taken for wrong."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A picture and what is written on it."""

    path: Path
    label: str
    """Digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """What the crops of a folder gave."""

    pixels: Uint8
    """uint8[N, 2, 32, 32], as `device.glyphs.glyphs` gives them."""
    labels: Uint8
    owners: NDArray[np.int64]
    """int64[N]: number of the crop that each glyph comes from."""
    used: tuple[Crop, ...]
    skipped: tuple[str, ...]
    """Of each crop that gave nothing, which and why."""

    def glyphs(self, role: str) -> Glyphs:
        """As a role's network looks at them."""
        return Glyphs(self.pixels[:, VIEWS[role]], self.labels)

    def sha256(self) -> str:
        """Of the names, labels and files that were used."""
        lines = [f"{crop.path.name} {crop.label} {sha256(crop.path)}\n" for crop in self.used]
        return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


class Unusable(Exception):
    """Why a crop gives no glyphs."""


def listed(folder: Path) -> list[Crop]:
    """The crops of a folder, as its labels.csv or its folders 0 to 9 name them.  Raises DataError."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder" if not folder.exists() else f"{folder}: not a folder")
    if (folder / LABELS).is_file():
        return list(_in_table(folder))
    sorted_by = [folder / str(digit) for digit in range(10)]
    if not any(one.is_dir() for one in sorted_by):
        raise DataError(f"{folder} has neither {LABELS} (columns {','.join(COLUMNS)}) nor folders 0 to 9")
    files = (file for one in sorted_by if one.is_dir() for file in sorted(one.iterdir()))
    return [Crop(file, file.parent.name) for file in files if file.suffix.lower() in SUFFIXES]


def _in_table(folder: Path) -> Iterator[Crop]:
    table = folder / LABELS
    try:
        rows = csv.DictReader(io.StringIO(table.read_bytes().decode("utf-8-sig"), newline=""))
        if any(name not in (rows.fieldnames or ()) for name in COLUMNS):
            raise DataError(
                f"{table}: its first line has to name the columns {','.join(COLUMNS)}, with a comma between"
            )
        for row in rows:
            yield _of_row(row, folder, f"{table}, line {rows.line_num}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{table}: cannot be read ({error}); give a UTF-8 table with the columns file,label") from error


def _of_row(row: Mapping[str, str | None], folder: Path, where: str) -> Crop:
    file, label = (row[name] for name in COLUMNS)
    if not file or label is None:
        raise DataError(f"{where}: both a {' and a '.join(COLUMNS)} are wanted")
    digits = label.translate(SEPARATORS)
    if not (digits.isascii() and digits.isdigit()) or len(digits) > LONGEST:
        raise DataError(f"{where}: the label {label!r} is not 1 to {LONGEST} digits")
    return Crop(folder / file, digits)


def cut(crops: list[Crop], reader: Reader) -> Cut:
    """The glyphs of crops, cut by the reader's own cuts; what cannot be used is left out, and named.

    Raises DataError where one picture has two labels.
    """
    pixels, labels, owners, used, skipped = [], [], [], [], []
    pictures: dict[str, Crop] = {}
    for crop in crops:
        try:
            found = _glyphs(crop, reader)
            if (other := pictures.setdefault(sha256(crop.path), crop)) is not crop:
                raise Unusable(_again(crop, other))
        except (InputError, Unusable) as error:
            skipped.append(str(error) if str(crop.path) in str(error) else f"{crop.path}: {error}")
            continue
        pixels.append(found)
        labels += [int(digit) for digit in crop.label]
        owners += [len(used)] * len(found)
        used.append(crop)
    every = np.concatenate(pixels) if pixels else np.zeros((0, 2, 32, 32), np.uint8)
    return Cut(every, np.array(labels, np.uint8), np.array(owners, np.int64), tuple(used), tuple(skipped))


def _again(crop: Crop, other: Crop) -> str:
    """Of the same picture, which would count twice, and might be trained on and held out.  Raises DataError."""
    if crop.label != other.label:
        labels = f"{crop.path} as {crop.label}, {other.path} as {other.label}"
        raise DataError(f"{labels}: the same picture; leave the wrong one out")
    return f"the same picture as {other.path}"


def _glyphs(crop: Crop, reader: Reader) -> Uint8:
    """A glyph of each digit: uint8[N, 2, 32, 32]."""
    grey = to_grey(next(pages(crop.path, first_only=True)).image)
    if len(crop.label) > 1:
        return _line(grey, crop.label, reader)
    pixels = to_canvas(grey)
    if not pixels.any():
        raise Unusable("no ink is found on it")
    rows, columns = (np.flatnonzero(pixels.any(axis=axis)) for axis in (1, 0))
    if np.ptp(columns) + 1 > WIDEST * (np.ptp(rows) + 1):
        raise Unusable("its ink is wider than a digit; its label has 1")
    return np.stack([pixels, pixels])[None]  # nothing stands beside it


def _line(grey: Uint8, label: str, reader: Reader) -> Uint8:
    """The glyphs of the line that spells the label best."""
    room = int(ROOM * grey.shape[0])
    paper = int(np.median(grey))
    grey = np.asarray(cv2.copyMakeBorder(grey, *[room] * 4, cv2.BORDER_CONSTANT, value=paper), np.uint8)
    small, scale = reduce(grey, SEARCH_PIXELS)
    spelled = []
    for line in find_lines(small):
        _, ink = line_ink(grey, small, scale, line)
        found = spans(ink)
        if not len(found.first):
            continue
        pixels = glyphs(ink, found)
        scores = reader.score(pixels, found.boxes)
        doubted = replace(scores, digit=np.maximum(scores.digit, -DOUBT))
        weights, allowed = reader.decoder.weights, np.tile(_alone(ink, found)[:, None], len(label))
        path = aligned(ink, found, doubted, weights, label, allowed=allowed)
        if path is not None:
            spelled.append(
                (path.score, pixels[list(path.spans)], _digits_seen(ink, found, scores, weights, len(label)))
            )
    if not spelled:
        raise Unusable(f"no line of {len(label)} digits can be cut out of it")
    _, chosen, seen = max(spelled, key=lambda one: one[0])
    if seen != len(label):
        raise Unusable(f"{seen} digits are seen on it, its label has {len(label)}")
    return np.asarray(chosen)


def _alone(ink: LineInk, found: Spans) -> NDArray[np.bool_]:
    """Which spans neither begin nor end with a mark beside the digit, bool[S]: the reader may take one along with an
    unknown digit, and a network must not learn that it belongs there."""
    left, right = ink.boxes[:, 0], ink.boxes[:, 0] + ink.boxes[:, 2]
    low = ink.boxes[:, 3] <= MARK * ink.text_height
    out = np.ones(len(found.first), bool)
    for span, (first, last) in enumerate(zip(found.first.tolist(), found.last.tolist(), strict=True)):
        if first < last:
            before = low[first] and right[first] < left[first + 1 : last + 1].min()
            after = low[last] and left[last] > right[first:last].max()
            out[span] = not (before or after)
    return out


def _digits_seen(ink: LineInk, found: Spans, scores: Scores, weights: Weights, wanted: int) -> int:
    """How many digits a line has, whichever they are: as many as are wanted, or clearly others."""
    anything = replace(scores, digit=np.zeros_like(scores.digit))
    free = best_paths(ink, found, anything, weights, best=1, rivals=1)
    if not free:
        return 0
    counted = aligned(ink, found, anything, weights, "0" * wanted)
    apart = np.inf if counted is None else free[0].score - counted.score
    return len(free[0].spans) if apart > OTHER_COUNT else wanted
