"""`masked-envs demo`: random legal play with the mask in the picture, as a GIF or in a window."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.declaration import Declaration
from ..render import WindowClosedError
from .console import Progress, print_json
from .output import FAILED
from .own_environments import is_ours, own_environment
from .targets import CommandError, environment_of, require_display

if TYPE_CHECKING:
    from ..api import MaskedEnv, MaskedParallelEnv
    from ..play.own_table import OwnTable

LAST_FRAME_SECONDS = 1.0
WINDOW_FPS = 30
"""Frames per second of a window, which must respond to clicks between steps."""


def run(given: argparse.Namespace) -> int:
    """Play, and write the GIF or show the window."""
    if given.window:
        player = player_of(given, "human")
        require_display()
        steps = show(player, given.steps, given.episodes, given.fps)
        if given.json:
            print_json({"id": given.id, "out": None, "steps": steps})
        return 0
    out = Path(given.out)
    if out.suffix.lower() != ".gif":
        raise CommandError(f"--out {out}: expected a name that ends in .gif")
    if not out.parent.is_dir():
        raise CommandError(f"--out {out}: there is no directory {out.parent}")
    from ..render import write_gif

    player = player_of(given, "rgb_array")
    with Progress(given.steps + 2, quiet=given.json) as progress:
        frames = frames_of(player, given.steps, given.episodes, given.fps, progress.show)
        progress.show("writing")
        try:
            write_gif(frames, out, given.fps)
        except OSError as error:
            raise CommandError(f"--out {out}: {error.strerror}", FAILED) from error
    if given.json:
        print_json({"id": given.id, "out": str(out), "steps": player.steps})
    else:
        print(f"{out}: {player.steps} steps of random legal play in {given.id}")
    return 0


def player_of(given: argparse.Namespace, render_mode: Literal["human", "rgb_array"]) -> Player:
    """Who plays what the command names: an environment of this package, or the person's own."""
    if not is_ours(given.id):
        from ..play.own_table import OwnTable

        return OwnPlayer(OwnTable(own_environment(given), given.id), given.seed, render_mode)
    return RandomPlayer(*environment_of(given), given.seed, render_mode)


def frames_of(
    player: Player, steps: int, episodes: int, fps: float, progress: Callable[[str], None] | None = None
) -> list[NDArray[np.uint8]]:
    """Play, and draw every state; the last one of an episode is shown for `LAST_FRAME_SECONDS`.

    Args:
        player: in the render mode "rgb_array".
        steps, episodes: at most.
        fps: at which the frames will be shown.
        progress: is told before each state that it will be drawn.

    Returns:
        frames uint8 (height, width, 3).
    """
    frames = []
    for goes_on in player.play(steps, episodes):
        if progress is not None:
            progress("drawing")
        frames += [player.render()] * (1 if goes_on else max(1, round(LAST_FRAME_SECONDS * fps)))
    player.close()
    return frames


def show(player: Player, steps: int, episodes: int, fps: float) -> int:
    """Play in a window until the play or the window ends; how many steps that were."""
    try:
        for goes_on in player.play(steps, episodes):
            seconds = 1 / fps if goes_on else LAST_FRAME_SECONDS
            for _ in range(max(1, round(seconds * WINDOW_FPS))):
                player.render()
    except WindowClosedError:
        pass
    finally:
        player.close()
    return player.steps


