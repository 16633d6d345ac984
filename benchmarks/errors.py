"""What goes wrong in a benchmark, in one line."""

from device.errors import InputError, PostreadError


class BenchmarkError(PostreadError):
    """A reader that ended, hung or answered nonsense."""


class TruthError(InputError):
    """A folder whose truth.csv cannot be used."""


class MissingError(PostreadError):
    """A part of the workstation that is not installed, with the command that does it."""
