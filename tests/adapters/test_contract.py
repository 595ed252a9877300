"""What every adapter of a training library must keep; tests/adapters/contract says what an adapter is."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import SyncVectorEnv

from masked_envs import wrappers
from tests.adapters.contract import BOUNDED, FLAT, FORCED, HARD, KINDS, NO, PLAYS, SEQUENTIAL, Case, adapters, forced

THROUGH = (FLAT, SEQUENTIAL, BOUNDED)
DECISIONS, ROWS = 20_000, 64
EVERY = pytest.mark.parametrize("name", adapters())
forced.register()


@pytest.fixture
def adapter(name):
    found = adapters()[name]
    for library in found.requires:
        pytest.importorskip(library, reason=f"the adapter {name} needs {library}")
    return found


@pytest.mark.parametrize(
    ("name", "asked"),
    [*((name, f"kind {kind}") for name in adapters() for kind in KINDS),
     *((name, f"play {play}") for name in adapters() for play in PLAYS)],
)  # fmt: skip
def test_what_is_served_is_what_the_table_says(adapter, asked):
    """Training without an invalid action; through a wrapper where the table names one, which the refusal names too."""
    what, _, which = asked.partition(" ")
    case, served = (KINDS[which], adapter.kinds[which]) if what == "kind" else (PLAYS[which], adapter.plays[which])
    if served in (*THROUGH, NO):
        with pytest.raises((TypeError, ValueError)) as refusal:
            adapter.make(case, 2)
        named = [name for name in wrappers.HOME if name in str(refusal.value)]
        assert served in named or (served == NO and named), refusal.value
        if served == NO:
            return
    env = adapter.make(case, 2, through=served if served in THROUGH else None)
    model = adapter.train(env, 64)
    assert adapter.decisions(model) >= 64 and adapter.invalid(env) == 0
    assert np.isfinite(adapter.weights(model)).all()


@EVERY
def test_no_invalid_action_in_training_and_play(adapter):
    env = adapter.make(HARD, ROWS)
    model = adapter.train(env, DECISIONS)
    assert adapter.decisions(model) >= DECISIONS and adapter.invalid(env) == 0
    for greedy in (False, True):
        adapter.play(model, env, 1000, greedy)
        assert adapter.invalid(env) == 0


@EVERY
def test_the_same_run_without_masks_is_not_clean(adapter):
    env = adapter.make(HARD, ROWS, on_invalid="noop")
    adapter.train(env, 1000, masked=False)
    assert adapter.invalid(env) > 0


@EVERY
def test_the_first_minibatch_is_on_policy(adapter):
    given = adapter.first_minibatch(adapter.make(HARD, 16))
    if given is None:
        pytest.skip("its algorithm has no ratio")
    ratios, divergence = given
    assert len(ratios) > 32
    np.testing.assert_allclose(ratios, 1.0, atol=1e-5)
    assert abs(divergence) < 1e-6


@EVERY
def test_losses_are_finite_where_one_action_is_legal(adapter):
    """With terminal rows, truncated ones, and a last action that the final mask forbids."""
    env = adapter.make(FORCED, 8)
    model = adapter.train(env, 1024)
    losses = adapter.losses(model)
    assert losses and np.isfinite(losses).all() and np.isfinite(adapter.weights(model)).all()
    assert adapter.invalid(env) == 0


def test_the_forced_environment_is_what_it_says():
    env, ends = gym.make(FORCED.env_id), []
    _, info = env.reset(seed=0)
    for _ in range(100):
        (action,) = np.flatnonzero(info["action_mask"])
        *_, terminated, truncated, info = env.step(action)
        assert info["action_mask"].sum() == (forced.N if terminated else 1)
        assert terminated or not info["action_mask"][action]
        if terminated or truncated:
            ends.append((terminated, truncated))
            _, info = env.reset()
    assert set(ends) == {(True, False), (False, True)}


class Stairs(gym.Env):
    """Up or down, never below 0 or above 9; what its users have who know nothing of this package."""

    observation_space, action_space = gym.spaces.Box(0, 9, (1,), np.float32), gym.spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at, self.t = int(self.np_random.integers(10)), 0
        return np.array([self.at], np.float32), {}

    def step(self, action):
        self.at, self.t = self.at + (-2, -1, 1, 2)[action], self.t + 1
        return np.array([self.at], np.float32), 1.0, self.at == 5, self.t == 6, {}


def on_the_stairs(env):
    return [0 <= env.at + steps <= 9 for steps in (-2, -1, 1, 2)]


@pytest.mark.parametrize("masked", [True, False])
@EVERY
def test_single_environments_of_ones_own_are_served(adapter, masked):
    """In Gymnasium's own vector environment; their own counters tell what they were given."""
    made = {"on_invalid": "raise" if masked else "noop", "mask_in": "info"}
    envs = SyncVectorEnv(
        [lambda: wrappers.ActionMask(Stairs(), on_the_stairs, **made)] * 4, autoreset_mode=adapter.mode
    )
    model = adapter.train(adapter.wrap(envs), 128, masked=masked)
    assert adapter.decisions(model) >= 128
    assert (sum(env.invalid_actions for env in envs.envs) == 0) == masked


@EVERY
def test_weights_equal_those_of_the_ordinary_way(adapter):
    ordinary = adapter.ordinary(Case("MaskedTaxi-v0"), 4)
    if ordinary is None:
        pytest.skip("it seeds its ways differently; its own test compares what they learn")
    ways = [adapter.make(Case("MaskedTaxi-v0"), 4), ordinary]
    one, other = (adapter.weights(adapter.train(env, 1500, seed=3)) for env in ways)
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
    assert not np.allclose(one, adapter.weights(adapter.train(ways[0], 1500, seed=4)), atol=1e-6)
