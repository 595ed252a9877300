"""What the reference agent does with the mask, its networks, and that it learns."""

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
pytest.importorskip("tqdm", reason="agents/ppo_torch needs tqdm: pip install 'masked-envs[torch]'")

import torch  # noqa: E402
from ppo_cases import CARTPOLE, FACES, Config, Learner, after  # noqa: E402

from agents.ppo_torch import environments, evaluation, masks, networks  # noqa: E402
from masked_envs import MaskSpec  # noqa: E402


@pytest.fixture(params=FACES)
def config(request):
    return FACES[request.param]


# --- the mask ---------------------------------------------------------------------------------------------------


def test_before_any_update_the_ratio_is_one_and_the_divergence_zero(config):
    learner = Learner(config)
    for _ in range(4):
        metrics = learner.iterate()
        assert metrics["first_ratio_error"] <= 1e-5
        assert abs(metrics["first_kl"]) <= 1e-6
    assert metrics["ratio_error"] > 1e-5  # after updates the measures are not blind


@pytest.mark.parametrize("face", ["cartpole", "candidates", "taxi", "self-play", "simultaneous"])
def test_an_update_that_forgets_the_mask_is_noticed(face, monkeypatch):
    learner = Learner(replace(FACES[face], num_steps=32))
    batch_with_its_mask = learner.batch

    def batch():
        batch = batch_with_its_mask()
        batch.mask = torch.ones_like(batch.mask)
        return batch

    monkeypatch.setattr(learner, "batch", batch)
    assert learner.iterate()["first_ratio_error"] > 1e-3


def test_the_stored_mask_is_the_one_beside_the_observation():
    """A twin, stepped with the stored actions, shows the same masks and observations; masks change at every step."""
    learner = after(CARTPOLE, 1)
    r, twin = learner.rollout, environments.make_envs(CARTPOLE, CARTPOLE.num_envs)
    observation, info = twin.reset(seed=CARTPOLE.seed)
    for t in range(CARTPOLE.num_steps):
        assert np.array_equal(r.mask[t].numpy(), info["action_mask"] == 1)
        assert np.array_equal(r.observation["features"][t].numpy(), observation)
        assert info["action_mask"][np.arange(8), r.action[t].numpy()].all()
        observation, _, _, _, info = twin.step(r.action[t].numpy())
    assert (r.mask[0] != r.mask[1]).any()


def test_discarded_decisions_are_neither_learnt_nor_counted(monkeypatch):
    """Poison their log-probabilities: one of them in a minibatch would spread nan over all weights."""
    learner = Learner(replace(CARTPOLE, env_args={"time_limit": 3}))
    learner.collect()
    discarded = torch.from_numpy(learner.rollout.discarded[:-1].copy())
    assert discarded.sum() == 8 * 2  # in each row, steps 3 and 7
    assert learner.decisions == 8 * 6
    learner.rollout.log_prob[discarded] = torch.nan
    learner.update()
    assert all(weight.isfinite().all() for weight in learner.policy.state_dict().values())
    learner.rollout.log_prob[0, 0] = torch.nan
    with pytest.raises(ValueError, match="must be finite"):
        learner.update()


def test_the_loss_is_the_clipped_objective():
    """Written the other way round: a positive advantage is capped at 1 + clip, a negative one at 1 - clip."""
    config = replace(CARTPOLE, entropy_weight=0.1, value_weight=0.7)
    learner = after(config, 1)
    batch = learner.batch()
    batch.log_prob += torch.linspace(-1, 1, len(batch.log_prob))
    loss, _ = learner.loss(batch)
    logits = learner.policy.actor(batch.observation["features"]).double().masked_fill(~batch.mask, -torch.inf)
    log_probs = logits - logits.logsumexp(-1, keepdim=True)
    ratio = (log_probs[torch.arange(len(logits)), batch.action] - batch.log_prob).exp()
    cap = torch.where(batch.advantage > 0, ratio.clamp(max=1.2), ratio.clamp(min=0.8))
    entropy = -(log_probs.exp() * log_probs).nan_to_num().sum(-1).mean()
    squared = (learner.policy.value(batch.observation) - batch.target).square().mean()
    expected = -(cap * batch.advantage).mean() - 0.1 * entropy + 0.7 * squared
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_masks_keep_a_run_clean_and_without_them_it_is_not(config):
    config = replace(config, num_steps=64)  # long enough for a column of Connect Four to fill up
    masked, blind = after(config, 2), after(replace(config, mask="off"), 2)
    assert masked.count.invalid == 0 and masked.count.decisions > 500
    assert blind.count.invalid > 0
    assert evaluation.negative_control(masked.encoder, config) > 0


