"""FlatActions and SequentialActions: the same legal sets, the same play, the same laws, under a flat mask."""

import copy
import functools
import itertools
import logging
import pickle

import gymnasium as gym
import numpy as np
import pytest
from streams import fingerprint
from surfaces import IDS, some_and_long
from toys import binary, candidates, conditional_three, conditional_two, hybrid, hybrid_tuple, interval, joint, per_head

from masked_envs import InvalidActionError, MaskSpec, check_masked_env
from masked_envs.api.gymnasium_env import MaskedEnv
from masked_envs.catalogue import CATALOGUE
from masked_envs.wrappers import FlatActions, SequentialActions
from masked_envs.wrappers.numbering import numbering_of

pytestmark = pytest.mark.core

TOYS = {
    toy.ENV.id: toy
    for toy in (binary, candidates, conditional_two, conditional_three, hybrid, hybrid_tuple, interval, joint, per_head)
}
SINGLE = [env_id for env_id in IDS if CATALOGUE[env_id].play == "single"]
EVERY_ENV = pytest.mark.parametrize("env_id", some_and_long(TOYS, SINGLE))
BINS = 3
SPECS = {
    "flat": MaskSpec.flat(4),
    "candidates": MaskSpec.candidates(3),
    "per_head": MaskSpec.per_head([2, 3]),
    "joint": MaskSpec.joint([2, 3, 2]),
    "conditional": MaskSpec.conditional([3, 2]),
    "binary": MaskSpec.binary(3),
    "dict": MaskSpec.dict({"a": MaskSpec.flat(2), "b": MaskSpec.binary(2), "c": MaskSpec.joint([2, 2])}),
    "tuple": MaskSpec.dict([MaskSpec.flat(3), MaskSpec.conditional([2, 2])]),
}


def make(env_id, **arguments):
    return MaskedEnv(TOYS[env_id].ENV, **arguments) if env_id in TOYS else gym.make(env_id, **arguments)


def random_mask(spec, rng):
    """A mask of any kind with at least one legal action."""
    if spec.kind == "dict":
        return spec.pack([random_mask(part, rng) for part in spec.parts])
    while True:
        mask = (rng.random(spec.space.shape) < 0.6).astype(np.int8)
        if spec.count(mask):
            return mask


def plain(action):
    """An action as a value that can be in a set."""
    if isinstance(action, dict):
        return tuple((key, plain(part)) for key, part in sorted(action.items()))
    if isinstance(action, tuple) and not all(isinstance(part, int) for part in action):
        return tuple(map(plain, action))
    return tuple(np.asarray(action).ravel().tolist())


@pytest.mark.parametrize("name", SPECS)
def test_numbers_and_actions_correspond_one_to_one_and_so_do_masks(name):
    spec, rng = SPECS[name], np.random.default_rng(0)
    numbering = numbering_of(spec)
    everything = [plain(numbering.action(number, spec.full())) for number in range(numbering.size)]
    assert len(set(everything)) == numbering.size == spec.count(spec.full())
    for _ in range(30):
        mask = random_mask(spec, rng)
        flat = numbering.mask(mask)
        assert flat.shape == (numbering.size,) and flat.dtype == bool
        legal = {plain(numbering.action(int(number), mask)) for number in np.flatnonzero(flat)}
        assert legal == set(map(plain, spec.list_legal(mask)))
        for number in range(numbering.size):
            action = numbering.action(number, mask)
            assert numbering.number(action, mask) == number
            assert flat[number] == spec.allows(mask, action)


def sequences(numbering, mask, made=()):
    if numbering.is_complete(made):
        yield made
        return
    legal = numbering.next_choices(mask, made)
    assert legal.shape == (numbering.width,) and legal.any()
    for choice in np.flatnonzero(legal).tolist():
        yield from sequences(numbering, mask, (*made, choice))


@pytest.mark.parametrize("name", SPECS)
def test_sequences_of_choices_make_every_legal_action_once_and_no_other(name):
    spec, rng = SPECS[name], np.random.default_rng(1)
    numbering = numbering_of(spec, BINS)
    for _ in range(20):
        mask = random_mask(spec, rng)
        made = [plain(numbering.action_of(sequence, mask)) for sequence in sequences(numbering, mask)]
        assert len(made) == len(set(made)) == spec.count(mask)
        assert set(made) == set(map(plain, spec.list_legal(mask)))
        assert all(len(sequence) <= numbering.most for sequence in sequences(numbering, mask))


