"""Draw the pictures of docs/reading.md: python docs/pictures/draw.py [--model NAME|PATH.json]

What `postread read --explain` writes for docs/sample/envelope.png: the page, the line of the code, and of the lines
that were turned down the surest one; with fewer colours, to keep the repository small.
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

from device import Images, Reader, explain  # noqa: E402
from device.annotate import Names  # noqa: E402

COLOURS = 64


def small(source: Path, target: Path, width: int) -> None:
    picture = cv2.cvtColor(cv2.imread(str(source)), cv2.COLOR_BGR2RGB)
    height = round(picture.shape[0] * width / picture.shape[1])
    reduced = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    Image.fromarray(np.asarray(reduced)).quantize(COLOURS, kmeans=2, dither=Image.Dither.NONE).save(
        target, optimize=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model")
    options = parser.parse_args()
    reader = Reader.load(options.model)
    reader.trace = explain.Trace()
    (frame,) = Images(HERE.parent / "sample" / "envelope.png", colour=True)
    readings = reader.read(frame)
    if not readings or not readings[0].accepted:
        raise SystemExit("the sample's code is not accepted: there is nothing to show")
    quads = [line.strip.quad(0, 0, *line.strip.grey.shape[::-1]) for line in reader.trace.pages[-1].lines]
    with tempfile.TemporaryDirectory() as folder:
        page, *lines = explain.save(Names(Path(folder), []), frame, readings, reader)
        small(Path(page), HERE / "page.png", 1000)
        for name, reading in zip(("code.png", "refused.png"), readings[:2], strict=False):
            x, y, width, height = reading.box
            centre = x + width / 2, y + height / 2
            inside = [cv2.pointPolygonTest(np.array(quad, np.int32), centre, True) for quad in quads]
            small(Path(lines[int(np.argmax(inside))]), HERE / name, 1000)


if __name__ == "__main__":
    main()
