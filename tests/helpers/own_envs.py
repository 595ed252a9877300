"""Environments as people write them, without a mask by any law: each kind of action, each way to answer a wrong one."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from masked_envs import MaskSpec


class Jobs(gym.Env):
    """Five jobs, each done once; the times are drawn anew. The mask is to be asked for."""

    def __init__(self, jobs: int = 5, answer: str = "raise") -> None:
        self.jobs, self.answer = jobs, answer
        self.observation_space = spaces.Box(0, 10, (2, jobs), np.float32)
        self.action_space: spaces.Space[Any] = spaces.Discrete(jobs)
        self.render_mode = "rgb_array"

    metadata = {"render_modes": ["rgb_array"], "render_fps": 5}  # noqa: RUF012

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.times = self.np_random.uniform(1, 10, self.jobs).astype(np.float32)
        self.left = np.ones(self.jobs, bool)
        return self.seen(), self.told()

    def seen(self) -> Any:
        return np.stack([self.times, self.left]).astype(np.float32)

    def told(self) -> dict[str, Any]:
        return {}

    def free(self) -> Any:
        return np.flatnonzero(self.left).tolist()

    def step(self, job: Any) -> Any:
        if not 0 <= job < self.jobs or not self.left[job]:
            return self.wrong(job)
        self.left[job] = False
        return self.seen(), -float(self.times[job]) * self.left.sum(), not self.left.any(), False, self.told()

    def wrong(self, job: Any) -> Any:
        if self.answer == "raise":
            raise KeyError(f"job {job} is done")
        if self.answer == "terminate":
            return self.seen(), -100.0, True, False, self.told()
        return self.seen(), -100.0 if self.answer == "penalise" else 0.0, False, False, self.told()

    def render(self) -> Any:
        picture = np.zeros((32, 32, 3), np.uint8)
        picture[: 4 * int(self.left.sum())] = 255
        return picture


class Sets(Jobs):
    """A set of jobs at a time."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.action_space = spaces.MultiBinary(self.jobs)

    def free(self) -> Any:
        return np.stack([np.ones(self.jobs, bool), self.left], axis=1)

    def step(self, bits: Any) -> Any:
        chosen = np.asarray(bits) == 1
        if not np.isin(bits, (0, 1)).all() or (chosen & ~self.left).any():
            return self.wrong(bits)
        self.left &= ~chosen
        self.waited = getattr(self, "waited", 0) + 1
        return self.seen(), float(chosen.sum()) - 1, not self.left.any(), False, self.told()


class Pairs(Jobs):
    """Two different jobs at a time, a mask that is no product."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**{"jobs": 6, **arguments})
        self.action_space = spaces.MultiDiscrete([self.jobs, self.jobs])

    def free(self) -> Any:
        return np.outer(self.left, self.left) & ~np.eye(self.jobs, dtype=bool)

    def step(self, pair: Any) -> Any:
        if not self.free()[tuple(pair)]:
            return self.wrong(pair)
        self.left[list(pair)] = False
        return self.seen(), 1.0, not self.left.any(), False, self.told()


class Power(Jobs):
    """A power within bounds that move."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.action_space = spaces.Box(0, 10, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.level = 5.0
        return super().reset(seed=seed)

    def seen(self) -> Any:
        return np.full((2, self.jobs), self.level, np.float32)

    def free(self) -> Any:
        return np.array([[max(0, self.level - 1)], [min(10, self.level + 1)]], np.float32)

    def step(self, power: Any) -> Any:
        low, high = self.free()
        if not (low <= power <= high).all():
            return self.wrong(power)
        self.level = float(power[0])
        self.left[np.flatnonzero(self.left)[0]] = False
        return self.seen(), -self.level, not self.left.any(), False, self.told()


class Machine(Jobs):
    """A job and a speed that the machine allows, in a dict."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.action_space = spaces.Dict(job=spaces.Discrete(self.jobs), speed=spaces.Box(0, 1, (1,), np.float32))

    def free(self) -> Any:
        fastest = np.float32(self.left.mean())
        return {"job": super().free(), "speed": np.array([[0], [fastest]], np.float32)}

    def step(self, action: Any) -> Any:
        if not 0 <= float(action["speed"][0]) <= np.float32(self.left.mean()):
            return self.wrong(action)
        return super().step(action["job"])


class Late(Jobs):
    """A job, a machine that can do it, and a speed that this machine has for this job."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.action_space = spaces.MultiDiscrete([self.jobs, 2, 3])

    def free(self) -> Any:
        can = np.ones((self.jobs, 2), np.int8)
        can[1::2, 1] = 0
        return can * self.left[:, None]

    def speeds(self, job: int, machine: int) -> Any:
        return np.array([True, machine == 0, job > 2])

    def step(self, action: Any) -> Any:
        job, machine, speed = map(int, action)
        legal = 0 <= job < self.jobs and 0 <= machine < 2 and 0 <= speed < 3 and self.free()[job, machine]
        if not (legal and self.speeds(job, machine)[speed]):
            return self.wrong(action)
        return super().step(job)


class Nim(gym.Env):
    """Take 1 to 3 from a heap, never more than lie there; the position can be saved and restored."""

    def __init__(self, start: int = 7) -> None:
        self.start = start
        self.observation_space = spaces.Box(0, 99, (1,), np.int64)
        self.action_space: spaces.Space[Any] = getattr(type(self), "action_space", None) or spaces.Discrete(3)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.heap = self.start
        return self.seen(), self.told()

    def seen(self) -> Any:
        return np.array([self.heap])

    def told(self) -> dict[str, Any]:
        return {}

    def free(self) -> Any:
        return [few < self.heap for few in range(3)]

    def few(self) -> Any:
        return range(min(3, self.heap))

    def step(self, few: Any) -> Any:
        if not 0 <= few < min(3, self.heap):
            raise ValueError(f"cannot take {few + 1} of {self.heap}")
        self.heap -= int(few) + 1
        return self.seen(), float(self.heap == 0), self.heap == 0, False, self.told()

    def get_state(self) -> Any:
        return self.heap

    def set_state(self, heap: Any) -> None:
        self.heap = heap


LATE = MaskSpec.conditional([5, 2, 3])

OWN = {"flat": Jobs, "binary": Sets, "joint": Pairs, "interval": Power, "dict": Machine}


def mask_of(env: gym.Env) -> Any:
    return env.unwrapped.free()
