"""`masked-envs play`: an environment in a window, for a person with mouse and keyboard."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from ..core.declaration import Declaration
from ..core.state import State
from ..errors import InvalidActionError
from ..render import Scene, WindowClosedError
from .console import print_json
from .targets import CommandError, environment_of, require_display

ONE_CHOICE = ("flat", "candidates", "joint", "conditional")
AGAIN, LEAVE, UNDO, HELP = "return", "escape", ("u", "backspace"), ("f1", "?")


def run(given: argparse.Namespace) -> int:
    """Play until the window is closed or Escape is pressed, then say how it went."""
    declared, values = environment_of(given)
    game = Game(declared, values, given.opponent, given.agent)
    require_display()
    if not given.json:
        print(game.how_to_play())
    try:
        game.start(given.seed)
        while game.goes_on():
            game.show()
    except WindowClosedError:
        pass
    finally:
        game.env.close()
    if given.json:
        print_json({"id": declared.id, "steps": game.steps, "refused": game.env.invalid_actions})
    else:
        print(f"steps {game.steps}, refused {game.env.invalid_actions}")
    return 0


class Game:
    """An environment played by a person.

    Args:
        declared, values: the environment and its parameters.
        opponent: who plays the other agents: "random", "none" (the person, in turn), or None for the default.
        agent: the person's, by name or number; None for the first.

    Raises:
        CommandError: an opponent or agent that the environment does not have, or actions of more than one click.
    """

    def __init__(self, declared: Declaration, values: dict[str, Any], opponent: str | None, agent: str | None) -> None:
        from ..api.gymnasium_env import MaskedEnv
        from ..api.observations import agent_index

        self.declared, self.steps, self.over, self.helps, self.words = declared, 0, False, False, ""
        self.past: list[tuple[State, float | None]] = []  # positions and rewards before each of the person's steps
        seat = _seat(declared, opponent, agent)
        self.agents = declared.agents(values)
        try:
            self.agent = agent_index(self.agents, seat.get("agent", 0))
        except ValueError as error:
            raise CommandError(f"{declared.id}: {error}") from error
        self.env = MaskedEnv(declared, render_mode="human", **seat, **values)
        self.spec = self.env.mask_spec
        if self.spec.kind not in ONE_CHOICE or len(self.spec.heads) > 2:
            raise CommandError(
                f"{declared.id}: one click cannot say a whole action of a {self.spec.kind} mask; "
                f"`masked-envs demo {declared.id} --window` shows it played"
            )
        self.picture = self.env.picture
        self.one_agent = "opponent" in seat
        simultaneous = declared.play == "simultaneous"
        self.view = self.agent if simultaneous else 0  # among the agents of the scene
        self.reminder = f"you are {self.agents[self.agent]}: " if simultaneous else ""

    def how_to_play(self) -> str:
        """What to press, for the terminal."""
        who = "you are the agent"
        if self.one_agent:
            who = f"you are {self.agents[self.agent]}, the others play random legal moves"
        elif self.declared.play == "turns":
            who = f"you play {' and '.join(self.agents)} in turn"
        return (
            f"{self.declared.id}: {who}\n"
            "  click a legal action, or press its key: an arrow, the space bar, or what it is labelled with\n"
            "  green is legal; grey and crossed out is forbidden, and is refused\n"
            "  U takes a step back, Enter starts a new episode, F1 shows this, Escape ends"
        )

    def start(self, seed: int | None = None) -> None:
        """Begin an episode."""
        self.over = False
        self.past.clear()
        self.env.reset(seed=seed)
        self._say(f"{self.reminder}click an action, or press its key")

    def goes_on(self) -> bool:
        """Handle the person's events; False when they want to leave."""
        renderer = self.picture.renderer
        for event in renderer.events():
            if event.kind == "quit" or event.key == LEAVE:
                return False
            if self.helps or event.key in HELP:  # any key leaves the help
                self.helps = not self.helps
            elif event.key == AGAIN:
                self.start()
            elif event.key in UNDO:
                self.undo()
            elif self.over:
                self._say("over: Enter plays again, Escape ends")
            elif event.kind == "key":
                self._type(event.key)
            elif event.action is not None:
                self._choose(*event.action)
        if not self.picture.refused:
            self.picture.message = renderer.hovered or self.words
        return True

    def show(self) -> None:
        """Draw the state, or the help."""
        if self.helps:
            self.picture.renderer.render(help_scene(self.how_to_play()), None, None, None, "any key goes on")
        else:
            self.env.render()

    def undo(self) -> None:
        """Go back to before the person's last step: positions are values."""
        if not self.past:
            self._say("there is no step to take back", refused=True)
            return
        state, earned = self.past.pop()
        self.env.set_state(state)
        self.picture.episode_return, self.over = earned, False
        self.steps -= 1
        self._say("a step taken back")

    def _type(self, key: str) -> None:
        """Choose the action of a key for the person's agent: of several, the first legal one."""
        meant = self.picture.scene(0).actions_for_key(key, self.view)
        mask = self.env.action_mask
        legal = [index for index in meant if mask[index]]
        if meant:
            self._choose(self.view, (legal or meant)[0])

    def _choose(self, agent: int, index: Any) -> None:
        """Carry out the action with this entry in an agent's mask, or show why not."""
        if agent != self.view:
            self._refuse(agent, index, f"that is {self.agents[agent]}'s; you are {self.agents[self.view]}")
            return
        action = self.spec.decode(np.asarray(index), False)
        before = (self.env.get_state(), self.picture.episode_return)
        try:
            _, _, terminated, truncated, _ = self.env.step(action)
        except InvalidActionError:
            self._refuse(agent, index, f"action {action} is forbidden now")
            return
        self.past.append(before)
        self.steps += 1
        self.over = terminated or truncated
        self._say("over: Enter plays again, Escape ends" if self.over else self.reminder.rstrip(": "))

    def _refuse(self, agent: int, index: Any, words: str) -> None:
        self.picture.renderer.flash(index, agent)
        self._say(words, refused=True)

    def _say(self, words: str, refused: bool = False) -> None:
        self.picture.message, self.picture.refused = words, refused
        self.words = "" if refused else words


def help_scene(words: str) -> Scene:
    """The help as a picture."""
    lines = words.splitlines()
    scene = Scene(60, 2.4 * len(lines) + 2)
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        scene.text(1 + 0.5 * indent, 2.0 + 2.4 * i, line.strip(), min(1.2, 90 / len(line)), align="left")
    scene.glyph_rows = lines
    return scene


def _seat(declared: Declaration, opponent: str | None, agent: str | None) -> dict[str, Any]:
    """The arguments that say which agents the person plays."""
    if declared.play == "single":
        if opponent is not None or agent is not None:
            raise CommandError(f"{declared.id} has one agent: it takes neither --opponent nor --agent")
        return {}
    if opponent == "none":
        if declared.play == "simultaneous":
            raise CommandError(f"{declared.id}: nobody can choose for several agents at once; use --opponent random")
        if agent is not None:
            raise CommandError(f"--agent {agent} has no meaning with --opponent none: you play every side")
        return {}
    return {"opponent": "random", "agent": 0 if agent is None else int(agent) if agent.isdecimal() else agent}
