"""Ink → pieces and spans: everything that is written belongs to one piece, and every digit to some span."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from device.glyphs import WALL, glyphs
from device.ink import contrast, threshold
from device.lines import Line, find_lines
from device.model import ALONE
from device.pixels import normalise
from device.segment import (
    LARGEST_HOLE,
    MOST_COMPONENTS,
    MOST_PIECES,
    SMALLEST_AREA,
    WIDE,
    WIDEST_SPAN,
    WINDOW,
    LineInk,
    digit_box,
    line_ink,
    segment,
    spans,
)
from device.strips import TEXT_HEIGHT, Strip

Uint8 = NDArray[np.uint8]


def strip(grey: Uint8) -> Strip:
    """A strip that is its own frame."""
    return Strip(grey, np.array([[1.0, 0, 0], [0, 1, 0]]), (grey.shape[1], grey.shape[0]))


def paper(width: int = 400) -> Uint8:
    return np.full((76, width), 235, np.uint8)


def ring(grey: Uint8, x: int, height: int = TEXT_HEIGHT, across: int = 26) -> None:
    """A zero around x."""
    cv2.ellipse(grey, (x, 38), (across // 2 - 2, height // 2 - 2), 0, 0, 360, 30, 4)


def bar(grey: Uint8, x: int, height: int = TEXT_HEIGHT) -> None:
    """A one at x."""
    grey[38 - height // 2 : 38 + height // 2, x - 2 : x + 2] = 30


@st.composite
def blobs(draw: st.DrawFn) -> LineInk:
    """A line of anything: rings, bars, strokes and specks, apart or into one another."""
    grey = paper(draw(st.integers(40, 420)))
    generator = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    for _ in range(draw(st.integers(0, 14))):
        x, y = int(generator.integers(0, grey.shape[1])), int(generator.integers(14, 62))
        shape = generator.integers(4)
        if shape == 0:
            ring(grey, x, int(generator.integers(12, 52)), int(generator.integers(8, 44)))
        elif shape == 1:
            bar(grey, max(x, 2), int(generator.integers(8, 60)))
        elif shape == 2:
            to = x + int(generator.integers(-40, 41)), int(generator.integers(10, 66))
            cv2.line(grey, (x, y), to, int(generator.integers(20, 160)), int(generator.integers(1, 8)))
        else:
            grey[y : y + 3, x : x + int(generator.integers(1, 6))] = 30
    return segment(strip(grey))[1]


# ── Pieces ──


def test_digits_apart_are_a_piece_each_from_left_to_right() -> None:
    grey = paper()
    for x in (300, 40, 120, 210):
        bar(grey, x)
    ink = segment(strip(grey))[1]
    assert ink.boxes.tolist() == [[x - 2, 18, 4, 40] for x in (40, 120, 210, 300)]
    assert ink.areas.tolist() == [160] * 4
    assert len(set(ink.components.tolist())) == 4
    assert ink.text_height == 40


@given(blobs())
@settings(max_examples=150)
def test_labels_boxes_and_areas_agree(ink: LineInk) -> None:
    count = len(ink.boxes)
    assert ink.soft.shape == ink.labels.shape
    assert ink.areas.shape == ink.components.shape == (count,)
    assert set(np.unique(ink.labels).tolist()) - {0} == set(range(1, count + 1))
    for n, (x, y, width, height) in enumerate(ink.boxes.tolist(), 1):
        own = (ink.labels == n).view(np.uint8)
        assert cv2.boundingRect(own) == (x, y, width, height)
        assert own.sum() == ink.areas[n - 1]


@given(blobs())
def test_pieces_are_numbered_from_left_to_right(ink: LineInk) -> None:
    centres = 2 * ink.boxes[:, 0] + ink.boxes[:, 2]
    assert (np.diff(centres) >= 0).all()


@given(blobs())
def test_pieces_of_one_component_make_it_up(ink: LineInk) -> None:
    """Cutting loses no pixel, and joins none that did not hang together."""
    _, whole = cv2.connectedComponents((ink.labels > 0).view(np.uint8), connectivity=8)
    for n, component in enumerate(ink.components, 1):
        assert len(np.unique(whole[ink.labels == n])) == 1
        same = whole[np.isin(ink.labels, np.flatnonzero(ink.components == component) + 1)]
        assert len(np.unique(same)) == 1
        assert np.count_nonzero(whole == same[0]) == len(same)


def test_what_touches_is_cut_and_known_to_be_one_component() -> None:
    grey = paper()
    for x in (60, 85, 110):  # zeros that touch
        ring(grey, x)
    bar(grey, 200)
    ink = segment(strip(grey))[1]
    touching = ink.components[ink.boxes[:, 0] < 150]
    assert len(touching) >= 3
    assert len(set(touching.tolist())) == 1
    assert ink.components[-1] != touching[0]
    ends = ink.boxes[:, 0] + ink.boxes[:, 2]
    for touch in (72, 97):
        assert np.abs(ends - touch).min() <= 7, "the wall they share may be a piece of its own"


@pytest.mark.parametrize("width", range(3, int(WIDE * TEXT_HEIGHT) - 1))
def test_what_is_narrow_is_left_whole(width: int) -> None:
    grey = paper()
    grey[18:58, 60 : 60 + width] = 30
    cv2.ellipse(grey, (200, 38), (width // 2 - 1, 19), 0, 0, 360, 30, 2)
    bar(grey, 300)
    assert len(segment(strip(grey))[1].boxes) == 3


def test_specks_are_no_pieces() -> None:
    grey = paper()
    bar(grey, 60)
    grey[30:32, 100 : 100 + (SMALLEST_AREA - 1) // 2] = 20
    assert len(segment(strip(grey))[1].boxes) == 1


def test_neighbouring_lines_that_reach_into_the_margin_are_no_pieces() -> None:
    grey = paper()
    bar(grey, 60)
    bar(grey, 160)
    grey[:8, 90:110] = 30
    grey[-9:, 200:230] = 30
    assert len(segment(strip(grey))[1].boxes) == 2


def test_a_ruled_line_under_the_digits_is_no_piece() -> None:
    grey = paper()
    for x in (60, 120, 180):
        ring(grey, x)
    cv2.line(grey, (0, 66), (399, 66), 60, 2)
    assert len(set(segment(strip(grey))[1].components.tolist())) == 3


@pytest.mark.parametrize("brightness", [0, 128, 255])
def test_a_strip_without_ink_has_no_pieces_and_no_spans(brightness: int) -> None:
    ink = segment(strip(np.full((76, 200), brightness, np.uint8)))[1]
    assert ink.boxes.shape == (0, 4)
    assert ink.text_height == TEXT_HEIGHT
    found = spans(ink)
    assert len(found.first) == len(found.last) == len(found.boxes) == 0
    assert glyphs(ink, found).shape == (0, 2, 32, 32)


def test_texture_has_a_bounded_number_of_components() -> None:
    grey = paper(1600)
    generator = np.random.default_rng(4)
    for y in range(10, 62, 13):
        for x in range(2, 1580, 16):
            grey[y : y + int(generator.integers(4, 11)), x : x + int(generator.integers(3, 13))] = 30
    map_ = contrast(grey, WINDOW)
    assert cv2.connectedComponents((map_ > threshold(map_)).view(np.uint8))[0] > 3 * MOST_COMPONENTS
    kept = segment(strip(grey))[1]
    assert len(set(kept.components.tolist())) < 1.5 * MOST_COMPONENTS, "the largest, with those of the same size"
    assert kept.areas.min() > 60


def test_the_strip_is_left_as_it_was() -> None:
    grey = paper()
    ring(grey, 60)
    ring(grey, 84)
    before = grey.copy()
    ink = segment(strip(grey))[1]
    labels, soft = ink.labels.copy(), ink.soft.copy()
    glyphs(ink, spans(ink))
    assert (grey == before).all()
    assert (ink.labels == labels).all()
    assert (ink.soft == soft).all()


# ── Once more at the right size ──


@pytest.mark.parametrize("wrong", [0.4, 0.6, 1.0, 1.6, 2.2])
def test_a_line_that_was_measured_wrong_is_cut_out_again(wrong: float) -> None:
    page = np.full((300, 700), 235, np.uint8)
    for x in range(100, 600, 80):
        cv2.polylines(page, [np.array([(x - 14, 113), (x + 14, 113), (x - 6, 187)])], False, 30, 7)
    (line,) = find_lines(page)
    odd = Line(line.centre, line.angle, line.width, line.height, line.text_height * wrong)
    strip_, ink = line_ink(page, page, 1.0, odd)
    assert abs(ink.text_height - TEXT_HEIGHT) < 0.3 * TEXT_HEIGHT
    assert len(ink.boxes) == 7
    for n, (x, y, width, height) in enumerate(ink.boxes.tolist()):
        left, top, across, down = digit_box(strip_, ink, np.array([n, n]), np.array([x, y, width, height]))
        assert abs(left + across / 2 - 100 - 80 * n) < 4
        assert abs(top + down / 2 - 150) < 4


# ── Spans ──


@given(blobs())
@settings(max_examples=150)
def test_spans_are_runs_of_neighbours_within_their_limits(ink: LineInk) -> None:
    found, tall = spans(ink), ink.text_height
    count = len(ink.boxes)
    assert (found.first >= 0).all()
    assert (found.first <= found.last).all()
    assert (found.last < count).all()
    assert (found.last - found.first < MOST_PIECES).all()
    pairs = list(zip(found.first.tolist(), found.last.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    low, high = ink.boxes[:, :2], ink.boxes[:, :2] + ink.boxes[:, 2:]
    for (first, last), (x, y, width, height) in zip(pairs, found.boxes.tolist(), strict=True):
        run = slice(first, last + 1)
        assert (x, y) == tuple(low[run].min(axis=0))
        assert (x + width, y + height) == tuple(high[run].max(axis=0))
        assert width <= WIDEST_SPAN * tall
        assert 0.25 * tall <= height <= 1.9 * tall
        reach = np.maximum.accumulate(high[run, 0])
        assert (low[run, 0][1:] - reach[:-1] <= LARGEST_HOLE * tall).all()


def test_every_piece_of_a_digits_size_is_a_span_of_its_own() -> None:
    grey = paper()
    for x in (40, 110, 180, 260):
        ring(grey, x)
    found = spans(segment(strip(grey))[1])
    assert {(n, n) for n in range(4)} <= set(zip(found.first.tolist(), found.last.tolist(), strict=True))


def test_a_broken_digit_is_a_span_of_its_pieces() -> None:
    """A five whose bar stands apart from its belly."""
    grey = paper()
    ring(grey, 60)
    cv2.line(grey, (120, 20), (140, 20), 30, 4)
    cv2.ellipse(grey, (124, 44), (14, 14), 0, -120, 120, 30, 4)
    cut, ink = segment(strip(grey))
    found = spans(ink)
    wanted = cv2.boundingRect((grey[:, 100:] < 100).view(np.uint8))
    ends = zip(found.first, found.last, strict=True)
    seen = [digit_box(cut, ink, np.array(pair), box) for pair, box in zip(ends, found.boxes, strict=True)]
    assert any(
        abs(x - 100 - wanted[0]) <= 2 and abs(width - wanted[2]) <= 3 and abs(height - wanted[3]) <= 3
        for x, _, width, height in seen
    )


def test_no_span_reaches_across_a_hole() -> None:
    grey = paper()
    bar(grey, 60)
    bar(grey, 60 + 6 + round(LARGEST_HOLE * TEXT_HEIGHT))
    assert [tuple(pair) for pair in zip(*(spans(segment(strip(grey))[1]).first, [0, 1]), strict=True)] == [
        (0, 0),
        (1, 1),
    ]


def test_a_dot_is_no_span() -> None:
    grey = paper()
    bar(grey, 60)
    bar(grey, 160)
    grey[50:56, 110:116] = 30
    ink = segment(strip(grey))[1]
    found = spans(ink)
    assert len(ink.boxes) == 3
    assert sorted(set(found.first.tolist())) == [0, 2]


# ── Glyphs ──


@given(blobs())
@settings(max_examples=60)
def test_glyphs_of_a_line_are_what_each_span_alone_would_be(ink: LineInk) -> None:
    """The batch against the pixel contract, span by span, with the walls written out plainly."""
    found = spans(ink)
    shown = glyphs(ink, found)
    assert shown.shape == (len(found.first), 2, 32, 32)
    pixels = shown[:, ALONE]
    assert pixels.dtype == np.uint8
    for k, (first, last) in enumerate(zip(found.first.tolist(), found.last.tolist(), strict=True)):
        own = ((ink.labels > first) & (ink.labels <= last + 1)).view(np.uint8)
        inside = set(ink.components[first : last + 1].tolist())
        outside = {int(ink.components[n]) for n in (first - 1, last + 1) if 0 <= n < len(ink.components)}
        box = own
        if inside & outside:
            for _ in range(WALL):
                own = cv2.dilate(own, np.ones((3, 3), np.uint8)) & (ink.labels > 0).view(np.uint8)
            x, y, width, height = cv2.boundingRect(box)
            near = np.zeros_like(own)
            near[max(y - WALL - 1, 0) : y + height + WALL + 1, max(x - WALL - 1, 0) : x + width + WALL + 1] = 1
            own &= near
        alone = normalise(ink.soft, cv2.dilate(own, np.ones((3, 3), np.uint8)).view(bool), ink.text_height)
        if inside & outside:  # the halo ends at the window
            assert np.abs(pixels[k].astype(int) - alone).mean() < 6
        else:
            assert (pixels[k] == alone).all()


def test_a_wall_is_shared_across_a_cut() -> None:
    """Two bars joined by a bridge: each side of the cut gets some of the other's ink."""
    grey = paper(200)
    for x in (60, 84):
        ring(grey, x)
    ink = segment(strip(grey))[1]
    found = spans(ink)
    cut = found.last[0] + 1 < len(ink.boxes) and ink.components[0] == ink.components[found.last[0] + 1]
    assert cut
    only = LineInk(
        ink.soft,
        np.where(ink.labels == 1, 1, 0).astype(np.int32),
        ink.boxes[:1],
        ink.areas[:1],
        ink.components[:1],
        ink.text_height,
    )
    first = np.flatnonzero((found.first == 0) & (found.last == 0))
    assert len(first) == 1
    assert not (glyphs(ink, found)[first[0], ALONE] == glyphs(only, spans(only))[0, ALONE]).all()


def test_no_wall_is_shared_across_paper() -> None:
    """Digits that hardly stand apart: each glyph is the one that it would be alone."""
    together, alone = paper(200), paper(200)
    ring(together, 60)
    ring(alone, 60)
    bar(together, 60 + 13 + 6)
    pair, single = (segment(strip(grey))[1] for grey in (together, alone))
    assert len(set(pair.components.tolist())) == 2
    found, its = spans(pair), spans(single)
    last = int(np.flatnonzero(pair.components == pair.components[0])[-1])
    k = int(np.flatnonzero((found.first == 0) & (found.last == last))[0])
    whole = int(np.flatnonzero((its.first == 0) & (its.last == len(single.boxes) - 1))[0])
    difference = np.abs(glyphs(pair, found)[k, ALONE].astype(int) - glyphs(single, its)[whole, ALONE])
    assert difference.max() < 40, "the same shape; only the paper beside it may seem a little darker"
    own = (pair.labels > 0) & (pair.labels <= last + 1)
    assert not own[:, 60 + 14 :].any()
