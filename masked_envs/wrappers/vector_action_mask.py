"""`VectorActionMask`: a vector environment of your own, with masks by the laws."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space

from ..api.surface import copy_of, invalid_action_error
from ..errors import EmptyMaskError
from ..mask_spec import MaskSpec

ANSWERS = ("raise", "resample")


class VectorActionMask(VectorWrapper):
    """Gives any Gymnasium vector environment action masks, exact answers to invalid actions, and a count for each row.

    A row of a foreign batch cannot be held back while the others move, so that there are two answers only. The mask of
    a terminated row is all ones; its action, and that of a truncated row, is discarded by the autoreset and not judged.

    Args:
        envs: the vector environment, with the autoreset mode NEXT_STEP or DISABLED. (In SAME_STEP the position in which
            an episode was truncated is gone when its mask could be asked for: wrap the single environments instead.)
        mask_fn: (envs) -> the masks of all rows, canonical: (num_envs, ...), a dict or tuple of these; or
            (envs, observations, infos) -> the same.
        mask_spec: the form of one mask; without it, what the action space implies.
        on_invalid: "raise" an InvalidActionError, no row having moved; or "resample".
        invalid_reward: added to the reward of a row whose action was replaced.
        mask_in: "observation", or "info" for the bare observations.

    Attributes:
        mask_spec: the `MaskSpec` of a row.
        invalid_actions: int64 (num_envs,), how many invalid actions each row was given.

    Raises:
        ValueError: an unknown answer or place, the mode SAME_STEP, or a mask that the action space does not fit.
        EmptyMaskError: in `reset` and `step`, a running row in which nothing is allowed.
    """

    def __init__(
        self,
        envs: VectorEnv[Any, Any, Any],
        mask_fn: Callable[..., Any],
        *,
        mask_spec: MaskSpec | None = None,
        on_invalid: str = "raise",
        invalid_reward: float = 0.0,
        mask_in: str = "observation",
    ) -> None:
        super().__init__(envs)
        for name, value, known in (("on_invalid", on_invalid, ANSWERS), ("mask_in", mask_in, ("observation", "info"))):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, not {value!r}")
        self.mode = envs.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        if self.mode is AutoresetMode.SAME_STEP:
            raise ValueError(
                "the autoreset mode SAME_STEP hides the position of a truncated row: use NEXT_STEP or DISABLED, or "
                "wrap each single environment in ActionMask"
            )
        self.mask_fn, self.on_invalid, self.mask_in = mask_fn, on_invalid, mask_in
        self._takes_all = len(inspect.signature(mask_fn).parameters) >= 3
        self.mask_spec = mask_spec or MaskSpec.from_space(envs.single_action_space)
        if self.mask_spec.action_space != envs.single_action_space:
            raise ValueError(f"a mask of {self.mask_spec.action_space} does not fit {envs.single_action_space}")
        if self.mask_spec.kind == "dict" or self.mask_spec.needs_head_mask:
            raise ValueError(
                f"VectorActionMask serves masks in one array; for {self.mask_spec.kind} masks wrap each single "
                "environment in ActionMask"
            )
        self.invalid_reward = float(invalid_reward)
        self.invalid_actions = np.zeros(envs.num_envs, np.int64)
        self._rng = np.random.default_rng()
        self._masks: Any = None
        self._discards = np.zeros(envs.num_envs, np.bool_)  # rows whose next action nobody carries out
        if mask_in == "observation":
            single = envs.single_observation_space
            parts = dict(single.spaces) if isinstance(single, spaces.Dict) else {"observation": single}
            self.single_observation_space = spaces.Dict({**parts, "action_mask": self.mask_spec.space})
            self.observation_space = batch_space(self.single_observation_space, envs.num_envs)

    @property
    def action_mask(self) -> Any:
        """The canonical masks of all rows, a copy."""
        if self._masks is None:
            raise gym.error.ResetNeeded("nothing has begun yet: call reset() first")
        return copy_of(self._masks)

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The masks in the form of sb3-contrib."""
        masks: npt.NDArray[np.bool_] = self.mask_spec.convert(self.action_mask, to="sb3")
        return masks

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As the vector environment's; the answer "resample" draws from a stream that an int `seed` begins anew."""
        if isinstance(seed, (int, np.integer)):
            self._rng = np.random.default_rng([int(seed), 0x6D61736B])
        observations, infos = self.env.reset(seed=seed, options=options)
        which = (
            np.ones(self.num_envs, np.bool_) if not options or "reset_mask" not in options else options["reset_mask"]
        )
        self._discards = self._discards & ~which
        return self._look(observations, infos, np.zeros(self.num_envs, np.bool_), self._discards)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """As the vector environment's, for actions that the masks allow; else as `on_invalid` says.

        Raises:
            InvalidActionError: an invalid action, with on_invalid="raise"; no row has moved.
        """
        masks = self.action_mask
        allowed = self._allowed(masks, actions) | self._discards
        self.invalid_actions += ~allowed
        if not allowed.all():
            row = int(np.flatnonzero(~allowed)[0])
            if self.on_invalid == "raise":
                how = 'envs.mask_spec.sample(info["action_mask"], rng)'
                name = type(self.env.unwrapped).__name__
                raise invalid_action_error(name, self.mask_spec, actions[row], masks[row], f", row {row}", how)
            legal = self.mask_spec.sample(masks, self._rng)
            shape = (-1, *(1,) * (legal.ndim - 1))
            actions = np.where(allowed.reshape(shape), np.asarray(actions), legal)
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        over = terminated | truncated
        if self.mode is AutoresetMode.NEXT_STEP:
            self._discards = over.copy()
        shown, infos = self._look(observations, infos, terminated, over)
        if self.on_invalid == "resample":
            infos["invalid_action"] = ~allowed
            rewards = rewards + self.invalid_reward * ~allowed
        return shown, rewards, terminated, truncated, infos

    def _allowed(self, masks: Any, actions: Any) -> npt.NDArray[np.bool_]:
        if len(actions) != self.num_envs:
            raise ValueError(f"expected {self.num_envs} actions, one for each row, got {len(actions)}")
        spec, rows = self.mask_spec, zip(masks, actions, strict=True)
        answers = [spec.encode(action) is not None and bool(spec.allows(mask, action)) for mask, action in rows]
        return np.array(answers, np.bool_)

    def _look(self, observations: Any, infos: Any, terminated: Any, over: Any) -> tuple[Any, dict[str, Any]]:
        found = self.mask_fn(self.env, observations, infos) if self._takes_all else self.mask_fn(self.env)
        masks = np.array(found, self.mask_spec.space.dtype)
        masks[terminated] = self.mask_spec.full()
        empty = (self.mask_spec.count(masks) == 0) & ~over
        if empty.any():
            row = int(np.flatnonzero(empty)[0])
            raise EmptyMaskError(f"{self.env}, row {row}: the episode goes on and the mask allows nothing")
        self._masks = masks
        infos = {**infos, "action_mask": self.action_mask}
        if self.mask_in == "info":
            return observations, infos
        parts = observations if isinstance(observations, dict) else {"observation": observations}
        return {**parts, "action_mask": self.action_mask}, infos
