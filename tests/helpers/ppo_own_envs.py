"""A user's environments of every kind of action, `OwnFlat-v0` and so on; each raises on illegal actions."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from own_envs import Jobs, Late, Machine, Pairs, Power, Sets

from masked_envs import MaskSpec
from masked_envs.wrappers import ActionMask


class Numbered(Jobs):
    """Jobs whose numbers begin with 3."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.action_space = spaces.Discrete(self.jobs, start=3)

    def free(self) -> Any:
        return self.left.astype(np.int8)

    def step(self, job: Any) -> Any:
        return super().step(job - 3)


class Described(Jobs):
    """Jobs as candidates: each has its time as an embedding."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.observation_space = spaces.Dict(
            state=spaces.Box(0, 10, (2, self.jobs), np.float32),
            action_embeddings=spaces.Box(0, 10, (self.jobs, 1), np.float32),
        )

    def seen(self) -> Any:
        return {"state": super().seen(), "action_embeddings": self.times[:, None]}


class Heads(Jobs):
    """A job and one of two machines, of which the second is free only at the beginning."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.action_space = spaces.MultiDiscrete([self.jobs, 2])

    def free(self) -> Any:
        return np.concatenate([self.left, [True, self.left.all()]]).astype(np.int8)

    def step(self, action: Any) -> Any:
        job, machine = map(int, action)
        if not self.free()[self.jobs + machine]:
            return self.wrong(action)
        return super().step(job)


class Table(Heads):
    """A job and a machine that can do it."""

    def free(self) -> Any:
        can = np.ones((self.jobs, 2), np.int8)
        can[1::2, 1] = 0
        return can * self.left[:, None]

    def step(self, action: Any) -> Any:
        return Jobs.step(self, int(action[0])) if self.free()[tuple(action)] else self.wrong(action)


class Both(Machine):
    """A job and a speed, in a tuple."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.action_space = spaces.Tuple([spaces.Discrete(self.jobs), spaces.Box(0, 1, (1,), np.float32)])

    def free(self) -> Any:
        mask = super().free()
        return mask["job"], mask["speed"]

    def step(self, action: Any) -> Any:
        return super().step({"job": action[0], "speed": action[1]})


CLASSES = {
    "Flat": (Jobs, None),
    "Start": (Numbered, None),
    "Candidates": (Described, MaskSpec.candidates(5)),
    "PerHead": (Heads, MaskSpec.per_head([5, 2])),
    "Joint": (Pairs, None),
    "Table": (Table, MaskSpec.conditional([5, 2])),
    "Dependent": (Late, MaskSpec.conditional([5, 2, 3])),
    "Binary": (Sets, None),
    "Interval": (Power, None),
    "Dict": (Machine, None),
    "Tuple": (Both, None),
}


def speeds(env: gym.Env, k: int, prefix: Any) -> Any:
    return env.unwrapped.speeds(*prefix)


def make(name: str, **arguments: Any) -> gym.Env:
    arguments.pop("render_mode", None)  # these draw in any case
    cls, spec = CLASSES[name]
    head_mask = speeds if name == "Dependent" else None
    return ActionMask(cls(**arguments), lambda env: env.unwrapped.free(), mask_spec=spec, head_mask=head_mask)


class Told(Jobs):
    """With its mask in info, and no wrapper of this package."""

    def told(self) -> dict[str, Any]:
        return {"action_mask": self.left.astype(np.int8)}


def make_told(**arguments: Any) -> gym.Env:
    arguments.pop("render_mode", None)
    return Told(**arguments)


def make_wrapped(**arguments: Any) -> gym.Env:
    """An environment of the package under a wrapper of the user's."""
    return gym.wrappers.TransformReward(
        gym.make("MaskedTaxi-v0", time_limit=20, **arguments), lambda reward: 2 * reward
    )


for name in CLASSES:
    gym.register(f"Own{name}-v0", entry_point=make, kwargs={"name": name})
gym.register("OwnTold-v0", entry_point=make_told)
gym.register("OwnWrapped-v0", entry_point=make_wrapped)

OWN_IDS = [*(f"Own{name}-v0" for name in CLASSES), "OwnTold-v0", "OwnWrapped-v0"]
