"""masked_envs.sb3: the VecEnv held against SB3's own over the same single environments, and what only it has."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

pytest.importorskip("sb3_contrib", reason="masked_envs.sb3 needs sb3-contrib")

from sb3_contrib import MaskablePPO  # noqa: E402
from sb3_contrib.common.maskable.callbacks import MaskableEvalCallback  # noqa: E402
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported  # noqa: E402
from stable_baselines3 import DQN, SAC  # noqa: E402
from stable_baselines3.common.env_util import make_vec_env  # noqa: E402
from stable_baselines3.common.monitor import Monitor  # noqa: E402
from stable_baselines3.common.vec_env import VecMonitor, VecNormalize  # noqa: E402
from streams import fingerprint  # noqa: E402

import masked_envs  # noqa: E402
from masked_envs.sb3 import MaskedVecEnv, evaluate, make_vec  # noqa: E402
from masked_envs.wrappers import VectorBoundedAction, VectorFlatActions  # noqa: E402

TAXI, PAIRS, CART = "MaskedTaxi-v0", "MaskedPairs-v0", "MaskedCartPole-v0"
SMALL = {"n_steps": 16, "batch_size": 32, "n_epochs": 1, "seed": 0, "policy_kwargs": {"net_arch": [8]}}
CASES = [
    (TAXI, {"time_limit": 7}),
    (CART, {"availability": "step", "time_limit": 20}),
    ("MaskedKnapsack-v0", {"form": "binary"}),
    ("MaskedWarehouse-v0", {"flat": True, "time_limit": 5}),
    ("MaskedConnectFour-v0", {"opponent": "random", "flat": True}),
]


def plain(env_id, num_envs=3, **parameters):
    return make_vec(env_id, num_envs, backend="python", **parameters)


def legal(venv, masks, rng):
    """Random legal actions for the masks that MaskablePPO reads, by the action space."""
    if hasattr(venv.action_space, "nvec"):
        heads = np.split(masks, np.cumsum(venv.action_space.nvec)[:-1], axis=1)
        return np.stack([(head * rng.random(head.shape)).argmax(axis=1) for head in heads], axis=1)
    if isinstance(venv.action_space, gym.spaces.MultiBinary):
        pairs = masks.reshape(len(masks), -1, 2)
        return (pairs * rng.random(pairs.shape)).argmax(axis=2)
    return (masks * rng.random(masks.shape)).argmax(axis=1)


@pytest.mark.parametrize("mask_in", ["info", "observation"])
@pytest.mark.parametrize(("env_id", "parameters"), CASES)
def test_steps_are_those_of_sb3s_own_vector_environment(env_id, parameters, mask_in):
    ours = plain(env_id, mask_in=mask_in, seed=5, **parameters)
    theirs = make_vec_env(env_id, n_envs=3, seed=5, env_kwargs={"mask_in": mask_in, **parameters})
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    assert fingerprint(ours.reset()) == fingerprint(theirs.reset())
    rng, ends = np.random.default_rng(0), {True: 0, False: 0}
    for _ in range(60):
        masks = get_action_masks(theirs)
        np.testing.assert_array_equal(get_action_masks(ours), masks)
        actions = legal(theirs, masks, rng)
        (*a, a_infos), (*b, b_infos) = ours.step(actions), theirs.step(actions)
        assert fingerprint(a) == fingerprint(b)
        for row, (mine, expected) in enumerate(zip(a_infos, b_infos, strict=True)):
            assert bool(mine) == a[2][row]
            for name in mine:
                if name == "episode":
                    assert {key: expected[name][key] for key in "rl"} == {key: mine[name][key] for key in "rl"}
                else:
                    assert fingerprint(mine[name]) == fingerprint(expected[name]), name
            if mine:
                assert set(mine) == {"terminal_observation", "TimeLimit.truncated", "episode"}
                ends[mine["TimeLimit.truncated"]] += 1
    assert sum(ends.values()) > 0 and not ours.invalid_actions.any()
    assert ends[True] > 0 or "time_limit" not in parameters


def test_joint_actions_are_numbered():
    venv = plain(PAIRS, seed=0)
    venv.reset()
    assert venv.action_space == gym.spaces.Discrete(25)
    inner = venv.envs.unwrapped.action_mask
    np.testing.assert_array_equal(venv.action_masks(), inner.reshape(3, -1).astype(bool))


def test_what_sb3_asks_of_rows():
    venv = plain(TAXI, seed=0)
    venv.reset()
    assert is_masking_supported(venv) and venv.env_is_wrapped(Monitor) == [True] * 3
    assert venv.get_attr("invalid_actions", 1) == [0] and venv.get_attr("mask_spec")[2].kind == "flat"
    assert len(venv.get_attr("render_mode", [0, 2])) == 2
    masks = venv.action_masks()
    np.testing.assert_array_equal(venv.env_method("action_masks", indices=[2])[0], masks[2])
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        venv.get_attr("nonsense")
    with pytest.raises(AttributeError, match="it has action_masks, get_state, sample_legal"):
        venv.env_method("close")
    with pytest.raises(AttributeError, match="share their attributes: make it with gamma="):
        venv.set_attr("gamma", 1)


def test_seeds_continue_the_streams_unless_given():
    venv = plain(TAXI, seed=3)
    first = venv.reset()
    assert fingerprint(venv.reset()) != fingerprint(first)
    venv.seed(3)
    assert fingerprint(venv.reset()) == fingerprint(first)
    venv.close()


def test_invalid_actions_raise_or_are_told():
    venv = plain(TAXI, seed=0)
    venv.reset()
    masks = venv.action_masks()
    actions = masks.argmax(axis=1)
    actions[1] = masks[1].argmin()
    with pytest.raises(masked_envs.InvalidActionError, match="row 1"):
        venv.step(actions)
    venv = plain(TAXI, seed=0, on_invalid="noop")
    venv.reset()
    *_, infos = venv.step(actions)
    assert infos == [{}, {"invalid_action": True}, {}] and venv.invalid_actions.tolist() == [0, 1, 0]


def test_normalised_monitored_and_evaluated_by_callback():
    venv = VecNormalize(plain(PAIRS, 4))
    checks = VecNormalize(plain(PAIRS, 2), training=False)
    callback = MaskableEvalCallback(checks, eval_freq=8, n_eval_episodes=3, verbose=0)
    MaskablePPO("MlpPolicy", venv, **SMALL).learn(128, callback=callback)
    assert callback.evaluations_results or callback.last_mean_reward > -np.inf
    assert sum(venv.get_attr("invalid_actions")) == sum(checks.get_attr("invalid_actions")) == 0
    with pytest.warns(UserWarning, match="already wrapped with a `Monitor`"):
        monitored = VecMonitor(plain(PAIRS, 4))
    model = MaskablePPO("MlpPolicy", monitored, **SMALL).learn(64)
    assert len(model.ep_info_buffer) > 0


def test_evaluate_counts_what_the_environment_counted():
    model = MaskablePPO("MlpPolicy", plain(PAIRS, 2), **SMALL).learn(32)
    for deterministic in (True, False):
        found = evaluate(model, plain(PAIRS, 2, seed=1), 5, deterministic)
        assert found.invalid == 0 and 0 < found.mean and found.sd >= 0
    first, again = (evaluate(model, plain(PAIRS, 2, seed=1), 5) for _ in range(2))
    assert first == again
    venv = plain(PAIRS, 2, on_invalid="resample", seed=0)
    careless = DQN("MlpPolicy", venv, learning_starts=8, seed=0).learn(32)
    assert venv.invalid_actions.sum() > 0
    before = venv.invalid_actions.sum()
    found = evaluate(careless, venv, 4)
    assert found.invalid == venv.invalid_actions.sum() - before > 0
    with pytest.raises(ValueError, match="episodes must be an integer of at least 1"):
        evaluate(model, plain(PAIRS, 2), 0)
    with pytest.raises(TypeError, match="evaluate plays on a VecEnv"):
        evaluate(model, gym.make(PAIRS), 2)


def test_sac_plays_between_the_bounds():
    envs = gym.make_vec(
        "MaskedPendulum-v0", num_envs=2, mask_in="info", autoreset_mode=AutoresetMode.SAME_STEP, backend="python"
    )
    venv = MaskedVecEnv(VectorBoundedAction(envs))
    SAC("MlpPolicy", venv, learning_starts=16, seed=0, policy_kwargs={"net_arch": [8]}).learn(48)
    assert not venv.invalid_actions.any()


def test_what_cannot_be_served_is_refused():
    with pytest.raises(ValueError, match="autoreset_mode=AutoresetMode.SAME_STEP"):
        MaskedVecEnv(gym.make_vec(TAXI, num_envs=2, backend="python"))
    with pytest.raises(TypeError, match="MaskedVecEnv takes a gymnasium.vector.VectorEnv"):
        MaskedVecEnv(gym.make(TAXI))
    with pytest.raises(TypeError, match="mask_spec and action_mask"):
        MaskedVecEnv(gym.make_vec("CartPole-v1", num_envs=2))
    with pytest.raises(TypeError, match="autoreset_mode is set for you: SB3 resets rows in the step"):
        make_vec(TAXI, 2, autoreset_mode="NextStep")
    with pytest.raises(TypeError, match=r"VectorBoundedAction\(envs\) for SAC"):
        plain("MaskedPendulum-v0")
    numbered = VectorFlatActions(
        gym.make_vec("MaskedPendulum-v0", num_envs=2, autoreset_mode=AutoresetMode.SAME_STEP, backend="python"), bins=4
    )
    assert MaskedVecEnv(numbered).action_space.n == 4


def test_an_id_without_a_vector_environment_of_its_own():
    gym.register("Lone-v0", entry_point=lambda **made: gym.make("MaskedTaxi-v0", backend="python", **made))
    try:
        lone, native = make_vec("Lone-v0", 3, seed=4, time_limit=5), plain(TAXI, 3, seed=4, time_limit=5)
        for one, other in ((lone, native), (lone, native)):
            np.testing.assert_array_equal(one.reset(), other.reset())
        for _ in range(12):
            actions = np.argmax(native.action_masks(), axis=1)
            for ours, theirs in zip(lone.step(actions)[:3], native.step(actions)[:3], strict=True):
                np.testing.assert_array_equal(ours, theirs)
        assert make_vec("Lone-v0", 2, mask_in="observation").observation_space["action_mask"].shape == (6,)
        with pytest.raises(ValueError, match="num_envs"):
            make_vec("Lone-v0", 0)
    finally:
        gym.registry.pop("Lone-v0")


def test_stacked_masks_are_the_rows_whatever_was_done_to_them():
    """MaskablePPO's `np.stack` of the rows takes a short way, which must give what the long way gives."""
    venv = make_vec(PAIRS, 5, backend="python")
    venv.reset()
    whole = venv.action_masks()
    rows = venv.env_method("action_masks")
    stacked = np.stack(rows)
    assert type(stacked) is np.ndarray and stacked.dtype == bool and not np.shares_memory(stacked, rows[1])
    np.testing.assert_array_equal(stacked, whole)
    np.testing.assert_array_equal(rows, whole)
    np.testing.assert_array_equal(np.stack(rows[::-1]), whole[::-1])
    np.testing.assert_array_equal(np.stack(rows, axis=1), whole.T)
    np.testing.assert_array_equal(np.stack(rows[:2]), whole[:2])
    rows[2] = ~rows[2]
    np.testing.assert_array_equal(np.stack(rows)[2], ~whole[2])
    np.testing.assert_array_equal(np.stack(venv.env_method("action_masks", indices=[3, 1])), whole[[3, 1]])
