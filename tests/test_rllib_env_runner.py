"""`BatchedEnvRunner` beside RLlib's own runner: the same episodes, metrics, batches and callbacks, in the same order."""

import pytest

pytest.importorskip("ray", reason="masked_envs.rllib needs RLlib: pip install 'masked-envs[rllib]'")
pytest.importorskip("torch", reason="masked_envs.rllib needs torch: pip install 'masked-envs[rllib]'")

from rllib_cases import assert_same_episodes, pair, same_draws  # noqa: E402

LSTM = {"use_lstm": True, "lstm_cell_size": 8, "max_seq_len": 4}
CASES = {
    "default": {},
    "lookback longer than the fragment": {"fragment": 3, "episode_lookback_horizon": 5},
    "no lookback": {"episode_lookback_horizon": 0},
    "truncation": {"env_config": {"time_limit": 9}},
    "one row": {"envs": 1, "fragment": 40},
    "lists": {"episodes_to_numpy": False},
    "sync": {"mode": "sync"},
    "lstm": {"model_config": LSTM},
    "lstm, lookback": {"model_config": LSTM, "fragment": 3, "episode_lookback_horizon": 5},
    "mask in info": {"module": None, "env_config": {"mask_in": "info", "on_invalid": "noop"}},
    "box actions": {"env": "Pendulum-v1", "module": None, "mode": "sync", "fragment": 150},
    "box actions, clipped": {
        "env": "Pendulum-v1",
        "module": None,
        "mode": "sync",
        "normalize_actions": False,
        "clip_actions": True,
    },
}


@pytest.mark.parametrize("explore", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_the_episodes_equal_those_of_rllib(case, explore):
    runners = pair(**CASES[case])
    ids = {}
    for kwargs in ({}, {}, {"num_timesteps": 17}, {"num_timesteps": 1}, {"num_episodes": 7}, {}, {"force_reset": True}):
        theirs, ours = same_draws(runners, explore=explore, **kwargs)
        assert_same_episodes(theirs, ours, ids)
    assert len(ids) > 5
