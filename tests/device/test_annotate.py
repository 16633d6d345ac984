"""The annotated picture: a copy with what was read, and no larger than a person wants it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from device import Frame, Reading, annotate

Uint8 = NDArray[np.uint8]


def reading(accepted: bool = True) -> Reading:
    """Two digits in a box of 80 by 40 pixels at 300, 200."""
    return Reading(
        code="42",
        digits="42",
        format="digits",
        confidence=0.9,
        accepted=accepted,
        reason=None if accepted else "not-sure",
        detail=None,
        known=None,
        box=(300, 200, 80, 40),
        quad=((300, 200), (380, 200), (380, 240), (300, 240)),
        digit_boxes=((300, 200, 40, 40), (340, 200, 40, 40)),
        digit_confidences=(0.9, 0.9),
        digit_scores=(),
    )


def drawn(picture: Uint8) -> tuple[int, int, int, int]:
    """What is no longer white: left, top, right, bottom."""
    rows, columns = np.nonzero((picture != 255).any(axis=2))
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


@pytest.mark.parametrize("shape", [(400, 600), (400, 600, 3)], ids=["grey", "BGR"])
def test_the_frame_is_left_as_it_was(shape: tuple[int, ...]) -> None:
    image = np.full(shape, 255, np.uint8)
    picture = annotate.annotate(Frame(image), [reading()])
    assert picture.shape == (400, 600, 3)
    assert (image == 255).all()
    left, top, right, bottom = drawn(picture)
    assert left <= 300 < 380 <= right
    assert top <= 200 < 240 <= bottom


def test_nothing_read_is_nothing_drawn() -> None:
    assert (annotate.annotate(Frame(np.full((40, 60), 255, np.uint8)), []) == 255).all()


def test_accepted_and_refused_have_their_colours() -> None:
    frame = Frame(np.full((400, 600), 255, np.uint8))
    colours = [annotate.annotate(frame, [reading(accepted)])[240, 300] for accepted in (True, False)]
    assert colours[0].argmax() == 1, "green"
    assert colours[1].argmax() == 2, "red"


def test_a_large_frame_is_drawn_reduced(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = drawn(annotate.annotate(Frame(np.full((400, 600), 255, np.uint8)), [reading()]))
    monkeypatch.setattr(annotate, "LARGEST", 400 * 600 // 4)
    picture = annotate.annotate(Frame(np.full((400, 600), 255, np.uint8)), [reading()])
    assert picture.shape == (200, 300, 3)
    assert drawn(picture) == pytest.approx([side / 2 for side in whole], abs=12)


def test_boxes_at_the_edge_and_pictures_of_a_pixel() -> None:
    for shape in ((1, 1), (1, 500), (241, 381)):
        assert annotate.annotate(Frame(np.full(shape, 255, np.uint8)), [reading()]).shape == (*shape, 3)
