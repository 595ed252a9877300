"""The environments' own counters over RLlib's whole way: training, evaluation, and a checkpoint in a new process."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

pytest.importorskip("ray")
import rllib_cases  # noqa: F401  registers the toys
from ray.rllib.algorithms.appo import APPOConfig
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.impala import IMPALAConfig
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

from masked_envs.rllib import configure, count_invalid_actions

CONFIGS = {
    "PPO": lambda: PPOConfig().training(train_batch_size_per_learner=200, minibatch_size=50, num_epochs=2),
    "IMPALA": lambda: IMPALAConfig().training(train_batch_size_per_learner=100),
    "APPO": lambda: APPOConfig().training(train_batch_size_per_learner=100, use_kl_loss=True),
    "DQN": lambda: DQNConfig().training(
        train_batch_size_per_learner=32, num_steps_sampled_before_learning_starts=50, target_network_update_freq=50
    ),
}


def masked(name, env_id="MaskedCartPole-v0", **model_config):
    config = configure(CONFIGS[name](), env_id, model_config={"fcnet_hiddens": [16], **model_config})
    config.env_runners(num_env_runners=0, num_envs_per_env_runner=4, rollout_fragment_length=25)
    config.learners(num_learners=0).debugging(seed=1, log_level="ERROR")
    if name == "DQN":
        config.env_runners(num_envs_per_env_runner=1)
    config.reporting(min_time_s_per_iteration=0, min_sample_timesteps_per_iteration=200)
    return config.evaluation(
        evaluation_interval=None,
        evaluation_num_env_runners=0,
        evaluation_duration=3,
        evaluation_parallel_to_training=False,
    )


def evaluate(algorithm, explore):
    """Invalid actions counted by the evaluation's environments, and those of RLlib's metrics."""
    runner = algorithm.eval_env_runner
    runner.config = runner.config.copy(copy_frozen=False)
    runner.config.explore = explore
    before = count_invalid_actions(runner)
    metrics = algorithm.evaluate()["env_runners"]
    counted = count_invalid_actions(runner) - before
    return counted, int(metrics["num_invalid_actions"]), int(metrics["num_episodes"])


RELOAD = """
    import json, sys
    import ray
    from test_rllib_proof import evaluate
    from ray.rllib.algorithms.algorithm import Algorithm
    from masked_envs.rllib import count_invalid_actions
    ray.init(address=sys.argv[2], log_to_driver=False)
    algorithm = Algorithm.from_checkpoint(sys.argv[1])
    lifetime = algorithm.train()["env_runners"]["num_invalid_actions_lifetime"]
    counted = algorithm.env_runner_group.foreach_env_runner(count_invalid_actions)
    print(json.dumps([int(lifetime), counted, [evaluate(algorithm, explore) for explore in (True, False)]]))
    algorithm.stop()
    ray.shutdown()
