"""A damaged state of a wrapper is refused before anything moves: every field, every leaf, every wrapper."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from own_envs import Nim, mask_of
from toy_rules import TOYS

from masked_envs import MaskSpec, wrappers
from masked_envs.api import MaskedEnv, MaskedVectorEnv
from masked_envs.core.sealed import checksum_of


def by_rows(name: str) -> MaskedVectorEnv:
    return MaskedVectorEnv(TOYS[name], 2, backend="python", autoreset_mode=AutoresetMode.DISABLED)


def own_mask(env: Any) -> Any:
    return env.unwrapped.action_mask


WRAPPED: dict[str, Any] = {
    "ActionMask": lambda: wrappers.ActionMask(Nim(), mask_of, on_invalid="resample"),
    "ActionMask over this package": lambda: wrappers.ActionMask(MaskedEnv(TOYS["joint"]), own_mask, mask_spec="joint"),
    "BoundedAction": lambda: wrappers.BoundedAction(MaskedEnv(TOYS["interval"])),
    "FlatActions": lambda: wrappers.FlatActions(MaskedEnv(TOYS["joint"])),
    "FlatActions over ActionMask": lambda: wrappers.FlatActions(wrappers.ActionMask(Nim(), mask_of)),
    "FrameStack": lambda: wrappers.FrameStack(MaskedEnv(TOYS["per_head"]), 2),
    "RecordInvalidActions": lambda: wrappers.RecordInvalidActions(MaskedEnv(TOYS["binary"])),
    "SequentialActions": lambda: wrappers.SequentialActions(MaskedEnv(TOYS["per_head"])),
    "SequentialActions over ActionMask": lambda: wrappers.SequentialActions(
        wrappers.ActionMask(MaskedEnv(TOYS["joint"]), own_mask, mask_spec="joint")
    ),
    "VectorBoundedAction": lambda: wrappers.VectorBoundedAction(by_rows("interval")),
    "VectorFlatActions": lambda: wrappers.VectorFlatActions(by_rows("joint")),
    "VectorSequentialActions": lambda: wrappers.VectorSequentialActions(
        by_rows("hybrid"), autoreset_mode=AutoresetMode.DISABLED
    ),
}


class Broken:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        raise RuntimeError("no words")

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise RuntimeError("no pickle")


LOOP: list[Any] = []
LOOP.append(LOOP)
OTHER_TYPES = [
    None, 0, -1, 2**70, 10**5000, 1.5, float("nan"), 1j, "", "x", b"", b"x", (), (0,), [], [0], LOOP, {}, {0: 0}, set(),
    True, np.zeros(3), np.array(None), np.ma.masked, np.int64(1), object(), Broken(), [Broken()], int, len,
    lambda: 0, ...,
]  # fmt: skip


def differences(value: Any) -> Iterator[Any]:
    """The value with one leaf changed: a bit, a sign, the last letter, a part that is missing."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            for part in differences(getattr(value, field.name)):
                yield dataclasses.replace(value, **{field.name: part})
    elif isinstance(value, dict):
        yield {key: part for key, part in value.items() if key != next(iter(value))} if value else {0: 0}
        for key, part in value.items():
            yield from ({**value, key: changed} for changed in differences(part))
    elif isinstance(value, tuple):
        yield (*value, 0)
        for i, part in enumerate(value):
            yield from ((*value[:i], changed, *value[i + 1 :]) for changed in differences(part))
    elif isinstance(value, np.ndarray):
        for bit in range(0, 8 * value.nbytes, 13):
            yield np.frombuffer(flipped(value.tobytes(), bit), value.dtype).reshape(value.shape)
    elif isinstance(value, bytes):
        yield from (flipped(value, bit) for bit in range(0, 8 * len(value), 13))
        yield value[:-1] if value else b"\0"
    elif isinstance(value, bool):
        yield not value
    else:
        yield {int: lambda: value ^ 1, float: lambda: -value - 1, str: lambda: value[:-1] + "?"}.get(
            type(value), lambda: 0
        )()


def flipped(data: bytes, bit: int) -> bytes:
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def other_types(state: Any) -> Iterator[Any]:
    """The state with a field of another type, or without it."""
    for field in dataclasses.fields(state):
        lacking = object.__new__(type(state))
        vars(lacking).update({name: value for name, value in vars(state).items() if name != field.name})
        yield lacking
        own = checksum_of(getattr(state, field.name))
        for value in OTHER_TYPES:
            if checksum_of(value) != own:
                other = object.__new__(type(state))
                vars(other).update({**vars(state), field.name: value})
                yield other


def playing(name: str) -> tuple[Any, Any, Any]:
    """An environment with a wrapper, a step into an episode, and its methods."""
    env = WRAPPED[name]()
    vector = isinstance(env, gym.vector.VectorEnv)
    find = (lambda method: getattr(env, method, None)) if vector else env.get_wrapper_attr
    env.reset(seed=5)
    env.step(find("sample_legal")(np.random.default_rng(0)))
    get, put = (find(method) or getattr(env.unwrapped, method) for method in ("get_state", "set_state"))
    return env, get, put


