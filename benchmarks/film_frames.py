"""What a camera over a table sees: an envelope pushed in by a hand, at rest, pushed out; blur, noise, a lamp, JPEG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.envelopes import CAMERA, PEOPLE, STREETS, TOWNS, Writer, cep, lamp, written
from benchmarks.writing import Spacing, line, put, turned
from train.writers import Hands

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float32]

HAND_HEIGHT, PRINT_HEIGHT = (0.033, 0.042), (0.0175, 0.024)
"""Of digits, as a share of an envelope's width."""
PITCH = 2.0
"""Between lines, in heights of a printed digit."""
SENDER = 0.25
"""Share of envelopes with a sender, and the sender's code."""
EMPTY = 0.2
"""Share of envelopes without a code that have no writing at all."""
DATED = 0.3
"""Share of addresses without a code that have a day in its place."""
SCALE = 0.86, 0.99
"""An envelope's share of the picture."""
TURN = 4.0
"""Standard deviation of how far an envelope lies askew, degrees."""
BENT = 0.025
"""How far a corner is off by perspective, at most, as a share of the picture's width."""
BLUR = 0.5, 1.3
"""Sigma of the lens, pixels."""
NOISE = 2.0, 6.0
"""Sigma of the sensor, grey levels."""
QUALITY = 70, 93
"""Of each frame's JPEG."""
SPAN = CAMERA[0] * 1.2
"""How far from its middle an envelope is out of the picture, pixels."""
TREMBLE = 0.25
"""Standard deviation of what the table shakes, pixels a frame."""
SHUTTER = 0.5
"""Share of a frame's time in which the sensor gathers light."""
MOST_COPIES = 10
SPARE = 96
"""Noise that is drawn beyond the picture's edges, so that every frame gets another part of it, pixels."""
BRIGHTEST = 200
"""A lamp's byte that leaves a picture as bright as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """How the camera sees one envelope."""

    sheet: Uint8
    """BGR uint8[h, w, 3]."""
    corners: Floats
    """float32[4, 2]: where its corners lie at rest, pixels of the frame."""
    lamp: Uint8
    """uint8[720, 1280, 3]; `BRIGHTEST` leaves a pixel as it is."""
    blur: float
    noise: NDArray[np.int16]
    """int16[720 + SPARE, 1280 + SPARE, 3]."""
    hand: Uint8
    """BGRA uint8[h, w, 4], fingertips at its lower left."""
    way: Floats
    """float32[2]: where it comes from, a unit vector."""


def letter(hands: Hands, code: str, by_hand: bool, rng: np.random.Generator) -> Uint8:
    """The ink of an envelope, uint8[h, w]; without a code: nothing, or an address that breaks off, or a day."""
    width = int(rng.integers(1000, 1300))
    ink = np.zeros((round(width * float(rng.uniform(0.52, 0.66))), width), np.uint8)
    if not code and rng.random() < EMPTY:
        return ink
    writer = Writer.of(hands, rng, by_hand, width * float(rng.uniform(*(HAND_HEIGHT if by_hand else PRINT_HEIGHT))))
    corner = rng.uniform(0.3, 0.4) * width, rng.uniform(0.38, 0.46) * ink.shape[0]
    _address(ink, writer, code, corner, rng)
    if rng.random() < SENDER:
        small = Writer.of(hands, rng, False, width * float(rng.uniform(0.012, 0.016)))
        _address(ink, small, cep(rng) if code else "", (0.04 * width, 0.06 * ink.shape[0]), rng)
    _stamp(ink, rng)
    return ink


def _address(ink: Uint8, writer: Writer, code: str, corner: tuple[float, float], rng: np.random.Generator) -> None:
    """Name, street and house number, town, and the code on a line of its own; a day where there is none."""
    person, street, town = (str(rng.choice(list(names))) for names in (PEOPLE, STREETS, TOWNS))
    day = f"{rng.integers(1, 29)}.{rng.integers(1, 13)}.{rng.integers(2019, 2027)}"
    last = [(writer.words, "CEP"), (writer.numbers, written(code, rng))] if code else [(writer.words, "Brasil")]
    if not code and rng.random() < DATED:
        last = [(writer.numbers, day)]
    house = writer.numbers, str(rng.integers(2, 2999))
    x, y = corner
    for parts in ([(writer.words, person)], [(writer.words, f"{street},"), house], [(writer.words, town)], last):
        set_ = line(parts, Spacing(), rng)
        put(ink, set_, round(x), round(y))
        y += max(PITCH * writer.words.height, 1.15 * set_.shape[0])


def _stamp(ink: Uint8, rng: np.random.Generator) -> None:
    height, width = ink.shape
    left, top = round(0.8 * width), round(0.07 * height)
    cv2.rectangle(ink, (left, top), (left + width // 8, top + height // 4), 255, 4)
    centre = left - width // 40, top + height // 6
    cv2.circle(ink, centre, width // 18, int(rng.integers(120, 256)), 3, cv2.LINE_AA)


def on_paper(ink: Uint8, rng: np.random.Generator) -> Uint8:
    """Ink uint8[h, w] on an envelope's paper: a tint, fibres, clouds, light from one side; grey uint8[h, w]."""
    height, width = ink.shape
    clouds = rng.standard_normal((max(2, height // 24), max(2, width // 24)), dtype=np.float32)
    sheet = np.float32(rng.uniform(195, 240)) + np.float32(2.5) * cv2.resize(
        clouds, (width, height), interpolation=cv2.INTER_CUBIC
    )
    sheet += 4 * cv2.GaussianBlur(rng.standard_normal((height, width), dtype=np.float32), (0, 0), 1.2)
    sheet += np.linspace(-1, 1, width, dtype=np.float32)[None] * np.float32(rng.uniform(-14, 14))
    pressed = cv2.GaussianBlur(np.asarray(turned(ink, float(rng.normal(0, 1))), np.float32) / 255, (0, 0), 0.6)
    pressed *= np.float32(rng.uniform(0.7, 0.97))
    return np.clip(sheet * (1 - pressed) + np.float32(rng.uniform(30, 75)) * pressed, 0, 255).astype(np.uint8)


def look(sheet: Uint8, rng: np.random.Generator) -> Look:
    """A camera's view of a grey sheet uint8[h, w]."""
    tint = np.float32(1) + rng.uniform(-0.08, 0.04, 3).astype(np.float32)
    coloured = np.clip(sheet[..., None] * tint, 0, 255).astype(np.uint8)
    height, width = CAMERA[1] + SPARE, CAMERA[0] + SPARE
    grain = rng.standard_normal((height, width, 3), dtype=np.float32) * np.float32(rng.uniform(*NOISE))
    turn = rng.uniform(0, 2 * np.pi)
    return Look(
        coloured,
        _corners(sheet.shape, rng),
        _lamp(rng),
        float(rng.uniform(*BLUR)),
        np.rint(grain).astype(np.int16),
        _hand(rng),
        np.array([np.cos(turn), np.sin(turn)], np.float32),
    )


def desk(rng: np.random.Generator) -> Uint8:
    """The table without anything on it, BGR uint8[720, 1280, 3]."""
    shape = CAMERA[1], CAMERA[0]
    grain = cv2.GaussianBlur(rng.normal(0, 30, (*shape, 3)).astype(np.float32), (0, 0), 3)
    return np.clip(np.float32(rng.uniform(40, 110)) + grain, 0, 255).astype(np.uint8)


def shown(look: Look, desk: Uint8, away: float, speed: float, reach: float | None, rng: np.random.Generator) -> Uint8:
    """One frame, BGR uint8[720, 1280, 3].

    away: how far the envelope is from where it rests, in SPANs; speed: the same a frame; reach: how far the hand is
    from where it holds it, in picture widths, None without one.
    """
    picture = desk.copy()
    corners = _lay(picture, look, look.way * np.float32(away), rng)
    if reach is not None:
        _put_hand(picture, look, corners, reach)
    return _exposed(picture, look, look.way * np.float32(speed), rng)


def carried(
    looks: Sequence[tuple[Look, float]], belt: Uint8, way: Floats, gone: float, speed: float, rng: np.random.Generator
) -> Uint8:
    """One frame of a belt that does not stop, BGR uint8[720, 1280, 3].

    looks: the envelopes on it, each with how far it is from the middle, in `SPAN`s; the first one's lens, lamp and
    sensor are the camera's.  belt: what it looks like.  way: float32[2], where envelopes come from, a unit vector.
    gone: how far it went since the film began; speed: how far it goes in a frame; both in SPANs.
    """
    across, down = (round(-float(one) * gone * SPAN) for one in way)
    picture = np.roll(belt, (down, across), axis=(0, 1))
    for look, away in looks:
        _lay(picture, look, way * np.float32(away), rng)
    return _exposed(picture, looks[0][0], way * np.float32(speed), rng)


def _lay(picture: Uint8, look: Look, off: Floats, rng: np.random.Generator) -> Floats:
    """Put an envelope on a picture, so many SPANs off from where it lies at rest; its corners there, float32[4, 2]."""
    moved = look.corners + off * np.float32(SPAN) + rng.normal(0, TREMBLE, 2).astype(np.float32)
    if np.hypot(*off) < 1:
        rows, columns = look.sheet.shape[:2]
        corners = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
        matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
        cv2.warpPerspective(look.sheet, matrix, CAMERA, dst=picture, borderMode=cv2.BORDER_TRANSPARENT)
    return np.asarray(moved, np.float32)


def _exposed(picture: Uint8, look: Look, step: Floats, rng: np.random.Generator) -> Uint8:
    """What lens, light and sensor make of it while it moves so many SPANs a frame."""
    if np.hypot(*step) * SPAN > 2:
        picture = _streaked(picture, step * np.float32(SPAN * SHUTTER))
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), look.blur), np.uint8)
    picture = np.asarray(cv2.multiply(picture, look.lamp, scale=1 / BRIGHTEST), np.uint8)
    x, y = (int(one) for one in rng.integers(SPARE, size=2))
    grain = look.noise[y : y + CAMERA[1], x : x + CAMERA[0]]
    return np.asarray(cv2.add(picture, grain, dtype=cv2.CV_8U), np.uint8)