"""


RELOADED, OTHERS = ("PPO",), [pytest.param(name, marks=pytest.mark.long) for name in ("DQN", "IMPALA", "APPO")]


@pytest.mark.parametrize("name", [*RELOADED, *OTHERS])
def test_counters_stay_0_through_training_evaluation_and_reload(name, local_ray, tmp_path):
    algorithm = trained_without_an_invalid_action(name)
    algorithm.save_to_path(tmp_path / "checkpoint")
    algorithm.stop()
    command = [sys.executable, "-c", textwrap.dedent(RELOAD), str(tmp_path / "checkpoint"), local_ray]
    search = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": search}, check=False
    )
    assert done.returncode == 0, done.stderr
    lifetime, counted, evaluations = json.loads(done.stdout.strip().splitlines()[-1])
    assert lifetime == 0 and counted == [0]
    assert all(pair[:2] == [0, 0] and pair[2] >= 3 for pair in evaluations)


@pytest.mark.parametrize("name", ["DQN", "IMPALA", "APPO"])
def test_counters_stay_0_through_training_and_evaluation(name, local_ray):
    trained_without_an_invalid_action(name).stop()


def trained_without_an_invalid_action(name):
    algorithm = masked(name).evaluation(evaluation_interval=100).build_algo()
    result = algorithm.train()
    assert result["env_runners"]["num_env_steps_sampled_lifetime"] >= 200
    assert result["env_runners"]["num_invalid_actions"] == 0
    assert 0 < result["env_runners"]["mean_legal_fraction"] < 1
    assert algorithm.env_runner_group.foreach_env_runner(count_invalid_actions) == [0]
    for explore in (True, False):
        counted, logged, episodes = evaluate(algorithm, explore)
        assert counted == logged == 0 and episodes >= 3
    return algorithm


@pytest.mark.parametrize("name", CONFIGS)
def test_the_same_run_without_masks_counts_more_than_0(name, local_ray):
    algorithm = masked(name, mask_actions=False).evaluation(evaluation_interval=100).build_algo()
    logged = algorithm.train()["env_runners"]["num_invalid_actions_lifetime"]
    counted = algorithm.env_runner_group.foreach_env_runner(count_invalid_actions)
    assert counted == [logged] and logged > 0
    assert evaluate(algorithm, True)[0] > 0
    algorithm.stop()


@pytest.mark.parametrize("remote", [0, 1])
def test_lifetime_counts_add_up_over_iterations_and_evaluations(remote, local_ray, tmp_path):
    config = masked("PPO", mask_actions=False).env_runners(num_env_runners=remote)
    config.evaluation(evaluation_interval=1, evaluation_num_env_runners=remote)
    algorithm = config.build_algo()
    for iteration in range(3):
        result = algorithm.train()
        parts = (
            (result["env_runners"], algorithm.env_runner_group),
            (
                result["evaluation"]["env_runners"],
                algorithm.eval_env_runner_group,
            ),
        )
        for metrics, group in parts:
            counted = sum(group.foreach_env_runner(count_invalid_actions))
            assert counted == metrics["num_invalid_actions_lifetime"] >= metrics["num_invalid_actions"] > 0
            assert (metrics["num_invalid_actions_lifetime"] > metrics["num_invalid_actions"]) == (iteration > 0)
            # A random policy meets two legal actions of six, so two thirds are invalid.
            assert 0.5 < counted / metrics["num_env_steps_sampled_lifetime"] < 0.8
    before = result["evaluation"]["env_runners"]["num_invalid_actions_lifetime"]
    algorithm.save_to_path(tmp_path / "checkpoint")
    algorithm.stop()
    again = config.copy(copy_frozen=False).build_algo()
    again.restore_from_path(tmp_path / "checkpoint")
    metrics = again.train()["evaluation"]["env_runners"]
    assert metrics["num_invalid_actions_lifetime"] == before + metrics["num_invalid_actions"]
    again.stop()


MANY_STEPS = [(env_id, 10_000) for env_id in ("MaskedCartPole-v0", "ParametricCartPole-v0", "MaskedTaxi-v0")]


@pytest.mark.parametrize(
    ("env_id", "steps"),
    [("MaskedCartPole-v0", 1000), *(pytest.param(*one, marks=pytest.mark.long) for one in MANY_STEPS)],
)
def test_dqn_at_epsilon_1_takes_legal_steps(env_id, steps):
    config = masked("DQN", env_id).training(epsilon=1.0).env_runners(num_envs_per_env_runner=8)
    runner = SingleAgentEnvRunner(config=config)
    runner.sample(num_timesteps=steps, explore=True)
    assert runner.get_metrics()["num_env_steps_sampled"].peek() >= steps
    assert count_invalid_actions(runner) == 0


def test_dqn_at_epsilon_1_without_masks_does_not():
    runner = SingleAgentEnvRunner(config=masked("DQN", mask_actions=False).training(epsilon=1.0))
    runner.sample(num_timesteps=100, explore=True)
    assert count_invalid_actions(runner) > 0


@pytest.mark.parametrize("name", ["PPO", "APPO", pytest.param("IMPALA", marks=pytest.mark.long)])  # of PPO's module
@pytest.mark.parametrize(
    ("env_id", "model_config"),
    [
        ("ToyPerHead-v0", {}),
        ("ToyBinary-v0", {}),
        ("ToyConditionalTwo-v0", {}),
        ("ToyInterval-v0", {}),
        ("ToyHybrid-v0", {}),
        ("ParametricCartPole-v0", {}),
        ("MaskedCartPole-v0", {"learned_action_embeddings": True}),
        ("MaskedCartPole-v0", {"use_lstm": True, "lstm_cell_size": 8}),
    ],
)
def test_sampling_is_legal_in_every_kind_of_mask(name, env_id, model_config):
    runner = SingleAgentEnvRunner(config=masked(name, env_id, **model_config))
    for explore in (True, False):
        # The second call goes on in the middle of an episode of either toy, of 12 and of 15 steps.
        runner.sample(num_timesteps=280, explore=explore)
    assert count_invalid_actions(runner) == 0
