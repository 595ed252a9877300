"""`pettingzoo.ParallelEnv` over one row, for simultaneous games."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from pettingzoo import ParallelEnv

from ..core.declaration import Declaration
from ..core.state import State
from ..mask_spec import MaskSpec
from ..mask_spec.checks import by_agent, describe, shown
from .fixed import Fixed
from .multi_agent import AgentViews
from .picture import RENDER_MODES


class MaskedParallelEnv(ParallelEnv):  # type: ignore[misc]
    """A simultaneous game of this package, with PettingZoo's parallel interface: all agents act at once.

    Args: those of `masked_envs.api.MaskedEnv` without `opponent` and `agent`. With on_invalid="noop" an invalid action
    of one agent leaves the whole step without effect; with "resample" only that agent's action is replaced; with
    "terminate" the episode ends for all. `invalid_reward` goes to the agents whose action was invalid.

    An agent that terminates while others play on is in what that step returns, and then no longer in `agents`.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": 30}

    on_invalid, invalid_reward, mask_in = Fixed(), Fixed(), Fixed()

    def __init__(self, declaration: Declaration, *, render_mode: str | None = None, **arguments: Any) -> None:
        if declaration.play != "simultaneous":
            raise TypeError(f"the agents of {declaration.id} do not act at once: use masked_envs.make_aec")
        self._views = AgentViews(declaration, render_mode, self.metadata, **arguments)
        self.picture = self._views.picture
        self.metadata = {**self.metadata, "name": declaration.id}
        self.render_mode = render_mode
        self.on_invalid, self.invalid_reward = self._views.engine.on_invalid, self._views.engine.invalid_reward
        self.mask_in = self._views.mask_in
        self.possible_agents = list(self._views.engine.agents)
        self._indices = {agent: index for index, agent in enumerate(self.possible_agents)}
        self.agents: list[str] = []
        self.observation_spaces = {agent: self._views.observation_space for agent in self.possible_agents}
        self.action_spaces = {agent: self._views.mask_spec.action_space for agent in self.possible_agents}

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Start an episode; a seed restarts the random stream."""
        self._views.reset(seed)
        self.agents = self.possible_agents[:]
        if self.render_mode == "human":
            self.render()
        return self._look()

    def step(self, actions: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """Execute one action of every agent.

        Returns:
            observations, rewards, terminations, truncations and infos, by agent.

        Raises:
            InvalidActionError: a mask forbids an action, with on_invalid="raise"; nobody has moved.
            ValueError: not exactly one action for each agent. ResetNeeded: before the first reset or after the end.
        """
        if not self.agents:
            raise ResetNeeded("call reset() before step(): the episode is over, or there was none yet")
        given = by_agent(actions)
        if given is None or set(given) != set(self.agents):
            found = describe(actions) if given is None else f"actions for {shown(list(given))}"
            raise ValueError(f"expected a dict with one action for each of {self.agents}, got {found}")
        agents, views = self.agents, self._views
        views.choose({self._indices[agent]: given[agent] for agent in agents})
        rewards = views.move()
        terminated, truncated = views.ends()
        terminations, truncations = dict.fromkeys(agents, terminated), dict.fromkeys(agents, truncated)
        if views.agents_leave:
            rewards = {agent: rewards[agent] for agent in agents}
            for agent in agents:
                if views.has_left(self._indices[agent]):
                    terminations[agent], truncations[agent] = True, False
        observations, infos = self._look()
        self._read_agents(terminated or truncated)
        if self.render_mode == "human":
            self.render()
        return observations, rewards, terminations, truncations, infos

    def render(self) -> Any:
        """The picture with every agent's mask."""
        return self._views.render()

    def close(self) -> None:
        """Close the window, if there is one."""
        self.picture.close()

    # --- the mask and the position --------------------------------------------------------------------------

    def mask_spec(self, agent: str) -> MaskSpec:
        """The form and the meaning of an agent's mask."""
        self._index(agent)
        return self._views.mask_spec

    @property
    def action_mask(self) -> dict[str, Any]:
        """The canonical mask of every agent, copies."""
        return {agent: self._views.mask(index) for agent, index in self._indices.items()}

    def action_masks(self) -> dict[str, npt.NDArray[np.bool_]]:
        """Every agent's mask in the form of sb3-contrib."""
        return {agent: self._views.mask_spec.convert(mask, to="sb3") for agent, mask in self.action_mask.items()}

    def head_mask(self, agent: str, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """What head k of an agent may take after the choices `prefix`; see `MaskSpec.head_mask`."""
        self._views.require_reset()
        return self._views.engine.head_mask(0, self._index(agent), k, prefix)

    def sample_legal(self, agent: str, rng: np.random.Generator | None = None) -> Any:
        """A uniformly random legal action of an agent, for every kind of mask.

        It is drawn from the agent's current mask, as `action_mask[agent]` shows it. So after the end of the game
        it is any action of the action space (terminated: the mask is all ones), or one that the true mask allows
        (truncated).

        Args:
            agent: its name.
            rng: the random generator; by default this environment's `np_random`, which `reset(seed)`
                seeds. The random stream of the game itself is not touched.

        Raises:
            ResetNeeded: before the first reset. TypeError: not a `numpy.random.Generator`. ValueError: no such
            agent.
        """
        index = self._index(agent)
        return self._views.sample_legal(index, self._views.mask(index), rng)

    @property
    def np_random(self) -> np.random.Generator:
        """The generator behind `sample_legal`, seeded by `reset(seed)`; the game has a stream of its own."""
        return self._views.np_random

    @property
    def invalid_actions(self) -> int:
        """The number of invalid actions that `step` received since construction."""
        return int(self._views.engine.invalid_counts.sum())

    def get_state(self) -> State:
        """The whole state, including the random stream, as a value that can be pickled and compared."""
        return self._views.engine.get_state(0)

    def set_state(self, state: State) -> None:
        """Restore a state of an environment with the same id and parameters.

        Raises:
            ValueError: a state of another environment. TypeError: not a state.
        """
        self._views.engine.check_states([state])
        self._views.set_state(state)
        self._read_agents(state.terminated or state.truncated or not state.started)

    # --- inside ---------------------------------------------------------------------------------------------

    def _index(self, agent: str) -> int:
        return self._views.index(agent)

    def _read_agents(self, over: bool) -> None:
        """Who acts next."""
        agents = [] if over else self.possible_agents[:]
        self.agents = [a for a in agents if not (self._views.agents_leave and self._views.has_left(self._indices[a]))]

    def _look(self) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        observations, infos = {}, {}
        for agent in self.agents:
            index = self._indices[agent]
            mask = self._views.mask(index)
            observations[agent] = self._views.with_mask(self._views.observation(index), mask)
            infos[agent] = self._views.info(index, mask)
        return observations, infos
