"""The targets: each turns bytes into an input of one kind, and fails unless the answer is one that is documented."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import gymnasium as gym
import numpy as np

import masked_envs
from masked_envs import MaskSpec, trees, wrappers
from masked_envs.adaptation.forms import UnknownFormError
from masked_envs.adaptation.read import read_mask, read_masks, spec_for
from masked_envs.mask_spec.dialects import DIALECTS

from .source import WORDS, Source

Target = Callable[[bytes], None]


@contextmanager
def refusing(*errors: type[Exception]) -> Iterator[None]:
    """What is done within may end in these errors, if they have a text."""
    with suppress(*errors):
        try:
            yield
        except errors as error:
            assert str(error).strip(), f"an error without words: {error!r}"
            raise


def same(one: Any, other: Any) -> bool:
    equal: list[bool] = []
    trees.map(lambda a, b: equal.append(np.array_equal(a, b)), one, other)
    return all(equal)


def heads_of(spec: Any) -> Any:
    """Dependent heads that forbid nothing."""
    return (lambda k, prefix: np.ones(int(spec.heads[k]), np.int8)) if spec.needs_head_mask else None


def checked(spec: Any, mask: Any) -> tuple[bool, bool]:
    """Whether `check` takes a mask, and whether as a batch."""
    with refusing(ValueError):
        return True, spec.check(mask)[1]
    return False, False


def masks(data: bytes) -> None:
    """`contains`, `check` and every operation on a mask that may be none."""
    source = Source(data)
    spec = source.spec()
    rows = source.pick((None, None, 0, 1, 2))
    mask = source.near(spec.full(rows)) if source.below(4) else source.value()
    known = spec.contains(mask)
    assert isinstance(known, bool)
    is_mask, batch = checked(spec, mask)
    if not is_mask:
        assert not known
        for operation in (spec.count, spec.is_empty, spec.legal_fraction, spec.flatten):
            with refusing(ValueError):
                operation(mask)
                raise AssertionError(f"{operation.__name__} took what check refuses")
        return
    heads = heads_of(spec) if not batch else None
    for operation in (spec.count, spec.is_empty, spec.is_forced, spec.legal_fraction, spec.dense):
        with refusing(ValueError):
            operation(mask, head_mask=heads)
    with refusing(ValueError):
        chosen = spec.sample(mask, np.random.default_rng(0), heads)
        assert np.all(spec.allows(mask, chosen, heads))


def actions(data: bytes) -> None:
    """`encode`, `encode_batch` and `allows` on an action that may be none."""
    source = Source(data)
    spec = source.spec()
    rows = 1 + source.below(3)
    whole = spec.full(None if spec.needs_head_mask else rows)
    legal = spec.sample(whole, np.random.default_rng(source.byte()), heads_of(spec))
    action = source.near(legal) if source.below(4) else source.value()
    spec.encode(action)
    allowed = spec.allows(spec.full(), action, heads_of(spec))
    assert isinstance(allowed, bool)
    if allowed:
        assert spec.encode(action) is not None
    with refusing(ValueError):
        spec.encode_batch(action, rows)
        for row in range(rows):
            spec.action_of_row(action, row)


def dialects(data: bytes) -> None:
    """`parse` of a mask in the form of another library, and back."""
    source = Source(data)
    spec, name = source.spec(), source.pick(DIALECTS)
    rows = source.pick((None, None, 0, 1, 2))
    value = source.value()
    with refusing(ValueError):
        value = source.near(spec.convert(spec.full(rows), to=name))
    with refusing(ValueError):
        mask = spec.parse(value, from_=name)
        spec.check(mask)
        with refusing(ValueError):  # bits that may be neither, of which Gymnasium has no form
            assert same(spec.parse(spec.convert(mask, to=name), from_=name), mask)


def forms(data: bytes) -> None:
    """Masks of third-party environments, read by `ActionMask` and `adapt`."""
    source = Source(data)
    spec, name = source.spec(), source.pick(WORDS)
    value = source.near(spec.full()) if source.below(3) else source.value()
    with refusing(UnknownFormError):
        spec.check(read_mask(spec, value, name))
    rows = 1 + source.below(2)
    batch = source.near(spec.full(rows)) if source.below(3) else source.value()
    with refusing(UnknownFormError):
        spec.check(read_masks(spec, batch, rows, np.arange(rows) % 2 == 0, name))


def action_spaces(data: bytes) -> None:
    """`MaskSpec.from_space` of any space and kind, and the spec that a first mask implies."""
    source = Source(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Gymnasium's, about odd boxes
            space = source.space()
    except (AssertionError, ValueError, TypeError):
        return  # not even a space
    kind = source.pick((None, None, *WORDS, source.value()))
    with refusing(ValueError):
        spec = MaskSpec.from_space(space, kind)
        assert spec.action_space == space
        assert spec.contains(spec.full())
    with refusing(UnknownFormError):
        spec_for(space, source.value())


@functools.cache
def playing() -> list[Any]:
    """Environments of every interface that keeps positions, in the middle of an episode."""
    env = masked_envs.make("MaskedTaxi-v0")
    env.reset(seed=0)
    envs = masked_envs.make_vec("MaskedConnectFour-v0", 2, backend="python")
    envs.reset(seed=0)
    aec = masked_envs.make_aec("MaskedWarehouse-v0")
    aec.reset(seed=0)
    aec.step(int(np.flatnonzero(aec.observe(aec.agent_selection)["action_mask"])[0]))
    parallel = masked_envs.make_parallel("MaskedWarehouse-v0")
    parallel.reset(seed=0)
    return [env, envs, aec, parallel]


@functools.cache
def wrapped() -> list[Any]:
    """Wrappers that keep positions of their own, in the middle of an episode."""
    pairs = masked_envs.make("MaskedPairs-v0")
    rows = masked_envs.make_vec("MaskedPairs-v0", 2, backend="python", autoreset_mode=gym.vector.AutoresetMode.DISABLED)
    envs = [
        wrappers.SequentialActions(pairs),
        wrappers.ActionMask(masked_envs.make("MaskedTaxi-v0"), lambda env: env.unwrapped.action_mask),
        wrappers.VectorSequentialActions(rows, autoreset_mode=gym.vector.AutoresetMode.DISABLED),
    ]
    for env in envs:
        env.reset(seed=0)
        env.step(env.sample_legal(np.random.default_rng(0)))
    return envs


def states(data: bytes) -> None:
    """`set_state` of a damaged position: refused with nothing moved, or a position that `get_state` gave."""
    refused_or_the_same(data, playing())


def wrapper_states(data: bytes) -> None:
    """The same of wrappers."""
    refused_or_the_same(data, wrapped())


def refused_or_the_same(data: bytes, envs: list[Any]) -> None:
    source = Source(data)
    env = source.pick(envs)
    before = env.get_state()
    state = damaged(source, before)
    with refusing(ValueError, TypeError):
        env.set_state(state)
        assert env.get_state() == before, "a damaged position was taken"
    assert env.get_state() == before, "a refused position moved something"


def damaged(source: Source, value: Any) -> Any:
    """A position with a difference, or something else."""
    if source.below(16) == 15:
        return source.value()
    if (
        isinstance(value, tuple)
        and not dataclasses.is_dataclass(value)
        and value
        and dataclasses.is_dataclass(value[0])
    ):
        changed = [damaged(source, part) for part in value]
        return changed[: len(changed) - (source.below(8) == 7)]
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        if isinstance(value, bytes) and value:
            flipped = bytearray(value)
            flipped[(source.byte() * 256 + source.byte()) % len(value)] ^= source.byte()
            return bytes(flipped) if source.below(8) else bytes(flipped[: source.byte()])
        return source.near(value) if source.below(2) else source.value()
    fields = [field.name for field in dataclasses.fields(value)]
    chosen = {source.pick(fields) for _ in range(1 + source.below(2))}
    return dataclasses.replace(value, **{name: damaged(source, getattr(value, name)) for name in chosen})


def checkpoints(data: bytes) -> None:
    """The reader of the torch agent's checkpoints, past its checksum."""
    from agents.ppo_torch.checkpoint import FORMAT, decode, encode

    for content in (data, FORMAT + hashlib.sha256(data).digest() + data, *described(data, FORMAT)):
        with refusing(ValueError):
            encode(decode(content))


def described(data: bytes, start: bytes) -> Iterator[bytes]:
    """The bytes as the JSON text and the arrays of a checkpoint, cut at the first NUL byte."""
    text, _, arrays = data.partition(b"\0")
    body = len(text).to_bytes(8, "little") + text + arrays
    yield start + hashlib.sha256(body).digest() + body


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (masks, actions, dialects, forms, action_spaces, states, wrapper_states, checkpoints)
}
SEEDS = {
    "checkpoints": [
        b'{"tree": {"dict": [["a", {"array": 0}], ["b", {"tuple": [1, null]}]]}, "arrays": [["<f8", [2]]]}\0'
        + bytes(16),
        b'{"tree": [{"bytes": 0}, {"tensor": 1}], "arrays": [["|u1", [3]], ["<i8", [0, 2]]]}\0abc',
    ]
}


def seeds(name: str) -> list[bytes]:
    """Bytes to begin with."""
    return SEEDS.get(name, [bytes(pair) for pair in itertools.product(range(0, 256, 85), repeat=3)])