def test_an_interval_becomes_a_grid_between_its_bounds():
    spec = MaskSpec.interval([-1.0, 0.0], [1.0, 4.0])
    mask = np.array([[-0.5, 2.0], [0.5, 2.0]], np.float32)
    numbering = numbering_of(spec, bins=5)
    flat = numbering.mask(mask)
    # The second number has met bounds, so one choice is left of it.
    assert flat.sum() == 5
    points = [numbering.action(int(number), mask) for number in np.flatnonzero(flat)]
    assert [point.tolist() for point in points] == [[x, 2.0] for x in (-0.5, -0.25, 0.0, 0.25, 0.5)]
    assert all(spec.allows(mask, point) and point.dtype == np.float32 for point in points)
    for number in np.flatnonzero(~flat):
        assert not spec.allows(mask, numbering.action(int(number), mask))
    assert [numbering.number(point, mask) for point in points] == np.flatnonzero(flat).tolist()


def next_action(wrapped, rng):
    return wrapped.mask_spec.sample(wrapped.action_mask, rng)


@EVERY_ENV
@pytest.mark.parametrize("mask_in", ["observation", "info"])
def test_flat_play_is_the_play_of_the_environment_within(env_id, mask_in):
    try:
        wrapped = FlatActions(make(env_id, mask_in=mask_in), bins=BINS)
    except ValueError as error:
        assert "SequentialActions" in str(error) and numbering_of(make(env_id).unwrapped.mask_spec).size > 100_000
        return
    bare, rng = make(env_id, mask_in=mask_in), np.random.default_rng(2)
    seen, _ = wrapped.reset(seed=5)
    seen_bare, info_bare = bare.reset(seed=5)
    for _ in range(60):
        assert wrapped.observation_space.contains(seen)
        without = [{k: v for k, v in s.items() if k != "action_mask"} if mask_in == "observation" else s
                   for s in (seen, seen_bare)]  # fmt: skip
        assert fingerprint(without[0]) == fingerprint(without[1])
        number = next_action(wrapped, rng)
        action = wrapped.numbering.action(int(number), info_bare["action_mask"])
        seen, *result, info = wrapped.step(number)
        seen_bare, *result_bare, info_bare = bare.step(action)
        assert result == result_bare
        assert np.array_equal(info["action_mask"], wrapped.action_mask)
        assert mask_in == "info" or np.array_equal(seen["action_mask"], info["action_mask"])
        assert np.array_equal(wrapped.action_masks(), info["action_mask"] == 1)
        if result[1] or result[2]:
            (seen, _), (seen_bare, info_bare) = wrapped.reset(seed=6), bare.reset(seed=6)
    assert wrapped.unwrapped.invalid_actions == 0


@EVERY_ENV
def test_sequential_play_is_the_play_of_the_environment_within(env_id):
    wrapped, bare, rng = SequentialActions(make(env_id), bins=BINS), make(env_id), np.random.default_rng(3)
    wrapped.reset(seed=5)
    _, info_bare = bare.reset(seed=5)
    for _ in range(25):
        made, reward, ended = [], 0.0, False
        while True:
            seen_mask = wrapped.action_mask
            assert 1 <= seen_mask.sum()
            number = next_action(wrapped, rng)
            made.append(int(number))
            seen, got, *ends, info = wrapped.step(number)
            reward += got
            assert wrapped.observation_space.contains(seen)
            if not seen["choices"].any():
                break
            assert seen["choices"][: len(made)].tolist() == [choice + 1 for choice in made] and got == 0
        action = wrapped.numbering.action_of(made, info_bare["action_mask"])
        _, reward_bare, *ends_bare, info_bare = bare.step(action)
        assert (reward, ends) == (reward_bare, ends_bare)
        ended = any(ends)
        if ends[0]:
            assert info["action_mask"].all()
        if ended:
            wrapped.reset(seed=6)
            _, info_bare = bare.reset(seed=6)
    assert wrapped.unwrapped.invalid_actions == 0


@pytest.mark.parametrize("wrapper", [FlatActions, SequentialActions])
@pytest.mark.parametrize("env_id", some_and_long(TOYS, ["MaskedPairs-v0", "MaskedTetris-v0"]))
def test_the_laws_hold_of_wrapped_environments(env_id, wrapper):
    report = check_masked_env(functools.partial(_plain, env_id, wrapper), steps=20, raise_on_failure=False)
    assert report.passed, report


def _plain(env_id, wrapper, *, on_invalid="raise"):
    """Without a choice of the backend, so that its check compiles nothing."""
    return _wrapped(env_id, wrapper, on_invalid=on_invalid)


def _wrapped(env_id, wrapper, **arguments):
    return wrapper(make(env_id, **arguments), bins=BINS)


