"""The exceptions that this package defines; it raises standard ones for everything else."""


class InvalidActionError(ValueError):
    """An environment received a forbidden action, or a value that is not an action (docs/masks.md, laws L7 and L8)."""


class EmptyMaskError(ValueError):
    """A mask allows no action while the episode is running (docs/masks.md, law L5)."""


class UnknownEnvironmentError(ValueError):
    """No environment has this id."""
