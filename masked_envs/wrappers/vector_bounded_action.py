"""`VectorBoundedAction`: `BoundedAction` for vector environments."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import VectorEnv

from .unit_actions import log_scale, to_bounds, to_unit, unit_spec
from .vector_masked_wrapper import VectorFormWrapper


class VectorBoundedAction(VectorFormWrapper):
    """The same vector environment with actions `Box(-1, 1)`, mapped onto the bounds of each row's current mask.

    What `BoundedAction` says holds for each row; arrays have one more leading axis (num_envs, ...).

    Args:
        envs: a masked vector environment with an interval mask, in any autoreset mode.

    Raises:
        TypeError: no masked vector environment, or one with a mask of another kind.
    """

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(envs)
        self._set_form(unit_spec(self, self.inner_spec))
        if self._mask_in_observation:
            self._set_form(self.mask_spec, {"bounds": self.inner_spec.space})

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As the vector environment's."""
        return self._look(*self.env.reset(seed=seed, options=options))

    def step(
        self, actions: Any, where: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Execute the actions that correspond to points of [-1, 1], (num_envs, d).

        Args:
            where: see `MaskedVectorEnv.step`; for vector environments that have it.

        Raises:
            ValueError: not one point per row. What the wrapped environment raises.
        """
        units = self.mask_spec.encode_batch(actions, self.num_envs)
        chosen = {} if where is None else {"where": where}
        given = self.env.step(to_bounds(units, self._inner("action_mask")), **chosen)
        observations, rewards, terminated, truncated, info = given
        if "final_info" in info:
            bounds = {"bounds": info["final_info"]["action_mask"]}
            info["final_info"] = {**info["final_info"], **bounds, "_bounds": info["_final_obs"].copy()}
            info = self._with_final(info, self.action_mask, bounds if self._mask_in_observation else None)
        observations, info = self._look(observations, info)
        return observations, rewards, terminated, truncated, info

    @property
    def action_mask(self) -> npt.NDArray[Any]:
        """float (num_envs, 2, d): -1 and 1."""
        masks: npt.NDArray[Any] = self.mask_spec.full(self.num_envs)
        return masks

    def actions(self, units: Any) -> npt.NDArray[Any]:
        """The actions of the wrapped environment that points of [-1, 1] stand for now; nan outside."""
        return to_bounds(np.asarray(units), self._inner("action_mask"))

    def units(self, actions: Any) -> npt.NDArray[Any]:
        """The reverse: the points of [-1, 1] of actions between the bounds; 0 where they meet."""
        return to_unit(np.asarray(actions), self._inner("action_mask"))

    def log_scale(self) -> npt.NDArray[np.float64]:
        """The log-density of a point of [-1, 1] minus that of its action, in the current state, (num_envs,)."""
        return log_scale(self._inner("action_mask"))

    def sample_legal(self, rng: np.random.Generator | None = None) -> Any:
        """Uniformly random actions of [-1, 1], from `np_random` without `rng`."""
        return self.mask_spec.sample(self.action_mask, self.np_random if rng is None else rng)

    def _look(self, observations: Any, info: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        bounds, masks = {"bounds": info["action_mask"]}, self.action_mask
        extra = bounds if self._mask_in_observation else None
        return self._with_masks(observations, masks, extra), {**info, **bounds, "action_mask": masks}
