"""The line above the picture: step, reward, turn and messages."""

from __future__ import annotations

from dataclasses import dataclass

LAST = "last: "


@dataclass(frozen=True)
class Status:
    """What the status line says; parts that are None or empty are left out.

    Args:
        step: steps taken in this episode.
        reward: sum of the rewards so far.
        turn: whose turn it is ("player_1").
        you: the agent that a person plays, where others play too: named in place of whose turn it is.
        side: the ink of the pieces of `you`, or of `turn`, shown beside the words.
        last: the action of the last step, in words. It was chosen under the previous mask, so it is named here and not
            drawn on this mask.
        message: anything else ("illegal: column 3 is full", "player_0 wins").
        refused: draw the message in the colour of refusals.
        over: the episode has ended: actions are drawn neither as legal nor as forbidden.
        agent: where several agents act at once, the one that chooses now: its actions alone are drawn as legal or
            forbidden, and counted. None: all of them choose.
    """

    step: int | None = None
    reward: float | None = None
    turn: str | None = None
    last: str = ""
    message: str = ""
    refused: bool = False
    over: bool = False
    agent: int | None = None
    you: str = ""
    side: str = ""

    def parts(self) -> list[str]:
        """The line's parts before the message."""
        whose = f"you are {self.you}" if self.you else f"{self.turn} to move" if self.turn else ""
        return [
            *([whose] if whose and self.side else []),  # beside its colour, which comes first
            *([f"step {self.step}"] if self.step is not None else []),
            *([f"reward {self.reward:g}"] if self.reward is not None else []),
            *([f"{LAST}{self.last}"] if self.last else []),
            *([whose] if whose and not self.side else []),
        ]


def as_status(status: Status | str | None) -> Status:
    """A `Status`; a str is its message."""
    if isinstance(status, Status):
        return status
    return Status(message=status or "")
