"""Environments as RLlib's users write them: their own classes, with masks that may allow nothing."""

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from ray.rllib.env.multi_agent_env import MultiAgentEnv

ALL, NONE = 1, 0
# action space, shape of the mask, a mask that allows everything, and one that allows nothing
KINDS = {
    "flat": (spaces.Discrete(3), (3,), np.ones(3, np.int8), np.zeros(3, np.int8)),
    "per_head": (spaces.MultiDiscrete([2, 3]), (5,), np.ones(5, np.int8), np.array([1, 1, 0, 0, 0], np.int8)),
    "joint": (spaces.MultiDiscrete([3, 3]), (3, 3), np.ones((3, 3), np.int8), np.zeros((3, 3), np.int8)),
    "binary": (spaces.MultiBinary(2), (2, 2), np.ones((2, 2), np.int8), np.array([[1, 1], [0, 0]], np.int8)),
    "interval": (spaces.Box(-1, 1, (1,)), (2, 1), np.float32([[-1], [1]]), np.float32([[0.5], [-0.5]])),
}
LENGTH = 4


class Empties(gym.Env):
    """Episodes of 4 decisions; the masks named in `empty` allow nothing, 4 being that after the last action.

    `seen` counts decisions under an empty mask.
    """

    def __init__(self, config=None):
        config = config or {}
        self.action_space, shape, self.full, self.nothing = KINDS[config.get("kind", "flat")]
        self.empty = config.get("empty", ())
        low, high = self.full.min(), self.full.max()
        mask = spaces.Box(min(low, 0), high, shape, self.full.dtype)
        self.observation_space = spaces.Dict(observation=spaces.Box(-1, 1, (2,), np.float32), action_mask=mask)
        self.seen = self.t = 0

    def look(self):
        mask = self.nothing if self.t in self.empty else self.full
        return {"observation": np.zeros(2, np.float32), "action_mask": mask.copy()}

    def reset(self, *, seed=None, options=None):
        self.t = 0
        return self.look(), {}

    def step(self, action):
        self.seen += self.t in self.empty
        self.t += 1
        return self.look(), 0.0, self.t == LENGTH, False, {}


class NoArguments(Empties):
    """Made without an argument, which RLlib itself could not do."""

    def __init__(self):
        super().__init__({})


class Traders(MultiAgentEnv):
    """Two agents act at once; both masks allow nothing at the times in `empty`; `illegal` and `seen` count."""

    def __init__(self, config=None):
        super().__init__()
        self.empty = (config or {}).get("empty", ())
        self.agents = self.possible_agents = ["north", "south"]
        one = spaces.Dict(observations=spaces.Box(0, 1, (5,), np.float32), action_mask=spaces.MultiBinary(3))
        self.observation_spaces = dict.fromkeys(self.agents, one)
        self.action_spaces = dict.fromkeys(self.agents, spaces.Discrete(3))
        self.rng, self.illegal, self.seen = np.random.default_rng(0), 0, 0

    def look(self):
        legal = self.t not in self.empty
        self.masks = {agent: legal * np.array([1, *self.rng.integers(0, 2, 2)], np.int8) for agent in self.agents}
        return {a: {"observations": self.rng.random(5, np.float32), "action_mask": m} for a, m in self.masks.items()}

    def reset(self, *, seed=None, options=None):
        self.t = 0
        return self.look(), {}

    def step(self, actions):
        self.seen += 2 * (self.t in self.empty)
        self.illegal += sum(not self.masks[agent][action] for agent, action in actions.items())
        self.t += 1
        rewards = {agent: float(action) for agent, action in actions.items()}
        return self.look(), rewards, {"__all__": self.t == LENGTH}, {"__all__": False}, {}


class Bandit(Empties):
    """Nothing to see but the mask."""

    def __init__(self, config=None):
        super().__init__(config)
        self.observation_space = spaces.Dict(action_mask=self.observation_space["action_mask"])

    def look(self):
        return {"action_mask": super().look()["action_mask"]}
