"""Faint ink on a page with a dark stamp: found when it is looked for again, and nothing else is."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from device.lines import find_faint, find_writing
from device.reader import Reader
from device.types import Frame
from device.watch.trouble import text_lines

Uint8 = NDArray[np.uint8]
BELOW = 280
"""The sample's address stands below this row."""


def faded(page: Uint8, share: float) -> Uint8:
    """The sample's address with so much of its contrast left, under a stamp that was printed as black as can be."""
    paper = cv2.medianBlur(cv2.resize(page, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), 31)
    paper = cv2.resize(paper, page.shape[::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32)
    out = page.astype(np.float32)
    out[BELOW:] = paper[BELOW:] + share * (out[BELOW:] - paper[BELOW:])
    cv2.rectangle(out, (1000, 45), (1160, 245), 10, 14)
    cv2.circle(out, (955, 190), 75, 10, 10)
    return np.asarray(np.clip(out, 0, 255), np.uint8)


@pytest.fixture
def page(sample) -> Uint8:
    return np.asarray(cv2.imread(str(sample.path), cv2.IMREAD_GRAYSCALE), np.uint8)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.3, 0.25])
def test_a_faint_address_under_a_dark_stamp_is_read(page: Uint8, sample, share: float) -> None:
    (reading,) = (one for one in Reader.load().read(Frame(faded(page, share))) if one.accepted)
    assert reading.digits == sample.digits


def test_writing_in_one_ink_needs_no_second_look() -> None:
    page = np.full((360, 640), 235, np.uint8)
    page[100:130, 100:400:20] = 212
    assert find_faint(find_writing(page)) is None


@pytest.mark.parametrize("share", [1.0, 0.5, 0.3])
def test_an_envelope_with_faint_writing_is_not_blank(page: Uint8, share: float) -> None:
    small = cv2.resize(faded(page, share), (640, 392), interpolation=cv2.INTER_AREA)
    assert text_lines(np.asarray(small, np.uint8))


def test_one_without_is(page: Uint8) -> None:
    small = cv2.resize(faded(page, 0.0), (640, 392), interpolation=cv2.INTER_AREA)
    assert text_lines(np.asarray(small, np.uint8)) == []
