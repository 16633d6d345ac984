"""The loop: a camera's shots → what changed → readings → what is settled, refused, or needs a person."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from device.camera.shot import Shot
from device.camera.source import Camera
from device.decode import Known
from device.errors import InputError
from device.formats import Format
from device.reader import Reader
from device.types import Reading
from device.watch import carried, look, same
from device.watch.envelope import find_paper, paper_box
from device.watch.events import Event, State
from device.watch.lying import Code, Lying, crop_of
from device.watch.scene import Scene
from device.watch.track import MOST_LOOKS, Track, refused
from device.watch.trouble import LEAST_SHARPNESS, sharpness, text_lines, why_nothing
from device.watch.writing import CREPT, Writing, blocks

log = logging.getLogger("postread.watch")

Uint8 = NDArray[np.uint8]
Trigger = Literal["always", "motion", "gpio"]
Region = tuple[float, float, float, float]

RESTLESS = 10
"""After so many shots without rest, what is sharp is read though something moves (a belt that does not stop): ..."""
EVERY = 3
"""... one shot in so many."""
LOOK_AGAIN = 1.0
"""Seconds between looks at an envelope that was not settled in the first ones, ..."""
STANDS = 1.0
"""What has not gone on for so long, seconds, does not, whatever else moves."""
PATIENCE = 6.0
"""... until it is refused."""
GONE = 0.5
"""Share of the writing's blocks that look otherwise when an envelope has gone; less is a hand, or its shadow."""
GLANCE = 30
"""Every so many shots at rest it is seen whether what lies there crept away."""
WAIT = 0.5
"""For a shot, seconds."""


class Button(Protocol):
    """What starts a reading with the trigger ``gpio``."""

    def pressed(self) -> bool:
        """Since this was asked last."""


