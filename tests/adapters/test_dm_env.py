"""masked_envs.dm_env: dm_env's own conformance test over every kind of mask, and values beside the environment's."""

from __future__ import annotations

import unittest

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.error import ResetNeeded

dm_env = pytest.importorskip("dm_env", reason="masked_envs.dm_env needs dm_env")

from dm_env import test_utils  # noqa: E402

from masked_envs import InvalidActionError, trees  # noqa: E402
from masked_envs.dm_env import MaskedEnvironment, spec_of  # noqa: E402
from tests.adapters.contract import KINDS, PLAYS, YES, columns  # noqa: E402

TAXI = "MaskedTaxi-v0"
CASES = {**KINDS, **{name: case for name, case in PLAYS.items() if name != "single"}}


def test_every_kind_is_served():
    assert set(columns()["dm_env"].kinds.values()) == {YES}


def of(case):
    """An environment whose episodes end soon."""
    return MaskedEnvironment(case.env_id, seed=0, backend="python", **{**case.parameters, "time_limit": 6})


@pytest.mark.parametrize("name", CASES)
def test_dm_envs_own_conformance_test(name):
    """With legal actions; no invalid one is counted."""

    class Conformance(test_utils.EnvironmentTestMixin, unittest.TestCase):
        def make_object_under_test(self):
            self.made = of(CASES[name])
            return self.made

        def make_action(self):
            try:
                return trees.map(np.asarray, self.made.env.unwrapped.sample_legal())
            except ResetNeeded:  # the first step of all ignores its action
                return None

        def make_action_sequence(self):
            for _ in range(20):
                yield self.make_action()

        def tearDown(self):
            assert self.made.invalid_actions == 0
            super().tearDown()

    found = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Conformance).run(found)
    assert found.testsRun >= 4 and not found.errors and not found.failures, [*found.errors, *found.failures]


@pytest.mark.parametrize("mask_in", ["observation", "info"])
def test_steps_are_those_of_the_environment(mask_in):
    env = MaskedEnvironment(TAXI, seed=3, mask_in=mask_in, time_limit=9)
    plain = gym.make(TAXI, mask_in=mask_in, time_limit=9)
    rng, ends = np.random.default_rng(0), 0
    shown, _ = plain.reset(seed=3)
    step = env.step("ignored before the first reset")
    assert step.first()
    for _ in range(60):
        assert trees.equal(step.observation, trees.map(np.asarray, shown))
        np.testing.assert_array_equal(env.action_mask, plain.unwrapped.action_mask)
        action = plain.unwrapped.sample_legal(rng)
        step, (shown, reward, terminated, truncated, _) = env.step(np.asarray(action)), plain.step(action)
        assert step.reward == reward and step.discount == (0.0 if terminated else 1.0)
        assert step.last() == (terminated or truncated)
        if step.last():
            ends += 1
            step, (shown, _) = env.step(0), plain.reset()
            assert step.first()
    assert ends > 3 and env.invalid_actions == 0


def test_invalid_actions_are_refused_and_never_made_valid():
    env = MaskedEnvironment(TAXI, seed=0)
    env.reset()
    forbidden = int(np.flatnonzero(env.action_mask == 0)[0])
    for action in (forbidden, np.asarray(forbidden), 0.5, -1, 6):
        with pytest.raises(InvalidActionError):
            env.step(action)
    assert env.invalid_actions == 5


def test_an_environment_of_ones_own_is_taken_wrapped_and_parameters_are_not():
    from masked_envs.wrappers import FlatActions

    env = MaskedEnvironment(FlatActions(gym.make("MaskedPairs-v0")))
    assert env.action_spec().num_values == 25 and env.reset().observation["action_mask"].shape == (25,)
    with pytest.raises(TypeError, match="make the environment with time_limit instead"):
        MaskedEnvironment(gym.make(TAXI), time_limit=3)
    with pytest.raises(TypeError, match="no mask"):
        MaskedEnvironment("CartPole-v1")
    with pytest.raises(TypeError, match="single environment"):
        MaskedEnvironment(gym.make_vec(TAXI, 2))
    theirs = gym.make("Taxi-v3")  # whose mask is in info
    env = MaskedEnvironment(theirs, seed=0)
    (allowed,) = (int(action) for action in np.flatnonzero(env.reset().observation["action_mask"])[:1])
    env.step(allowed)
    assert env.invalid_actions == 0


def test_specs_of_spaces():
    shifted = spec_of(spaces.Discrete(3, start=5), "a")
    assert (shifted.minimum, shifted.maximum, shifted.shape) == (5, 7, ())
    heads = spec_of(spaces.MultiDiscrete([2, 3]), "b")
    np.testing.assert_array_equal(heads.maximum, [1, 2])
    assert [part.name for part in spec_of(spaces.Tuple([spaces.MultiBinary(2), spaces.Discrete(2)]), "c")] == [
        "c_0",
        "c_1",
    ]
    with pytest.raises(TypeError, match="no specs for Text"):
        spec_of(spaces.Text(3), "d")
