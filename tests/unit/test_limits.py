"""Numbers at the ends of 64 bits: served, or refused by name, and never taken for other numbers."""

from __future__ import annotations

import numpy as np
import pytest
from toys.duel import ENV as DUEL
from toys.joint import ENV as JOINT
from toys.race import ENV as RACE

from masked_envs.api import MaskedAECEnv, MaskedEnv, MaskedParallelEnv, MaskedVectorEnv
from masked_envs.core.engine import Engine
from masked_envs.core.random import seed_words

LARGEST_SEED = 2**64 - 1
MADE = {
    "env": lambda **arguments: MaskedEnv(JOINT, **arguments),
    "vector": lambda **arguments: MaskedVectorEnv(JOINT, 1, backend="python", **arguments),
    "aec": lambda **arguments: MaskedAECEnv(DUEL, **arguments),
    "parallel": lambda **arguments: MaskedParallelEnv(RACE, **arguments),
}


@pytest.mark.parametrize("surface", MADE)
def test_a_seed_beyond_64_bits_is_refused_and_nothing_moves(surface):
    env = MADE[surface]()
    env.reset(seed=LARGEST_SEED)
    before = env.get_state()
    for seed in (2**64, 2**64 + 5, 2**200, np.array(2**64, object)[()]):
        with pytest.raises(ValueError, match=rf"seed must be below 2\*\*64, not {seed}"):
            env.reset(seed=seed)
        assert env.get_state() == before
    env.reset(seed=0)
    assert env.get_state() != before


def test_the_seed_of_the_last_row_has_64_bits_too():
    envs = MaskedVectorEnv(JOINT, 3, backend="python")
    envs.reset(seed=2**64 - 3)
    before, single = envs.get_state(), MaskedEnv(JOINT)
    single.reset(seed=2**64 - 1)
    assert before[2] == single.get_state()
    for seed in (2**64 - 2, [0, 1, 2**64]):
        with pytest.raises(ValueError, match=r"seed must be below 2\*\*64, not 18446744073709551616"):
            envs.reset(seed=seed)
        assert envs.get_state() == before


@pytest.mark.parametrize("seeds", [[-1], [2**64], [0, 2**64], [3, -1], [2**70]])
def test_the_engine_takes_no_seed_for_another(seeds):
    engine = Engine(JOINT, JOINT.resolve({}), len(seeds), "python")
    with pytest.raises(ValueError, match="a seed is an integer of at least 0 and below"):
        engine.seed(seeds)
    assert not engine.records["rng"].any()


def test_large_seeds_are_told_apart():
    seeds = [0, 1, 2**31, 2**32, 2**53, 2**53 + 1, 2**63, LARGEST_SEED - 1, LARGEST_SEED]
    assert len({tuple(words) for words in seed_words(seeds).tolist()}) == len(seeds)


@pytest.mark.parametrize("limit", [2**63, 2**64, 10**30])
def test_a_time_limit_beyond_64_bits_is_refused_by_name(limit):
    for surface in MADE:
        with pytest.raises(ValueError, match="time_limit must be a number of 64 bits"):
            MADE[surface](time_limit=limit)


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_the_largest_time_limit_never_ends_an_episode(backend):
    if backend == "numba":
        pytest.importorskip("numba")
    envs = MaskedVectorEnv(JOINT, 2, backend=backend, max_episode_steps=2**63 - 1)
    envs.reset(seed=0)
    for _ in range(3):
        *_, truncated, info = envs.step(envs.mask_spec.sample(envs.action_mask, np.random.default_rng(0)))
        assert not truncated.any()


@pytest.mark.parametrize(
    ("reward", "error", "message"),
    [
        (np.longdouble(10) ** 400, ValueError, "invalid_reward must be finite, not "),
        (-(np.longdouble(10) ** 400), ValueError, "invalid_reward must be finite, not "),
        (10**400, ValueError, "invalid_reward must be finite, not "),
        (np.inf, ValueError, "invalid_reward must be finite, not inf"),
        (np.float32(np.nan), ValueError, "invalid_reward must be finite, not "),
        (True, TypeError, "invalid_reward must be a number, not True"),
        ("1", TypeError, "invalid_reward must be a number, not '1'"),
        (None, TypeError, "invalid_reward must be a number, not None"),
        (1j, TypeError, "invalid_reward must be a number, not 1j"),
    ],
)
@pytest.mark.parametrize("surface", MADE)
def test_an_infinite_reward_is_refused_by_name(surface, reward, error, message):
    with pytest.raises(error, match=message):
        MADE[surface](invalid_reward=reward, on_invalid="noop")
