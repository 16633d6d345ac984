"""What training and conversion raise on purpose; every message is one line for the user."""

from device.errors import PostreadError


class DataError(PostreadError, OSError):
    """MNIST, or the typefaces, cannot be had, or are not what they should be."""


class ExistsError(PostreadError, FileExistsError):
    """Something is there already and may not be overwritten."""


class RunError(PostreadError, ValueError):
    """A folder that is not a training run, or one whose files do not fit each other."""
