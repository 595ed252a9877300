"""`pettingzoo.AECEnv` over one row, for games whose moves alternate and for simultaneous ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from pettingzoo import AECEnv

from ..core.declaration import Declaration
from ..core.sealed import Sealed, check_fields, check_intact
from ..core.state import State
from ..mask_spec import MaskSpec
from .fixed import Fixed
from .multi_agent import AgentViews
from .picture import RENDER_MODES


@dataclass(frozen=True)
class AECState(Sealed):
    """A whole position of an AEC environment: a value that pickles, hashes and compares.

    Attributes:
        position: of the game, random stream included.
        agents: those that have not left; `rewards` and `cumulative_rewards` have the same order.
        agent_selection, next_selection: the agent that acts, and the one that acts when all done agents have left.
        chosen: how many agents of a simultaneous game have chosen or have left before the one that chooses next;
            `actions` and `invalid` are their choices.
        gave_invalid: which of all possible agents gave an invalid action in this step, or else in the last.
        checksum: of all the others; see `State`.
    """

    position: State
    agents: tuple[str, ...]
    agent_selection: str
    next_selection: str | None
    rewards: tuple[float, ...]
    cumulative_rewards: tuple[float, ...]
    chosen: int
    actions: bytes
    invalid: tuple[bool, ...]
    gave_invalid: tuple[bool, ...]
    checksum: int = 0

    def without_clock(self) -> bytes:
        """See `State.without_clock`."""
        return self.position.without_clock()


class MaskedAECEnv(AECEnv):  # type: ignore[misc]
    """A game of this package, with PettingZoo's AEC interface: agents act one after another.

    The acting agent has its true mask, every other agent an all-zero one (PettingZoo's convention). Once the game has
    terminated, all masks are all ones; once it is truncated, they are what they would be if it went on: the true mask
    of the agent that would act next (in a simultaneous game of each), zeros for the others. In a simultaneous game the
    actions are collected in the order of `possible_agents`, each is checked against its mask at once, and they are
    carried out together after the last. An agent that terminates while others play on has an all-ones mask from then
    on, and is stepped with None before anybody else; then it is no longer in `agents`.

    Args: those of `masked_envs.api.MaskedEnv` without `opponent` and `agent`. `infos[agent]` holds "action_mask" and,
    unless on_invalid="raise", "invalid_action".
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": 30}

    on_invalid, invalid_reward, mask_in = Fixed(), Fixed(), Fixed()

    def __init__(self, declaration: Declaration, *, render_mode: str | None = None, **arguments: Any) -> None:
        super().__init__()
        self._views = AgentViews(declaration, render_mode, self.metadata, **arguments)
        self.picture = self._views.picture
        self.metadata = {**self.metadata, "name": declaration.id, "is_parallelizable": declaration.play != "turns"}
        self.render_mode = render_mode
        self.on_invalid, self.invalid_reward = self._views.engine.on_invalid, self._views.engine.invalid_reward
        self.mask_in = self._views.mask_in
        self.possible_agents = list(self._views.engine.agents)
        self._indices = {agent: index for index, agent in enumerate(self.possible_agents)}
        self.agents: list[str] = []
        self.agent_selection = self.possible_agents[0]
        self._skip_agent_selection: str | None = None
        self._chosen = 0  # agents of a simultaneous game that have chosen, or have left before the one to choose
        self._over = False  # whether the game has terminated or was truncated
        self.observation_spaces = {agent: self._views.observation_space for agent in self.possible_agents}
        self.action_spaces = {agent: self._views.mask_spec.action_space for agent in self.possible_agents}

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start a game; a seed restarts the random stream."""
        self._views.reset(seed)
        self._begin()
        if self.render_mode == "human":
            self.render()

    def _begin(self) -> None:
        self.agents = self.possible_agents[:]
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self._chosen, self._skip_agent_selection = 0, None
        self._read_ends()
        self._select()
        self._read_infos()

    def observe(self, agent: str) -> Any:
        """An agent's observation with its mask (bare with mask_in="info"), in copies."""
        observation = self._views.observation(self._index(agent))
        return self._views.with_mask(observation, self._mask(agent))

    def step(self, action: Any) -> None:
        """Carry out, or in a simultaneous game collect, the action of `agent_selection`.

        Raises:
            InvalidActionError: its mask forbids it, with on_invalid="raise"; nothing has moved.
            ResetNeeded: before the first reset, or when every agent is done.
        """
        if not self.agents:
            raise ResetNeeded("call reset() before step(): no agent is left, or there was no game yet")
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            self._read_infos()
            return
        self._views.choose({self._index(agent): action}, begins=self._chosen == self._next_to_choose(0))
        self._cumulative_rewards[agent] = 0.0
        self._chosen = self._next_to_choose(self._chosen + 1)
        if self._chosen == self._views.engine.views:
            self._move()
        else:
            self._clear_rewards()
        self._select()
        if self._over or self._views.agents_leave:
            self._deads_step_first()
        self._read_infos()
        if self.render_mode == "human":
            self.render()

    def render(self) -> Any:
        """The picture with the acting agent's mask."""
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
    def action_mask(self) -> Any:
        """The canonical mask of the acting agent, a copy."""
        return self._mask(self.agent_selection)

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The acting agent's mask in the form of sb3-contrib."""
        mask: npt.NDArray[np.bool_] = self._views.mask_spec.convert(self.action_mask, to="sb3")
        return mask

    def head_mask(self, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """What head k of the acting agent may take after the choices `prefix`; see `MaskSpec.head_mask`."""
        self._views.require_reset()
        heads = self._views.engine.head_mask(0, self._index(self.agent_selection), k, prefix)
        return heads if self._has_choice(self.agent_selection) else np.zeros_like(heads)

    def sample_legal(self, agent: str, rng: np.random.Generator | None = None) -> Any:
        """A uniformly random legal action of an agent, for every kind of mask.

        It is drawn from the agent's current mask, as `observe(agent)` shows it. So after the end of the game
        it is any action of the action space (terminated: the mask is all ones), or one that the true mask allows
        (truncated, of an agent that would act next); `step` then takes None, as in every AEC environment.

        Args:
            agent: its name.
            rng: the random generator; by default this environment's `np_random`, which `reset(seed)`
                seeds. The random stream of the game itself is not touched.

        Raises:
            ResetNeeded: before the first reset. TypeError: not a `numpy.random.Generator`. ValueError: no such
            agent, or one that does not act now.
        """
        index = self._index(agent)
        self._views.require_reset()
        if not self._has_choice(agent):
            who = "the game is over" if self._over else f"{self.agent_selection} does"
            raise ValueError(f"{agent} does not act now and has no legal action; {who}")
        return self._views.sample_legal(index, self._mask(agent), rng)

    @property
    def np_random(self) -> np.random.Generator:
        """The generator behind `sample_legal`, seeded by `reset(seed)`; the game has a stream of its own."""
        return self._views.np_random

    @property
    def invalid_actions(self) -> int:
        """The number of invalid actions that `step` received since construction."""
        return int(self._views.engine.invalid_counts.sum())

    def get_state(self) -> AECState:
        """The whole state of the game, including whose turn it is."""
        engine = self._views.engine
        return AECState(
            position=engine.get_state(0),
            agents=tuple(self.agents),
            agent_selection=self.agent_selection,
            next_selection=self._skip_agent_selection,
            rewards=tuple(self.rewards[agent] for agent in self.agents),
            cumulative_rewards=tuple(self._cumulative_rewards[agent] for agent in self.agents),
            chosen=self._chosen,
            actions=engine.actions[0, : self._chosen].tobytes(),
            invalid=tuple(engine.invalid[0, : self._chosen].tolist()),
            gave_invalid=tuple(self._views.gave_invalid.tolist()),
        ).sealed()

    def set_state(self, state: AECState) -> None:
        """Restore a state of an environment with the same id and parameters.

        Raises:
            ValueError: a state of another environment, or a damaged one. TypeError: not a state of an AEC environment.
        """
        if not isinstance(state, AECState):
            raise TypeError(f"set_state takes what get_state of an AEC environment gave, not {type(state).__name__}")
        engine = self._views.engine
        check_fields(state, engine.declaration.id)
        engine.check_states([state.position])
        check_intact(state, engine.declaration.id)
        self._views.set_state(state.position)
        chosen = engine.actions[0, : state.chosen]
        chosen[...] = np.frombuffer(state.actions, chosen.dtype).reshape(chosen.shape)
        engine.invalid[0, : state.chosen], self._views.gave_invalid[:] = state.invalid, state.gave_invalid
        self.agents, self._chosen = list(state.agents), state.chosen
        self.rewards = dict(zip(self.agents, state.rewards, strict=True))
        self._cumulative_rewards = dict(zip(self.agents, state.cumulative_rewards, strict=True))
        self._skip_agent_selection = state.next_selection
        self._read_ends()
        self.agent_selection = state.agent_selection
        if state.position.started:
            self._read_infos()

    # --- inside ---------------------------------------------------------------------------------------------

    def _index(self, agent: str) -> int:
        return self._views.index(agent)

    def _mask(self, agent: str) -> Any:
        usual = not (self._over or self._views.agents_leave)  # at once, since it is asked for every agent and step
        has_choice = agent == self.agent_selection if usual else self._has_choice(agent)
        return self._views.mask(self._indices[agent]) if has_choice else self._views.empty_mask()

    def _has_choice(self, agent: str) -> bool:
        """Whether it is an agent's turn, or was when the game was cut off, or nothing is left to forbid it."""
        index, views = self._indices[agent], self._views
        return views.has_left(index) or (not views.waits(index) if self._over else agent == self.agent_selection)

    def _move(self) -> None:
        """Carry out what has been chosen."""
        views = self._views
        rewards = views.move()
        self.rewards = {agent: rewards[agent] for agent in self.agents} if views.agents_leave else rewards
        if views.agents_leave or views.has_ended():
            self._read_ends()
        self._accumulate_rewards()
        self._chosen = 0 if self._over else self._next_to_choose(0)

    def _next_to_choose(self, agent: int) -> int:
        """The first agent of a simultaneous game from this one on that has not left."""
        views = self._views
        if views.agents_leave:
            while agent < views.engine.views > 1 and views.has_left(agent):
                agent += 1
        return agent

    def _read_ends(self) -> None:
        terminated, truncated = self._views.ends()
        self.terminations = dict.fromkeys(self.agents, terminated)
        self.truncations = dict.fromkeys(self.agents, truncated)
        self._over = terminated or truncated
        if self._views.agents_leave:
            for agent in self.agents:
                if self._views.has_left(self._indices[agent]):
                    self.terminations[agent], self.truncations[agent] = True, False

    def _select(self) -> None:
        views = self._views
        acting = self._chosen if views.engine.views > 1 else views.engine.acting.item(0)
        self.agent_selection = self.possible_agents[acting]
        self.picture.chooser = acting if views.engine.views > 1 else None

    def _read_infos(self) -> None:
        views = self._views
        self.infos = {agent: views.info(self._indices[agent], self._mask(agent)) for agent in self.agents}
