"""Compose the sample envelope of the README: python docs/sample/compose.py --font Kalam-Regular.ttf

The digits of the code are drawn with `train.strokes`; the words are set in Kalam (SIL OFL 1.1, from the
package fontpkg-kalam 2.1).  Paper, fold, shadow and pen are computed here, from one seed.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from train.strokes import drawn, render  # noqa: E402

WIDTH, HEIGHT = 1240, 760
CODE = "01310-100"
INK = np.array([120.0, 52, 34])  # blue, green, red
LINES = ("Livraria Aurora", "Avenida Paulista, 1578", "Bela Vista", "São Paulo - SP")


def paper(rng: np.random.Generator) -> np.ndarray:
    """Cream paper with fibres, a fold and a lamp at its upper left: float[H, W, 3]."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    light = 236 - 34 * np.hypot(x / WIDTH, y / HEIGHT) + 5 * np.tanh((x - 0.64 * WIDTH - 0.05 * y) / 3)
    fibre = cv2.GaussianBlur(rng.normal(0, 9, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 1.1)
    return (light + fibre)[..., None] + np.array([-16.0, -5, 0])


def words(ink: Image.Image, font_file: Path) -> None:
    draw = ImageDraw.Draw(ink)
    font = ImageFont.truetype(str(font_file), 46)
    for k, line in enumerate(LINES):
        draw.text((430 + 4 * k, 270 + 66 * k), line, font=font, fill=225)


def stamp(ink: Image.Image) -> None:
    draw = ImageDraw.Draw(ink)
    draw.rectangle((1000, 48, 1168, 258), outline=170, width=4)
    draw.rectangle((1014, 62, 1154, 244), outline=120, width=2)
    for radius in (84, 70):
        draw.ellipse((960 - radius, 200 - radius, 960 + radius, 200 + radius), outline=150, width=3)
    for k in range(4):
        draw.arc((700, 150 + 22 * k, 880, 186 + 22 * k), 190, 350, fill=130, width=3)


def code(ink: np.ndarray, rng: np.random.Generator) -> None:
    x = 444
    for mark in CODE:
        if mark == "-":
            cv2.line(ink, (x + 4, 596), (x + 30, 594), 235, 5, cv2.LINE_AA)
            x += 44
            continue
        glyph = render(drawn(mark, rng), float(rng.uniform(62, 70)), 4.6, slant=0.12, turn=float(rng.normal(0, 0.03)))
        top = 562 + int(rng.integers(-3, 4))
        part = ink[top : top + glyph.shape[0], x : x + glyph.shape[1]]
        np.maximum(part, glyph, out=part)
        x += glyph.shape[1] + int(rng.integers(8, 16))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    sheet = Image.new("L", (WIDTH, HEIGHT), 0)
    words(sheet, options.font)
    stamp(sheet)
    ink = np.array(sheet)
    code(ink, rng)
    turned = cv2.warpAffine(ink, cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 1.2, 1), (WIDTH, HEIGHT))
    share = cv2.GaussianBlur(turned, (0, 0), 0.8)[..., None] / 255 * 0.9
    picture = paper(rng) * (1 - share) + INK * share + rng.normal(0, 2.0, (HEIGHT, WIDTH, 1))
    grey = cv2.cvtColor(np.clip(picture, 0, 255).astype(np.uint8), cv2.COLOR_BGR2RGB)
    # 128 colours keep the file small in the repository
    Image.fromarray(grey).quantize(128).save(HERE / "envelope.png", optimize=True)
    (HERE / "truth.csv").write_text(f"file,kind,text,format\nenvelope.png,envhand,{CODE.replace('-', '')},cep\n")


if __name__ == "__main__":
    main()
