"""The exceptions that this package defines; it raises standard ones for everything else."""


class InvalidActionError(ValueError):
    """An environment got an action that its mask forbids, or a value that is not an action (laws L7 and L8)."""


class EmptyMaskError(ValueError):
    """A mask allows no action while the episode is running (law L5)."""


class UnknownEnvironmentError(ValueError):
    """No environment has this id."""
