"""Environments whose observation shows the one good action: as pixels, beside noise, or in nested parts."""

import gymnasium as gym
import numpy as np
from gymnasium import spaces

ACTIONS, SIDE = 4, 12


class Shown(gym.Env):
    """One step of Discrete(4): the reward is 1 for the action that the observation shows. Counts invalid actions."""

    action_space = spaces.Discrete(ACTIONS)
    looks: spaces.Space

    def __init__(self, length=8):
        self.length, self.invalid_actions = length, 0
        self.observation_space = spaces.Dict(
            {**self.looks.spaces, "action_mask": spaces.Box(0, 1, (ACTIONS,), np.int8)}
        )

    def look(self):
        raise NotImplementedError

    def _next(self):
        self.good = int(self.np_random.integers(ACTIONS))
        self.mask = self.np_random.integers(0, 2, ACTIONS).astype(np.int8)
        self.mask[self.good] = 1
        return {**self.look(), "action_mask": self.mask.copy()}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return self._next(), {}

    def step(self, action):
        legal = bool(self.mask[action])
        self.invalid_actions += not legal
        self.t += 1
        reward = float(legal and action == self.good)
        return self._next(), reward, self.t == self.length, False, {}

    def pixels(self):
        image = np.zeros((SIDE, SIDE, 3), np.uint8)
        image[:, 3 * self.good : 3 * self.good + 3] = 255
        return image


class Pixels(Shown):
    looks = spaces.Dict(observation=spaces.Box(0, 255, (SIDE, SIDE, 3), np.uint8))

    def look(self):
        return {"observation": self.pixels()}


class Both(Shown):
    """An image that is noise, and a vector that tells."""

    looks = spaces.Dict(
        camera=spaces.Box(0, 255, (SIDE, SIDE, 3), np.uint8), state=spaces.Box(-1, 1, (ACTIONS,), np.float32)
    )

    def look(self):
        noise = self.np_random.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        return {"camera": noise, "state": np.eye(ACTIONS, dtype=np.float32)[self.good]}


class Nested(Shown):
    """The vector two levels down, beside a number and a tuple."""

    looks = spaces.Dict(
        inside=spaces.Dict(
            deep=spaces.Dict(state=spaces.Box(-1, 1, (ACTIONS,), np.float32)),
            number=spaces.Discrete(3),
        ),
        pair=spaces.Tuple([spaces.Box(-1, 1, (2,), np.float32), spaces.MultiBinary(2)]),
    )

    def look(self):
        state = np.eye(ACTIONS, dtype=np.float32)[self.good]
        pair = (self.np_random.random(2).astype(np.float32), self.np_random.integers(0, 2, 2).astype(np.int8))
        return {"inside": {"deep": {"state": state}, "number": self.np_random.integers(3)}, "pair": pair}


class Tuples(gym.Env):
    """Two choices in a Tuple, and a mask for each in a Tuple. Counts invalid actions."""

    action_space = spaces.Tuple([spaces.Discrete(3), spaces.MultiBinary(2)])
    observation_space = spaces.Dict(
        observation=spaces.Box(-1, 1, (5,), np.float32),
        action_mask=spaces.Tuple([spaces.Box(0, 1, (3,), np.int8), spaces.Box(0, 1, (2, 2), np.int8)]),
    )

    def __init__(self):
        self.invalid_actions = 0

    def _next(self):
        choice, bits = self.np_random.integers(0, 2, 3).astype(np.int8), np.ones((2, 2), np.int8)
        choice[self.np_random.integers(3)] = 1
        bits[0, self.np_random.integers(2)] = 0
        self.mask = choice, bits
        return {"observation": self.np_random.random(5).astype(np.float32), "action_mask": (choice.copy(), bits.copy())}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return self._next(), {}

    def step(self, action):
        choice, bits = action
        legal = self.mask[0][choice] and all(self.mask[1][k, bit] for k, bit in enumerate(bits))
        self.invalid_actions += not legal
        self.t += 1
        return self._next(), float(choice), self.t == 8, False, {}


for _env in (Pixels, Both, Nested, Tuples):
    _name = f"Shown{_env.__name__}-v0"
    if _name not in gym.registry:
        gym.register(_name, entry_point=_env)