@dataclass(slots=True)
class Watcher:
    """One camera, one reader, one thread.  `announce` gets every event in order, and has stored it when it returns."""

    camera: Camera
    reader: Reader
    announce: Callable[[Event], None]
    least: float = 0.8
    """Confidence from which on a reading is settled."""
    roi: Region | None = None
    """x, y, width, height as shares of the picture; None: all of it."""
    trigger: Trigger = "always"
    button: Button | None = None
    turn: Callable[[], None] = lambda: None
    """Called before every shot, at least twice a second."""
    clock: Callable[[], float] = time.monotonic
    state: State = "searching"
    why: str | None = None
    shot: Shot | None = None
    """The newest, for whoever wants to show it."""
    standing: tuple[Reading, ...] = ()
    """What is read of what lies there now, for the same."""
    _scene: Scene = field(default_factory=Scene)
    _lying: Lying | None = None
    _before: Lying | None = None
    """What lay there before, as long as it may still be the same envelope."""
    _asked: bool = True
    """The trigger's condition is met."""
    _framed_anew: bool = False
    """The region is another one since something came to rest: outlines of before cannot be compared."""
    _interrupted: tuple[State, str | None] = ("searching", None)
    """State before the source was lost."""
    _stopped: bool = False

    def __post_init__(self) -> None:
        self._asked = self.trigger == "always"

    def remember(self, thumb: Uint8, digits: str) -> None:
        """What was settled last before a restart: if it still lies there it is not announced again."""
        self._before = Lying(thumb, self._track(), self.clock(), done=True, settled=[Code(digits)])

    def run(self) -> None:
        """Until the source ends or `stop` is called."""
        self._say()
        while not self._stopped:
            self.turn()
            shot = self.camera.shot(WAIT)
            if shot is not None:
                self._look(shot)
            elif self.camera.ended:
                break
            elif self.camera.trouble is not None:
                self._lose(self.camera.trouble)
        self._leave()

    def _look(self, shot: Shot) -> None:
        try:
            self.look(shot)
        except InputError as error:  # a picture that is broken further down: the next one may not be
            log.warning("%s", error)

    def stop(self) -> None:
        """From any thread."""
        self._stopped = True

    def change(self, format: Format, known: Known | None, least: float, roi: Region | None) -> None:
        """From now on read so; what lies there is read again, and not announced again if it is the same.

        For `turn`: in the watcher's own thread.
        """
        lying, self._lying, self.standing = self._lying, None, ()
        if format != self.reader.format:
            self._before = None
        elif lying is not None and lying.digits:
            self._before = lying
        self._framed_anew |= roi != self.roi
        self.reader.format, self.reader.known = format, known
        self.least, self.roi = least, roi
        self._enter("searching")

    def look(self, shot: Shot) -> None:
        """Take in one shot."""
        self.shot = shot
        scene = self._scene
        if self._idle and scene.pass_over(shot.glimpse):
            return
        glimpse = shot.glimpse
        shot = look.region_of(shot, self.roi)
        scene.look(shot.small, glimpse)
        if self.why == "source-lost":
            self._go_on()
        if self.button is not None and self.button.pressed():
            self._leave()
            self._before, self._asked = None, True
        if scene.moving:
            if self.trigger == "motion" and scene.looks > 1:
                self._asked = True
            if self._on_a_belt(shot):
                self._read(shot)
            return
        if scene.still % GLANCE == 1 or self._lying is None:
            self._at_rest(shot)
        if self._lying is not None and self._due(self._lying):
            self._read(shot)

    @property
    def in_place(self) -> tuple[Reading, ...]:
        """`standing`, but nothing while what lies there is taken away: it is no longer where it was read."""
        leaving = self._scene.moving and self._scene.restless < RESTLESS
        return () if leaving else self.standing

    @property
    def _idle(self) -> bool:
        """Nothing is to be done as long as nothing happens, and it is not yet time to look properly again."""
        waiting = self._lying is not None and self._lying.done and self.button is None and self.why != "source-lost"
        return waiting and (self._scene.still + 1) % GLANCE != 1

    # ── What lies there ──

    def _at_rest(self, shot: Shot) -> None:
        """Nothing moves any more: is it what lay there, what lay there before, or something else?"""
        scene, lying, before = self._scene, self._lying, self._before
        if lying is not None:
            if self._is_still_there(lying, shot):
                return
            self._leave()
            before = self._before
        if before is not None and before.digits and scene.same_as(before.thumb) and self._is_the_same(before, shot):
            self._lying, self._before = before, None
            if before.writing is None:
                same.recall(self.reader, before, shot)
            self._enter("settled")
            return
        if self._asked:
            self._lying = self._arrived(shot)

    def _is_still_there(self, lying: Lying, shot: Shot) -> bool:
        if lying.way is not None:  # it was carried here; what was settled on the way is read once more, as if nudged
            stays = not lying.done and self._went_on(lying, shot)
            lying.way = None
            return stays
        covered = not lying.blank and self._scene.gone(lying.thumb, lying.where) < GONE
        return (covered or self._scene.same_as(lying.thumb)) and self._is_the_same(lying, shot)

    def _is_the_same(self, lying: Lying, shot: Shot) -> bool:
        """Whether what looks the same from afar is the same to the letter; that is asked once, as it comes to rest."""
        first = lying.done and not lying.blank and self._scene.still <= 1
        return not first or same.is_the_same(self.reader, lying, shot)

    def _arrived(self, shot: Shot) -> Lying:
        """Something new; a table without an envelope means that the next one is another, whatever stands on it."""
        assert self._scene.last is not None
        paper = find_paper(shot.small)
        box = None if paper is None else paper_box(paper, shot, (0, 0, *shot.size))
        new = Lying(self._scene.last, self._track(), self.clock(), paper, box)
        lines = text_lines(shot.small)
        dull = paper is None and sharpness(shot.small) < LEAST_SHARPNESS  # a table's grain looks like lines
        new.blank = dull or not lines
        new.where = blocks(lines, shot.small_size)
        new.writing = Writing(np.array(shot.small), new.where)
        if self._before is not None and not self._framed_anew and not same.same_outline(self._before.paper, paper):
            self._before = None
        self._framed_anew = False
        if new.blank:
            self._before = None if paper is None else self._before
            new.done = True
            why = why_nothing(shot.small, False)
            self._enter("needs-help", why) if why in ("too-dark", "glare") else self._enter("searching")
        return new

    def _leave(self) -> None:
        """What lay there has gone: what could not be settled is refused."""
        lying, self._lying, self.standing = self._lying, None, ()
        if lying is None:
            return
        if not lying.done:
            self._refuse(lying)
        if lying.digits:
            self._before = lying
        if self.trigger == "gpio":
            self._asked = False
        self._enter("searching")

    def _track(self) -> Track:
        return Track(self.reader.format, self.least, self.reader.known)

    # ── Reading ──

    def _due(self, lying: Lying) -> bool:
        if lying.done:
            return False
        if lying.track.looks < lying.most_looks:
            return True
        return self.clock() - lying.looked >= LOOK_AGAIN

    def _on_a_belt(self, shot: Shot) -> bool:
        """Whether to read though something moves."""
        scene = self._scene
        if self.trigger != "always" or scene.restless < RESTLESS or scene.restless % EVERY:
            return False
        if sharpness(shot.small) < 2 * LEAST_SHARPNESS:
            return False
        lying = self._lying
        if lying is None or lying.blank or not self._went_on(lying, shot):
            if lying is not None and not lying.blank:
                self._leave()
            lying = self._lying = self._arrived(shot)
            lying.way, lying.went = (0, 0), self.clock()
        return self._due(lying)

    def _went_on(self, lying: Lying, shot: Shot) -> bool:
        """Whether what was looked at last is still in view, and has only moved on: then it is known where it is now."""
        assert self._scene.last is not None
        if lying.paper is None and lying.way is not None and carried.has_passed(lying, shot):
            lying.settled = []  # the next one of its code is another
            return False
        by = carried.way(lying, shot.small)
        if by is None and self._was_lost(lying, shot):
            return False
        if self._scene.moving and (by is None or max(map(abs, by)) <= CREPT):
            return True
        lying.went = self.clock()
        if not carried.carry(lying, by or (0, 0), shot, self._scene.last):
            return False
        across, down = carried.on_full(by or (0, 0), shot)
        moved = [one.moved(across, down) for one in self.standing]
        self.standing = tuple(
            one for one in moved if carried.is_seen(one.box, self.shot.size if self.shot else shot.size)
        )
        return True

    def _was_lost(self, lying: Lying, shot: Shot) -> bool:
        """Whether what cannot be found again has gone, rather than being covered by a hand."""
        if any(lying.way or ()) and (not self._scene.moving or bool(lying.where.all())):
            return True  # it went on, and what is left of it is blank, or it cannot be what rests now
        if lying.paper is None and find_paper(shot.small) is not None:
            return True
        return not lying.track.looks or self._scene.gone(lying.thumb, lying.where) >= GONE

    def _goes(self, lying: Lying) -> bool:
        """Whether it is being carried past."""
        return lying.way is not None and self.clock() - lying.went <= STANDS

    def _read(self, shot: Shot) -> None:
        lying = self._lying
        assert lying is not None
        if lying.track.looks == 0:
            self._enter("reading")
        readings = look.read(self.reader, shot, lying)
        lying.looked = self.clock()
        saw = True
        if self._goes(lying):
            saw = lying.track.add_carried(carried.whole(readings, shot))
        else:
            lying.track.add(readings)
        standing = [reading for _, reading in lying.track.standing(lying.paper_box)]
        self.standing = tuple(look.on_picture(one, shot) for one in standing)
        waits = self._may_show_more(lying, standing, shot)
        settled = [] if waits else lying.track.settled(lying.paper_box)
        for reading in settled:
            self._settle(shot, lying, reading)
        if lying.done:
            return
        if saw and not settled and not lying.digits and standing:
            lying.guess = Code(standing[0].digits, standing[0].box, crop_of(shot, standing[0]))
            lying.candidate = look.on_picture(standing[0], shot)
        if waits:
            lying.began = lying.looked  # patience begins when all of it can be seen
            return
        lying.vain += not saw
        if self._goes(lying) and lying.digits:
            return
        if lying.track.looks >= lying.most_looks and self.reader.format.postal is False and lying.digits:
            lying.done, self._before = True, None
        elif lying.track.looks >= MOST_LOOKS and self.clock() - lying.began > PATIENCE:
            self._refuse(lying)
        elif max(lying.track.looks, lying.vain) >= MOST_LOOKS // 2:
            self._enter("needs-help", why_nothing(shot.small, lying.track.code_like))

    def _may_show_more(self, lying: Lying, standing: Sequence[Reading], shot: Shot) -> bool:
        """Whether another code may come into view, which could be the addressee's."""
        return self._goes(lying) and self.reader.format.postal and not carried.in_view(lying, standing, shot)

    def _settle(self, shot: Shot, lying: Lying, reading: Reading) -> None:
        crop = crop_of(shot, reading)
        lying.done = self.reader.format.postal
        if self._before is not None and same.was_nudged(self._before, shot, reading, crop):
            self._enter("settled")
        else:
            self.state, self.why = "settled", None
            self.announce(
                Event("settled", "settled", reading=look.on_picture(reading, shot), crop=crop, scene=lying.thumb)
            )
        if lying.done:
            self._before = None
        lying.settled.append(Code(reading.digits, reading.box, crop))

    def _refuse(self, lying: Lying) -> None:
        """Announce what could not be settled, if there was anything like a code."""
        lying.done = True
        reading, guess = lying.candidate, lying.guess
        if reading is None or guess is None or not lying.track.code_like or lying.digits:
            return
        if reading.accepted:
            reading = refused(reading, "not-sure", "it left before all of its envelope had been in view")
        self.state, self.why = "needs-help", "not-sure"
        self.announce(Event("refused", "needs-help", reading.reason, reading.detail, reading, guess.crop))

    def _lose(self, trouble: str) -> None:
        if self.why != "source-lost":
            if self._lying is not None and self._lying.way is not None:  # a belt does not wait
                self._leave()
            self._interrupted = self.state, self.why
        self._enter("needs-help", "source-lost", trouble)

    def _go_on(self) -> None:
        """The source is back: with what lay there, if that still does."""
        lies_there = self._lying is not None and not self._scene.moving and self._scene.same_as(self._lying.thumb)
        self._enter(*(self._interrupted if lies_there else ("searching", None)))

    def _enter(self, state: State, why: str | None = None, detail: str | None = None) -> None:
        """Announce a state that is new."""
        if (state, why) != (self.state, self.why):
            self.state, self.why = state, why
            self._say(detail)

    def _say(self, detail: str | None = None) -> None:
        self.announce(Event("state", self.state, self.why, detail))