class Player(ABC):
    """Random legal play, in pictures.

    Attributes:
        steps: taken so far.
    """

    steps = 0
    _seed: int | None = None

    def play(self, steps: int, episodes: int | None = None) -> Iterator[bool]:
        """Play until this many steps are taken or, if given, this many episodes have ended.

        Yields:
            in each state whether the episode goes on; if so, `render` draws the actions that were chosen in it.
        """
        self._begin(self._seed)
        ended, last = 0, self.steps + steps
        while True:
            actions = self._choose()
            yield True
            over = self._step(actions)
            self.steps += 1
            ended += over
            finished = self.steps == last or ended == episodes
            if over or finished:
                yield not over
            if finished:
                return
            if over:
                self._begin(None)

    @abstractmethod
    def render(self) -> Any:
        """Draw the state: uint8 (height, width, 3), or None in a window."""

    @abstractmethod
    def close(self) -> None:
        """Close the window and the environment."""

    @abstractmethod
    def _begin(self, seed: int | None) -> None:
        """Reset."""

    @abstractmethod
    def _choose(self) -> Any: ...

    @abstractmethod
    def _step(self, actions: Any) -> bool:
        """Carry the choice out; whether the episode is over."""


class OwnPlayer(Player):
    """An environment of the person's own.

    Args:
        table: the environment.
        seed: of the first episode and of the choices; None takes the operating system's entropy.
        render_mode: of the pictures.
    """

    def __init__(self, table: OwnTable, seed: int | None, render_mode: Literal["human", "rgb_array"]) -> None:
        from ..render import Renderer

        self.table, self._seed, self._rng = table, seed, np.random.default_rng(seed)
        self._renderer = Renderer(render_mode, title=table.title, fps=WINDOW_FPS)
        self._chosen: Any = None

    def render(self) -> Any:
        scene, mask, status = self.table.look()
        return self._renderer.render(scene, mask, None, self._chosen, status)

    def close(self) -> None:
        self._renderer.close()
        self.table.close()

    def _begin(self, seed: int | None) -> None:
        self.table.begin(seed)

    def _choose(self) -> Any:
        from ..play.own_table import as_mapping

        table = self.table
        action = table.spec.sample(table.mask, self._rng, table.head_mask)
        self._chosen = as_mapping(table.spec, action)
        return action

    def _step(self, actions: Any) -> bool:
        self._chosen = None
        return self.table.step(actions)


class RandomPlayer(Player):
    """An environment of this package, with all of its agents.

    Args:
        declared, values: the environment and its parameters.
        seed: of the first episode and of the choices; None takes the operating system's entropy.
        render_mode: as in `gymnasium.make`.

    Attributes:
        env: the environment; its `picture` has the actions chosen in the present state.
        steps: taken so far.
    """

    def __init__(
        self, declared: Declaration, values: Mapping[str, Any], seed: int | None = None, render_mode: str | None = None
    ) -> None:
        self.simultaneous = declared.play == "simultaneous"
        self.env: MaskedEnv | MaskedParallelEnv
        if self.simultaneous:
            from ..api import MaskedParallelEnv

            self.env = MaskedParallelEnv(declared, render_mode=render_mode, **values)
        else:
            from ..api import MaskedEnv

            self.env = MaskedEnv(declared, render_mode=render_mode, **values)
        self.agents = declared.agents(values)
        self._seed, self._rng = seed, np.random.default_rng(seed)

    def render(self) -> Any:
        return self.env.render()

    def close(self) -> None:
        self.env.close()

    def _begin(self, seed: int | None) -> None:
        self.env.reset(seed=seed)

    def _choose(self) -> list[Any]:
        env: Any = self.env
        if self.simultaneous:
            there = [agent in env.agents for agent in self.agents]  # others have left
            chosen = zip(self.agents, there, strict=True)
            actions = [env.sample_legal(agent, self._rng) if plays else None for agent, plays in chosen]
        else:
            actions = [env.sample_legal(self._rng)]
        env.picture.action = actions if self.simultaneous else actions[0]
        return actions

    def _step(self, actions: list[Any]) -> bool:
        env: Any = self.env
        if self.simultaneous:
            chosen = zip(self.agents, actions, strict=True)
            env.step({agent: action for agent, action in chosen if agent in env.agents})
            return not env.agents
        _, _, terminated, truncated, _ = env.step(actions[0])
        return bool(terminated or truncated)
