"""dm_env: a masked environment as a `dm_env.Environment`.

env = MaskedEnvironment("MaskedCartPole-v0", seed=0)
step = env.reset()
while not step.last():
    action = np.flatnonzero(step.observation["action_mask"])[0]
    step = env.step(action)

docs/dm_env.md is the page about it.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

try:
    import dm_env
    from dm_env import specs
except ImportError as error:
    raise ImportError(
        f"masked_envs.dm_env needs dm_env ({error}): pip install 'masked-envs[dm-env]'", name=error.name
    ) from error

from . import trees
from .adaptation import adapt
from .adaptation.rows import require_single

__all__ = ["MaskedEnvironment", "spec_of"]


class MaskedEnvironment(dm_env.Environment):  # type: ignore[misc]
    """A masked environment as dm_env has it: the mask is a part of the observation, whatever its kind.

    The observation is a dict with "observation" and "action_mask" (with `mask_in="info"` the bare observation; the mask
    is then `env.action_mask` alone). A terminated episode ends with discount 0, a truncated one with discount 1. `step`
    before the first `reset`, or after the last step of an episode, begins an episode and ignores its action.

    Args:
        target: an id, or a masked Gymnasium environment, wrapped or not. One with a mask in a usual place is masked by
            `masked_envs.adapt`.
        seed: of the first episode; the later ones go on from it.
        parameters: of `gymnasium.make`, where an id is given.

    Attributes:
        env: the Gymnasium environment.

    Raises:
        TypeError: parameters beside an environment, an environment without a mask, or spaces that dm_env has no specs
            for.
    """

    def __init__(self, target: str | gym.Env[Any, Any], seed: int | None = None, **parameters: Any) -> None:
        if not isinstance(target, str) and parameters:
            raise TypeError(f"parameters are for an id: make the environment with {', '.join(parameters)} instead")
        if not isinstance(target, str):
            require_single(self, target)
        self.env: Any = adapt(gym.make(target, **parameters) if isinstance(target, str) else target)
        self._observation_spec = spec_of(self.env.observation_space, "observation")
        self._action_spec = spec_of(self.env.action_space, "action")
        self._seed, self._over = seed, True

    def reset(self) -> dm_env.TimeStep:
        """Begin an episode."""
        observation, _ = self.env.reset(seed=self._seed)
        self._seed, self._over = None, False
        return dm_env.restart(self._shown(observation))

    def step(self, action: Any) -> dm_env.TimeStep:
        """Carry out an action of `action_spec()`.

        Raises:
            InvalidActionError: the mask forbids it, with on_invalid="raise"; nothing has moved.
        """
        if self._over:
            return self.reset()
        given = trees.map(lambda leaf: np.asarray(leaf)[()], action)  # an array without axes as a scalar
        observation, reward, terminated, truncated, _ = self.env.step(given)
        self._over = terminated or truncated
        how = dm_env.termination if terminated else dm_env.truncation if truncated else dm_env.transition
        return how(np.float64(reward), self._shown(observation))

    def observation_spec(self) -> Any:
        return self._observation_spec

    def action_spec(self) -> Any:
        """Of all actions; the mask says which of them are legal now."""
        return self._action_spec

    def reward_spec(self) -> specs.Array:
        return specs.Array((), np.float64, "reward")

    @property
    def action_mask(self) -> Any:
        """The current mask in canonical form, a copy."""
        return self.env.get_wrapper_attr("action_mask")

    @property
    def invalid_actions(self) -> int:
        """The number of invalid actions that the environment received, by its count."""
        return int(self.env.get_wrapper_attr("invalid_actions"))

    def close(self) -> None:
        self.env.close()

    def _shown(self, observation: Any) -> Any:
        return trees.map(lambda spec, part: np.asarray(part, spec.dtype), self._observation_spec, observation)


def spec_of(space: gym.Space[Any], name: str) -> Any:
    """The dm_env spec of a Gymnasium space, or a dict or tuple of specs.

    Args:
        space: Box, Discrete, MultiDiscrete, MultiBinary, or a Dict or Tuple of them.
        name: of the spec.

    Raises:
        TypeError: another space.
    """
    if isinstance(space, spaces.Dict):
        return {key: spec_of(part, key) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(spec_of(part, f"{name}_{i}") for i, part in enumerate(space.spaces))
    if isinstance(space, spaces.Discrete) and space.start == 0:
        return specs.DiscreteArray(int(space.n), space.dtype, name)
    if isinstance(space, spaces.Box):
        low, high = space.low, space.high
    elif isinstance(space, (spaces.Discrete, spaces.MultiDiscrete)):
        sizes = space.n if isinstance(space, spaces.Discrete) else space.nvec
        low, high = np.asarray(space.start), space.start + sizes - 1
    elif isinstance(space, spaces.MultiBinary):
        low, high = np.asarray(0), np.asarray(1)
    else:
        raise TypeError(f"dm_env has no specs for {space}, of {name}")
    return specs.BoundedArray(space.shape or (), space.dtype, low, high, name)
