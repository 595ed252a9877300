"""The errors that are this package's own; everything else is a standard exception."""


class InvalidActionError(ValueError):
    """An action that the mask forbids, or that is not an action at all, was given to an environment."""


class UnknownEnvironmentError(ValueError):
    """No environment has this id."""
