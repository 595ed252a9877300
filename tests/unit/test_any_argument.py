"""Whatever is given for an argument, the answer is a TypeError or ValueError in words, or it is a value that is served.

Values that cannot be written out, compared, counted or asked whether they are true are refused like any other.
"""

from __future__ import annotations

import functools
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from own_envs import Nim, mask_of
from toy_rules import TOYS

import masked_envs
from masked_envs import MaskSpec, adapt, wrappers
from masked_envs.api import MaskedAECEnv, MaskedEnv, MaskedParallelEnv, MaskedVectorEnv

pytestmark = pytest.mark.filterwarnings("ignore")


class Broken:
    """An object whose every answer is an error; it lies where a word does in a dict."""

    def _fail(self, *_: Any) -> Any:
        raise RuntimeError("on purpose")

    __repr__ = __str__ = __eq__ = __len__ = __bool__ = __iter__ = __int__ = __float__ = __index__ = _fail

    def __hash__(self) -> int:
        return hash("raise")


HUGE = 10**5000  # Python writes no integer of more than 4,300 digits
VALUES: list[Any] = [
    HUGE, -HUGE, [HUGE], "x" * 100_000, Broken(), [Broken()], {"a": Broken()}, np.zeros(3), np.array(None),
    np.zeros((2, 2, 2)), np.ma.masked, float("nan"), (), [], b"x", object(), ..., {1, 2}, -1, 1.5, True, None,
]  # fmt: skip
PYTHONS_OWN = (
    "truth value", "on purpose", "digit", "not supported between", "not iterable", "has no len", "unhashable",
    "no attribute", "not subscriptable", "not callable",
)  # fmt: skip


@functools.cache
def single(name: str) -> Any:
    env = MaskedEnv(TOYS[name])
    env.reset(seed=0)
    return env


@functools.cache
def rows(name: str) -> Any:
    envs = MaskedVectorEnv(TOYS[name], 2, backend="python", autoreset_mode=AutoresetMode.DISABLED)
    envs.reset(seed=0)
    return envs


@functools.cache
def agents(kind: Any) -> Any:
    env = kind(TOYS["convoy"])
    env.reset(seed=0)
    return env


