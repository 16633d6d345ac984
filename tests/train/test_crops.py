"""Labelled crops: which folders are taken, what is cut out of them, and what is said of the others."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from device.reader import Reader
from train.crops import cut, listed
from train.errors import DataError


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader.load(format="digits")


@pytest.fixture(scope="session")
def digits(hand, tmp_path_factory) -> Path:
    """A folder with forty digits, one to a crop."""
    folder = tmp_path_factory.mktemp("digits")
    hand.save(folder, hand.crops(40, seed=3))
    return folder


@pytest.fixture(scope="session")
def codes(hand, tmp_path_factory) -> Path:
    """A folder with five codes."""
    folder = tmp_path_factory.mktemp("codes")
    hand.save(folder, hand.crops(40, seed=4, codes=True))
    return folder


def table(folder: Path, *rows: str) -> Path:
    (folder / "labels.csv").write_text("\n".join(["file,label", *rows]), encoding="utf-8")
    return folder


def test_a_digit_to_a_crop(digits, reader):
    found = cut(listed(digits), reader)
    assert found.labels.tolist() == [number % 10 for number in range(40)]
    assert found.owners.tolist() == list(range(40))
    assert found.pixels.shape == (40, 2, 32, 32)
    assert (found.pixels.reshape(40, -1).max(axis=1) == 255).all()
    assert not found.skipped


def test_a_crop_is_fitted_as_mnists_digits_are(digits, reader):
    """Twenty pixels along the longer side, whatever paper and specks are around it."""
    for pixels in cut(listed(digits), reader).pixels[:, 0]:
        rows, columns = np.nonzero(pixels)
        assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 20


def test_a_code_is_cut_into_its_digits_though_they_are_misread(codes, reader):
    crops = listed(codes)
    found = cut(crops, reader)
    assert "".join(map(str, found.labels)) == "".join(crop.label for crop in crops)
    assert np.bincount(found.owners).tolist() == [8] * 5
    read = reader.score(found.pixels).digit.argmax(axis=1)
    assert (read == found.labels).mean() < 0.7


def test_a_hyphen_is_no_part_of_the_digit_beside_it(codes, reader):
    """Every digit is one piece of ink with this hand, and a hyphen would be another."""
    pieces = [
        cv2.connectedComponents((pixels > 60).view(np.uint8))[0] - 1
        for pixels in cut(listed(codes), reader).pixels[:, 0]
    ]
    assert np.mean(np.array(pieces) == 1) > 0.9


def test_folders_by_digit_are_taken_too(digits, reader, tmp_path):
    for crop in listed(digits)[:20]:
        (tmp_path / crop.label).mkdir(exist_ok=True)
        shutil.copy(crop.path, tmp_path / crop.label)
    (tmp_path / "3" / "notes.txt").write_text("not a picture")
    found = cut(listed(tmp_path), reader)
    assert sorted(found.labels.tolist()) == sorted([number % 10 for number in range(20)])


def test_mnists_own_pictures_are_taken_as_they_are(mnist, reader, tmp_path):
    (tmp_path / "7").mkdir()
    cv2.imwrite(str(tmp_path / "7" / "a.png"), mnist.test.images[0])
    assert np.array_equal(cut(listed(tmp_path), reader).pixels[0, 0], mnist.test[:1].pixels[0])


def test_separators_of_a_label_are_passed_over(codes, tmp_path):
    shutil.copy(codes / "0000.png", tmp_path)
    table(tmp_path, "0000.png,01310-100", '0000.png,"01 310.100"')
    assert [crop.label for crop in listed(tmp_path)] == ["01310100"] * 2


def test_what_cannot_be_used_is_named_and_the_rest_goes_on(codes, reader, tmp_path):
    good = listed(codes)[0]
    shutil.copy(good.path, tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    cv2.imwrite(str(tmp_path / "blank.png"), np.full((60, 40), 230, np.uint8))
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((60, 300), 230, np.uint8))
    rows = "bad.png,1", "gone.png,2", "blank.png,3", "empty.png,12345", "good.png,12", f"good.png,{good.label}"
    found = cut(listed(table(tmp_path, *rows)), reader)
    assert [crop.label for crop in found.used] == [good.label]
    named = [Path(line.split(".png")[0]).name for line in found.skipped]
    assert named == ["bad", "gone", "blank", "empty", "good"]
    assert "not a picture" in found.skipped[0]
    assert "no ink" in found.skipped[2]
    assert "8 digits are seen on it, its label has 2" in found.skipped[4]
    assert all("\n" not in line for line in found.skipped)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("file,label\na.png,12a\n", "line 2: the label '12a' is not 1 to 40 digits"),
        ("file,label\na.png,1\nb.png,\n", "line 3: the label '' is not"),
        ("file,label\n\n\n\na.png,1\nb.png,x\n", "line 6: the label 'x' is not"),
        ("file,text\na.png,1\n", "its first line has to name the columns file,label, with a comma between"),
        ("file;label\na.png;1\n", "its first line has to name the columns file,label, with a comma between"),
        ("a.png,1\n", "its first line has to name the columns"),
        ("", "its first line has to name the columns"),
        ("file,label\na.png\n", "line 2: both a file and a label are wanted"),
        ("file,label\n,7\n", "line 2: both a file and a label are wanted"),
        (b"file,label\n\xff\xfe,1\n", "cannot be read"),
    ],
)
def test_a_table_that_is_wrong_is_one_line(content, complaint, tmp_path):
    (tmp_path / "labels.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=r"labels\.csv") as caught:
        listed(tmp_path)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_may_hold_what_else_would_end_a_line(digits, tmp_path):
    shutil.copy(digits / "0007.png", tmp_path / "a\u2028b.png")
    assert [crop.path.name for crop in listed(table(tmp_path, "a\u2028b.png,7"))] == ["a\u2028b.png"]


def test_a_picture_counts_once_however_often_it_is_named(digits, reader, tmp_path):
    for name in ("a.png", "b.png"):
        shutil.copy(digits / "0007.png", tmp_path / name)
    found = cut(listed(table(tmp_path, "a.png,7", "b.png,7", "a.png,7")), reader)
    assert [crop.path.name for crop in found.used] == ["a.png"]
    assert all("the same picture as" in line for line in found.skipped)
    assert len(found.skipped) == 2


def test_two_labels_of_one_picture_are_refused_and_both_named(digits, reader, tmp_path):
    for name in ("a.png", "b.png"):
        shutil.copy(digits / "0007.png", tmp_path / name)
    with pytest.raises(DataError, match=r"b\.png as 1, .*a\.png as 7: the same picture"):
        cut(listed(table(tmp_path, "a.png,7", "b.png,1")), reader)


def test_a_line_whose_label_has_one_digit_is_left_out(codes, reader, tmp_path):
    shutil.copy(codes / "0000.png", tmp_path)
    (said,) = cut(listed(table(tmp_path, "0000.png,7")), reader).skipped
    assert "its ink is wider than a digit" in said


@pytest.mark.parametrize("side", [28, 31, 32])
def test_a_tight_crop_is_fitted_whatever_its_size(mnist, reader, tmp_path, side):
    digit = mnist.test.images[0]
    rows, columns = np.nonzero(digit > 60)
    tight = 255 - digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    cv2.imwrite(str(tmp_path / "a.png"), cv2.resize(tight, (side, side), interpolation=cv2.INTER_AREA))
    pixels = cut(listed(table(tmp_path, "a.png,7")), reader).pixels[0, 0]
    assert 19 <= max(np.ptp(axis) + 1 for axis in np.nonzero(pixels > 60)) <= 20


@pytest.mark.parametrize("size", [(28, 28), (32, 32), (60, 40)])
def test_paper_alone_is_no_digit(reader, tmp_path, size):
    paper = np.random.default_rng(1).normal(230, 4, size).clip(0, 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), paper)
    (said,) = cut(listed(table(tmp_path, "a.png,3")), reader).skipped
    assert "no ink" in said


def test_a_folder_without_crops_is_one_line(tmp_path):
    with pytest.raises(DataError, match=r"neither labels\.csv .* nor folders 0 to 9"):
        listed(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        listed(tmp_path / "none")


def test_the_hash_is_that_of_what_was_used(digits, reader, tmp_path):
    crops = listed(digits)
    whole, part = cut(crops, reader).sha256(), cut(crops[:-1], reader).sha256()
    shutil.copytree(digits, tmp_path / "copy")
    assert cut(listed(tmp_path / "copy"), reader).sha256() == whole != part
