"""What every source of shots can do, and what a watcher asks of a camera."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

from device.camera.shot import Shot
from device.types import Frame

if TYPE_CHECKING:
    from device.camera.newest import Newest


class Camera(Protocol):
    """What is watched: asked for a shot over and over, whatever becomes of the source behind it."""

    @property
    def name(self) -> str: ...

    @property
    def trouble(self) -> str | None:
        """Why no shots come just now, in words; None when all is well."""

    @property
    def ended(self) -> bool:
        """No shot will ever come again: the film or the folder is at its end."""

    def shot(self, timeout: float) -> Shot | None:
        """A shot not given before; None when there is none within so many seconds."""

    def close(self) -> None: ...


class Source(ABC):
    """Something that can be opened and gives one shot after another.

    Iterating, as in `with Video(0) as camera: for frame in camera`, gives the newest frame each time, and goes on
    after the source was lost and found again.  Subclasses are dataclasses; each copy is opened once.
    """

    patience: ClassVar[float] = 5.0
    """Without a shot for so many seconds the source is taken for lost."""
    noisy: ClassVar[bool] = False
    """Two shots of it are never the same to the last bit, unless it hangs."""
    _newest: Newest | None = None

    @property
    def is_live(self) -> bool:
        """A camera or a stream; files are not: they end, and can be read as fast as one likes."""
        return True

    @property
    @abstractmethod
    def name(self) -> str:
        """As the user named it, without what is secret in it."""

    @abstractmethod
    def open(self) -> None:
        """Raises CameraError when it is not there (now), UsageError when it cannot be."""

    @abstractmethod
    def grab(self) -> Shot | None:
        """The next shot, waited for; None at the end.  Raises CameraError when the source is lost."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what was opened; called from any thread, more than once."""

    def __enter__(self) -> Self:
        from device.camera.newest import Newest

        if self._newest is None:
            self._newest = Newest(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._newest is not None:
            self._newest.close()
            self._newest = None

    def __iter__(self) -> Iterator[Frame]:
        with self:
            newest = self._newest
            while newest is not None:
                shot = newest.shot(self.patience)
                if shot is not None:
                    yield Frame(shot.full(), self.name)
                elif newest.ended:
                    return
