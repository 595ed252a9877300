"""One row of a game seen by each of its agents: what the AEC and the parallel environment share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding

from ..core.declaration import Declaration
from ..core.engine import Engine
from ..core.state import State
from ..trees import copy_of
from .observations import (
    check_mask_in,
    checked_seed,
    invalid_action_error,
    no_action,
    nothing_allowed,
    observation_space,
    surface_observation,
    with_mask,
)
from .picture import Picture, check_render_mode


class AgentViews:
    """The engine of one game, asked and told agent by agent.

    Args: see `MaskedEnv`; agents are indices into `engine.agents`.
    """

    def __init__(
        self,
        declaration: Declaration,
        render_mode: str | None,
        metadata: dict[str, Any],
        *,
        on_invalid: str = "raise",
        invalid_reward: float = 0.0,
        mask_in: str = "observation",
        backend: str = "auto",
        **parameters: Any,
    ) -> None:
        check_mask_in(mask_in)
        check_render_mode(render_mode, metadata["render_modes"])
        self.engine = Engine(declaration, declaration.resolve(parameters), 1, backend, on_invalid, invalid_reward)
        self.mask_spec, self.mask_in = self.engine.mask_spec, mask_in
        self.observation_space: spaces.Space[Any] = observation_space(
            self.engine.observation_space, self.mask_spec, mask_in
        )
        self.picture = Picture(self.engine, render_mode, metadata["render_fps"])
        self._nothing = no_action(self.mask_spec.action_buffer)
        self._simultaneous = self.engine.views > 1
        self._empty_mask = nothing_allowed(self.mask_spec)
        self._seen = np.zeros_like(self.engine.observations[0, 0:1])
        self._may = np.zeros_like(self.engine.masks[0, 0:1])
        self.gave_invalid = np.zeros(len(self.engine.agents), np.bool_)  # in this step, or else the last
        self._seeded = self._begun = False

    def reset(self, seed: int | None) -> None:
        """Start an episode; without a seed the stream goes on, or starts from the operating system's entropy."""
        seed = checked_seed(seed)
        if seed is not None or not self._seeded:
            self.engine.seed([int(seeding.np_random()[0].integers(2**31)) if seed is None else seed])
            self._seeded = True
        self.engine.reset()
        self._begun = True
        self.gave_invalid[:] = False
        self.picture.restart()

    # --- looking --------------------------------------------------------------------------------------------

    def observation(self, agent: int) -> Any:
        """What one agent sees, bare, a copy."""
        self.require_reset()
        engine = self.engine
        if self._simultaneous or agent == engine.acting.item(0):
            rows = engine.by_row.observations[0][agent if self._simultaneous else 0]
            return surface_observation(engine.observation_space, rows)
        engine.observe(0, agent, self._seen)
        return surface_observation(engine.observation_space, self._seen[0])

    def mask(self, agent: int) -> Any:
        """What one agent may do, were it to act, canonical, a copy."""
        self.require_reset()
        engine = self.engine
        if self._simultaneous or agent == engine.acting.item(0):
            return self.mask_spec.surface(engine.by_row.masks[0][agent if self._simultaneous else 0])
        engine.mask_of(0, agent, self._may)
        return self.mask_spec.surface(self._may[0])

    def empty_mask(self) -> Any:
        """The mask of an agent that does not act."""
        return copy_of(self._empty_mask)

    def with_mask(self, observation: Any, mask: Any) -> Any:
        return with_mask(observation, mask, self.mask_in)

    def ends(self) -> tuple[bool, bool]:
        """Whether the game has terminated, and whether it was truncated."""
        return self.engine.terminated.item(0), self.engine.truncated.item(0)

    def info(self, agent: int, mask: Any) -> dict[str, Any]:
        """The info of one agent."""
        info = {"action_mask": mask}
        if self.engine.on_invalid != "raise":
            info["invalid_action"] = bool(self.gave_invalid[agent])
        return info

    def require_reset(self) -> None:
        if not self._begun:
            raise ResetNeeded("call reset() first")

    # --- moving ---------------------------------------------------------------------------------------------

    def choose(self, actions: Mapping[int, Any], begins: bool = True) -> None:
        """Put down, check and count the actions of these agents; `begins` says that they are the first of a step.

        Raises:
            InvalidActionError: some are invalid, with on_invalid="raise"; all of them are counted, and nothing moves.
        """
        engine = self.engine
        for agent, action in actions.items():
            encoded = self.mask_spec.encode(action)
            engine.actions[0, agent if self._simultaneous else 0] = self._nothing if encoded is None else encoded
        refused = engine.find_invalid(view=None if len(actions) == engine.views else next(iter(actions))) >= 0
        if engine.on_invalid == "raise":
            if refused:
                agent = next(a for a in actions if engine.invalid[0, a if self._simultaneous else 0])
                raise self.refusal(agent, actions[agent])
            return
        if begins:
            self.gave_invalid[:] = False
        for agent in actions:
            self.gave_invalid[agent] = engine.invalid[0, agent if self._simultaneous else 0]

    def refusal(self, agent: int, action: Any) -> Exception:
        how = 'env.action_space(agent).sample(observation["action_mask"])'
        if self.mask_spec.kind not in ("flat", "candidates"):
            late = ", env.head_mask" if self.mask_spec.needs_head_mask else ""
            how = f"env.mask_spec(agent).sample(mask, rng{late})"
        engine = self.engine
        where = f", {engine.agents[agent]}"
        return invalid_action_error(engine.declaration.id, self.mask_spec, action, self.mask(agent), where, how)

    def move(self) -> dict[str, float]:
        """Carry out what the agents chose; what each of them earned."""
        engine = self.engine
        engine.step()
        return dict(zip(engine.agents, engine.rewards[0].tolist(), strict=True))

    def set_state(self, state: State) -> None:
        """Take a position that `engine.check_states` has let through."""
        self.engine.set_state(0, state)
        self._begun = state.started
        self.gave_invalid[:] = False
        self._seeded = True

    def render(self) -> Any:
        self.require_reset()
        return None if self.picture.render_mode is None else self.picture.render(0)
