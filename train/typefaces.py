"""Typefaces for printed and typed digits and letters, each from a named package with its licence (SIL OFL or Apache).

The packages `fontpkg-NAME` hold the fonts of Google Fonts as files.  They are fetched once,
without dependencies, into the cache folder.  DejaVu is kept out: the benchmark prints in it.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

PRINTED = {
    "arimo": "1.341", "noto-sans": "2.15", "noto-serif": "2.15", "roboto": "3.15", "roboto-mono": "3.1",
    "roboto-slab": "2.2", "roboto-condensed": "3.8", "open-sans": "3.3", "lato": "2.15", "source-code-pro": "1.26",
    "source-sans-3": "3.52", "source-serif-4": "4.4", "ibm-plex-mono": "2.3", "ibm-plex-sans": "3.201",
    "ibm-plex-serif": "2.6", "inconsolata": "3.1", "pt-sans": "2.3", "pt-serif": "1.0", "pt-sans-narrow": "2.3",
    "merriweather": "2.100", "fira-sans": "4.203", "fira-code": "5.2.post1", "space-mono": "1.3", "dm-mono": "1.0",
    "jetbrains-mono": "2.211", "montserrat": "9.0", "nunito": "3.602", "inter": "4.1.post1", "work-sans": "2.12",
    "barlow": "1.408", "barlow-condensed": "1.408", "karla": "2.4", "libre-baskerville": "2.5", "lora": "3.8",
    "crimson-text": "1.100", "zilla-slab": "1.2", "arvo": "1.6", "rubik": "2.300", "titillium-web": "1.2",
    "cabin": "3.1", "bitter": "3.21", "oxygen": "0.201", "cardo": "1.45",
}  # fmt: skip
"""Faces whose figures are lining; name → version of its package."""
HANDWRITTEN = {
    "caveat": "2.0", "kalam": "2.1", "indie-flower": "2.0", "shadows-into-light": "1.0", "permanent-marker": "1.1",
    "zeyada": "1.2", "delius": "1.1", "dancing-script": "2.1", "satisfy": "1.1", "great-vibes": "1.103",
    "yellowtail": "1.2", "pacifico": "3.1",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Face:
    path: Path
    hand: bool

    def glyph(self, text: str, height: float) -> NDArray[np.uint8]:
        """A character or word as ink: uint8[h, w], 255 = ink, cut to its extent; height of its capitals in pixels."""
        font = _font(self.path, max(6, round(height * 1.4)))
        left, top, right, bottom = font.getbbox(text)
        sheet = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4), 0)
        ImageDraw.Draw(sheet).text((2 - left, 2 - top), text, font=font, fill=255)
        return np.array(sheet)

    def rise(self, text: str, height: float) -> float:
        """How far a character's top lies below the top of the capitals, pixels."""
        font = _font(self.path, max(6, round(height * 1.4)))
        return float(font.getbbox(text)[1] - font.getbbox("8")[1])


@lru_cache(maxsize=512)
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)


def load(folder: Path) -> list[Face]:
    """The faces of every package that lies in a folder as a wheel, unpacked beside it."""
    faces = []
    for hand, names in ((False, PRINTED), (True, HANDWRITTEN)):
        for name, version in names.items():
            wheel = folder / f"fontpkg_{name.replace('-', '_')}-{version}-py3-none-any.whl"
            if not wheel.is_file():
                continue
            with zipfile.ZipFile(wheel) as archive:
                for member in sorted(archive.namelist()):
                    if member.endswith((".ttf", ".otf")) and "Italic" not in member:
                        target = folder / "faces" / Path(member).name
                        if not target.is_file():
                            target.parent.mkdir(parents=True, exist_ok=True)
                            target.write_bytes(archive.read(member))
                        faces.append(Face(target, hand))
    return faces
