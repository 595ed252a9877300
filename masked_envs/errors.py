"""The exceptions that this package defines, standard ones being raised for everything else, and values in messages."""


class InvalidActionError(ValueError):
    """An environment got an action that its mask forbids, or a value that is not an action (laws L7 and L8)."""


class EmptyMaskError(ValueError):
    """A mask allows no action while the episode is running (law L5)."""


class UnknownEnvironmentError(ValueError):
    """No environment has this id."""


def shown(value: object, length: int = 200) -> str:
    """A value in a message, whatever it is: it may be long, huge, or of a broken `__repr__`.

    Python itself refuses to write an integer of more than 4,300 digits, and says so in place of the message.
    """
    try:
        text = repr(value)
    except Exception:  # that of any object
        return f"a value of the type {type(value).__name__}, which cannot be written out"
    return text if len(text) <= length else f"{text[:length]}..."
