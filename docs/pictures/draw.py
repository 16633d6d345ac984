"""Draw the pictures of docs/reading.md: python docs/pictures/draw.py [--model NAME|PATH.json]

What `postread read --explain` writes for docs/sample/envelope.png: the page, the line of the code, and, with
`--format digits:8`, the surest of the lines that were turned down; with fewer colours, to keep the repository small.
And glyphs of the code's line as the networks see them, alone and among their neighbours.
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

COLOURS = 64
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
    refused = next(reading for reading in readings if not reading.accepted)
    line_picture(reader, frame, readings, refused, "refused.png")


if __name__ == "__main__":
    main()
