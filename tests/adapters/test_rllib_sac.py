"""SAC with Discrete actions: probabilities, targets and the target entropy are over the legal actions."""

import math

import pytest

pytest.importorskip("ray")
pytest.importorskip("torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from ray.rllib.algorithms.sac import SACConfig  # noqa: E402
from ray.rllib.algorithms.sac.sac_learner import (  # noqa: E402
    ACTION_LOG_PROBS,
    ACTION_LOG_PROBS_NEXT,
    ACTION_PROBS,
    ACTION_PROBS_NEXT,
)
from ray.rllib.core.columns import Columns  # noqa: E402
from ray.rllib.core.rl_module.rl_module import RLModuleSpec  # noqa: E402
from rllib_cases import ACTION_SPACES, legal_entries, observation_space, random_batch  # noqa: E402
from rllib_own_envs import LENGTH, Empties  # noqa: E402

from masked_envs.rllib import configure, count_invalid_actions  # noqa: E402
from masked_envs.rllib.ray_internals.sac_module import MOST_ENTROPY, MaskedSACCatalog, MaskedSACModule  # noqa: E402

SMALL = {"fcnet_hiddens": [16], "head_fcnet_hiddens": [16]}


def build(**model):
    torch.manual_seed(0)
    module = RLModuleSpec(
        module_class=MaskedSACModule,
        catalog_class=MaskedSACCatalog,
        observation_space=observation_space("flat"),
        action_space=ACTION_SPACES["flat"],
        model_config={"twin_q": True, **SMALL, **model},
    ).build()
    module.make_target_networks()
    return module


def trained_on(batch):
    following = random_batch("flat", len(batch[Columns.OBS]["action_mask"]))
    batch = {**batch, Columns.NEXT_OBS: {name: part.flip(0) for name, part in following[Columns.OBS].items()}}
    return build().forward_train(batch), batch


def test_probabilities_are_the_softmax_over_the_legal_actions():
    outputs, batch = trained_on(random_batch("flat", 64))
    for probs, logs, key in (
        (ACTION_PROBS, ACTION_LOG_PROBS, Columns.OBS),
        (ACTION_PROBS_NEXT, ACTION_LOG_PROBS_NEXT, Columns.NEXT_OBS),
    ):
        legal = legal_entries({Columns.OBS: batch[key]})
        unmasked = build(mask_actions=False)
        free = unmasked.forward_inference({Columns.OBS: batch[key]})[Columns.ACTION_DIST_INPUTS]
        weights = torch.where(legal, free.double().exp(), 0)
        expected = weights / weights.sum(-1, keepdim=True)
        assert torch.allclose(outputs[probs].double(), expected, atol=1e-5) and (outputs[probs][~legal] == 0).all()
        assert torch.allclose(outputs[logs][legal].double(), expected[legal].log(), atol=1e-5)
        assert outputs[logs].isfinite().all()
    legal = legal_entries(batch).sum(-1)
    assert torch.allclose(outputs[MOST_ENTROPY], legal.float().log())


def test_gradients_are_finite_with_one_legal_action_and_with_none():
    mask = torch.eye(5, dtype=torch.int8)
    mask[4] = 0  # the end of a third-party episode
    outputs, _ = trained_on(random_batch("flat", 5, mask=mask))
    (outputs[ACTION_PROBS] * outputs[ACTION_LOG_PROBS]).sum().backward()
    assert torch.equal(outputs[ACTION_PROBS][:4], mask[:4].float()) and (outputs[ACTION_LOG_PROBS][:4] == 0).all()


def algorithm(env, **model):
    config = configure(SACConfig(), env, model_config=SMALL | model)
    config.training(train_batch_size_per_learner=32, num_steps_sampled_before_learning_starts=40, training_intensity=1)
    config.reporting(min_time_s_per_iteration=0)
    return config.env_runners(num_env_runners=0, rollout_fragment_length=20).build_algo()


def test_the_target_entropy_is_of_the_legal_actions(local_ray):
    one = algorithm(Empties)  # three legal actions of three
    cart = algorithm("MaskedCartPole-v0")  # two of six
    for trained, legal in ((one, 3), (cart, 2)):
        for _ in range(5):
            result = trained.train()
        learned = result["learners"]["default_policy"]
        assert learned["target_entropy"] == pytest.approx(0.98 * math.log(legal), abs=1e-4)
        assert all(np.isfinite(learned[name]) for name in ("policy_loss", "qf_loss", "alpha_loss"))
        metrics = result["env_runners"]
        assert metrics["num_invalid_actions"] == metrics["num_empty_masks"] == 0
        trained.stop()
    assert LENGTH == 4


def test_one_network_of_values_will_do(local_ray):
    """Where RLlib's own loss fails: it looks for a second network's values (ray 2.60)."""
    config = configure(SACConfig().training(twin_q=False), Empties, model_config=SMALL)
    config.training(train_batch_size_per_learner=8, num_steps_sampled_before_learning_starts=8)
    config.reporting(min_time_s_per_iteration=0, min_sample_timesteps_per_iteration=20)
    trained = config.env_runners(num_env_runners=0, rollout_fragment_length=10).build_algo()
    learned = trained.train()["learners"]["default_policy"]
    assert all(np.isfinite(learned[name]) for name in ("policy_loss", "qf_loss", "alpha_loss"))
    trained.stop()


def test_without_the_mask_sac_takes_invalid_actions(local_ray):
    trained = algorithm("MaskedCartPole-v0", mask_actions=False)
    trained.train()
    assert sum(trained.env_runner_group.foreach_env_runner(count_invalid_actions)) > 0
    trained.stop()


@pytest.mark.parametrize("env_id", ["MaskedPendulum-v0", "ParametricCartPole-v0"])
def test_what_it_does_not_serve_is_refused(env_id):
    with pytest.raises(ValueError, match="masked SAC .*: use PPO"):
        configure(SACConfig(), env_id)