def encoded(picture: Uint8, quality: int) -> bytes:
    """As a camera sends it."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def glide(frames: int) -> Iterator[tuple[float, float]]:
    """How far from rest, and how fast, for each frame of a movement that brakes: from 1 to nearly 0."""
    before = 1.0
    for k in range(frames):
        away = (1 - (k + 1) / (frames + 1)) ** 1.7
        yield away, before - away
        before = away


def _corners(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    width, height = CAMERA
    rows, columns = shape
    scale = min(width / columns, height / rows) * float(rng.uniform(*SCALE))
    turn = float(rng.normal(0, np.deg2rad(TURN)))
    spin = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
    moved = (corners - (columns / 2, rows / 2)) @ spin.T + (width / 2, height / 2) + rng.uniform(-20, 20, 2)
    return np.asarray(moved + rng.uniform(-BENT, BENT, (4, 2)) * width, np.float32)


def _lamp(rng: np.random.Generator) -> Uint8:
    """The light on the whole table, in three channels."""
    light = lamp(CAMERA[0] // 4, CAMERA[1] // 4, rng)
    wide = cv2.resize(np.clip(light * BRIGHTEST, 0, 255).astype(np.uint8), CAMERA, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(np.repeat(wide[..., None], 3, axis=2))


def _hand(rng: np.random.Generator) -> Uint8:
    """Four fingers, a thumb, a palm and a sleeve, seen from above."""
    skin = np.array([110, 145, 200], np.float32) * np.float32(rng.uniform(0.35, 1.1))
    sleeve = rng.uniform(20, 200, 3)
    out = np.zeros((620, 620, 4), np.uint8)
    colour = (*(float(one) for one in np.clip(skin, 0, 255)), 255.0)
    for k in range(4):
        tip = np.array([30 + 55 * k, 540 - 10 * abs(k - 1.5) + 60 - 50 * k], np.float32)
        cv2.line(out, tuple(int(one) for one in tip), (230 + 30 * k, 350 - 10 * k), colour, 44, cv2.LINE_AA)
    cv2.line(out, (120, 330), (260, 330), colour, 50, cv2.LINE_AA)
    cv2.ellipse(out, (310, 310), (110, 90), -45, 0, 360, colour, -1, cv2.LINE_AA)
    cloth = (*(float(one) for one in sleeve), 255.0)
    cv2.line(out, (400, 220), (640, -20), cloth, 190, cv2.LINE_AA)
    return out


def _put_hand(picture: Uint8, look: Look, corners: Floats, reach: float) -> None:
    """The hand holds the edge that it pushes: the one on the side the envelope comes from."""
    centre = corners.mean(axis=0)
    hold = centre + look.way * (np.abs(corners - centre) @ np.abs(look.way)).max() * np.float32(0.85)
    hold = hold + look.way * np.float32(reach * CAMERA[0])
    facing = np.degrees(np.arctan2(-look.way[1], look.way[0])) - 45
    matrix = cv2.getRotationMatrix2D((60.0, 560.0), float(facing), 1.0)
    matrix[:, 2] += hold - (60, 560)
    over = cv2.warpAffine(look.hand, matrix, CAMERA, flags=cv2.INTER_LINEAR)
    covered = over[..., 3] > 127
    picture[covered] = over[covered][:, :3]


def _streaked(picture: Uint8, step: Floats) -> Uint8:
    """Blurred along a movement of so many pixels: the mean of copies about two pixels apart."""
    copies = int(np.clip(np.abs(step).max() / 2, 2, MOST_COPIES))
    total = picture
    for k in range(1, copies):
        shift = np.rint(step * (k / copies)).astype(int)
        moved = np.roll(picture, (int(shift[1]), int(shift[0])), axis=(0, 1))
        total = np.asarray(cv2.addWeighted(total, k / (k + 1), moved, 1 / (k + 1), 0), np.uint8)
    return total
