"""Whole envelopes: addressee, sender, stamp and postmark, as a scanner sees them and as a camera does."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.writing import Spacing, laid, line, put, turned
from device import formats
from train.texts import DIGITS
from train.writers import Hand, Hands

Uint8 = NDArray[np.uint8]
Floats = NDArray[np.float32]

PEOPLE = ("Helena Duarte", "Rafael Moura", "Livia Teixeira", "Otavio Brandao", "Papelaria Sabia", "Clinica Ipe")
STREETS = ("Rua do Ouvidor", "Avenida Ipiranga", "Rua Sete de Abril", "Ladeira da Misericordia", "Alameda Lorena")
TOWNS = ("Campinas - SP", "Londrina - PR", "Olinda - PE", "Uberaba - MG", "Santarem - PA", "Pelotas - RS")
SENDER = 0.65
"""Share of envelopes with a sender, and a code of the sender's."""
LABELLED = 0.5
"""Share of codes that stand behind the word CEP."""
CAMERA = 1280, 720
"""Width and height of a camera's frame, pixels."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who fills in an envelope: one hand for its digits, one for its words."""

    numbers: Hand
    words: Hand

    @classmethod
    def of(cls, hands: Hands, rng: np.random.Generator, by_hand: bool, height: float) -> Writer:
        """A pen, or one typeface for everything.  height: of its digits, pixels."""
        if by_hand:
            return cls(Hand(hands, rng, "mnist", height), Hand(hands, rng, "handface", 0.8 * height))
        face = Hand(hands, rng, "printed", height)
        return cls(face, face)


def cep(rng: np.random.Generator) -> str:
    """Eight digits that Brazil may have given out."""
    while True:
        code = "".join(rng.choice(list(DIGITS), 8))
        if formats.get("cep").in_use(code):
            return code


def written(code: str, rng: np.random.Generator) -> str:
    """A code as people write it."""
    return code[:5] + ("-" if rng.random() < 0.8 else "") + code[5:]


def envelope(hands: Hands, code: str, by_hand: bool, rng: np.random.Generator) -> Uint8:
    """A scanned envelope, grey uint8[H, W]; by_hand: the addressee was written with a pen."""
    width = int(rng.integers(1000, 1500))
    return addressed(hands, code, by_hand, (width, round(width * float(rng.uniform(0.5, 0.7)))), rng)


def addressed(hands: Hands, code: str, by_hand: bool, size: tuple[int, int], rng: np.random.Generator) -> Uint8:
    """A scanned envelope of a given width and height, pixels."""
    width, height = size
    ink = np.zeros((height, width), np.uint8)
    writer = Writer.of(
        hands, rng, by_hand, width * float(rng.uniform(0.03, 0.045) if by_hand else rng.uniform(0.018, 0.03))
    )
    _address(ink, writer, code, (rng.uniform(0.3, 0.42) * width, rng.uniform(0.42, 0.5) * height), rng)
    if rng.random() < SENDER:
        small = Writer.of(hands, rng, by_hand and rng.random() < 0.5, width * float(rng.uniform(0.014, 0.02)))
        _address(ink, small, cep(rng), (0.03 * width, 0.05 * height), rng)
    _stamp(ink, rng)
    return laid(turned(ink, float(rng.normal(0, 1.0))), rng)


def _address(ink: Uint8, writer: Writer, code: str, corner: tuple[float, float], rng: np.random.Generator) -> None:
    """Name, street with its house number, town, code: four lines, or three with the code before the town."""
    words, numbers, spacing = writer.words, writer.numbers, Spacing(0.06, 0.25)
    person, street, town = (str(rng.choice(list(names))) for names in (PEOPLE, STREETS, TOWNS))
    shown = (numbers, written(code, rng))
    last = [[(words, town)], [(words, "CEP"), shown] if rng.random() < LABELLED else [shown]]
    if rng.random() < 0.3:
        last = [[shown, (words, town)]]
    x, y = corner
    for parts in ([(words, person)], [(words, f"{street},"), (numbers, str(rng.integers(2, 2999)))], *last):
        set_ = line(parts, spacing, rng)
        put(ink, set_, round(x + rng.normal(0, 2)), round(y))
        y += max(1.65 * numbers.height, 1.1 * set_.shape[0])


