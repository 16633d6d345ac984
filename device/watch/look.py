"""One look at what lies there: which part of the shot is read, how it is turned, and what is read in it."""

from __future__ import annotations

from device.camera.shot import Shot, cropped, map_box
from device.reader import Reader
from device.types import Box, Frame, Reading, around
from device.watch.envelope import clipped, view
from device.watch.lying import Lying
from device.watch.track import in_corner

TURNS = (0.0, 2.5, 0.0, -2.5)
"""Degrees that looks are turned by beside the envelope's own turn: views of another kind err in other ways."""
WITHOUT_PAPER = 2
"""Which of them trusts neither the envelope's outline nor what was found in it."""
LIKELY = 0.1
"""Confidence of a reading whose surroundings alone are looked at again."""
AROUND = 2.5
"""How much of them, in heights of its digits."""


def read(reader: Reader, shot: Shot, lying: Lying) -> list[Reading]:
    """The readings of the next look, their boxes on the shot's full picture."""
    region = (0, 0, *shot.size)
    number = lying.track.looks % len(TURNS)
    if number == WITHOUT_PAPER and not (lying.way and lying.paper):  # on a belt the next one may be in view as well
        seen = view(shot, None, region, 0.0)
    else:
        turn = (lying.paper.turn if lying.paper is not None else 0.0) + TURNS[number]
        seen = view(shot, lying.paper, clipped(_part(lying, region, number), region), turn)
    return [seen.place(reading) for reading in reader.read(Frame(seen.grey))]


def _part(lying: Lying, region: Box, number: int) -> Box:
    """The envelope, the first time; then the places on it where something like a code was read.  In a postal format
    the sender's is none: the addressee's may have been missed."""
    whole = lying.paper_box or region
    votes = [vote for place in lying.track.places for vote in place.votes if vote.confidence > LIKELY]
    postal = lying.track.format.postal
    likely = [vote for vote in votes if not (postal and in_corner(vote.box, lying.paper_box))]
    if number == 0 or not likely or lying.way:  # on a belt the addressee's may come into view later
        return whole
    boxes = []
    for vote in likely:
        x, y, width, height = vote.box
        margin = round(AROUND * max(box[3] for box in vote.digit_boxes))
        boxes.append((x - margin, y - margin, width + 2 * margin, height + 2 * margin))
    return around(boxes)


def region_of(shot: Shot, roi: tuple[float, float, float, float] | None) -> Shot:
    """The region of a shot that is watched, given in shares of the picture; all of it when None."""
    if roi is None:
        return shot
    x, y, width, height = (round(share * 10_000) for share in roi)
    return cropped(shot, map_box((x, y, width, height), (10_000, 10_000), shot.size))


def on_picture(reading: Reading, shot: Shot) -> Reading:
    """The reading with its boxes on the camera's whole picture."""
    return reading if shot.origin == (0, 0) else reading.moved(*shot.origin)