@pytest.mark.parametrize(
    ("spec", "mask", "fraction"),
    [
        (MaskSpec.flat(4), [[1, 0, 0, 0], [1, 1, 1, 0]], 0.5),
        (MaskSpec.per_head([2, 2]), [[1, 0, 1, 1], [1, 1, 1, 1]], 0.75),
        (MaskSpec.conditional([2, 1, 2]), [[[[1, 0]], [[0, 0]]], [[[1, 1]], [[1, 1]]]], 0.625),
    ],
)
def test_the_legal_fraction_counts_whole_actions(spec, mask, fraction):
    assert masks.legal_fraction(spec, torch.tensor(mask) == 1) == pytest.approx(fraction)


# --- the networks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(-1, 1, (2, 3), np.float64),
        spaces.Discrete(5, start=2),
        spaces.MultiDiscrete([2, 4]),
        spaces.MultiBinary(3),
        spaces.Dict({"b": spaces.Box(-1, 1, (2,), np.float32), "a": spaces.Discrete(3)}),
    ],
)
def test_features_are_those_of_gymnasium_flatten(space):
    vector = gym.vector.utils.batch_space(space, 4)
    vector.seed(0)
    batch = vector.sample()
    expected = [spaces.flatten(space, row) for row in gym.vector.utils.iterate(vector, batch)]
    encoder = networks.Encoder(space)
    features = encoder(batch)["features"]
    assert features.dtype == torch.float32 and features.shape[1:] == encoder.shapes["features"]
    np.testing.assert_allclose(features.numpy(), np.array(expected), rtol=1e-6)


def test_spaces_without_features_are_refused():
    with pytest.raises(ValueError, match="no way to make features of the observation 'words'"):
        networks.Encoder(spaces.Dict({"words": spaces.Text(5)}))


def test_permuted_candidates_have_permuted_scores():
    torch.manual_seed(0)
    policy = networks.Policy({"features": (4,), "action_embeddings": (6, 3)}, MaskSpec.candidates(6), hidden=16)
    torch.nn.init.normal_(policy.actor[-1].weight)  # away from the equal scores of the start
    observation = {"features": torch.randn(5, 4), "action_embeddings": torch.randn(5, 6, 3)}
    order, mask = torch.randperm(6), torch.rand(5, 6) < 0.7
    mask[:, 0] = True
    permuted = observation | {"action_embeddings": observation["action_embeddings"][:, order]}
    probs = policy.distribution(observation, mask).probs
    assert probs.std() > 0.05
    torch.testing.assert_close(policy.distribution(permuted, mask[:, order]).probs, probs[:, order])


def test_actions_of_a_space_that_starts_elsewhere():
    policy = networks.Policy({"features": (2,)}, MaskSpec.flat(3, start=5), hidden=4)
    assert policy.to_env(torch.tensor([0, 2])).tolist() == [5, 7]


# --- learning ---------------------------------------------------------------------------------------------------


def test_it_learns_on_a_tiny_budget():
    config = Config(env_args={"num_actions": 16}, total_decisions=10_000)
    learner = Learner(config)
    begun, _ = evaluation.evaluate(learner.policy, learner.encoder, config, greedy=False)
    while not learner.finished:
        learner.iterate()
    returns, count = evaluation.evaluate(learner.policy, learner.encoder, config, greedy=False)
    assert begun.mean() < 50 and returns.mean() > 150
    assert (learner.count + count).invalid == 0
