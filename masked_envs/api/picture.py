"""The picture of one row: the scene of the environment with the mask, drawn by the renderer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.engine import Engine
from ..render import Scene, Status


def check_render_mode(render_mode: str | None, modes: Sequence[str]) -> None:
    """Raise a ValueError for a render mode that is not None or one of these."""
    if render_mode is not None and render_mode not in modes:
        raise ValueError(f"render_mode must be None or one of {', '.join(map(repr, modes))}, not {render_mode!r}")


class Picture:
    """Draws rows of an engine with their masks; imports and opens nothing before the first picture.

    Attributes:
        probabilities: a policy's probabilities over the current mask's entries, drawn over the legal actions; None
            draws none. Set it before each `render`.
        message: text of the status line; "" shows whether the episode has ended.
        refused: whether the message is about a refused action.
    """

    def __init__(self, engine: Engine, render_mode: str | None, fps: int) -> None:
        self.engine, self.render_mode, self.fps = engine, render_mode, fps
        self.probabilities: Any = None
        self.message, self.refused = "", False
        self._renderer: Any = None
        self.restart()

    def restart(self) -> None:
        """Begin a new episode: no reward, no message."""
        self.episode_return: float | None = None
        self.message, self.refused = "", False

    def add_reward(self, reward: float) -> None:
        """Add to the sum of rewards in the status line."""
        self.episode_return = (self.episode_return or 0.0) + reward

    @property
    def renderer(self) -> Any:
        """The renderer behind "human" and "rgb_array", with its window's events."""
        if self._renderer is None:
            from ..render import Renderer

            window = self.render_mode == "human"
            self._renderer = Renderer(
                "human" if window else "rgb_array", title=self.engine.declaration.id, fps=self.fps
            )
        return self._renderer

    def scene(self, row: int) -> Scene:
        """The picture of one row as data."""
        engine = self.engine
        scene: Scene = engine.declaration.rules.draw(engine.states[row], engine.parameters)
        return scene

    def render(self, row: int) -> Any:
        """One row in the form of `render_mode`."""
        arguments = (self.scene(row), self._mask(row), self.probabilities, self._last_action(row), self._status(row))
        if self.render_mode == "ansi":
            from ..render import render_ansi

            return render_ansi(*arguments)
        return self.renderer.render(*arguments)

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def __getstate__(self) -> dict[str, Any]:
        """Without the window: a copy of an environment opens another."""
        return {**self.__dict__, "_renderer": None}

    # --- inside ---------------------------------------------------------------------------------------------

    def _mask(self, row: int) -> Any:
        masks = self.engine.masks[row]
        return self.engine.mask_spec.canonical(masks if self.engine.views > 1 else masks[0])

    def _last_action(self, row: int) -> Any:
        """The last action that was carried out, None before the first and after an invalid one."""
        engine = self.engine
        if engine.states[row]["elapsed_steps"] == 0 or engine.invalid[row].any():
            return None
        actions = [engine.mask_spec.decode(engine.actions[row, view], False) for view in range(engine.views)]
        return np.array(actions) if engine.views > 1 else actions[0]

    def _status(self, row: int) -> Status:
        engine = self.engine
        over = "terminated" if engine.terminated[row] else "truncated" if engine.truncated[row] else ""
        turn = engine.agents[int(engine.acting[row])] if engine.declaration.play == "turns" and not over else None
        return Status(
            step=int(engine.states[row]["elapsed_steps"]),
            reward=self.episode_return,
            turn=turn,
            message=self.message or over,
            refused=self.refused,
        )
