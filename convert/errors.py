"""What conversion raises on purpose; every message is one line for the user."""

from device.errors import PostreadError


class ConversionError(PostreadError, ValueError):
    """The converted network is not what a bundle may hold."""


class ParityError(ConversionError):
    """Float and int8 disagree more than a bundle may."""