TOY, GAME, FLAT = TOYS["joint"], TOYS["duel"], MaskSpec.flat(3)
PAIRS = gym.spaces.MultiDiscrete([2, 2])
by_rows = functools.partial(MaskedVectorEnv, TOY, 2, backend="python")
own = functools.partial(wrappers.ActionMask, Nim(), mask_of)
CALLS: dict[str, Any] = {
    **{
        f"env.{name}": lambda v, name=name: MaskedEnv(TOY, **{name: v})
        for name in ("render_mode", "on_invalid", "invalid_reward", "mask_in", "backend", "flat", "time_limit", "agent")
    },
    "env.opponent": lambda v: MaskedEnv(GAME, opponent=v),
    "env.seat": lambda v: MaskedEnv(GAME, opponent="random", agent=v),
    **{
        f"vector.{name}": lambda v, name=name: by_rows(**{name: v})
        for name in ("autoreset_mode", "render_mode", "max_episode_steps", "num_threads")
    },
    "aec.render_mode": lambda v: MaskedAECEnv(TOYS["convoy"], render_mode=v),
    "env.reset.seed": lambda v: single("joint").reset(seed=v),
    "vector.reset.seed": lambda v: rows("joint").reset(seed=v),
    "vector.reset.options": lambda v: rows("joint").reset(options=v),
    "vector.reset_mask": lambda v: rows("joint").reset(options={"reset_mask": v}),
    "vector.step.where": lambda v: rows("joint").step(rows("joint").sample_legal(), where=v),
    "aec.reset.seed": lambda v: agents(MaskedAECEnv).reset(seed=v),
    "parallel.reset.seed": lambda v: agents(MaskedParallelEnv).reset(seed=v),
    "env.step": lambda v: single("joint").step(v),
    "vector.step": lambda v: rows("joint").step(v),
    "parallel.step": lambda v: agents(MaskedParallelEnv).step(v),
    "env.head_mask.k": lambda v: single("conditional_three").head_mask(v, (0, 0)),
    "env.head_mask.prefix": lambda v: single("conditional_three").head_mask(2, v),
    "vector.head_mask.row": lambda v: rows("conditional_three").head_mask(v, 1, (0,)),
    "vector.head_mask.prefix": lambda v: rows("conditional_three").head_mask(0, 2, v),
    "env.sample_legal": lambda v: single("joint").sample_legal(v),
    "vector.sample_legal": lambda v: rows("joint").sample_legal(v),
    "parallel.mask_spec": lambda v: agents(MaskedParallelEnv).mask_spec(v),
    "aec.observe": lambda v: agents(MaskedAECEnv).observe(v),
    "env.set_state": lambda v: single("joint").set_state(v),
    "vector.set_state": lambda v: rows("joint").set_state(v),
    "aec.set_state": lambda v: agents(MaskedAECEnv).set_state(v),
    "make": masked_envs.make,
    "make_vec": lambda v: masked_envs.make_vec(v, 2),
    "make_aec": masked_envs.make_aec,
    "make_parallel": masked_envs.make_parallel,
    "check.on_invalid": lambda v: masked_envs.check_masked_env(Nim, on_invalid="none" if v is None else v),
    "check.seed": lambda v: masked_envs.check_masked_env(Nim, seed=v, on_invalid="none"),
    "flat.n": MaskSpec.flat,
    "flat.start": lambda v: MaskSpec.flat(3, start=v),
    "flat.meaning": lambda v: MaskSpec.flat(3, meaning=v),
    "candidates": MaskSpec.candidates,
    "per_head": MaskSpec.per_head,
    "joint": MaskSpec.joint,
    "conditional": MaskSpec.conditional,
    "binary": MaskSpec.binary,
    "interval.low": lambda v: MaskSpec.interval(v, [1]),
    "interval.high": lambda v: MaskSpec.interval([1], v),
    "interval.dtype": lambda v: MaskSpec.interval([0], [1], dtype=v),
    "dict": MaskSpec.dict,
    "dict.part": lambda v: MaskSpec.dict({"a": v}),
    "dict.key": lambda v: MaskSpec.dict({v if type(v).__hash__ else (v is None): FLAT}),
    "from_space": MaskSpec.from_space,
    "from_space.kind": lambda v: MaskSpec.from_space(PAIRS, v),
    "from_space.kinds": lambda v: MaskSpec.from_space(gym.spaces.Dict(a=PAIRS), v),
    "from_space.tuple": lambda v: MaskSpec.from_space(gym.spaces.Tuple([PAIRS]), v),
    "convert": lambda v: FLAT.convert(FLAT.full(), v),
    "can_convert": FLAT.can_convert,
    "spec.check": FLAT.check,
    "spec.sample": lambda v: FLAT.sample(FLAT.full(), v),
    "spec.encode_batch": lambda v: FLAT.encode_batch(v, 2),
    "ActionMask": lambda v: wrappers.ActionMask(v, mask_of),
    "ActionMask.mask_fn": lambda v: wrappers.ActionMask(Nim(), v),
    "ActionMask.mask_at": lambda v: wrappers.ActionMask(Nim(), mask_at=v),
    **{
        f"ActionMask.{name}": lambda v, name=name: own(**{name: v})
        for name in ("mask_spec", "on_invalid", "invalid_reward", "mask_in")
    },
    "ActionMask, the mask": lambda v: wrappers.ActionMask(Nim(), lambda env: v).reset(seed=0),
    "adapt": adapt,
    "adapt.mask_at": lambda v: adapt(Nim(), mask_at=v),
    **{
        name: getattr(wrappers, name)
        for name in (
            "FlatActions", "SequentialActions", "BoundedAction", "VectorFlatActions", "VectorSequentialActions",
            "VectorBoundedAction", "RecordInvalidActions", "Flatten", "AECActionMask", "ParallelActionMask",
            "SingleAgent",
        )
    },
    "FlatActions.bins": lambda v: wrappers.FlatActions(single("interval"), bins=v),
    "FlatActions.max_actions": lambda v: wrappers.FlatActions(single("joint"), max_actions=v),
    "RecordInvalidActions.most": lambda v: wrappers.RecordInvalidActions(single("joint"), most=v),
    "StickyAction": lambda v: wrappers.StickyAction(single("joint"), v),
    "SingleAgent.opponent": lambda v: wrappers.SingleAgent(MaskedAECEnv(GAME), opponent=v),
    "SingleAgent.agent": lambda v: wrappers.SingleAgent(MaskedAECEnv(GAME), agent=v),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_every_refusal_has_words_of_its_own(call: str) -> None:
    refused = 0
    for value in VALUES:
        try:
            CALLS[call](value)
        except (TypeError, ValueError) as error:
            refused += 1
            text = str(error)
            assert text.strip() and len(text) < 1500
            assert not any(words in text for words in PYTHONS_OWN), text
    assert refused >= len(VALUES) // 2  # most are no value for anything
