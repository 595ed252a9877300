"""From a row of an engine to a picture: the environment's scene, the mask, and the one renderer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.engine import Engine


def check_render_mode(render_mode: str | None, modes: Sequence[str]) -> None:
    """Refuse a render mode that is not one of these."""
    if render_mode is not None and render_mode not in modes:
        raise ValueError(f"render_mode must be None or one of {', '.join(map(repr, modes))}, not {render_mode!r}")


class Picture:
    """Draws rows of an engine; opens nothing before the first picture."""

    def __init__(self, engine: Engine, render_mode: str | None, fps: int) -> None:
        self.engine, self.render_mode, self.fps = engine, render_mode, fps
        self.probabilities: Any = None
        self._renderer: Any = None
        self.restart()

    def restart(self) -> None:
        """A new episode has begun."""
        self.last_action: Any = None
        self.episode_return = 0.0

    def note(self, action: Any, reward: float) -> None:
        """Remember the last action and what it earned, for the status line."""
        self.last_action = action
        self.episode_return += reward

    def render(self, row: int) -> Any:
        """One row as `render_mode` says."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
