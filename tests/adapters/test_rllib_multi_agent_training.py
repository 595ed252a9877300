"""Multi-agent trainings of RLlib, counted: no invalid action, policies that learn, and every decision learnt from."""

import numpy as np
import pytest

pytest.importorskip("ray")
pytest.importorskip("ray.rllib")
torch = pytest.importorskip("torch")

from multi_agent_toys import AGENTS, Knockout  # noqa: E402
from ray.rllib.algorithms.appo import APPOConfig  # noqa: E402
from ray.rllib.algorithms.dqn import DQNConfig  # noqa: E402
from ray.rllib.algorithms.impala import IMPALAConfig  # noqa: E402
from ray.rllib.algorithms.ppo import PPOConfig  # noqa: E402
from ray.rllib.core.columns import Columns  # noqa: E402

from masked_envs.rllib import MaskedMultiAgentEnv, configure, count_invalid_actions  # noqa: E402

FOUR, WAREHOUSE = "MaskedConnectFour-v0", "MaskedWarehouse-v0"
SMALL = {"fcnet_hiddens": [16]}


def small(config_class):
    """Tiny batches, everything in this process."""
    config = config_class().env_runners(num_env_runners=0, num_envs_per_env_runner=2).learners(num_learners=0)
    config.evaluation(evaluation_interval=1, evaluation_duration=2, evaluation_num_env_runners=0)
    config.debugging(seed=1)
    if config_class is PPOConfig:
        return config.training(train_batch_size=96, minibatch_size=48, num_epochs=1)
    config.reporting(min_time_s_per_iteration=0, min_sample_timesteps_per_iteration=150)
    if config_class is DQNConfig:
        return config.training(num_steps_sampled_before_learning_starts=64, train_batch_size=16)
    return config.training(train_batch_size=64).env_runners(rollout_fragment_length=16)


def counted(algorithm):
    groups = (algorithm.env_runner_group, algorithm.eval_env_runner_group)
    return [sum(group.foreach_env_runner(count_invalid_actions)) for group in groups]


def weights_of(algorithm, module):
    state = algorithm.get_module(module).get_state()
    return np.concatenate([np.ravel(state[key]) for key in sorted(state)])


RUNS = [
    (PPOConfig, FOUR, "shared"),
    pytest.param(PPOConfig, FOUR, "separate", marks=pytest.mark.long),
    pytest.param(PPOConfig, WAREHOUSE, "shared", marks=pytest.mark.long),
    (PPOConfig, Knockout, "separate"),
    pytest.param(APPOConfig, FOUR, "shared", marks=pytest.mark.long),
    (IMPALAConfig, WAREHOUSE, "separate"),
    (DQNConfig, FOUR, "separate"),
]


@pytest.mark.parametrize(("config_class", "env", "policies"), RUNS)
def test_training_and_evaluation_without_an_invalid_action(local_ray, config_class, env, policies):
    config = configure(small(config_class), env, model_config=SMALL, policies=policies)
    algorithm = config.build_algo()
    before = {module: weights_of(algorithm, module) for module in config.policies}
    results = [algorithm.train() for _ in range(2)]
    assert counted(algorithm) == [0, 0]
    modules = set(results[-1]["learners"]) - {"__all_modules__"}
    assert modules == set(config.policies) and (len(modules) == 1) == (policies == "shared")
    for result in results:
        for part in (result["env_runners"], result["evaluation"]["env_runners"]):
            assert part["num_invalid_actions"] == part["num_invalid_actions_lifetime"] == 0
            assert 0 < part["mean_legal_fraction"] <= 1
    losses = [results[-1]["learners"][module]["total_loss"] for module in modules]
    assert np.isfinite(losses).all()
    after = {module: weights_of(algorithm, module) for module in config.policies}
    assert not any(np.array_equal(before[module], after[module]) for module in modules)
    assert len({weights.tobytes() for weights in after.values()}) == len(modules)
    algorithm.stop()


def test_with_two_policies_one_can_learn_while_the_other_stays_as_it_was(local_ray):
    config = configure(small(PPOConfig), FOUR, model_config=SMALL, policies="separate")
    algorithm = config.multi_agent(policies_to_train=["player_1"]).build_algo()
    before = {module: weights_of(algorithm, module) for module in config.policies}
    algorithm.train()
    changed = {module for module in before if not np.array_equal(before[module], weights_of(algorithm, module))}
    assert changed == {"player_1"}
    algorithm.stop()


