"""The short cuts of the env runner, each against what RLlib, Gymnasium or torch would have made."""

import copy
import gc
import pickle

import pytest

pytest.importorskip("ray", reason="masked_envs.rllib needs RLlib: pip install 'masked-envs[rllib]'")
pytest.importorskip("torch", reason="masked_envs.rllib needs torch: pip install 'masked-envs[rllib]'")

import gymnasium as gym  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from gymnasium import spaces  # noqa: E402
from gymnasium.wrappers.vector import DictInfoToList  # noqa: E402
from ray.rllib.algorithms.ppo import PPOConfig  # noqa: E402
from ray.rllib.connectors.module_to_env import NormalizeAndClipActions  # noqa: E402
from ray.rllib.core.distribution.torch.torch_distribution import TorchCategorical  # noqa: E402
from ray.rllib.env.single_agent_episode import SingleAgentEpisode  # noqa: E402
from ray.rllib.env.utils.infinite_lookback_buffer import InfiniteLookbackBuffer  # noqa: E402
from ray.rllib.utils.numpy import convert_to_numpy  # noqa: E402

from masked_envs.rllib.arrays import as_array, fitting, without_collections  # noqa: E402
from masked_envs.rllib.ray_internals.distributions import LegalCategorical  # noqa: E402
from masked_envs.rllib.ray_internals.fragments import Episodes  # noqa: E402
from masked_envs.rllib.ray_internals.infos import LazyInfos, columns_of, dicts_of, info_of, joined  # noqa: E402

SPACES = {
    "observation_space": spaces.Dict(observation=spaces.Box(-1, 1, (3,)), action_mask=spaces.MultiBinary(4)),
    "action_space": spaces.Discrete(4),
}


def test_an_episode_is_as_rllib_makes_it_and_shares_nothing():
    ours, theirs = Episodes(*SPACES.values()), SingleAgentEpisode("one", **SPACES, t_started=7)
    first, second = ours.new("one", 7), ours.new()
    for name in SingleAgentEpisode.__slots__:
        value = getattr(first, name)
        if isinstance(value, InfiniteLookbackBuffer):
            assert vars(value) == vars(getattr(theirs, name)), name
            assert value.data is not getattr(second, name).data
        else:
            assert value == getattr(theirs, name), name
        if isinstance(value, (InfiniteLookbackBuffer, list, dict)):
            assert value is not getattr(second, name), name
    assert first.get_state() == theirs.get_state() and second.t == 0
    makers = [Episodes(*SPACES.values()) for _ in range(3)]
    assert len({maker.new().id_ for maker in makers for _ in range(5)}) == 15


def test_actions_are_fitted_to_the_space_as_rllib_does():
    bounded, discrete, given = spaces.Box(-2, 4, (1,)), spaces.Discrete(3), np.float32([[0.5], [9.0]])
    for both, normalize, clip, expected in (
        (bounded, True, True, [[2.5], [4.0]]),
        (bounded, False, True, [[0.5], [4.0]]),
        (discrete, True, False, given),
    ):
        config = PPOConfig().environment(normalize_actions=normalize, clip_actions=clip)
        connector = NormalizeAndClipActions(None, both, normalize_actions=normalize, clip_actions=clip)
        batch = {"actions": [row for row in given]}
        theirs = connector(rl_module=None, batch=batch, episodes=[])["actions_for_env"]
        ours = fitting(config, both)(given)
        np.testing.assert_array_equal(ours, np.stack(theirs))
        np.testing.assert_array_equal(ours, expected)
    assert fitting(PPOConfig().environment(normalize_actions=False, clip_actions=False), bounded) is None


