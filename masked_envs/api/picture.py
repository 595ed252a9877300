"""The picture of one row: the scene of the environment with the mask, drawn by the renderer."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import trees
from ..core.engine import Engine
from ..core.mask_binding import dependent_heads
from ..mask_spec.checks import is_one_of, shown
from ..render import MaskView, Scene, Status, action_words

if TYPE_CHECKING:
    from ..render.svg import SvgCanvas

RENDER_MODES = ("human", "rgb_array", "ansi", "svg")


def check_render_mode(render_mode: str | None, modes: Sequence[str]) -> None:
    """Raise a ValueError for a render mode that is not None or one of these."""
    if render_mode is not None and not is_one_of(render_mode, modes):
        raise ValueError(f"render_mode must be None or one of {', '.join(map(repr, modes))}, not {shown(render_mode)}")


class Picture:
    """Draws rows of an engine with their masks; imports and opens nothing before the first picture.

    The mask drawn is that of the state drawn. After the end nothing is drawn as legal or forbidden. The action of the
    last step, which was chosen under another mask, is named in the status line.

    Attributes:
        probabilities: a policy's probabilities over the current mask's entries, drawn over the legal actions; None
            draws none. Set it before each `render`.
        message: text of the status line; "" shows whether the episode has ended.
        refused: whether the message is about a refused action.
        chooser: where several agents act at once but choose one by one, or one of them is a person's, the index of the
            one that chooses; None where all choose.
    """

    def __init__(self, engine: Engine, render_mode: str | None, fps: int) -> None:
        self.engine, self.render_mode, self.fps = engine, render_mode, fps
        self.probabilities: Any = None
        self.message, self.refused = "", False
        self.chooser: int | None = None
        self._renderer: Any = None
        self.restart()

    def restart(self) -> None:
        """Begin a new episode: no reward, no message."""
        self.episode_return: float | None = None
        self.message, self.refused = "", False
        self._action: tuple[int, Any] = (-1, None)
        self._drawn: dict[int, Scene] = {}  # the last two scenes of row 0 by their step

    def add_reward(self, reward: float) -> None:
        """Add to the sum of rewards in the status line."""
        self.episode_return = (self.episode_return or 0.0) + reward

    @property
    def action(self) -> Any:
        """The action chosen in the present state, drawn on its mask; None draws none.

        Set it before `render`; the next step clears it. Where several agents act at once, one action each. For
        environments of one row.
        """
        step, action = self._action
        return action if step == self._elapsed(0) else None

    @action.setter
    def action(self, action: Any) -> None:
        self._action = (self._elapsed(0), action)

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

    def status(self, row: int) -> Status:
        """The line above the picture of one row, as data."""
        engine = self.engine
        over = self._is_over(row)
        end = "terminated" if engine.terminated[row] else "truncated"
        chooser = int(engine.acting[row]) if engine.declaration.play == "turns" else self.chooser
        turn = None if over or chooser is None else engine.agents[chooser]
        return Status(
            step=self._elapsed(row),
            reward=self.episode_return,
            turn=turn,
            last=self._last_action(row),
            message=self.message or (end if over else ""),
            refused=self.refused,
            over=over,
            agent=self.chooser,
        )

    def view(self, row: int) -> MaskView:
        """What the picture of one row says of its actions, as data."""
        return MaskView(*self._content(row), self._is_over(row), self.chooser)

    def legal_fraction(self, row: int) -> float | None:
        """The share of all actions that is legal in one row, of agents who act at once their mean; None after the end.

        With dependent heads it counts actions prefix by prefix, which takes time where there are many.
        """
        engine, spec = self.engine, self.engine.mask_spec
        if self._is_over(row):
            return None
        left = engine.left[row] if engine.agents_leave and engine.views > 1 else ()
        views = [view for view in range(engine.views) if not (len(left) and left[view])]
        agents = views if engine.views > 1 else [int(engine.acting[row])]
        shares = [
            spec.legal_fraction(spec.canonical(engine.masks[row][view]), dependent_heads(engine, row, agent))
            for view, agent in zip(views, agents, strict=True)
        ]
        return float(sum(shares) / len(shares))

    def render(self, row: int) -> Any:
        """One row as `render_mode` says."""
        if self.render_mode == "svg":
            return self.canvas(row).finish()
        arguments = self.frame(row)
        if self.render_mode == "ansi":
            from ..render import render_ansi

            return render_ansi(*arguments)
        return self.renderer.render(*arguments)

    def canvas(self, row: int) -> SvgCanvas:
        """One row as SVG elements, whatever `render_mode` is; `finish` makes a document of them."""
        from ..render.svg import svg_canvas

        return svg_canvas(*self.frame(row))

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def __getstate__(self) -> dict[str, Any]:
        """A copy of an environment draws in a window of its own."""
        return {**self.__dict__, "_renderer": None, "_drawn": {}}

    # --- inside ---------------------------------------------------------------------------------------------

    def _elapsed(self, row: int) -> int:
        return int(self.engine.states[row]["elapsed_steps"])

    def _is_over(self, row: int) -> bool:
        """A row that ended and was reset in the same step is at its beginning."""
        engine = self.engine
        return bool(engine.terminated[row] or engine.truncated[row]) and self._elapsed(row) > 0

    def _content(self, row: int) -> tuple[Scene, Any, Any, Any]:
        """The scene, the mask, the probabilities and the action chosen; None for the mask of an agent that has left."""
        engine, masks = self.engine, self.engine.masks[row]
        mask = engine.mask_spec.canonical(masks if engine.views > 1 else masks[0])
        if engine.agents_leave and engine.views > 1:
            mask = [None if left else trees.row(mask, agent) for agent, left in enumerate(engine.left[row])]
        return self.scene(row), mask, self.probabilities, self.action if row == 0 else None

    def frame(self, row: int) -> tuple[Scene, Any, Any, Any, Status]:
        """What a renderer is given of one row: scene, mask, probabilities, action and status.

        The scene is kept, since the next frame names the action of this one by it.
        """
        content, status = self._content(row), self.status(row)
        if self.engine.rows == 1:
            step = self._elapsed(row)
            before = {step - 1: self._drawn[step - 1]} if step - 1 in self._drawn else {}
            self._drawn = {**before, step: content[0]}
        return (*content, status)

    def _last_action(self, row: int) -> str:
        """What was carried out last, if that was an action: its label in the frame before, or its numbers."""
        engine, elapsed = self.engine, self._elapsed(row)
        if elapsed == 0 or engine.invalid[row].any():
            return ""
        scene = self._drawn.get(elapsed - 1)
        words = []
        for view in range(engine.views):
            label = functools.partial(scene.label, agent=view) if scene else lambda path: ""
            words.append(action_words(engine.mask_spec.decode(engine.actions[row, view], False), label))
        return ", ".join(words)
