"""What a command says instead of a traceback."""

from __future__ import annotations

ASKED_WRONGLY, FAILED, NOT_JUDGED = 2, 1, 3


class CommandError(Exception):
    """A message for the person, and the exit status that goes with it."""

    def __init__(self, message: str, status: int = ASKED_WRONGLY) -> None:
        super().__init__(message)
        self.status = status
