"""What the reference agent learns to do, in minutes: `make test-long`."""

import numpy as np
import pytest

pytest.importorskip("tqdm", reason="agents/ppo_torch needs tqdm: pip install 'masked-envs[torch]'")
pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")

from agents.ppo_torch import Config, Learner, evaluation, train  # noqa: E402

pytestmark = pytest.mark.long

BIG_ROLLOUTS = {"num_envs": 64, "num_steps": 32, "minibatches": 4, "total_decisions": 400_000}


def trained(config):
    learner = Learner(config)
    train(learner)
    assert learner.count.invalid == 0
    return learner


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("num_actions", [2, 8, 128, 2048])
def test_cartpole_is_solved_whatever_the_number_of_actions(num_actions, seed):
    learner = trained(Config(env_args={"num_actions": num_actions}, target_return=475.0, seed=seed))
    assert learner.reached_target


@pytest.mark.parametrize("availability", ["episode", "step"])
def test_cartpole_is_solved_with_a_mask_that_changes(availability):
    config = Config(env_args={"num_actions": 8, "availability": availability}, target_return=475.0)
    assert trained(config).reached_target


def test_candidates_are_told_apart_by_their_embeddings():
    assert trained(Config(env="ParametricCartPole-v0", target_return=475.0)).reached_target


def test_taxi_comes_near_the_shortest_routes():
    """The shortest routes from the 300 starts earn 7.93 on average (tests of MaskedTaxi-v0)."""
    config = Config(env="MaskedTaxi-v0", **BIG_ROLLOUTS)
    learner = trained(config)
    returns, _ = evaluation.evaluate(learner.policy, learner.encoder, config, greedy=True, episodes=300)
    assert returns.mean() > 7.3


def test_self_play_beats_random_opponents_from_either_seat():
    config = Config(env="MaskedConnectFour-v0", **BIG_ROLLOUTS, learning_rate=1e-3, hidden=128)
    learner = trained(config)
    returns, count = evaluation.evaluate(learner.policy, learner.encoder, config, greedy=True, episodes=200)
    first, second = np.split(returns, 2)
    assert (first > 0).mean() > 0.85 and (second > 0).mean() > 0.85 and count.invalid == 0


def test_robots_carry_out_more_orders_than_at_random():
    config = Config(env="MaskedWarehouse-v0", **BIG_ROLLOUTS)
    untrained = Learner(config)
    before, _ = evaluation.evaluate(untrained.policy, untrained.encoder, config, greedy=False)
    learner = trained(config)
    after, _ = evaluation.evaluate(learner.policy, learner.encoder, config, greedy=False)
    assert after.mean() > 1.3 * before.mean()
