"""What goes wrong while packing."""


class DeployError(Exception):
    """One line for the user: what is wrong, where, and the remedy."""
