"""Advantage estimates of the reference agent: against their definition, hand-made steps and replayed games."""

import itertools
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
pytest.importorskip("tqdm", reason="agents/ppo_torch needs tqdm: pip install 'masked-envs[torch]'")

import torch  # noqa: E402
from ppo_cases import CARTPOLE, FACES, Learner  # noqa: E402

from agents.ppo_torch import rollout  # noqa: E402


def random_rollout(rng, steps, rows, num_agents):
    """Arguments of `advantages` with ends everywhere, the step after each of them discarded."""
    terminated, truncated = rng.random((2, steps, rows)) < 0.15
    discarded = np.zeros((steps + 1, rows), bool)
    discarded[0] = rng.random(rows) < 0.2
    for t in range(steps):
        terminated[t] &= ~discarded[t]
        truncated[t] &= ~discarded[t]
        discarded[t + 1] = terminated[t] | truncated[t]
    rewards = rng.normal(size=(steps, rows, num_agents)) * ~discarded[:steps, :, None]
    agents = rng.integers(num_agents, size=(steps + 1, rows))
    return rewards, rng.normal(size=(steps + 1, rows)), agents, discarded, terminated, truncated


def by_definition(rewards, values, agents, discarded, terminated, truncated, gamma, gae_lambda):
    """Each agent's decisions of each episode as a list, and the estimate of each as the sum of its definition."""
    steps, rows, num_agents = rewards.shape
    estimates = np.full((steps, rows), np.nan)
    for i, a in itertools.product(range(rows), range(num_agents)):
        begin = 0
        ends = [t for t in range(steps) if terminated[t, i] or truncated[t, i]]
        for end in [*ends, steps - 1]:
            mine = [t for t in range(begin, end + 1) if agents[t, i] == a and not discarded[t, i]]
            ahead = values[end + 1, i] if agents[end + 1, i] == a else np.nan
            if terminated[end, i]:
                ahead = 0.0
            deltas = []
            for t, following in zip(mine, [*mine[1:], None], strict=False):
                upto = end + 1 if following is None else following
                value = ahead if following is None else values[following, i]
                deltas.append(rewards[t:upto, i, a].sum() + gamma * value - values[t, i])
            for k, t in enumerate(mine):
                later = [d for d in deltas[k:] if not np.isnan(d)]
                if not np.isnan(deltas[k]):
                    estimates[t, i] = sum((gamma * gae_lambda) ** j * d for j, d in enumerate(later))
            begin = end + 1
    return estimates


@pytest.mark.parametrize("num_agents", [1, 2, 3])
@pytest.mark.parametrize("gamma, gae_lambda", [(0.9, 0.8), (1.0, 1.0), (0.9, 0.0), (0.0, 0.5)])
def test_advantages_equal_their_definition(num_agents, gamma, gae_lambda):
    rng = np.random.default_rng(num_agents)
    for _ in range(20):
        given = random_rollout(rng, steps=13, rows=4, num_agents=num_agents)
        estimates, usable = rollout.advantages(*given, gamma, gae_lambda)
        expected = by_definition(*given, gamma, gae_lambda)
        assert np.array_equal(usable, ~np.isnan(expected))
        np.testing.assert_allclose(estimates[usable], expected[usable], atol=1e-12)
        if num_agents == 1:
            assert np.array_equal(usable, ~given[3][:-1])


@pytest.mark.parametrize("ending, second", [("terminated", 2.0 - 0.3), ("truncated", 2.0 + 0.9 * 0.7 - 0.3)])
def test_only_truncation_bootstraps_from_the_final_observation(ending, second):
    """Two steps and the discarded third: rewards 1 and 2, values 0.5 and 0.3, and 0.7 of the final observation."""
    never, at_the_second = np.zeros((3, 1), bool), np.array([[False], [True], [False]])
    estimates, usable = rollout.advantages(
        rewards=np.array([1.0, 2.0, 0.0]).reshape(3, 1, 1),
        values=np.array([[0.5], [0.3], [0.7], [100.0]]),
        agents=np.zeros((4, 1), int),
        discarded=np.array([[False], [False], [True], [False]]),
        terminated=at_the_second if ending == "terminated" else never,
        truncated=at_the_second if ending == "truncated" else never,
        gamma=0.9,
        gae_lambda=0.8,
    )
    first = 1.0 + 0.9 * 0.3 - 0.5 + 0.9 * 0.8 * second
    np.testing.assert_allclose(estimates[:2, 0], [first, second], atol=1e-12)
    assert usable[:, 0].tolist() == [True, True, False]


def test_truncated_episodes_go_on_in_the_value_of_what_was_last_seen():
    """The last observation comes from single environments that replay the actions."""
    config = replace(CARTPOLE, env_args={"time_limit": 5}, gamma=0.9, gae_lambda=0.0)
    learner = Learner(config)
    learner.collect()
    r = learner.rollout
    estimates, _ = rollout.advantages(
        r.reward, learner.policy.value(r.observation).detach().numpy(), r.agent, r.discarded, r.terminated, r.truncated,
        config.gamma, config.gae_lambda,
    )  # fmt: skip
    for row in range(config.num_envs):
        env = gym.make(config.env, **config.env_args, mask_in="info")
        seen = [env.reset(seed=config.seed + row)[0]]
        for t in range(5):
            observation, _, terminated, truncated, _ = env.step(int(r.action[t, row]))
            seen.append(observation)
        assert truncated and not terminated and r.truncated[4, row] and r.discarded[5, row]
        last, final = learner.policy.value({"features": torch.tensor(np.array(seen[-2:]))}).tolist()
        assert estimates[4, row] == pytest.approx(1.0 + 0.9 * final - last, abs=1e-6)


def test_in_self_play_every_decision_is_worth_what_its_own_player_gets():
    """With gamma = lambda = 1, estimate + value is the outcome: 1 for the player of the last move, -1 for the other."""
    learner = Learner(replace(FACES["self-play"], num_steps=100, gamma=1.0, gae_lambda=1.0))
    learner.collect()
    r, values = learner.rollout, learner.policy.value(learner.rollout.observation).detach().numpy()
    estimates, usable = rollout.advantages(r.reward, values, r.agent, r.discarded, r.terminated, r.truncated, 1.0, 1.0)
    outcomes = estimates + values[:-1]
    games = 0
    for row in range(8):
        begin = 0
        for end in np.flatnonzero(r.terminated[:, row]):
            moves = np.arange(begin, end + 1)
            if len(moves) < 42:  # the last move of a full rack may win or not
                expected = np.where((end - moves) % 2 == 0, 1.0, -1.0)
                np.testing.assert_allclose(outcomes[moves, row], expected, atol=1e-5)
                games += 1
            assert usable[moves, row].all()
            begin = end + 2  # one step is discarded
    assert games > 5
