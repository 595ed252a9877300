"""`gymnasium.Env` over one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.error import ResetNeeded

from ..core.declaration import Declaration
from ..core.engine import Engine
from ..core.state import State
from ..mask_spec import MaskSpec
from .fixed import Fixed
from .invalid_action import invalid_action_error
from .kept_spec import KeptSpec
from .observations import check_mask_in, checked_seed, observation_space, with_mask
from .picture import RENDER_MODES, Picture, check_render_mode
from .seats import Seats
from .single_agent import Opponent, SingleAgentView


class MaskedEnv(Seats, KeptSpec, gym.Env[Any, Any]):
    """A single environment of this package, with Gymnasium's interface.

    Args:
        declaration: the environment.
        on_invalid: what an invalid action does: "raise" (`InvalidActionError`, nothing moves), "terminate" (the episode
            ends), "noop" (a step passes and nothing else happens) or "resample" (a random legal action is carried out
            instead). The last three add `invalid_reward` and set `info["invalid_action"]`.
        invalid_reward: added to the reward of an invalid action that does not raise.
        mask_in: "observation" gives `Dict(observation, action_mask)`, "info" the bare observation. In both, the mask is
            also in `info["action_mask"]` and behind `action_masks()`.
        backend: "auto" (plain Python for a single environment), "python" or "numba".
        render_mode: None, "human", "rgb_array", "ansi" or "svg".
        opponent: for a game: None (the actions control all agents), "random", or a callable (observation, mask) ->
            action (with more than two conditional heads (observation, mask, head_mask) -> action).
        agent: for a game with an opponent: the agent that the actions control, by name or index.
        flat: True gives the observation as one vector of float32, as `gymnasium.spaces.flatten` orders it, for learners
            that take no pictures or dicts; the mask stays as it is.
        parameters: of this environment, as its page lists them.

    Raises:
        TypeError: an unknown parameter. ValueError: an impossible value.

    `info` has the same keys after `reset` and `step`: "action_mask"; "invalid_action" unless on_invalid="raise"; for a
    game "rewards", float64 (agents,), all zero after `reset`, and where moves alternate "agent", the index of the agent
    to move; where agents leave one by one "terminations", bool (agents,), those that have terminated. Such a game goes
    on until it is over or, with an opponent, until the controlled agent has terminated; it takes an action for all, of
    which the parts of agents that have left do nothing. In a game whose moves alternate and without `opponent`, the
    observation and the mask are those of the agent to move, and the reward is that of the agent that moved.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": 30}

    on_invalid, invalid_reward, mask_in = Fixed(), Fixed(), Fixed()

    def __init__(
        self,
        declaration: Declaration,
        *,
        on_invalid: str = "raise",
        invalid_reward: float = 0.0,
        mask_in: str = "observation",
        backend: str = "auto",
        render_mode: str | None = None,
        opponent: Opponent | None = None,
        agent: int | str = 0,
        flat: bool = False,
        **parameters: Any,
    ) -> None:
        check_mask_in(mask_in)
        check_render_mode(render_mode, self.metadata["render_modes"])
        values = declaration.resolve(parameters)
        self._engine = Engine(declaration, values, 1, backend, on_invalid, invalid_reward)
        self._view = SingleAgentView(self._engine, opponent, agent, flat)
        self.mask_in = self._mask_in = mask_in
        self._every = self._engine.every_row
        self._is_game = declaration.play != "single"
        self.action_space = self.mask_spec.action_space
        self.observation_space = observation_space(self._view.bare_space, self.mask_spec, mask_in)
        self.render_mode = render_mode
        self.picture = Picture(self._engine, render_mode, self.metadata["render_fps"])
        self.picture.chooser = self._view.own_view
        self.on_invalid, self.invalid_reward = on_invalid, self._engine.invalid_reward
        self._seeded = False
        self._over = True  # whether the next step needs a reset
        self.set_state_calls = 0  # wrappers that remember something of the position compare it

    # --- the Gymnasium interface ----------------------------------------------------------------------------

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode; a seed restarts the random stream. `options` are not used."""
        seed = checked_seed(seed)
        super().reset(seed=seed)
        if seed is not None or not self._seeded:
            self._engine.seed([int(self.np_random.integers(2**31)) if seed is None else seed])
            self._seeded = True
        self._view.reset(self._every)
        self._read_ends()
        self.picture.restart()
        observation, info = self._look(begins=True)
        if self.render_mode == "human":
            self.render()
        return observation, info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Execute one action.

        Raises:
            InvalidActionError: the mask forbids it, with on_invalid="raise"; nothing has moved.
            ResetNeeded: before the first reset, or after the end of the episode.
        """
        engine = self._engine
        if self._over:
            self._require_reset()
            raise ResetNeeded("the episode is over (terminated or truncated): call reset() before the next step()")
        spec = self._view.mask_spec
        encoded = spec.encode(action)
        self._view.write_action(0, spec.no_action if encoded is None else encoded)
        if self._view.find_invalid() >= 0 and engine.on_invalid == "raise":
            raise self._refusal(action)
        reward: float = self._view.step().item(0)
        terminated, truncated = self._read_ends()
        observation, info = self._look()
        self.picture.add_reward(reward)
        if self.render_mode == "human":
            self.render()
        return observation, reward, terminated, truncated, info

    def render(self) -> Any:
        """The picture with its mask.

        Returns:
            None for "human", uint8 (height, width, 3) for "rgb_array", str for "ansi" and "svg".
        """
        if self.render_mode is None:
            gym.logger.warn("render() draws nothing without a render_mode, such as gym.make(..., render_mode='human')")
            return None
        self._require_reset()
        return self.picture.render(0)

    def _repr_html_(self) -> str | None:
        """The picture of the current state, which notebooks show; None before the first reset."""
        return self.picture.canvas(0).finish() if self._engine.started[0] else None

    def close(self) -> None:
        """Close the window, if there is one; closing twice is fine."""
        self.picture.close()

    # --- the mask -------------------------------------------------------------------------------------------

    @property
    def mask_spec(self) -> MaskSpec:
        """The form and the meaning of the mask."""
        return self._view.mask_spec

    @property
    def action_mask(self) -> Any:
        """The current mask in canonical form, a copy; reading it changes nothing."""
        self._require_reset()
        return self._view.mask(0)

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The current mask in the form of sb3-contrib: flat bool; MultiBinary as 2n."""
        mask: npt.NDArray[np.bool_] = self.mask_spec.convert(self.action_mask, to="sb3")
        return mask

    def head_mask(self, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """What head k of the action may take after the choices `prefix`; int8 (nvec[k],). See `MaskSpec.head_mask`."""
        self._require_reset()
        return self._view.head_mask(0, k, prefix)

    def sample_legal(self, rng: np.random.Generator | None = None) -> Any:
        """A uniformly random legal action, for every kind of mask.

        It is drawn from the current `action_mask`. So after the end of an episode it is any action of the action space
        (terminated: the mask is all ones), or one that the true mask allows (truncated).

        Args:
            rng: the random generator; by default this environment's `np_random`, which `reset(seed=...)`
                seeds. The random stream of the game itself is not touched.

        Raises:
            ResetNeeded: before the first reset. TypeError: not a `numpy.random.Generator`.
        """
        self._require_reset()
        return self._view.sample_legal(0, self.np_random if rng is None else rng)

    @property
    def agent_selection(self) -> str | None:
        """Of a game, the name of the agent whose action `step` takes; None where it takes those of all agents."""
        self._game("agent_selection")
        self._require_reset()
        agents = self._view.agents_to_act()
        return None if agents is None else self._engine.agents[agents.item(0)]

    @property
    def invalid_actions(self) -> int:
        """The number of invalid actions that `step` received since construction."""
        return int(self._engine.invalid_counts.sum())

    # --- positions ------------------------------------------------------------------------------------------

    def get_state(self) -> State:
        """The whole state, including the random stream, as a value that can be pickled and compared."""
        return self._engine.get_state(0)

    def set_state(self, state: State) -> None:
        """Restore a state of an environment with the same id and parameters.

        Raises:
            ValueError: a state of another environment. TypeError: not a state.
        """
        self._engine.check_states([state])
        self._engine.set_state(0, state)
        self.set_state_calls += 1
        self._read_ends()
        self._seeded = True
        self._view.present(self._every)

    # --- inside ---------------------------------------------------------------------------------------------

    def _look(self, begins: bool = False) -> tuple[Any, dict[str, Any]]:
        """The observation and the info after a step, or after a reset (`begins`), in which nobody earned anything."""
        engine, mask = self._engine, self._view.mask(0)
        info = {"action_mask": mask}
        if self._is_game:
            agents = self._view.agents_to_act()
            if agents is not None:
                info["agent"] = int(agents[0])
            info["rewards"] = np.zeros(len(engine.agents)) if begins else engine.rewards[0].copy()
        if engine.agents_leave:
            info["terminations"] = engine.left[0] | engine.terminated[0]
        if engine.on_invalid != "raise":
            info["invalid_action"] = not begins and bool(engine.invalid[0].any())
        return with_mask(self._view.observation(0), mask, self._mask_in), info

    def _read_ends(self) -> tuple[bool, bool]:
        engine = self._engine
        terminated, truncated = engine.terminated.item(0), engine.truncated.item(0)
        self._over = terminated or truncated or not engine.started[0]
        return terminated, truncated

    def _require_reset(self) -> None:
        if not self._engine.started[0]:
            raise ResetNeeded("nothing has begun yet: call reset() first")

    def _refusal(self, action: Any) -> Exception:
        spec, env_id = self.mask_spec, self._engine.declaration.id
        heads = self._view.dependent_heads(0)
        return invalid_action_error(env_id, spec, action, self.action_mask, "", "env.unwrapped.sample_legal()", heads)
