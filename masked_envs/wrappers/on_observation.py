"""Gymnasium's observation wrappers for masked environments: they change the observation and leave the mask alone."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces, wrappers
from gymnasium.envs.registration import EnvSpec

from ..adaptation.recorded import Recorded, from_reference
from ..adaptation.rows import require_single
from ..core.parameters import finite
from .masked_wrapper import head_mask_of, require_mask


class WithoutMask(gym.Wrapper[Any, Any, Any, Any]):
    """The environment without the mask in its observation. `shown_mask` is the last mask."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        space = env.observation_space
        if not (isinstance(space, spaces.Dict) and "action_mask" in space.spaces):
            raise TypeError(
                f"expected an observation space with a part action_mask, not {space}; with the mask in info alone, "
                "Gymnasium's own wrappers do"
            )
        self.mask_space, self.shown_mask = space["action_mask"], None
        rest = {key: part for key, part in space.spaces.items() if key != "action_mask"}
        self.is_single = list(rest) == ["observation"]
        ordered = OrderedDict(rest)  # a plain dict would be sorted
        self.observation_space = rest["observation"] if self.is_single else spaces.Dict(ordered)

    def _without(self, observation: Any) -> Any:
        self.shown_mask = observation["action_mask"]
        rest = {key: part for key, part in observation.items() if key != "action_mask"}
        return rest["observation"] if self.is_single else rest

    def reset(self, **arguments: Any) -> Any:
        observation, info = self.env.reset(**arguments)
        return self._without(observation), info

    def step(self, action: Any) -> Any:
        observation, *rest = self.env.step(action)
        return self._without(observation), *rest


class OnObservation(gym.Wrapper[Any, Any, Any, Any], Recorded):
    """A wrapper of observations, applied to everything but the mask.

    Frame stacking, normalisation, flattening and the like would stack, scale or flatten the mask too. Here they do not
    see it. The mask in the observation is always that of the current state, also where the observation is delayed.

    Args:
        env: a masked environment, with the mask in the observation.
        wrap: env -> env in one or several Gymnasium wrappers of observations.

    Raises:
        TypeError: an observation without a part `action_mask`.

    Example:
        OnObservation(env, lambda env: gym.wrappers.FrameStackObservation(env, 4))
    """

    def __init__(self, env: gym.Env[Any, Any], wrap: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]) -> None:
        self._keep_arguments(wrap=wrap)
        require_single(self, env)
        self._bare = WithoutMask(env)
        super().__init__(from_reference(wrap)(self._bare))
        inner = self.env.observation_space
        parts = dict(inner.spaces) if isinstance(inner, spaces.Dict) else {"observation": inner}
        self.observation_space = spaces.Dict(OrderedDict(parts, action_mask=self._bare.mask_space))

    @property
    def spec(self) -> EnvSpec | None:  # type: ignore[override]
        """That of the environment with this wrapper; the wrappers that `wrap` put inside are part of this one."""
        if self._cached_spec is None and self._bare.env.spec is not None:
            self._cached_spec = copy.deepcopy(self._bare.env.spec)
            self._cached_spec.additional_wrappers += (self.wrapper_spec(**self._saved_kwargs),)
        return self._cached_spec

    def _with(self, observation: Any) -> dict[str, Any]:
        parts = observation if isinstance(observation, dict) else {"observation": observation}
        return {**parts, "action_mask": self._bare.shown_mask}

    def reset(self, **arguments: Any) -> Any:
        """As the environment's."""
        observation, info = self.env.reset(**arguments)
        return self._with(observation), info

    def step(self, action: Any) -> Any:
        """As the environment's."""
        observation, *rest = self.env.step(action)
        return self._with(observation), *rest


class FrameStack(OnObservation):
    """The last `stack_size` observations, and the current mask. See `gymnasium.wrappers.FrameStackObservation`."""

    def __init__(self, env: gym.Env[Any, Any], stack_size: int, **arguments: Any) -> None:
        self._keep_arguments(stack_size=stack_size, **arguments)
        super().__init__(env, lambda bare: wrappers.FrameStackObservation(bare, stack_size, **arguments))


class Normalize(OnObservation):
    """Observations of mean 0 and variance 1, and the mask unchanged. See `gymnasium.wrappers.NormalizeObservation`."""

    def __init__(self, env: gym.Env[Any, Any], epsilon: float = 1e-8) -> None:
        self._keep_arguments(epsilon=epsilon)
        super().__init__(env, lambda bare: wrappers.NormalizeObservation(bare, epsilon))


class Flatten(OnObservation):
    """The observation as one vector, and the mask beside it. See `gymnasium.wrappers.FlattenObservation`."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        self._keep_arguments()
        super().__init__(env, wrappers.FlattenObservation)


class Delay(OnObservation):
    """Observations delayed by `delay` steps, and the current mask. See `gymnasium.wrappers.DelayObservation`."""

    def __init__(self, env: gym.Env[Any, Any], delay: int, **arguments: Any) -> None:
        self._keep_arguments(delay=delay, **arguments)
        super().__init__(env, lambda bare: wrappers.DelayObservation(bare, delay, **arguments))


class StickyAction(gym.Wrapper[Any, Any, Any, Any], Recorded):
    """Repeats the previous action with some probability, but only where the mask allows it.

    Gymnasium's `StickyAction` repeats it in any case, so the environment receives invalid actions.

    Args:
        env: a masked environment; `mask_spec` and `action_mask` are reached through its wrappers.
        repeat_action_probability: in [0, 1).

    Raises:
        ValueError: another probability. TypeError: an environment without these.
    """

    def __init__(self, env: gym.Env[Any, Any], repeat_action_probability: float) -> None:
        self._keep_arguments(repeat_action_probability=repeat_action_probability)
        require_single(self, env)
        super().__init__(env)
        if not 0 <= finite("repeat_action_probability", repeat_action_probability) < 1:
            raise ValueError(f"repeat_action_probability must be in [0, 1), not {repeat_action_probability}")
        self._spec: Any = require_mask(self, env)
        self.repeat_action_probability = repeat_action_probability
        self._previous: Any = None
        self._rng = np.random.default_rng()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """As the environment's; an int `seed` also seeds the wrapper's random stream."""
        if seed is not None:
            self._rng = np.random.default_rng([seed, 0x737469636B])
        self._previous = None
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        """As the environment's."""
        repeats = self._rng.random() < self.repeat_action_probability
        if repeats and self._previous is not None and self._allows(self._previous):
            action = self._previous
        result = self.env.step(action)
        self._previous = action
        return result

    def _allows(self, action: Any) -> bool:
        mask: Any = self.env.get_wrapper_attr("action_mask")
        return bool(self._spec.allows(mask, action, head_mask_of(self.env)))
