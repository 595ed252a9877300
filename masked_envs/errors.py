"""The errors that are this package's own; everything else is a standard exception."""


class InvalidActionError(ValueError):
    """An action that the mask forbids, or that is not an action at all, was given to an environment."""


class EmptyMaskError(ValueError):
    """A mask that allows nothing while the episode goes on (law L5)."""


class UnknownEnvironmentError(ValueError):
    """No environment has this id."""
