"""JaxMARL: Hanabi and SMAX, all agents of which act in one step; one head of a MultiDiscrete action for each."""

from __future__ import annotations

import copy
import functools
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

PACKAGE = "JaxMARL"
DISTRIBUTIONS = ("jaxmarl", "jax", "jaxlib", "numpy", "gymnasium")
ENVIRONMENTS = {"hanabi": "Team('hanabi')", "SMAX 3m": "Team('HeuristicEnemySMAX', '3m')"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 100, "time_budget": 90}}


class Team(gym.Env[Any, Any]):
    """The agents as one; their masks, one after the other, in info."""

    def __init__(self, name: str, scenario: str = "") -> None:
        self.inner, self._reset, self._step, self._masks = _compiled(name, scenario)
        self.names = list(self.inner.agents)
        sizes = [int(self.inner.action_space(agent).n) for agent in self.names]
        self.action_space = spaces.MultiDiscrete(sizes)
        self.observation_space = spaces.Box(-np.inf, np.inf, (), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        import jax

        super().reset(seed=seed)
        self.key, key = jax.random.split(jax.random.PRNGKey(int(self.np_random.integers(2**31))))
        self.seen, self.state = self._reset(key)
        return self._observation(), self._info()

    def step(self, action: Any) -> Any:
        import jax

        self.key, key = jax.random.split(self.key)
        chosen = {agent: int(number) for agent, number in zip(self.names, action, strict=True)}
        self.seen, self.state, rewards, done, _ = self._step(key, self.state, chosen)
        return self._observation(), float(rewards[self.names[0]]), bool(done["__all__"]), False, self._info()

    def _observation(self) -> Any:
        return np.float32(sum(float(np.sum(self.seen[agent])) for agent in self.names))

    def _info(self) -> dict[str, Any]:
        masks = self._masks(self.state)
        return {"action_mask": np.concatenate([np.asarray(masks[agent]) != 0 for agent in self.names])}

    def __deepcopy__(self, memo: Any) -> Any:  # a state of JAX never changes
        again = copy.copy(self)
        again._np_random = copy.deepcopy(self._np_random)
        return again


@functools.cache
def _compiled(name: str, scenario: str) -> Any:
    import jax
    import jaxmarl

    arguments: dict[str, Any] = {}
    if scenario:
        from jaxmarl.environments.smax import map_name_to_scenario

        arguments["scenario"] = map_name_to_scenario(scenario)
    env = jaxmarl.make(name, **arguments)
    masks = env.get_legal_moves if name == "hanabi" else env.get_avail_actions
    return env, jax.jit(env.reset), jax.jit(env.step_env), jax.jit(masks)