@pytest.mark.parametrize(
    "infos",
    [
        {"action_mask": np.eye(3, dtype=np.int8), "invalid_action": np.array([True, False, True])},
        {"action_mask": np.eye(3), "_action_mask": np.ones(3, bool)},
    ],
)
def test_infos_by_columns_are_those_of_gymnasium(infos):
    theirs = DictInfoToList(gym.make_vec("CartPole-v1", num_envs=3))._convert_info_to_list(infos)
    ours = dicts_of(columns_of(infos))
    assert [list(row) for row in ours] == [list(row) for row in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert all(np.array_equal(mine[key], other[key]) and type(mine[key]) is type(other[key]) for key in mine)
    assert [list(info_of(columns_of(infos), row)) for row in range(3)] == [list(row) for row in theirs]


@pytest.mark.parametrize(
    "infos", [{}, {"lives": np.arange(3), "_lives": np.array([True, False, True])}, {"nested": {"lives": np.arange(3)}}]
)
def test_other_infos_are_left_to_gymnasium(infos):
    assert columns_of(infos) is None


def test_infos_are_made_when_they_are_read():
    columns = {"action_mask": np.eye(4, dtype=np.int8), "score": np.arange(4)}
    expected = InfiniteLookbackBuffer(dicts_of(columns), lookback=1)
    lazy = LazyInfos(columns, lookback=1)
    sent = pickle.loads(pickle.dumps(lazy))
    assert type(sent) is LazyInfos and "data" not in vars(sent)
    for buffer in (lazy, sent, copy.deepcopy(sent)):
        assert len(buffer) == 3 and vars(buffer).keys() == vars(expected).keys()
        assert type(buffer) is InfiniteLookbackBuffer and buffer.lookback == 1
        assert [info["score"] for info in buffer[:]] == [1, 2, 3] and buffer.get(-1)["action_mask"].tolist() == [
            0,
            0,
            0,
            1,
        ]
    replaced = LazyInfos(columns, lookback=0)
    replaced.data = []
    assert len(replaced) == 0 and type(replaced) is InfiniteLookbackBuffer


def test_infos_of_slots_are_joined_where_they_have_the_same_entries():
    first, second = ({"n": np.arange(k, k + 3)} for k in (0, 10))
    made = joined([first, second], slice(1, 3))
    assert made["n"].tolist() == [[1, 11], [2, 12]]
    for other in ({"m": np.arange(3)}, {"n": np.arange(3.0)}, {"n": np.zeros((3, 2), int)}, [{}, {}, {}]):
        assert joined([first, other], slice(0, 3)) is None and joined([other, first], slice(0, 3)) is None


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.int64, torch.int8, torch.bool])
def test_arrays_are_those_of_rllib(dtype):
    for tensor in (torch.ones(2, 3, dtype=dtype), torch.ones(4, dtype=dtype)):
        ours, theirs = as_array(tensor), convert_to_numpy(tensor)
        assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs)
    assert as_array(torch.tensor(3)) == 3 and as_array("text") == "text"


def test_the_distribution_is_torchs():
    logits = torch.randn(50, 6)
    logits[:, 2] = -1e20
    ours, theirs = LegalCategorical.from_logits(logits), TorchCategorical.from_logits(logits)
    actions = ours.sample()
    torch.testing.assert_close(ours.logp(actions), theirs.logp(actions), rtol=1e-6, atol=1e-6)
    assert torch.equal(ours.entropy(), theirs.entropy()) and torch.equal(ours.kl(theirs), theirs.kl(ours))
    assert ours.logp(ours.sample(sample_shape=(7,))).shape == (7, 50)
    of_probs = LegalCategorical(probs=torch.softmax(logits, -1))
    assert torch.allclose(of_probs.logp(actions), theirs.logp(actions), atol=1e-5)


def test_the_collector_is_paused_and_never_left_off():
    seen = []

    @without_collections
    def fails():
        seen.append(gc.isenabled())
        raise KeyError

    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        try:
            with pytest.raises(KeyError):
                fails()
            assert gc.isenabled() == enabled
        finally:
            gc.enable()
    assert seen == [False, False]
