"""The prototypes of LeNet-5's ten outputs: digits as bitmaps of 7x12, one pixel for each unit of F6.

LeCun 1998, section II.B: the parameters of the radial basis functions "were chosen by hand
and set to -1 or +1", as stylised pictures of the characters on a field of 7x12 (figure 3),
so that characters which look alike get codes which are alike.  These ten were drawn for
this project; the paper's own differ in a few pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 7, 12
"""Of a bitmap, pixels; together the 84 units of F6."""
INK, PAPER = 1, -1
"""What a unit should give where the bitmap has ink, and where it has none."""

BITMAPS = """
.......  .......  .......  .......  .......  .......  .......  .......  .......  .......
..###..  ...##..  .#####.  #######  .....#.  #######  ..####.  #######  .#####.  .#####.
.##.##.  ..###..  ##...##  .....##  ....##.  ##.....  .##....  #....##  ##...##  ##...##
##...##  .####..  .....##  ....##.  ...###.  ##.....  ##.....  .....##  ##...##  ##...##
##...##  ...##..  .....##  ...##..  ..####.  ##.....  ##.....  .....##  ##...##  ##...##
##...##  ...##..  ....##.  ..####.  .##.##.  ######.  ######.  ....##.  .#####.  .######
##...##  ...##..  ...##..  .....##  ##..##.  .....##  ##...##  ....##.  ##...##  .....##
##...##  ...##..  ..##...  .....##  #######  .....##  ##...##  ...##..  ##...##  .....##
##...##  ...##..  .##....  .....##  ....##.  .....##  ##...##  ...##..  ##...##  .....##
.##.##.  ...##..  ##.....  ##...##  ....##.  ##...##  ##...##  ..##...  ##...##  ....##.
..###..  .######  #######  .#####.  ....##.  .#####.  .#####.  ..##...  .#####.  .####..
.......  .......  .......  .......  .......  .......  .......  .......  .......  .......
"""
"""0 to 9 beside one another, # for ink."""


def codebook() -> NDArray[np.int8]:
    """The code of each digit, row after row of its bitmap: int8[10, 84], +1 or -1."""
    rows = [line.split() for line in BITMAPS.strip().splitlines()]
    bitmaps = np.array([[list(bitmap) for bitmap in row] for row in rows])
    ink = bitmaps.transpose(1, 0, 2).reshape(-1, HEIGHT * WIDTH) == "#"
    return np.where(ink, INK, PAPER).astype(np.int8)
