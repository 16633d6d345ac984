"""Draw the pictures of docs/reading.md: python docs/pictures/draw.py [--model NAME|PATH.json]

What `postread read --explain` writes for docs/sample/envelope.png: the page, the line of the code, and, with
`--format digits:8`, the surest of its lines with so many that were turned down; with fewer colours, to keep the
repository small.  Glyphs of the code's line as the networks see them, alone and among their neighbours.  And a line in
a form's boxes, whose digits are drawn with `train.strokes`.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from device import Frame, Images, Reader, Reading, explain  # noqa: E402
from device.annotate import Names  # noqa: E402
from device.glyphs import glyphs  # noqa: E402
from device.ink import reduce, to_grey  # noqa: E402
from device.lines import SEARCH_PIXELS, find_lines  # noqa: E402
from device.model import ALONE, AMONG  # noqa: E402
from device.segment import line_ink, spans  # noqa: E402
from device.trace import Trace  # noqa: E402
from train.strokes import drawn, render  # noqa: E402

COLOURS = 64
FORM, SEED = "04547003", 3
"""What is written into the boxes, and the hand."""
SHOWN, ZOOM = 20, 3
"""Glyphs in the picture of both views, and how much they are enlarged."""


def small(source: Path, target: Path, width: int) -> None:
    picture = cv2.cvtColor(cv2.imread(str(source)), cv2.COLOR_BGR2RGB)
    height = round(picture.shape[0] * width / picture.shape[1])
    reduced = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    Image.fromarray(np.asarray(reduced)).quantize(COLOURS, kmeans=2, dither=Image.Dither.NONE).save(
        target, optimize=True
    )


def views(frame: Frame, reading: Reading) -> np.ndarray:
    """Some glyphs of a reading's line, ink black: a row of them alone, and below it among their neighbours."""
    grey = to_grey(frame.image)
    small_page, scale = reduce(grey, SEARCH_PIXELS)
    x, y, width, height = reading.box
    middle = (x + width / 2) * scale, (y + height / 2) * scale
    line = min(find_lines(small_page), key=lambda one: np.hypot(*np.subtract(one.centre, middle)))
    _, ink = line_ink(grey, small_page, scale, line)
    shown = glyphs(ink, spans(ink))[:SHOWN]
    rows = np.concatenate([np.hstack(list(shown[:, view])) for view in (ALONE, AMONG)])
    return 255 - rows.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)


def line_picture(reader: Reader, frame: Frame, readings: list[Reading], reading: Reading, name: str) -> None:
    """The picture of the line on which a reading stands, and that of the page if it was accepted."""
    assert reader.trace is not None
    quads = [line.strip.quad(0, 0, *line.strip.grey.shape[::-1]) for line in reader.trace.pages[-1].lines]
    x, y, width, height = reading.box
    centre = x + width / 2, y + height / 2
    inside = [cv2.pointPolygonTest(np.array(quad, np.int32), centre, True) for quad in quads]
    with tempfile.TemporaryDirectory() as folder:
        page, *lines = explain.save(Names(Path(folder), []), frame, readings, reader)
        small(Path(lines[int(np.argmax(inside))]), HERE / name, 1000)
        if reading.accepted:
            small(Path(page), HERE / "page.png", 1000)


def form() -> Frame:
    """A row of boxes with thick walls, a digit in each, some of which touch them."""
    rng = np.random.default_rng(SEED)
    ink = np.zeros((220, 980), np.uint8)
    for k, digit in enumerate(FORM):
        left = 90 + 100 * k
        cv2.rectangle(ink, (left, 50), (left + 100, 170), 210, 9)
        glyph = render(drawn(digit, rng), 70, 6.0, slant=0.15)
        x, y = left + 28 + (26 if k == 3 else 0), 78
        part = ink[y : y + glyph.shape[0], x : x + glyph.shape[1]]
        np.maximum(part, glyph[: part.shape[0], : part.shape[1]], out=part)
    turned_ = cv2.warpAffine(ink, cv2.getRotationMatrix2D((490, 110), 1.5, 1), ink.shape[::-1])
    soft = cv2.GaussianBlur(turned_, (0, 0), 1.0).astype(np.float64)
    return Frame(np.clip(226 - 0.7 * soft + rng.normal(0, 4, ink.shape), 0, 255).astype(np.uint8))


def traced(model: str | None, format: str, frame: Frame) -> tuple[Reader, list[Reading]]:
    reader = Reader.load(model, format)
    reader.trace = Trace()
    return reader, reader.read(frame)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model")
    model = parser.parse_args().model
    (frame,) = Images(HERE.parent / "sample" / "envelope.png", colour=True)
    reader, readings = traced(model, "cep", frame)
    if not readings or not readings[0].accepted:
        raise SystemExit("the sample's code is not accepted: there is nothing to show")
    Image.fromarray(views(frame, readings[0])).save(HERE / "views.png", optimize=True)
    line_picture(reader, frame, readings, readings[0], "code.png")
    # As a CEP the address' other lines would not be looked at: none of them promises one.
    reader, readings = traced(model, "digits:8", frame)
    refused = next(one for one in readings if not one.accepted and one.reason != "wrong-length")
    line_picture(reader, frame, readings, refused, "refused.png")
    boxes = form()
    reader, readings = traced(model, "digits", boxes)
    if [reading.digits for reading in readings if reading.accepted] != [FORM]:
        raise SystemExit("the form's digits are not read: there is nothing to show")
    with tempfile.TemporaryDirectory() as folder:
        _, line = explain.save(Names(Path(folder), []), boxes, readings, reader)
        small(Path(line), HERE / "boxes.png", 1000)


if __name__ == "__main__":
    main()
