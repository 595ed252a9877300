"""Runners of RLlib and of masked_envs for the same configuration, masked modules to run, and episodes to compare."""

import numpy as np
import torch
from ray.rllib.algorithms.dqn.default_dqn_rl_module import QF_PREDS
from ray.rllib.algorithms.dqn.torch.default_dqn_torch_rl_module import DefaultDQNTorchRLModule
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

import masked_envs  # noqa: F401  registers the ids
from masked_envs.rllib.ray_internals.env_runner import BatchedEnvRunner

ENV = "MaskedCartPole-v0"
FORBIDDEN = torch.finfo(torch.float32).min


def bare(batch):
    return {**batch, Columns.OBS: batch[Columns.OBS]["observation"]}


class MaskedPPOModule(DefaultPPOTorchRLModule):
    def __init__(self, *, observation_space, **kwargs):
        super().__init__(observation_space=observation_space["observation"], **kwargs)

    def _masked(self, batch, outputs):
        mask = batch[Columns.OBS]["action_mask"].bool()
        logits = outputs[Columns.ACTION_DIST_INPUTS]
        return {**outputs, Columns.ACTION_DIST_INPUTS: torch.where(mask, logits, FORBIDDEN)}

    def _forward(self, batch, **kwargs):
        return self._masked(batch, super()._forward(bare(batch), **kwargs))

    def _forward_train(self, batch, **kwargs):
        return self._masked(batch, super()._forward_train(bare(batch), **kwargs))

    def compute_values(self, batch, embeddings=None):
        return super().compute_values(bare(batch), embeddings)


class BlindDQNModule(DefaultDQNTorchRLModule):
    """Does not look at the mask."""

    def __init__(self, *, observation_space, **kwargs):
        super().__init__(observation_space=observation_space["observation"], **kwargs)

    def compute_q_values(self, batch):
        return super().compute_q_values(bare(batch))


class MaskedDQNModule(BlindDQNModule):
    def compute_q_values(self, batch):
        outputs = super().compute_q_values(batch)
        mask = batch[Columns.OBS]["action_mask"].bool()
        # RLlib's exploration draws from what is neither 0 nor -inf.
        return {**outputs, QF_PREDS: torch.where(mask, outputs[QF_PREDS], -torch.inf)}


def config(
    env=ENV,
    *,
    base=PPOConfig,
    module=MaskedPPOModule,
    envs=5,
    fragment=12,
    mode="vector_entry_point",
    env_config=None,
    model_config=None,
    environment=None,
    **env_runners,
):
    made = (
        base()
        .environment(env, env_config=env_config or {}, **(environment or {}))
        .env_runners(
            num_env_runners=0,
            num_envs_per_env_runner=envs,
            gym_env_vectorize_mode=mode,
            rollout_fragment_length=fragment,
            **env_runners,
        )
        .debugging(seed=7)
    )
    spec = {} if module is None else {"rl_module_spec": RLModuleSpec(module_class=module)}
    return made.rl_module(model_config={"fcnet_hiddens": [16], **(model_config or {})}, **spec)


def pair(*args, change=lambda config: config, **kwargs):
    """(RLlib's runner, ours), with the same weights."""
    theirs, ours = (
        cls(config=change(config(*args, **kwargs)), worker_index=0) for cls in (SingleAgentEnvRunner, BatchedEnvRunner)
    )
    ours.set_state(theirs.get_state())
    return theirs, ours


def same_draws(runners, **kwargs):
    """What each runner samples when torch's random stream begins at the same point."""
    seed, found = int(torch.randint(2**31, ())), []
    for runner in runners:
        torch.manual_seed(seed)
        found.append(runner.sample(**kwargs))
    return found


def buffers(episode):
    extras = {f"extra {name}": buffer for name, buffer in episode.extra_model_outputs.items()}
    names = ("observations", "actions", "rewards", "infos")
    return {**{name: getattr(episode, name) for name in names}, **extras}


def assert_same(expected, found, where=""):
    assert isinstance(found, dict | list | tuple) is isinstance(expected, dict | list | tuple), where
    if isinstance(expected, dict):
        assert list(expected) == list(found), where
        for key in expected:
            assert_same(expected[key], found[key], f"{where}[{key}]")
    elif isinstance(expected, (list, tuple)):
        assert len(expected) == len(found), where
        for i, (one, other) in enumerate(zip(expected, found, strict=True)):
            assert_same(one, other, f"{where}[{i}]")
    else:
        assert np.asarray(expected).dtype == np.asarray(found).dtype, where
        np.testing.assert_array_equal(expected, found, where)


def assert_same_episodes(expected, found, ids):
    """Equal in everything but the names; `ids` maps theirs to ours and grows."""
    assert len(expected) == len(found)
    for one, other in zip(expected, found, strict=True):
        assert ids.setdefault(one.id_, other.id_) == other.id_
        for name in ("t_started", "t", "is_terminated", "is_truncated", "is_numpy", "custom_data"):
            assert getattr(one, name) == getattr(other, name), name
        other.validate()
        theirs, ours = buffers(one), buffers(other)
        assert theirs.keys() == ours.keys()
        for name in theirs:
            assert theirs[name].lookback == ours[name].lookback, name
            assert theirs[name].finalized == ours[name].finalized, name
            assert theirs[name].space == ours[name].space, name
            assert_same(theirs[name].data, ours[name].data, name)
    assert len(set(ids.values())) == len(ids)


def invalid_actions(runner):
    return int(runner.env.unwrapped.invalid_actions.sum())
