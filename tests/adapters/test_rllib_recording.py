"""`offline_data(output=...)` records every sampled step, and BC and MARWIL learn from what was recorded."""

import pytest

pytest.importorskip("ray")
pytest.importorskip("torch")
pytest.importorskip("pyarrow")

import numpy as np  # noqa: E402
import pyarrow.parquet as parquet  # noqa: E402
from ray.rllib.algorithms.bc import BCConfig  # noqa: E402
from ray.rllib.algorithms.marwil import MARWILConfig  # noqa: E402
from ray.rllib.algorithms.ppo import PPOConfig  # noqa: E402
from rllib_own_envs import Empties  # noqa: E402

from masked_envs.rllib import configure, count_invalid_actions  # noqa: E402

CART, SMALL = "MaskedCartPole-v0", {"fcnet_hiddens": [8]}


def recorder(place, env_runner="batched", **output):
    config = configure(PPOConfig(), CART, model_config=SMALL, env_runner=env_runner)
    config.env_runners(num_env_runners=0, num_envs_per_env_runner=2, batch_mode="complete_episodes")
    config.offline_data(output=str(place), **output).debugging(seed=3)
    return config.env_runner_cls(config=config, worker_index=0)


def rows_of(place):
    return sorted(
        (row["eps_id"], row["rewards"], row["actions"])
        for file in place.rglob("*.parquet")
        for row in parquet.read_table(file, columns=["eps_id", "rewards", "actions"]).to_pylist()
    )


@pytest.mark.parametrize("env_runner", ["batched", "rllib"])
def test_every_step_is_written_once(env_runner, local_ray, tmp_path):
    runner = recorder(tmp_path, env_runner, output_write_episodes=False, output_max_rows_per_file=7)
    runner.config.output_write_remaining_data = True
    runner.write_remaining_data = True
    sampled = [episode for _ in range(2) for episode in runner.sample(num_episodes=2)]
    runner.stop()
    expected = sorted(
        (episode.id_, float(reward), int(action))
        for episode in sampled
        for reward, action in zip(episode.get_rewards(), episode.get_actions(), strict=True)
    )
    files = list(tmp_path.rglob("*.parquet"))
    assert rows_of(tmp_path) == expected and len(files) == -(-len(expected) // 7)


def test_without_a_limit_each_sample_is_written_at_once(local_ray, tmp_path):
    runner = recorder(tmp_path, output_write_episodes=False)
    steps = 0
    for _ in range(2):
        steps += sum(map(len, runner.sample(num_episodes=2)))
        assert len(rows_of(tmp_path)) == steps


def test_a_failure_to_write_is_an_error(local_ray, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Exception, match="file"):
        recorder(tmp_path / "file", output_write_episodes=False).sample(num_episodes=1)


def test_nothing_is_recorded_unless_asked_for():
    config = configure(PPOConfig(), Empties, model_config=SMALL).env_runners(num_env_runners=0)
    runner = config.env_runner_cls(config=config, worker_index=0)
    assert runner.sample(num_timesteps=8)[0].is_numpy and not hasattr(runner, "_samples")
    runner.stop()


def test_several_agents_are_refused(tmp_path):
    config = configure(PPOConfig(), "MaskedConnectFour-v0", model_config=SMALL).env_runners(num_env_runners=0)
    config.offline_data(output=str(tmp_path))
    with pytest.raises(ValueError, match="one agent alone"):
        config.env_runner_cls(config=config, worker_index=0)


@pytest.mark.parametrize("config_class", [BCConfig, MARWILConfig])
def test_recorded_episodes_are_learned_from(config_class, local_ray, tmp_path):
    pytest.importorskip("msgpack_numpy")
    runner = recorder(tmp_path, output_max_rows_per_file=10)
    runner.sample(num_episodes=20)
    config = configure(config_class(), CART, model_config=SMALL)
    config.offline_data(
        input_=[str(tmp_path)],
        input_read_episodes=True,
        input_read_batch_size=1,
        dataset_num_iters_per_learner=2,
        map_batches_kwargs={"concurrency": 1},  # with two processors, RLlib's two would leave none to read with
    )
    config.training(train_batch_size_per_learner=64).env_runners(num_env_runners=0, num_envs_per_env_runner=2)
    config.evaluation(evaluation_interval=1, evaluation_duration=3, evaluation_num_env_runners=0)
    algorithm = config.build_algo()
    before = algorithm.learner_group.get_weights()["default_policy"]
    result = algorithm.train()
    after = algorithm.learner_group.get_weights()["default_policy"]
    assert any((before[name] != after[name]).any() for name in before)
    loss = result["learners"]["default_policy"]["total_loss"]
    assert np.isfinite(loss) and abs(loss) < 1e6, "an illegal action would cost 1e20"
    evaluated = result["evaluation"]["env_runners"]
    assert evaluated["num_invalid_actions"] == 0 < evaluated["mean_legal_fraction"] < 1
    assert count_invalid_actions(algorithm.eval_env_runner) == 0
    algorithm.stop()
