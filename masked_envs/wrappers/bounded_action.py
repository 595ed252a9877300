"""`BoundedAction`: actions in [-1, 1] for every interval mask."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from .masked_wrapper import NOT_AN_ACTION, FormWrapper
from .unit_actions import log_scale, to_bounds, to_unit, unit_spec


class BoundedAction(FormWrapper):
    """The same environment with actions `Box(-1, 1)`, mapped affinely onto the bounds of the current interval mask.

    For learners that act in a fixed Box without masks: SAC, TD3, PPO of any library. An action a in [-1, 1] becomes
    low + (a + 1) / 2 * (high - low) of the current mask [low, high], number by number; -1 and 1 are exactly the bounds.
    So every action is legal, and the mask of the wrapper forbids nothing. What is not in [-1, 1] is refused and counted
    by the wrapped environment. The bounds are in `info["bounds"]` and, where the mask was in the observation, in
    `observation["bounds"]`: float (2, d).

    Densities: a learner knows the density of a, not that of the action. They differ by a factor, log p(action) =
    log p(a) - log_scale, `log_scale` being the sum of log((high - low) / 2) over the coordinates whose bounds do not
    meet. It depends on the state alone. So the ratios of PPO and the gradients of SAC and TD3 are right without it;
    entropies are those of a, in which every state counts alike (as SAC's target entropy wants it), and are not
    comparable with those of a distribution between the bounds (`masked_envs.torch`). Where bounds meet, all a stand for
    one action.

    Args:
        env: a masked Gymnasium environment with an interval mask.

    Raises:
        TypeError: an environment without a mask, or with a mask of another kind.
    """

    vector_form = "VectorBoundedAction"

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        self._keep_arguments()
        super().__init__(env)
        self.mask_spec = unit_spec(self, self.inner_spec)
        self.action_space = self.mask_spec.action_space
        extra = {"bounds": self.inner_spec.space} if self._is_in_observation() else None
        self.observation_space = self._space_with_mask(extra)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return self._look(*self.env.reset(seed=seed, options=options))

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Execute the action that corresponds to a point of [-1, 1]."""
        unit = self.mask_spec.encode(action)
        inner = NOT_AN_ACTION if unit is None else to_bounds(unit, self._inner_mask())
        observation, reward, terminated, truncated, info = self.env.step(inner)
        observation, info = self._look(observation, info)
        return observation, reward, terminated, truncated, info

    @property
    def action_mask(self) -> npt.NDArray[Any]:
        """float (2, d): -1 and 1."""
        mask: npt.NDArray[Any] = self.mask_spec.full()
        return mask

    def action(self, unit: Any) -> npt.NDArray[Any]:
        """The action of the wrapped environment that a point of [-1, 1], (d,), stands for now; nan outside."""
        return to_bounds(np.asarray(unit), self._inner_mask())

    def unit(self, action: Any) -> npt.NDArray[Any]:
        """The reverse: the point of [-1, 1] of an action between the bounds; 0 where they meet."""
        return to_unit(np.asarray(action), self._inner_mask())

    def log_scale(self) -> float:
        """The log-density of a point of [-1, 1] minus that of its action, in the current state; see the class."""
        return float(log_scale(self._inner_mask()))

    def sample_legal(self, rng: np.random.Generator | None = None) -> Any:
        """A uniformly random action of [-1, 1], from `np_random` without `rng`."""
        return self.mask_spec.sample(self.action_mask, self.np_random if rng is None else rng)

    def _look(self, observation: Any, info: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        bounds = {"bounds": info["action_mask"]}
        return self._with_mask(observation, {**info, **bounds}, bounds if self._is_in_observation() else None)
