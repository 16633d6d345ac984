"""Everything that postread raises on purpose: one root, leaves that are also the builtin a caller would expect."""


class PostreadError(Exception):
    """Root of the errors whose message is one line for the user: what is wrong, where, and the remedy."""

    def __str__(self) -> str:
        """The message, whatever is in the names that it quotes: a path may hold line breaks, or be no UTF-8."""
        return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in super().__str__())


class UsageError(PostreadError, ValueError):
    """An argument or option that cannot be."""


class FormatError(UsageError):
    """A postal-code format that is not known, or whose codes have letters."""


class InputError(PostreadError, OSError):
    """An image or page that cannot be read."""


class ModelError(PostreadError, ValueError):
    """A bundle that is not one: card and network do not fit each other, or this device."""


class RuntimeMissing(PostreadError, ImportError):
    """No TFLite interpreter is installed."""


class CameraError(PostreadError, OSError):
    """A camera, stream or film that is not there, or that was lost; it may come back."""


class StoreError(PostreadError, OSError):
    """The database cannot be written or read."""


class OutputError(PostreadError, OSError):
    """An output that takes nothing just now, or a pin that cannot be used."""
