"""`LoopedVectorEnv`: single environments of anybody's as a vector environment of this package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array

from .. import trees
from ..api.final_info import final_info
from ..api.observations import batched, check_mask_in, observation_space, with_mask
from ..api.vector_arguments import checked_mode, row_seeds, rows_to_reset, rows_to_step
from ..errors import InvalidActionError
from ..mask_spec import MaskSpec
from .adapt import adapt
from .rows import action_rows

Flags = npt.NDArray[np.bool_]


class LoopedVectorEnv(VectorEnv[Any, Any, Any]):
    """Single environments with masks, stepped in a loop, with all that the adapters of training libraries need.

    The adapters make one of an id without a vector environment of its own, and of Gymnasium's `SyncVectorEnv`. An
    invalid action is counted and answered by the environments themselves; infos hold the mask alone, and the flag
    "invalid_action" where `on_invalid` is not "raise".

    Args:
        envs: at least one; each has a mask in a usual place (`masked_envs.adapt`), or is masked already.
        autoreset_mode: SAME_STEP, or DISABLED, in which `step` takes `where=`.
        mask_in: "observation", or "info" for observations without the mask.

    Raises:
        TypeError: an environment without a mask. ValueError: another autoreset mode, or environments whose spaces
            differ.
    """

    set_state_calls = 0  # positions are set on the single environments, if at all

    def __init__(
        self, envs: Sequence[gym.Env[Any, Any]], autoreset_mode: AutoresetMode | str, mask_in: str = "observation"
    ) -> None:
        self.closed = True  # nothing to close while construction may still fail
        check_mask_in(mask_in)
        self.autoreset_mode, self.mask_in = checked_mode(autoreset_mode), mask_in
        if self.autoreset_mode is AutoresetMode.NEXT_STEP:
            raise ValueError("single environments are looped over with the autoreset modes SAME_STEP and DISABLED")
        self.envs: list[Any] = [adapt(env) for env in envs]
        first, self.num_envs = self.envs[0], len(self.envs)
        for name in ("observation_space", "action_space"):
            if any(getattr(env, name) != getattr(first, name) for env in self.envs):
                raise ValueError(f"the environments of a vector environment need the same {name}")
        self.metadata, self.render_mode = {**first.metadata, "autoreset_mode": self.autoreset_mode}, first.render_mode
        self.mask_spec: MaskSpec = first.get_wrapper_attr("mask_spec")
        self.on_invalid = first.get_wrapper_attr("on_invalid") if first.has_wrapper_attr("on_invalid") else None
        self.single_action_space, self._bare_space = first.action_space, without_mask(first.observation_space)
        self.single_observation_space = observation_space(self._bare_space, self.mask_spec, mask_in)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.observation_space = batched(self.single_observation_space, self.num_envs)
        self._seen: list[Any] = [None] * self.num_envs
        self._over = np.zeros(self.num_envs, np.bool_)
        self.closed = False

    # --- playing ----------------------------------------------------------------------------------------------

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode in every row, or in those of `options["reset_mask"]`; see `MaskedVectorEnv.reset`."""
        where, seeds = rows_to_reset(options, self.num_envs), row_seeds(seed, self.num_envs)
        super().reset(seed=next((one for one in seeds if one is not None), None))
        given = {key: value for key, value in (options or {}).items() if key != "reset_mask"}
        self._begin(where, seeds, given or None)
        observations, info = self._look()
        return observations, {**info, **self._flag(np.zeros(self.num_envs, np.bool_))}

    def step(self, actions: Any, where: Flags | None = None) -> tuple[Any, Any, Flags, Flags, dict[str, Any]]:
        """Carry out one action per row, or, with DISABLED, in the rows in `where` alone.

        Raises:
            InvalidActionError: some mask forbids some action, with on_invalid="raise"; no row has moved.
            ValueError: not one action per row, or a bad `where`. ResetNeeded: see `MaskedVectorEnv.step`.
        """
        where = rows_to_step(where, self.num_envs, self.autoreset_mode)
        moving = np.flatnonzero(np.ones(self.num_envs, np.bool_) if where is None else where).tolist()
        if self._over[moving].any():
            raise ResetNeeded('rows have ended: call reset(options={"reset_mask": mask}) before the next step()')
        given = action_rows(self, actions)
        self._refuse_invalid(given, moving)
        rewards, invalid = np.zeros(self.num_envs), np.zeros(self.num_envs, np.bool_)
        terminated, truncated = np.zeros((2, self.num_envs), np.bool_)
        for row in moving:
            self._seen[row], rewards[row], terminated[row], truncated[row], info = self.envs[row].step(given[row])
            invalid[row] = info.get("invalid_action", False)
        over, extra = terminated | truncated, self._flag(invalid)
        if self.autoreset_mode is AutoresetMode.DISABLED:
            self._over |= over
        elif over.any():
            observations, about = self._look()
            extra |= final_info(observations, {**about, **extra}, over)
            self._begin(over, [None] * self.num_envs, None)
        observations, about = self._look()
        return observations, rewards, terminated, truncated, {**about, **extra}

    def render(self) -> tuple[Any, ...] | None:
        """What each environment draws."""
        return None if self.render_mode is None else tuple(env.render() for env in self.envs)

    def close_extras(self, **kwargs: Any) -> None:
        """Close the environments."""
        for env in self.envs:
            env.close()

    # --- the mask -------------------------------------------------------------------------------------------

    @property
    def action_mask(self) -> Any:
        """The current masks (num_envs, mask) in canonical form, a copy."""
        return trees.stack([env.get_wrapper_attr("action_mask") for env in self.envs])

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The current masks in the form of sb3-contrib, bool (num_envs, n)."""
        masks: npt.NDArray[np.bool_] = self.mask_spec.convert(self.action_mask, to="sb3")
        return masks

    def head_mask(self, row: int, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """For a conditional mask: what head k of a row may take after the choices `prefix`."""
        mask: npt.NDArray[np.int8] = self.envs[row].get_wrapper_attr("head_mask")(k, prefix)
        return mask

    def sample_legal(self, rng: np.random.Generator | None = None) -> Any:
        """One random legal action per row, in the form that `step` takes."""
        heads = self.head_mask if self.mask_spec.needs_head_mask else None
        return self.mask_spec.sample(self.action_mask, self.np_random if rng is None else rng, heads)

    @property
    def invalid_actions(self) -> npt.NDArray[np.int64]:
        """How many invalid actions each row was given since construction, int64 (num_envs,)."""
        return np.array([env.get_wrapper_attr("invalid_actions") for env in self.envs], np.int64)

    # --- inside -----------------------------------------------------------------------------------------------

    def _begin(self, where: Flags, seeds: Sequence[int | None], options: dict[str, Any] | None) -> None:
        for row in np.flatnonzero(where).tolist():
            self._seen[row], _ = self.envs[row].reset(seed=seeds[row], options=options)
        self._over &= ~where

    def _refuse_invalid(self, given: list[Any], moving: list[int]) -> None:
        """With on_invalid="raise", let the rows with invalid actions count and refuse them before any row moves."""
        if self.on_invalid != "raise":
            return
        masks, refused = trees.rows(self.action_mask), []
        for row in moving:
            heads = self.envs[row].get_wrapper_attr("head_mask") if self.mask_spec.needs_head_mask else None
            if not self.mask_spec.allows(masks[row], given[row], heads):
                try:
                    self.envs[row].step(given[row])
                except InvalidActionError as error:
                    refused.append((row, error))
        if refused:
            row, first = refused[0]
            more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
            raise InvalidActionError(f"row {row}{more}: {first}") from first

    def _flag(self, invalid: Flags) -> dict[str, Any]:
        return {} if self.on_invalid in (None, "raise") else {"invalid_action": invalid}

    def _look(self) -> tuple[Any, dict[str, Any]]:
        """Observations and info as they are now."""
        if any(seen is None for seen in self._seen):
            raise ResetNeeded("nothing has begun yet in some rows: call reset() first")
        space, masks = self._bare_space, self.action_mask
        seen = [without_mask(one) for one in self._seen]
        observations = concatenate(space, seen, create_empty_array(space, self.num_envs))
        return with_mask(observations, masks, self.mask_in), {"action_mask": masks}


def without_mask(observation: Any) -> Any:
    """An observation, or a space of such, without the mask: what is under "observation" where nothing else is left."""
    parts = observation.spaces if isinstance(observation, spaces.Dict) else observation
    if not isinstance(parts, dict) or "action_mask" not in parts:
        return observation
    parts = {key: part for key, part in parts.items() if key != "action_mask"}
    if set(parts) == {"observation"}:
        return parts["observation"]
    return spaces.Dict(parts) if isinstance(observation, spaces.Dict) else parts
