"""Pages of PDFs, drawn at 300 dpi; what cannot be drawn is refused in one line."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from device import InputError
from device.sources import pages

Uint8 = NDArray[np.uint8]
Write = Callable[[bytes], Path]

PADDED = b"<" + b"ab" * 32 + b">"
ENCRYPTED = b"/Filter /Standard /V 1 /R 2 /P -4 /O " + PADDED + b" /U " + PADDED


def pdf(*pictures: Image.Image, dpi: float = 300) -> bytes:
    """A PDF with a page for each picture, as a scanner's program writes it."""
    file = io.BytesIO()
    pictures[0].save(file, "PDF", save_all=True, append_images=pictures[1:], resolution=dpi)
    return file.getvalue()


def written(page: bytes = b"/MediaBox [0 0 72 72]", count: int = 1, encrypt: bytes = b"") -> bytes:
    """A PDF of one page, written by hand."""
    objects = [b"/Type /Catalog /Pages 2 0 R", b"/Type /Pages /Kids [3 0 R] /Count %d" % count]
    objects += [b"/Type /Page /Parent 2 0 R " + page, *([encrypt] if encrypt else [])]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj << %s >> endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"/Size %d /Root 1 0 R" % (len(objects) + 1) + (b" /Encrypt 4 0 R /ID [<00> <00>]" if encrypt else b"")
    start = len(out)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer << %s >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        table,
        trailer,
        start,
    )


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: bytes) -> Path:
        path = tmp_path / "scan.pdf"
        path.write_bytes(content)
        return path

    return write


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        list(pages(path, **options))
    return str(caught.value)


def test_a_scan_comes_out_as_it_went_in(write: Write, picture: Uint8) -> None:
    (frame,) = pages(write(pdf(Image.fromarray(picture))))
    assert (frame.page, frame.pages, frame.image.dtype) == (0, 1, np.uint8)
    assert frame.image.shape == picture.shape
    assert abs(frame.image.astype(int) - picture).mean() < 3  # a JPEG inside


def test_colour_is_blue_green_red(write: Write) -> None:
    (frame,) = pages(write(pdf(Image.new("RGB", (30, 20), (250, 120, 10)))), colour=True)
    assert frame.image.shape == (20, 30, 3)
    assert abs(frame.image[10, 15].astype(int) - (10, 120, 250)).max() < 8


def test_every_page_in_order(write: Write) -> None:
    shades = (20, 120, 220)
    found = list(pages(write(pdf(*(Image.new("L", (20, 10), shade) for shade in shades)))))
    assert [(frame.page, frame.pages) for frame in found] == [(0, 3), (1, 3), (2, 3)]
    assert [round(float(frame.image.mean()), -1) for frame in found] == list(shades)


def test_first_only(write: Write) -> None:
    assert len(list(pages(write(pdf(*[Image.new("L", (20, 10))] * 3)), first_only=True))) == 1


def test_paper_is_white_where_nothing_is_drawn(write: Write) -> None:
    (frame,) = pages(write(written()))
    assert frame.image.shape == (300, 300)
    assert (frame.image == 255).all()


def test_an_encrypted_one(write: Write) -> None:
    path = write(written(encrypt=ENCRYPTED))
    assert refusal(path) == f"{path}: an encrypted PDF; save it without its password"


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", written()[:60], b"%PDF-1.4\n" + bytes(500)], ids=len)
def test_a_damaged_one(write: Write, content: bytes) -> None:
    path = write(content)
    assert refusal(path).startswith(f"{path}: damaged PDF (")


def test_a_page_as_large_as_a_field(write: Write) -> None:
    path = write(written(b"/MediaBox [0 0 14400 14400]"))
    assert refusal(path).startswith(f"{path}: 60000x60000 pixels, over the limit of 100000000")


def test_a_picture_that_is_larger_than_its_page(write: Write) -> None:
    path = write(pdf(Image.new("L", (300, 200)), dpi=3000))
    assert len(list(pages(path))) == 1
    assert "300x200 pixels in a picture on it, over the limit of 50000" in refusal(path, max_pixels=50_000)


def test_pages_that_are_not_there(write: Write) -> None:
    assert "damaged PDF" in refusal(write(written(count=100_000)))


def test_without_pdfium_the_remedy_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    path = write(written())
    assert refusal(path) == f"{path}: a PDF, which needs pypdfium2: pip install 'postread[pdf]'"