@pytest.mark.parametrize(
    ("config_class", "env"),
    [(PPOConfig, FOUR), (DQNConfig, FOUR), pytest.param(PPOConfig, WAREHOUSE, marks=pytest.mark.long)],
)
def test_the_same_run_blind_to_masks_counts_some(local_ray, config_class, env):
    config = configure(small(config_class), env, model_config=SMALL | {"mask_actions": False})
    algorithm = config.build_algo()
    result = algorithm.train()
    training, _ = counted(algorithm)
    assert 0 < training == result["env_runners"]["num_invalid_actions_lifetime"]
    algorithm.stop()


def test_remote_workers_play_and_count(local_ray):
    config = configure(small(PPOConfig), FOUR, model_config=SMALL, policies="separate")
    algorithm = config.env_runners(num_env_runners=1).evaluation(evaluation_interval=None).build_algo()
    result = algorithm.train()
    assert result["env_runners"]["num_invalid_actions_lifetime"] == 0
    remote = algorithm.env_runner_group.foreach_env_runner(count_invalid_actions, local_env_runner=False)
    assert remote == [0]
    algorithm.stop()


def test_a_recurrent_policy_plays_games_in_which_agents_die(local_ray):
    model = SMALL | {"use_lstm": True, "lstm_cell_size": 8, "max_seq_len": 4}
    algorithm = configure(small(PPOConfig), Knockout, model_config=model, policies="separate").build_algo()
    learners = algorithm.train()["learners"]
    assert counted(algorithm) == [0, 0]
    assert all(np.isfinite(learners[agent]["total_loss"]) for agent in AGENTS)
    algorithm.stop()


def test_replay_holds_each_decision_of_each_agent_with_its_reward(local_ray):
    """Every episode of Knockout is 9 decisions; those of finished episodes earn -5, 3 and 3.25.

    `second` and `third` move four times for 1 each, and pay a quarter for each later move of the other.
    """
    algorithm = (
        configure(small(DQNConfig), Knockout, model_config=SMALL).evaluation(evaluation_interval=None).build_algo()
    )
    algorithm.train()
    episodes = [episode for episode in algorithm.local_replay_buffer.episodes if episode.is_done]
    assert len(episodes) > 5
    for episode in episodes:
        earned = {agent: sum(part.get_rewards()) for agent, part in episode.agent_episodes.items()}
        assert earned == {"first": -5.0, "second": 3.0, "third": 3.25}
    algorithm.stop()


def games_won(module, num_games):
    """How many games of Connect Four a policy wins against uniform legal play, moving first in every other game."""
    env, rng, won = MaskedMultiAgentEnv({"env": FOUR}), np.random.default_rng(0), 0
    torch.manual_seed(0)
    for game in range(num_games):
        learner, over = f"player_{game % 2}", False
        observations, _ = env.reset(seed=game)
        while not over:
            (agent,) = observations
            seen = {name: torch.as_tensor(part)[None] for name, part in observations[agent].items()}
            if agent == learner:
                with torch.no_grad():
                    logits = module.forward_inference({Columns.OBS: seen})[Columns.ACTION_DIST_INPUTS]
                move = int(torch.distributions.Categorical(logits=logits).sample())
            else:
                move = int(rng.choice(np.flatnonzero(seen["action_mask"][0])))
            observations, rewards, terminateds, _, _ = env.step({agent: move})
            over = terminateds["__all__"]
        won += rewards[learner] > 0
    return won


@pytest.mark.long
def test_self_play_learns_to_beat_random_legal_play(local_ray):
    """Of 200 games, 100 are won by chance; 136 are five standard deviations (of 7.07) more."""
    config = PPOConfig().env_runners(num_env_runners=0, num_envs_per_env_runner=16).learners(num_learners=0)
    config.training(train_batch_size=2000, minibatch_size=250, num_epochs=4, lr=1e-3, entropy_coeff=0.01)
    algorithm = configure(config.debugging(seed=1), FOUR, model_config={"fcnet_hiddens": [64, 64]}).build_algo()
    assert games_won(algorithm.get_module("shared"), 200) < 136
    for _ in range(18):
        algorithm.train()
    assert games_won(algorithm.get_module("shared"), 200) >= 136
    assert sum(algorithm.env_runner_group.foreach_env_runner(count_invalid_actions)) == 0
    algorithm.stop()