@pytest.mark.parametrize("wrapper", [FlatActions, SequentialActions])
@pytest.mark.parametrize("env_id", ["MaskedPairs-v0", "ToyBinary-v0", "ToyHybrid-v0"])
def test_what_is_forbidden_is_refused_and_counted(env_id, wrapper):
    wrapped, rng = _wrapped(env_id, wrapper), np.random.default_rng(0)
    wrapped.reset(seed=0)
    tried = 0
    for _ in range(40):
        mask = wrapped.action_mask
        forbidden = [int(k) for k in np.flatnonzero(mask == 0)[:3]]
        for bad in (*forbidden, len(mask), -1, 0.5, None, "0", np.array([0, 0])):
            before = wrapped.unwrapped.invalid_actions
            with pytest.raises(InvalidActionError):
                wrapped.step(bad)
            assert wrapped.unwrapped.invalid_actions == before + 1
            assert np.array_equal(wrapped.action_mask, mask)
        tried += len(forbidden)
        _, _, terminated, truncated, _ = wrapped.step(next_action(wrapped, rng))
        if terminated or truncated:
            wrapped.reset()
    assert tried > 0
    lenient = _wrapped(env_id, wrapper, on_invalid="noop", invalid_reward=-2.0)
    lenient.reset(seed=0)
    *_, info = lenient.step(10**6)
    assert info["invalid_action"] and lenient.unwrapped.invalid_actions == 1
    *_, info = lenient.step(next_action(lenient, rng))
    assert not info["invalid_action"] and lenient.unwrapped.invalid_actions == 1


@pytest.mark.parametrize("wrapper", [FlatActions, SequentialActions])
def test_copies_and_vectors_of_wrapped_environments(wrapper):
    wrapped, rng = _wrapped("MaskedPairs-v0", wrapper), np.random.default_rng(0)
    wrapped.reset(seed=3)
    wrapped.step(next_action(wrapped, rng))
    for copied in (copy.deepcopy(wrapped), pickle.loads(pickle.dumps(wrapped))):
        assert np.array_equal(copied.action_mask, wrapped.action_mask)
        number = next_action(wrapped, np.random.default_rng(1))
        mine, theirs = copy.deepcopy(wrapped).step(number), copied.step(number)
        assert fingerprint(mine) == fingerprint(theirs)
    limited = gym.wrappers.TimeLimit(_wrapped("MaskedPairs-v0", wrapper), 2)
    limited.reset(seed=0)
    for _ in range(2):
        *_, truncated, _ = limited.step(int(np.flatnonzero(limited.get_wrapper_attr("action_masks")())[0]))
    assert truncated
    make_one = functools.partial(_wrapped, "MaskedPairs-v0", wrapper)
    streams = []
    for vector in (gym.vector.SyncVectorEnv([make_one] * 2), gym.vector.AsyncVectorEnv([make_one] * 2)):
        observations, infos = vector.reset(seed=4)
        stream = [observations]
        for _ in range(4):
            numbers = np.array([np.flatnonzero(mask)[-1] for mask in infos["action_mask"]])
            observations, *_, infos = vector.step(numbers)
            stream.append(observations)
        vector.close()
        streams.append(fingerprint(stream))
    assert streams[0] == streams[1]


def test_sizes_are_told_before_they_are_built(caplog):
    with caplog.at_level(logging.INFO, logger="masked_envs"):
        FlatActions(gym.make("MaskedPairs-v0", num_items=30))
    assert "900 actions" in caplog.text
    with pytest.raises(ValueError, match=r"10000 actions.*max_actions=5000.*SequentialActions"):
        FlatActions(gym.make("MaskedPairs-v0", num_items=100), max_actions=5000)
    assert SequentialActions(gym.make("MaskedPairs-v0", num_items=100)).action_space.n == 100


@pytest.mark.parametrize("wrapper", [FlatActions, SequentialActions])
def test_wrong_arguments_are_refused(wrapper):
    with pytest.raises(TypeError, match="mask_spec"):
        wrapper(gym.make("CartPole-v1"))
    with pytest.raises(ValueError, match="bins must be an integer of at least 2"):
        wrapper(gym.make("MaskedPairs-v0"), bins=1)
    with pytest.raises(AttributeError, match="NoSuch"):
        __import__("masked_envs.wrappers").wrappers.NoSuch  # noqa: B018


def test_per_head_masks_cannot_say_i_differs_from_j():
    """Of the 2 ** (2 n) masks with one row per head, none has the pairs i != j as its product."""
    n = 3
    wanted = {(i, j) for i in range(n) for j in range(n) if i != j}
    spec = MaskSpec.per_head([n, n])
    products = [set(spec.list_legal(np.array(bits, np.int8))) for bits in itertools.product((0, 1), repeat=2 * n)]
    assert len(products) == 64 and wanted not in products
    assert (
        max(len(product) for product in products if product <= wanted) == 2
    )  # {0} x {1, 2}: the best of the safe ones