def _stamp(ink: Uint8, rng: np.random.Generator) -> None:
    """A stamp in the upper right, and a postmark with the day over its edge."""
    height, width = ink.shape
    side = round(0.1 * width), round(0.13 * width)
    left, top = width - side[0] - round(0.04 * width), round(0.05 * height)
    cv2.rectangle(ink, (left, top), (left + side[0], top + side[1]), int(rng.integers(120, 256)), 3)
    cv2.circle(ink, (left + side[0] // 2, top + side[1] // 2), round(0.3 * side[0]), int(rng.integers(60, 200)), -1)
    centre, radius = (left - round(rng.uniform(0, 0.3) * side[0]), top + round(0.6 * side[1])), round(0.055 * width)
    shade = int(rng.integers(110, 230))
    for share in (1.0, 0.8):
        cv2.circle(ink, centre, round(share * radius), shade, 2, cv2.LINE_AA)
    day = f"{rng.integers(1, 29):02d}.{rng.integers(1, 13):02d}.{rng.integers(2019, 2027)}"
    scale = radius / 75
    (wide, high), _ = cv2.getTextSize(day, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)
    at = centre[0] - wide // 2, centre[1] + high // 2
    cv2.putText(ink, day, at, cv2.FONT_HERSHEY_SIMPLEX, scale, shade, 2, cv2.LINE_AA)


def camera(sheet: Uint8, rng: np.random.Generator) -> Uint8:
    """The envelope on a desk in front of a camera: perspective, a lamp, lens, noise.  BGR uint8[720, 1280, 3]."""
    width, height = CAMERA
    seen, covered = _on_the_desk(sheet, rng)
    tint = np.float32(1) + rng.uniform(-0.08, 0.08, 3).astype(np.float32)
    wood = np.array([50, 75, 105], np.float32) * np.float32(rng.uniform(0.5, 1.3))
    grain = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 9, sigmaY=1.5)
    desk = wood * (1 + np.float32(0.9) * grain[..., None])
    picture = seen[..., None] * tint * covered[..., None] + desk * (1 - covered[..., None])
    picture *= lamp(width, height, rng)[..., None]
    picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.3)))
    if rng.random() < 0.4:  # a hand that trembles
        picture = cv2.filter2D(picture, -1, _streak(int(rng.integers(2, 5)), float(rng.uniform(0, np.pi))))
    picture += rng.normal(0, rng.uniform(1.5, 6), picture.shape).astype(np.float32)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _on_the_desk(sheet: Uint8, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The sheet in perspective, and where it lies: two float32[720, 1280]."""
    width, height = CAMERA
    rows, columns = sheet.shape
    scale = min(width / columns, height / rows) * float(rng.uniform(0.8, 0.97))
    turn = float(rng.normal(0, np.deg2rad(4)))
    spin = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
    moved = (corners - (columns / 2, rows / 2)) @ spin.T + (width / 2, height / 2)
    moved += rng.uniform(-0.025, 0.025, (4, 2)) * width
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    seen = cv2.warpPerspective(sheet.astype(np.float32), matrix, CAMERA, flags=cv2.INTER_AREA)
    covered = cv2.warpPerspective(np.ones(sheet.shape, np.float32), matrix, CAMERA)
    return np.asarray(seen, np.float32), np.asarray(covered, np.float32)


def lamp(width: int, height: int, rng: np.random.Generator) -> Floats:
    """Light that falls off from a lamp, and perhaps the edge of a shadow: float32[height, width]."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(width)
    away = (x - np.float32(rng.uniform(0, 1))) ** 2 + (y - np.float32(rng.uniform(0, 0.6))) ** 2
    light = np.float32(rng.uniform(0.5, 0.75)) + np.float32(0.45) * np.exp(-away / np.float32(rng.uniform(0.15, 0.6)))
    if rng.random() < 0.3:
        turn, at = rng.uniform(0, np.pi), rng.uniform(0.3, 0.7)
        beyond = (x - np.float32(at)) * np.float32(np.cos(turn)) + (y - np.float32(0.28)) * np.float32(np.sin(turn))
        light = light * (1 - np.float32(rng.uniform(0.1, 0.35)) / (1 + np.exp(-beyond / np.float32(0.01))))
    return np.asarray(light, np.float32)


def _streak(length: int, turn: float) -> Floats:
    """A blur along a line: float32[2 length + 1, 2 length + 1] that sums to 1."""
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    step = np.array([np.cos(turn), np.sin(turn)]) * length / 2
    ends = [(round(length + sign * step[0]), round(length + sign * step[1])) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1)
    return kernel / kernel.sum()
