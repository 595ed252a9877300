"""One row of a game, agent by agent: what the AEC and the parallel environment share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding

from ..core.declaration import Declaration
from ..core.engine import Engine
from ..core.mask_binding import dependent_heads
from ..core.state import State
from ..mask_spec import HeadMask
from ..mask_spec.checks import is_one_of, shown
from .invalid_action import invalid_action_error
from .observations import (
    check_flat,
    check_mask_in,
    checked_seed,
    flat_observation,
    flat_space,
    observation_space,
    read_observation,
    with_mask,
)
from .picture import Picture, check_render_mode


class AgentViews:
    """The engine of one game, read and written agent by agent.

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
        flat: bool = False,
        **parameters: Any,
    ) -> None:
        check_mask_in(mask_in)
        check_flat(flat)
        check_render_mode(render_mode, metadata["render_modes"])
        self.engine = Engine(declaration, declaration.resolve(parameters), 1, backend, on_invalid, invalid_reward)
        self.mask_spec, self.mask_in = self.engine.mask_spec, mask_in
        bare = self.engine.observation_space
        self.observation_space: spaces.Space[Any] = observation_space(
            flat_space(bare) if flat else bare, self.mask_spec, mask_in
        )
        self._flat = flat
        self.picture = Picture(self.engine, render_mode, metadata["render_fps"])
        self._simultaneous = self.engine.views > 1
        self._observation = np.zeros_like(self.engine.observations[0, 0:1])
        self._mask = np.zeros_like(self.engine.masks[0, 0:1])
        self.gave_invalid = np.zeros(len(self.engine.agents), np.bool_)  # in this step, or else the last
        self.agents_leave = self.engine.agents_leave
        self._resting = np.zeros(len(self.engine.agents), np.bool_)  # those whose stored action is that of `_rest`
        self._seeded = self._begun = False
        self._last_seed: int | None = None
        self._np_random: np.random.Generator | None = None

    @property
    def np_random(self) -> np.random.Generator:
        """As in a Gymnasium environment: seeded by `reset(seed)`, else from the operating system's entropy."""
        if self._np_random is None:  # made only when it is asked for: it takes as long as a step
            self._np_random = seeding.np_random(self._last_seed)[0]
        return self._np_random

    def reset(self, seed: int | None) -> None:
        """Start an episode; without a seed the random stream continues, or starts from `np_random`."""
        seed = checked_seed(seed)
        if seed is not None:
            self._last_seed = seed
            self._np_random = None
        if seed is not None or not self._seeded:
            self.engine.seed([int(self.np_random.integers(2**31)) if seed is None else seed])
            self._seeded = True
        self.engine.reset()
        self._begun = True
        self._resting[:] = False
        self.gave_invalid[:] = False
        self.picture.restart()

    # --- looking --------------------------------------------------------------------------------------------

    def observation(self, agent: int) -> Any:
        """The observation of one agent without its mask, a copy."""
        if not self._begun:
            self.require_reset()
        engine = self.engine
        if self._simultaneous or agent == engine.acting.item(0):
            rows = engine.by_row.observations[0][agent if self._simultaneous else 0]
        else:
            engine.observe(0, agent, self._observation)
            rows = self._observation[0]
        observation = read_observation(engine.observation_space, rows)
        return flat_observation(engine.observation_space, observation) if self._flat else observation

    def mask(self, agent: int) -> Any:
        """The canonical mask of one agent, whether it acts or not, a copy.

        All ones once it has terminated, and where the game was cut off in another's turn.
        """
        if not self._begun:
            self.require_reset()
        engine = self.engine
        if self.agents_leave and engine.left.item(0, agent):
            return self.mask_spec.full()
        if self._simultaneous or agent == engine.acting.item(0):
            return self.mask_spec.canonical(engine.by_row.masks[0][agent if self._simultaneous else 0])
        engine.mask_of(0, agent, self._mask)
        return self.mask_spec.canonical(self._mask[0])

    def empty_mask(self) -> Any:
        """The mask of an agent that does not act."""
        return self.mask_spec.empty()

    def with_mask(self, observation: Any, mask: Any) -> Any:
        return with_mask(observation, mask, self.mask_in)

    def has_left(self, agent: int) -> bool:
        """Whether an agent has terminated, be it that the others play on."""
        return bool(self.engine.left.item(0, agent))

    def waits(self, agent: int) -> bool:
        """Whether a game that was cut off was so in another agent's turn."""
        engine = self.engine
        cut_off = engine.declaration.play == "turns" and engine.truncated.item(0)
        return bool(cut_off and engine.acting.item(0) != agent and not self.has_left(agent))

    def ends(self) -> tuple[bool, bool]:
        """Whether the game has terminated, and whether it was truncated."""
        return self.engine.terminated.item(0), self.engine.truncated.item(0)

    def has_ended(self) -> bool:
        """Whether the game is over, in one way or the other."""
        engine = self.engine
        return bool(engine.terminated.item(0) or engine.truncated.item(0))

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

    def index(self, agent: Any) -> int:
        """The index of the agent of this name.

        Raises:
            ValueError: there is none; the message lists the agents.
        """
        agents = self.engine.agents
        if not is_one_of(agent, agents):
            raise ValueError(f"no agent {shown(agent)}; the agents are {', '.join(agents)}")
        return agents.index(agent)

    def choose(self, actions: Mapping[int, Any], begins: bool = True) -> None:
        """Store, check and count the actions of these agents; `begins` says that they are the first of a step.

        They are those of one agent, or of all that have not left.

        Raises:
            InvalidActionError: some are invalid, with on_invalid="raise"; all of them are counted, and nothing moves.
        """
        engine = self.engine
        for agent, action in actions.items():
            encoded = self.mask_spec.encode(action)
            stored = self.mask_spec.no_action if encoded is None else encoded
            engine.actions[0, agent if self._simultaneous else 0] = stored
        one = len(actions) == 1 and engine.views > 1
        refused = engine.find_invalid(view=next(iter(actions)) if one else None) >= 0
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
        """The error about an invalid action."""
        engine, name = self.engine, self.engine.agents[agent]
        how = f"env.unwrapped.sample_legal({name!r})"
        heads = self.dependent_heads(agent)
        return invalid_action_error(
            engine.declaration.id, self.mask_spec, action, self.mask(agent), f", {name}", how, heads
        )

    def dependent_heads(self, agent: int) -> HeadMask:
        """What heads 2 and later of an agent with a conditional mask may take, as `MaskSpec` takes it."""
        return dependent_heads(self.engine, 0, agent)

    def sample_legal(self, agent: int, mask: Any, rng: np.random.Generator | None) -> Any:
        """A uniformly random legal action of an agent with this mask."""
        return self.mask_spec.sample(mask, self.np_random if rng is None else rng, self.dependent_heads(agent))

    def move(self) -> dict[str, float]:
        """Carry out the stored actions; the reward of each agent."""
        engine = self.engine
        engine.step()
        if self.agents_leave:
            self._rest()
        return dict(zip(engine.agents, engine.rewards.tolist()[0], strict=True))

    def _rest(self) -> None:
        """Store, for agents that have just left, the one action that their masks allow: nobody is asked for it."""
        engine = self.engine
        if not self._simultaneous or self.has_ended():
            return
        for agent in np.flatnonzero(engine.left[0] & ~self._resting).tolist():
            mask = self.mask_spec.canonical(engine.by_row.masks[0][agent])
            only = self.mask_spec.sample(mask, np.random.default_rng(0), self.dependent_heads(agent))
            engine.actions[0, agent] = self.mask_spec.encode(only)
            self._resting[agent] = True

    def set_state(self, state: State) -> None:
        """Take a position that `engine.check_states` has accepted."""
        self.engine.set_state(0, state)
        self._resting[:] = False
        if self.agents_leave and state.started:
            self._rest()
        self._begun = state.started
        self.gave_invalid[:] = False
        self._seeded = True

    def render(self) -> Any:
        self.require_reset()
        return None if self.picture.render_mode is None else self.picture.render(0)
