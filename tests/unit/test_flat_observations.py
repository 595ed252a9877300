"""`flat=True`: observations as vectors, held against `gymnasium.spaces.flatten` of the ordinary ones."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from streams import legal_action, row_of
from surfaces import MODES, TOYS, in_one_action, makers

import masked_envs
from masked_envs.api.observations import flat_observation, flat_space

pytestmark = pytest.mark.core

IDS = ("MaskedWarehouse-v0", "MaskedBinPack-v0", "ParametricCartPole-v0", "MaskedTaxi-v0")
SPACE = spaces.Dict(
    picture=spaces.Box(0, 255, (2, 3), np.uint8),
    cell=spaces.Discrete(4, start=-1),
    heads=spaces.MultiDiscrete([2, 3]),
    bits=spaces.MultiBinary(3),
    inner=spaces.Dict(number=spaces.Box(-1, 1, (1,), np.float64)),
)


def test_any_space_is_flattened_as_gymnasium_does():
    SPACE.seed(0)
    samples = [SPACE.sample() for _ in range(20)]
    whole = flat_space(SPACE)
    assert whole.shape == spaces.flatten_space(SPACE).shape and whole.dtype == np.float32
    for sample in samples:
        flat = flat_observation(SPACE, sample)
        assert flat.dtype == np.float32 and whole.contains(flat)
        np.testing.assert_array_equal(flat, spaces.flatten(SPACE, sample).astype(np.float32))
    batch = masked_envs.trees.stack([masked_envs.trees.map(np.asarray, sample) for sample in samples])
    expected = np.stack([flat_observation(SPACE, sample) for sample in samples])
    np.testing.assert_array_equal(flat_observation(SPACE, batch, batch=True), expected)


@pytest.mark.parametrize("env_id", IDS)
def test_flat_observations_are_those_of_the_same_play(env_id):
    flat, plain = gym.make(env_id, flat=True), gym.make(env_id, mask_in="info")
    seen, _ = flat.reset(seed=3)
    expected, info = plain.reset(seed=3)
    rng = np.random.default_rng(0)
    assert set(flat.observation_space.spaces) == {"observation", "action_mask"}
    for _ in range(10):
        assert flat.observation_space.contains(seen)
        whole = spaces.flatten(plain.observation_space, expected)
        np.testing.assert_array_equal(seen["observation"], whole.astype(np.float32))
        np.testing.assert_array_equal(seen["action_mask"], info["action_mask"])
        action = legal_action(plain, info["action_mask"], rng)
        seen, *_ = flat.step(action)
        expected, _, terminated, truncated, info = plain.step(action)
        if terminated or truncated:
            break


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", [name for name, toy in TOYS.items() if in_one_action(toy)])
def test_rows_are_those_of_single_environments(name, mode):
    envs = makers(name)["vector"](num_envs=3, backend="python", autoreset_mode=mode, flat=True, mask_in="info")
    singles = [makers(name)["env"](flat=True, mask_in="info") for _ in range(3)]
    observations, info = envs.reset(seed=5)
    rng = np.random.default_rng(0)
    for i, single in enumerate(singles):
        np.testing.assert_array_equal(single.reset(seed=5 + i)[0], observations[i])
    for _ in range(6):
        assert envs.observation_space.contains(observations) and observations.dtype == np.float32
        actions = legal_action(envs, info["action_mask"], rng)
        observations, _, terminated, truncated, info = envs.step(actions)
        over = terminated | truncated
        for i, single in enumerate(singles):
            expected, *_ = single.step(envs.mask_spec.action_of_row(actions, i))
            ended = over[i] and mode is AutoresetMode.SAME_STEP
            np.testing.assert_array_equal(expected, info["final_obs"][i] if ended else row_of(observations, i))
        if over.any():
            break


@pytest.mark.parametrize("surface", ["aec", "parallel"])
def test_games_of_pettingzoo_are_flat_too(surface):
    pytest.importorskip("pettingzoo", reason="games need PettingZoo")
    make = {"aec": masked_envs.make_aec, "parallel": masked_envs.make_parallel}[surface]
    flat, plain = make("MaskedWarehouse-v0", flat=True), make("MaskedWarehouse-v0")
    for env in (flat, plain):
        env.reset(seed=1)
    agent = flat.possible_agents[-1]
    seen, expected = (env.observe(agent) if surface == "aec" else env.reset(seed=1)[0][agent] for env in (flat, plain))
    assert flat.observation_space(agent).contains(seen)
    np.testing.assert_array_equal(seen["observation"], expected["observation"].ravel())


@pytest.mark.parametrize("make", [gym.make, lambda name, **k: gym.make_vec(name, num_envs=2, **k)])
@pytest.mark.parametrize("flat", [1, "yes", None])
def test_anything_but_true_and_false_is_refused(make, flat):
    with pytest.raises(ValueError, match="flat must be True or False"):
        make("MaskedCartPole-v0", flat=flat)
