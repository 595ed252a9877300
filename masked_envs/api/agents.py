"""One row of a game seen by each of its agents: what the AEC and the parallel environment share."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding

from ..core.declaration import Declaration
from ..core.engine import Engine, State
from .picture import Picture, check_render_mode
from .surface import check_mask_in, invalid_action_error, no_action, observation_space, surface_observation, with_mask


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
        self._seen = np.zeros_like(self.engine.observations[0, 0:1])
        self._may = np.zeros_like(self.engine.masks[0, 0:1])
        self._seeded = False

    def reset(self, seed: int | None) -> None:
        """Start an episode; without a seed the stream goes on, or starts from the operating system's entropy."""
        if seed is not None or not self._seeded:
            self.engine.seed([int(seeding.np_random()[0].integers(2**31)) if seed is None else seed])
            self._seeded = True
        self.engine.reset()
        self.picture.restart()

    # --- looking --------------------------------------------------------------------------------------------

    def observation(self, agent: int) -> Any:
        """What one agent sees, bare, a copy."""
        engine = self.engine
        if engine.views > 1 or agent == engine.acting[0]:
            rows = engine.observations[0, agent if engine.views > 1 else 0]
            return surface_observation(engine.observation_space, rows)
        self.require_reset()
        engine.observe(0, agent, self._seen)
        return surface_observation(engine.observation_space, self._seen[0])

    def mask(self, agent: int) -> Any:
        """What one agent may do, were it to act, canonical, a copy."""
        engine = self.engine
        if engine.views > 1 or agent == engine.acting[0]:
            return self.mask_spec.surface(engine.masks[0, agent if engine.views > 1 else 0])
        engine.mask_of(0, agent, self._may)
        return self.mask_spec.surface(self._may[0])

    def empty_mask(self) -> Any:
        """The mask of an agent that does not act."""
        return self.mask_spec.surface(np.zeros_like(self._may)[0])

    def with_mask(self, observation: Any, mask: Any) -> Any:
        return with_mask(observation, mask, self.mask_in)

    def info(self, agent: int, mask: Any) -> dict[str, Any]:
        """The info of one agent."""
        info = {"action_mask": mask}
        if self.engine.on_invalid != "raise":
            view = agent if self.engine.views > 1 else 0
            info["invalid_action"] = bool(self.engine.invalid[0, view])
        return info

    def require_reset(self) -> None:
        if not self.engine.started[0]:
            raise ResetNeeded("call reset() first")

    # --- moving ---------------------------------------------------------------------------------------------

    def choose(self, view: int, agent: int, action: Any) -> None:
        """Put down one agent's action; with on_invalid="raise", count and refuse it at once if it is invalid."""
        engine = self.engine
        encoded = self.mask_spec.encode(action)
        engine.actions[0, view] = self._nothing if encoded is None else encoded
        if engine.on_invalid == "raise" and not engine.is_legal(0, view):
            engine.invalid_counts[0] += 1
            raise self.refusal(agent, action)

    def refusal(self, agent: int, action: Any) -> Exception:
        how = 'env.action_space(agent).sample(observation["action_mask"])'
        if self.mask_spec.kind not in ("flat", "candidates"):
            how = "env.mask_spec(agent).sample(mask, rng)"
        engine = self.engine
        where = f", {engine.agents[agent]}"
        return invalid_action_error(engine.declaration.id, self.mask_spec, action, self.mask(agent), where, how)

    def move(self) -> dict[str, float]:
        """Carry out what the agents chose; what each of them earned."""
        engine = self.engine
        engine.find_invalid(engine.every_row)
        engine.step(engine.every_row)
        return dict(zip(engine.agents, engine.rewards[0].tolist(), strict=True))

    def collected(self, chosen: int) -> tuple[Any, ...]:
        """The first `chosen` actions put down, as the caller gave them."""
        return tuple(self.mask_spec.decode(self.engine.actions[0, view], False) for view in range(chosen))

    def set_state(self, state: State) -> None:
        self.engine.set_state(0, state)
        self._seeded = True

    def render(self) -> Any:
        self.require_reset()
        return None if self.picture.render_mode is None else self.picture.render(0)
