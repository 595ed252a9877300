"""Actions to try on an environment: of the space, and not actions at all."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from gymnasium import spaces

from ..mask_spec import MaskSpec
from .masks import HeadMask, parts_of

NOT_ACTIONS: tuple[Any, ...] = (None, "0", 0.5, float("nan"), float("inf"), [], {}, True, b"0", 1j)
FAR = 10**30  # beyond int64
LEGAL_SHARE = 4  # one in so many samples of a large space is legal
TOLERATED = 1e-3  # relative; environments compare sums of rounded numbers


def probe_actions(
    spec: MaskSpec, mask: Any, legal: Any, rng: np.random.Generator, most: int, head_mask: HeadMask | None = None
) -> list[Any]:
    """Actions of the space's form to try in one state: all of a small space; of a large one samples, some legal.

    Args:
        spec, mask, head_mask: of the state.
        legal: an action that the mask allows.
        rng: for the samples.
        most: how many.
    """
    if spec.kind == "interval":
        return _interval_probes(spec, mask, legal)
    if spec.kind == "dict":
        return _dict_probes(spec, mask, legal, rng, most)
    space = spec.action_space
    listed = list(itertools.islice(_all_actions(space), most + 1))
    if len(listed) <= most:
        return listed
    allowed = [spec.sample(mask, rng, head_mask) for _ in range(most // LEGAL_SHARE - 1)]
    allowed, sampled = [legal, *allowed], [_sampled(space, rng) for _ in range(most - 1 - len(allowed))]
    # Both in turn: where time is short, what was tried so far holds some of each.
    each = -(-len(sampled) // len(allowed))
    groups = (sampled[each * k : each * (k + 1)] for k in range(len(allowed)))
    return [probe for first, group in zip(allowed, groups, strict=True) for probe in (first, *group)]


def _all_actions(space: spaces.Space[Any]) -> Iterator[Any]:
    if isinstance(space, spaces.Discrete):
        yield from map(np.int64, range(int(space.start), int(space.start + space.n)))
    elif isinstance(space, spaces.MultiDiscrete):
        for choices in itertools.product(*map(range, space.nvec)):
            yield np.array(choices, space.dtype)
    elif isinstance(space, spaces.MultiBinary):
        for bits in itertools.product((0, 1), repeat=int(space.n)):
            yield np.array(bits, space.dtype)


def _sampled(space: Any, rng: np.random.Generator) -> Any:
    """A random action of a finite space, without its own random stream."""
    if isinstance(space, spaces.Discrete):
        return np.int64(space.start + rng.integers(space.n))
    sizes = space.nvec if isinstance(space, spaces.MultiDiscrete) else np.full(space.shape, 2)
    return rng.integers(sizes, dtype=np.int64).astype(space.dtype)


def forbidden_of(spec: MaskSpec, mask: Any) -> Iterator[Any]:
    """Every forbidden action of a mask that lists all actions; nothing of other kinds."""
    if spec.kind in ("flat", "candidates"):
        yield from np.flatnonzero(np.asarray(mask) == 0) + getattr(spec, "start", 0)
    elif spec.kind == "joint":
        yield from np.argwhere(np.asarray(mask) == 0).astype(spec.action_space.dtype)


def _interval_probes(spec: MaskSpec, mask: Any, legal: Any) -> list[Any]:
    """The bounds and the middle, and for each number what lies just outside of its bounds and far from them."""
    low, high = mask
    probes = [low.copy(), high.copy(), legal]
    for k in range(len(low)):
        for bound, away in ((low[k], -np.inf), (high[k], np.inf)):
            for number in (np.nextafter(bound, low.dtype.type(away)), bound + np.sign(away)):
                outside = legal.copy()
                outside[k] = number
                probes.append(outside)
    return probes


def is_near(spec: Any, mask: Any, action: Any) -> bool:
    """Whether an action is outside an interval mask by so little that an environment may tolerate it."""
    if spec.kind == "dict":
        return all(is_near(part, bounds, value) for (_, part, bounds), (_, _, value) in zip(
            parts_of(spec, mask), parts_of(spec, action), strict=True))  # fmt: skip
    if spec.kind != "interval":
        return bool(spec.allows(mask, action)) if not spec.needs_head_mask else False
    low, high = (np.asarray(bound, np.float64) for bound in mask)
    slack = TOLERATED * np.maximum(1.0, np.maximum(np.abs(low), np.abs(high)))
    return bool(((action >= low - slack) & (action <= high + slack)).all())


def _dict_probes(spec: Any, mask: Any, legal: Any, rng: np.random.Generator, most: int) -> list[Any]:
    """Each part varied alone beside legal others, and legal choices of all parts together."""
    probes = [spec.sample(mask, rng) for _ in range(most // LEGAL_SHARE)]
    for key, part, part_mask in parts_of(spec, mask):
        for value in probe_actions(part, part_mask, legal[key], rng, most // len(spec.parts)):
            probes.append(_with_part(legal, key, value))
    return probes


def malformed_actions(spec: MaskSpec, legal: Any) -> list[Any]:
    """What no mask allows: out of range, negative, not a number, of another dtype or shape, or no action at all."""
    space = spec.action_space
    if isinstance(space, spaces.Discrete):
        first, past = int(space.start), int(space.start + space.n)
        odd = [first - 1, past, past + 10**6, FAR, -FAR, float(first), np.float32(first), np.array([first]), np.True_]
        return [*NOT_ACTIONS, *odd]
    if isinstance(space, (spaces.Dict, spaces.Tuple)):
        return [*NOT_ACTIONS, 0, *_malformed_dicts(spec, legal)]
    odd = [*_wrong_shapes(legal), np.full_like(legal, 0, dtype=complex), np.full(legal.shape, "a")]
    if isinstance(space, spaces.Box):
        numbers = [space.low - 1, space.high + 1, np.full_like(legal, np.nan), np.full_like(legal, np.inf)]
        return [*NOT_ACTIONS, 0, *odd, *numbers]
    sizes = space.nvec if isinstance(space, spaces.MultiDiscrete) else np.full(legal.shape, 2)
    numbers = [
        sizes,
        -1 - legal,
        legal.astype(np.int64) + 10**6,
        legal.astype(np.float64),
        np.full(legal.shape, np.nan),
    ]
    return [*NOT_ACTIONS, 0, *odd, *numbers, legal.astype(bool), [FAR] * len(legal)]


def out_of_range(spec: MaskSpec, legal: Any) -> Any:
    """An action of the space's structure that is out of its range."""
    space = spec.action_space
    if isinstance(space, spaces.Discrete):
        return int(space.start + space.n)
    if isinstance(space, spaces.Box):
        return space.high + 1
    if isinstance(space, (spaces.Dict, spaces.Tuple)):
        values = {key: out_of_range(part, value) for key, part, value in parts_of(spec, legal)}
        return tuple(values.values()) if isinstance(space, spaces.Tuple) else values
    return np.full(legal.shape, 10**6)


def _wrong_shapes(legal: Any) -> list[Any]:
    return [legal[:-1], np.append(legal, legal[:1]), legal[None], legal[0] if len(legal) > 1 else legal[:0]]


def _malformed_dicts(spec: Any, legal: Any) -> Iterator[Any]:
    if spec.is_tuple:
        yield from (legal[:-1], (*legal, legal[0]), dict(enumerate(legal)))
    else:
        yield from ({key: legal[key] for key in spec.keys[1:]}, {**legal, "another": 0}, tuple(legal.values()))
    for key, part, value in parts_of(spec, legal):
        for odd in malformed_actions(part, value):
            yield _with_part(legal, key, odd)


def _with_part(action: Any, key: Any, value: Any) -> Any:
    if isinstance(action, tuple):
        return (*action[:key], value, *action[key + 1 :])
    return {**action, key: value}
