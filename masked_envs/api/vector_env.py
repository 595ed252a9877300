"""`gymnasium.vector.VectorEnv` over many rows, stepped in one call."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from ..core.backends import numba_is_available
from ..core.declaration import Declaration
from ..core.engine import Engine
from ..core.state import State
from ..mask_spec import MaskSpec
from ..mask_spec.checks import check_integer
from .final_info import final_info
from .fixed import Fixed
from .invalid_action import invalid_action_error
from .kept_spec import KeptSpec
from .observations import batched, check_mask_in, observation_space, with_mask
from .picture import RENDER_MODES, Picture, check_render_mode
from .seats import Seats
from .single_agent import Opponent, SingleAgentView
from .vector_arguments import (
    checked_mode,
    row_seeds,
    rows_to_reset,
    rows_to_step,
    with_shorter_limit,
)


class MaskedVectorEnv(Seats, KeptSpec, VectorEnv[Any, Any, Any]):
    """Many copies of an environment of this package, stepped as one batch of arrays.

    Row i after `reset(seed=k)` is, byte for byte, a single environment after `reset(seed=k + i)`.

    Args:
        declaration: the environment.
        num_envs: rows, at least 1.
        autoreset_mode: `AutoresetMode.NEXT_STEP` (the default: the step after the end resets the row and discards its
            action), `SAME_STEP` (the last observation is in `info["final_obs"]`, its info in `info["final_info"]`) or
            `DISABLED` (reset rows yourself with `reset(options={"reset_mask": bool (num_envs,)})`; `step` can then move
            a part of the rows, `step(actions, where=bool (num_envs,))`).
        num_threads: most threads that step rows at the same time (numba backend only). One does all of it where that is
            faster, as in small batches; the results are the same.
        max_episode_steps: what `gymnasium.make_vec` passes; the shorter of it and `time_limit` holds.

    The other arguments are those of `MaskedEnv`; `backend="auto"` is numba here. Masks are int8 (num_envs, mask).
    `info` has the keys of `MaskedEnv` with one value per row, the same after `reset` and `step`; with SAME_STEP a step
    that ends episodes adds "final_obs" and "final_info". "rewards" and "invalid_action" are about the step, like the
    rewards that `step` returns, also in rows that SAME_STEP has reset since.
    """

    on_invalid, invalid_reward, mask_in = Fixed(), Fixed(), Fixed()

    def __init__(
        self,
        declaration: Declaration,
        num_envs: int = 1,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        num_threads: int = 1,
        max_episode_steps: int | None = None,
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
        self.closed = True  # nothing to close while construction may still fail
        self.num_envs, num_threads = check_integer("num_envs", num_envs), check_integer("num_threads", num_threads)
        check_mask_in(mask_in)
        self.autoreset_mode = checked_mode(autoreset_mode)
        self.metadata = {
            "render_modes": [mode for mode in RENDER_MODES if mode != "human"],
            "render_fps": 30,
            "autoreset_mode": self.autoreset_mode,
        }
        check_render_mode(render_mode, self.metadata["render_modes"])
        if backend == "auto" and not numba_is_available():
            warnings.warn("numba is not installed: the rows are stepped by plain Python, slowly", stacklevel=3)
        values = with_shorter_limit(declaration.resolve(parameters), max_episode_steps)
        self._engine = Engine(declaration, values, self.num_envs, backend, on_invalid, invalid_reward, num_threads)
        self._view = SingleAgentView(self._engine, opponent, agent, flat)
        self.mask_in = self._mask_in = mask_in
        self._is_game = declaration.play != "single"
        self.on_invalid, self.invalid_reward = on_invalid, self._engine.invalid_reward
        self.single_action_space = self.mask_spec.action_space
        self.single_observation_space = observation_space(self._view.bare_space, self.mask_spec, mask_in)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.observation_space = batched(self.single_observation_space, self.num_envs)
        self.render_mode = render_mode
        self.picture = Picture(self._engine, render_mode, self.metadata["render_fps"])
        self._seeded = np.zeros(self.num_envs, np.bool_)
        self.set_state_calls = 0  # wrappers that remember something of the positions compare it
        self.closed = False

    # --- the Gymnasium interface ----------------------------------------------------------------------------

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode in every row, or in those of `options["reset_mask"]`, bool (num_envs,).

        Args:
            seed: row i gets seed + i; or one seed per row, None for a row whose stream goes on.
        """
        seeds, where = row_seeds(seed, self.num_envs), rows_to_reset(options, self.num_envs)
        super().reset(seed=next((s for s in seeds if s is not None), None))
        fresh = int(self.np_random.integers(2**31)) if not self._seeded[where].all() else 0
        given = np.array([s is not None for s in seeds])
        unseeded = where & (given | ~self._seeded)
        if unseeded.any():
            self._engine.seed([fresh + i if s is None else s for i, s in enumerate(seeds)], unseeded)
        self._seeded |= where
        self._view.reset(where)
        observations, info = self._look()
        return observations, {**info, **self._about_step(np.zeros_like(self._engine.rewards), begins=True)}

    def step(
        self, actions: Any, where: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Any, npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]:
        """Execute one action per row or, with DISABLED, only in the rows in `where`.

        Args:
            actions: one per row (num_envs, action); those of rows that are not in `where` are not looked at.
            where: bool (num_envs,), the rows to move; all of them without it. The other rows keep still, ended ones
                too: their reward is 0, and the rest that is returned is that of the position they are in.

        Raises:
            InvalidActionError: some mask forbids some action, with on_invalid="raise"; no row has moved.
            ValueError: not one action per row, or `where` is not such a mask or given in another autoreset mode.
            ResetNeeded: before the first reset, or, with DISABLED, an ended row.
        """
        engine, where = self._engine, rows_to_step(where, self.num_envs, self.autoreset_mode)
        self._require_reset()
        ended = engine.mark_ended()
        if self.autoreset_mode is AutoresetMode.DISABLED:
            self._refuse_ended(ended if where is None else ended & where)
        self._view.write_actions(actions)
        row = self._view.find_invalid(where)
        if row >= 0 and engine.on_invalid == "raise":
            raise self._refusal(actions, row)
        if self.autoreset_mode is AutoresetMode.NEXT_STEP and self._view.opponent is None:
            return self._step_at_once()
        some = self.autoreset_mode is not AutoresetMode.DISABLED and ended.any()
        resting = ended.copy() if some else None  # rows that are not stepped, but reset
        rewards = self._view.step(where if resting is None else ~resting)
        extra = self._about_step(engine.rewards.copy())
        terminated, truncated = engine.terminated.copy(), engine.truncated.copy()
        if resting is not None:
            terminated[resting] = truncated[resting] = False
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            over = terminated | truncated
            if over.any():
                observations, info = self._look()
                extra |= final_info(observations, {**info, **extra}, over)
                self._view.reset(over)
        if resting is not None:  # with SAME_STEP rows in which the others had finished before the agent's first move
            self._view.reset(resting)
        observations, info = self._look()
        return observations, rewards, terminated, truncated, {**info, **extra}

    def _step_at_once(self) -> tuple[Any, ...]:
        """The rest of a step, in which rows that had ended are reset in the same launch as others move."""
        moved = self._view.step_or_reset()
        observations, info = self._with_info(moved.observations, moved.masks, moved.acting)
        about = self._about_step(moved.rewards)
        return observations, moved.earned, moved.terminated, moved.truncated, {**info, **about}

    def render(self) -> tuple[Any, ...] | None:
        """One picture per row."""
        if self.render_mode is None:
            return None
        return tuple(self.picture.render(row) for row in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        """Close what drawing opened."""
        self.picture.close()

    # --- the mask -------------------------------------------------------------------------------------------

    @property
    def mask_spec(self) -> MaskSpec:
        """The form and the meaning of one row's mask."""
        return self._view.mask_spec

    @property
    def action_mask(self) -> Any:
        """The current masks (num_envs, mask) in canonical form, a copy."""
        self._require_reset()
        return self._view.masks()

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The current masks in the form of sb3-contrib, bool (num_envs, n)."""
        masks: npt.NDArray[np.bool_] = self.mask_spec.convert(self.action_mask, to="sb3")
        return masks

    def head_mask(self, row: int, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """What head k of a row's action may take after the choices `prefix`; int8 (nvec[k],).

        The operations of `MaskSpec` on a batch of masks take it as it is: `head_mask=envs.unwrapped.head_mask`.
        """
        self._require_reset()
        return self._view.head_mask(check_integer("row", row, 0, self.num_envs - 1), k, prefix)

    def sample_legal(self, rng: np.random.Generator | None = None) -> Any:
        """One random legal action per row, in the form that `step` takes; see `MaskedEnv.sample_legal`.

        Rows that have ended get an action too, drawn from the mask that they show.
        """
        self._require_reset()
        return self._view.sample_legal_rows(self.np_random if rng is None else rng)

    @property
    def agent_selection(self) -> list[str] | None:
        """Of a game, the agent of each row whose action `step` takes; None where it takes those of all agents."""
        self._game("agent_selection")
        self._require_reset()
        agents = self._view.agents_to_act()
        return None if agents is None else [self._engine.agents[agent] for agent in agents]

    @property
    def invalid_actions(self) -> npt.NDArray[np.int64]:
        """The number of invalid actions that each row received since construction, int64 (num_envs,).

        Actions that autoreset discards do not count.
        """
        counts: npt.NDArray[np.int64] = self._engine.invalid_counts.copy()
        return counts

    # --- positions ------------------------------------------------------------------------------------------

    def get_state(self) -> tuple[State, ...]:
        """The whole state of every row."""
        return tuple(self._engine.get_state(row) for row in range(self.num_envs))

    def set_state(self, states: Sequence[State]) -> None:
        """Restore the state of every row.

        Raises:
            ValueError: not one state per row, or states of another environment. TypeError: not states. No row moves.
        """
        if not isinstance(states, (list, tuple)):
            raise TypeError(f"set_state takes the states that get_state gave, one per row, not {type(states).__name__}")
        if len(states) != self.num_envs:
            raise ValueError(f"expected {self.num_envs} states, one per row, got {len(states)}")
        self._engine.check_states(states)
        self.set_state_calls += 1
        for row, state in enumerate(states):
            self._engine.set_state(row, state)
        self._seeded[:] = True
        self._view.present(self._engine.started)

    # --- inside ---------------------------------------------------------------------------------------------

    def _look(self) -> tuple[Any, dict[str, Any]]:
        """Observations and info as they are now."""
        return self._with_info(self._view.observations(), self._view.masks(), self._view.agents_to_act())

    def _with_info(self, observations: Any, masks: Any, agents: Any) -> tuple[Any, dict[str, Any]]:
        info: dict[str, Any] = {"action_mask": masks}
        if agents is not None:
            info["agent"] = agents
        if self._engine.agents_leave:
            info["terminations"] = self._engine.left | self._engine.terminated[:, None]
        return with_mask(observations, masks, self._mask_in), info

    def _about_step(self, rewards: npt.NDArray[np.float64], begins: bool = False) -> dict[str, Any]:
        """The infos about the last step; of a reset (`begins`), in which nothing was earned and no action given."""
        engine = self._engine
        info: dict[str, Any] = {}
        if self._is_game:
            info["rewards"] = rewards
        if engine.on_invalid != "raise":
            info["invalid_action"] = np.zeros(self.num_envs, np.bool_) if begins else engine.invalid.any(axis=1)
        return info

    def _refuse_ended(self, ended: npt.NDArray[np.bool_]) -> None:
        if ended.any():
            rows = ", ".join(map(str, np.flatnonzero(ended)[:5]))
            raise ResetNeeded(
                f'rows {rows} have ended: call reset(options={{"reset_mask": mask}}) before the next step()'
            )

    def _require_reset(self) -> None:
        if not self._engine.all_started:
            raise ResetNeeded("nothing has begun yet in some rows: call reset() first")

    def _refusal(self, actions: Any, row: int) -> Exception:
        spec, env_id = self.mask_spec, self._engine.declaration.id
        more = int(self._engine.invalid.any(axis=1).sum()) - 1
        where = f", row {row}" + (f" (and {more} more)" if more else "")
        action, mask, heads = spec.action_of_row(actions, row), self._view.mask(row), self._view.dependent_heads(row)
        return invalid_action_error(env_id, spec, action, mask, where, "envs.unwrapped.sample_legal()", heads)
