"""The public names, and the README's first eight lines."""

import inspect
from pathlib import Path

import cv2
import numpy as np
import pytest

import device
from device import Frame, Images, Reader

PUBLIC = [
    "Box",
    "Bundle",
    "CameraError",
    "Digit",
    "Folder",
    "FormatError",
    "Frame",
    "Glyph",
    "Images",
    "InputError",
    "ModelError",
    "PiCamera",
    "PostreadError",
    "Reader",
    "Reading",
    "RuntimeMissing",
    "UsageError",
    "Video",
    "__version__",
]


def test_the_public_names_are_these() -> None:
    assert device.__all__ == PUBLIC


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in ("Box", "__version__")])
def test_every_public_class_says_what_it_is(name: str) -> None:
    found = getattr(device, name)
    assert inspect.isclass(found)
    assert found.__module__.startswith("device.")
    assert found.__doc__
    assert not found.__doc__.startswith(f"{name}("), "dataclass wrote it"


def test_box_and_version() -> None:
    assert device.Box == tuple[int, int, int, int]
    assert device.__version__.count(".") == 2


def test_nothing_else_resolves() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = device.Nothing


def test_errors_have_one_root_and_are_what_a_caller_expects() -> None:
    for name, builtin in {
        "UsageError": ValueError,
        "FormatError": ValueError,
        "InputError": OSError,
        "ModelError": ValueError,
        "RuntimeMissing": ImportError,
    }.items():
        assert issubclass(getattr(device, name), device.PostreadError)
        assert issubclass(getattr(device, name), builtin)


def test_an_error_s_message_is_one_line_whatever_it_quotes() -> None:
    assert str(device.InputError("a\nb\r\x1b[31m\udcff\u2028: missing")) == r"a\nb\r\x1b[31m\udcff\u2028: missing"


@pytest.fixture(scope="module")
def reader(sample) -> Reader:
    return Reader.load(format=sample.format)


def test_reading_a_file_s_frames(reader: Reader, sample) -> None:
    (frame,) = Images(sample.path)
    first, *others = reader.read(frame)
    assert first.digits == sample.digits
    assert first.accepted
    assert 0 < first.confidence <= 1
    assert not any(reading.accepted for reading in others)


@pytest.mark.parametrize("flag", [cv2.IMREAD_GRAYSCALE, cv2.IMREAD_COLOR], ids=["grey", "BGR"])
def test_reading_an_array_leaves_it_as_it_was(reader: Reader, sample, flag: int) -> None:
    image = np.asarray(cv2.imread(str(sample.path), flag), np.uint8)
    image.flags.writeable = False
    before = image.copy()
    assert reader.read(Frame(image))[0].digits == sample.digits
    assert (image == before).all()


def test_reading_twice_gives_the_same(reader: Reader, sample) -> None:
    (frame,) = Images(sample.path)
    assert reader.read(frame) == reader.read(frame)


def test_reading_a_view(reader: Reader, sample) -> None:
    """Part of a larger array, as a camera's buffer with padded rows."""
    (frame,) = Images(sample.path)
    padded = np.pad(frame.image, ((0, 0), (0, 13)))
    assert reader.read(Frame(padded[:, :-13])) == reader.read(frame)


def test_a_card_may_be_given_by_its_path(root: Path, sample) -> None:
    (frame,) = Images(sample.path)
    reader = Reader.load(root / "models/lenet5.json", sample.format, precision="float32")
    assert reader.read(frame)[0].digits == sample.digits
