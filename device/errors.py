"""Everything that postread raises on purpose: one root, leaves that are also the builtin a caller would expect."""


class PostreadError(Exception):
    """Root of the errors whose message is one line for the user: what is wrong, where, and the remedy."""


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