@pytest.mark.parametrize("name", WRAPPED)
def test_no_damage_is_let_through(name: str) -> None:
    _, get, put = playing(name)
    before = get()
    rows = before if isinstance(before, tuple) else (before,)
    tried = 0
    if dataclasses.is_dataclass(rows[-1]):
        for damaged in (*differences(rows[-1]), *other_types(rows[-1])):
            with pytest.raises(ValueError, match="damaged|this is a state of|with the parameters") as refusal:
                put((*rows[:-1], damaged) if isinstance(before, tuple) else damaged)
            assert len(str(refusal.value)) < 3000
            tried += 1
        assert tried > 100
    after = get()
    assert after == before and hash(after) == hash(before)
    put(pickle.loads(pickle.dumps(before)))
    put(copy.deepcopy(before))
    assert get() == before


@pytest.mark.parametrize("name", ["ActionMask", "SequentialActions", "VectorSequentialActions"])
def test_a_wrapper_s_own_state_is_sealed(name: str) -> None:
    """Negative control: of a state that was changed on purpose, the change arrives."""
    _, get, put = playing(name)
    before = get()
    state = before[-1] if isinstance(before, tuple) else before
    ended = dataclasses.replace(state, over=True, terminated=True)
    with pytest.raises(ValueError, match=r"is damaged: .*state.sealed\(\)"):
        put((*before[:-1], ended) if isinstance(before, tuple) else ended)
    put((*before[:-1], ended.sealed()) if isinstance(before, tuple) else ended.sealed())
    assert get() != before


def test_a_state_is_one_of_a_wrapper_with_the_same_arguments() -> None:
    """The choices of a finer grid are none of a coarser one, and a batch is no single environment."""
    coarse, fine = (wrappers.SequentialActions(MaskedEnv(TOYS["interval"]), bins) for bins in (3, 11))
    rows = wrappers.VectorSequentialActions(by_rows("interval"), 3, AutoresetMode.DISABLED)
    bare = wrappers.SequentialActions(MaskedEnv(TOYS["interval"], mask_in="info"), 3)
    for env in (coarse, fine, rows, bare):
        env.reset(seed=0)
    before = coarse.get_state()
    fine.step(fine.sample_legal(np.random.default_rng(0)))
    for other in (fine.get_state(), rows.get_state()[0], bare.get_state()):
        with pytest.raises(ValueError, match=r"this is a state of .*; expected one of .SequentialActions\(3 bins\)"):
            coarse.set_state(other)
    assert coarse.get_state() == before
    for states in ((), rows.get_state()[:1]):
        with pytest.raises(ValueError, match="expected 2 states"):
            rows.set_state(states)
    joint = wrappers.ActionMask(Nim(), mask_of, mask_spec=MaskSpec.candidates(3))
    flat = wrappers.ActionMask(Nim(), mask_of)
    for env in (joint, flat):
        env.reset(seed=0)
    with pytest.raises(ValueError, match="this is a state of"):
        joint.set_state(flat.get_state())


def test_a_generator_of_another_kind_moves_nothing() -> None:
    env, other = (wrappers.ActionMask(Nim(), mask_of) for _ in range(2))
    for each in (env, other):
        each.reset(seed=0)
    other.np_random = np.random.Generator(np.random.MT19937(0))
    other.step(0)
    before = env.get_state()
    with pytest.raises(ValueError, match="PCG64"):
        env.set_state(other.get_state())
    assert env.get_state() == before


# --- the checksum -----------------------------------------------------------------------------------------------------

CONTENT = """[None, True, 3, -(10**400), 1.5, 1j, "a\\ud800", b"a", (1, [2]), {"k": {1.5}, 2: frozenset("abcde")},
    np.arange(6).reshape(2, 3), np.array([None, "x"], object), np.float32(2), np.dtype("i4"), range(3), slice(1),
    np.random.default_rng(3), collections.OrderedDict(a=1), collections.deque([1, 2]), decimal.Decimal("1.50"),
    datetime.date(2026, 1, 2), np.ma.array([1, 2], mask=[0, 1]), len, int]"""
IMPORTS = "import collections, datetime, decimal, numpy as np"


def contents() -> list[Any]:
    names: dict[str, Any] = {}
    exec(IMPORTS, names)
    found: list[Any] = eval(CONTENT, names)
    return found


def test_content_is_told_apart_and_copies_are_not() -> None:
    values = [*contents(), *OTHER_TYPES]
    for value in contents():
        assert checksum_of(value) == checksum_of(copy.deepcopy(value)) == checksum_of(pickle.loads(pickle.dumps(value)))
    sums = {checksum_of(value) for value in values}
    assert len(sums) >= len(values) - 8  # 1 and True of both lists, and a few like them, stand in both
    for pair in ([1, True], [1, 1.0], ["1", b"1"], [(1,), [1]], [0.0, -0.0], [np.zeros(2), np.zeros(2, np.float32)]):
        assert checksum_of(pair[0]) != checksum_of(pair[1])


def test_the_checksum_is_the_same_in_another_process() -> None:
    """There the hashes of texts, and so the order of sets, are others."""
    code = f"{IMPORTS}\nfrom masked_envs.core.sealed import checksum_of\nprint(*map(checksum_of, {CONTENT}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == [str(checksum_of(value)) for value in contents()]


def test_what_contains_itself_and_what_is_shared_ends() -> None:
    one: dict[str, Any] = {}
    one["self"] = [one]
    assert checksum_of(one) == checksum_of(copy.deepcopy(one))
    wide: list[Any] = []
    for _ in range(200):  # 2**200 leaves, if each were walked through
        wide = [wide, wide]
    assert checksum_of(wide) == checksum_of(copy.deepcopy(wide))
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert checksum_of(deep) == checksum_of([deep])
