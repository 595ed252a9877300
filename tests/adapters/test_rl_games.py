"""masked_envs.rl_games: what only it has; training is in test_contract.py, the player in docs/rl_games.md."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

pytest.importorskip("rl_games", reason="masked_envs.rl_games needs rl_games")

from rl_games.common import vecenv  # noqa: E402
from streams import fingerprint  # noqa: E402

from masked_envs.rl_games import MaskedVecEnv, register  # noqa: E402
from masked_envs.wrappers import VectorBoundedAction  # noqa: E402
from tests.adapters.contract import Case  # noqa: E402

TAXI = "MaskedTaxi-v0"


def plain(env_id, **parameters):
    made = {"mask_in": "info", "autoreset_mode": AutoresetMode.SAME_STEP, "backend": "python", **parameters}
    return gym.make_vec(env_id, num_envs=3, **made)


def test_what_is_registered_is_found_with_its_parameters_and_seed():
    envs = register(TAXI, backend="python")
    assert envs == []
    env = vecenv.create_vec_env(TAXI, 3, seed=5, time_limit=4)
    assert envs == [env] and env.get_env_info()["action_space"].n == 6
    one, other = env.reset(), plain(TAXI, flat=True).reset(seed=5)[0]
    assert one.dtype == np.float32 and fingerprint(one) == fingerprint(other)
    over = 0
    for _ in range(4):
        *_, over, infos = env.step(env.get_action_masks().argmax(axis=1))
    assert over.all() and infos["time_outs"].all() and not env.invalid_actions.any()
    assert fingerprint(env.reset()) != fingerprint(one)  # the seed is of the first reset


def test_steps_are_those_of_single_environments():
    import rl_games_cases

    case = Case("MaskedCartPole-v0", {"availability": "step", "time_limit": 15})
    ours = MaskedVecEnv(plain(case.env_id, **case.parameters))
    theirs = rl_games_cases.InPython(case, 3, {})
    for env in (ours, theirs):
        env.seed(2)
    np.testing.assert_array_equal(ours.reset(), theirs.reset())
    rng, ends = np.random.default_rng(0), 0
    for _ in range(60):
        masks = ours.get_action_masks()
        np.testing.assert_array_equal(masks, theirs.get_action_masks())
        actions = (masks * rng.random(masks.shape)).argmax(axis=1)
        (*one, one_infos), (*other, other_infos) = ours.step(actions), theirs.step(actions)
        for mine, expected in zip(one, other, strict=True):
            np.testing.assert_array_equal(mine, expected)
        np.testing.assert_array_equal(one_infos["time_outs"], other_infos["time_outs"])
        ends += int(one[2].sum())
    assert ends > 3


def test_continuous_actions_between_the_bounds_need_no_mask():
    env = MaskedVecEnv(VectorBoundedAction(plain("MaskedPendulum-v0")))
    assert not env.has_action_masks() and MaskedVecEnv(plain(TAXI)).has_action_mask()
    env.reset()
    for _ in range(10):
        env.step(env.envs.action_space.sample())
    assert not env.invalid_actions.any()


def test_what_cannot_be_served_is_refused():
    with pytest.raises(ValueError, match="autoreset_mode=AutoresetMode.SAME_STEP"):
        MaskedVecEnv(gym.make_vec(TAXI, num_envs=2, mask_in="info", backend="python"))
    with pytest.raises(TypeError, match="MaskedVecEnv takes a gymnasium.vector.VectorEnv"):
        MaskedVecEnv(gym.make(TAXI))
    with pytest.raises(ValueError, match='mask_in="info"'):
        MaskedVecEnv(plain(TAXI, mask_in="observation"))
