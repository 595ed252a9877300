"""Several Ray nodes on one machine: workers spread over them, workers and drivers killed, counters that survive."""

import itertools
import os
import time

import pytest

pytest.importorskip("ray")
import ray
from ppo_rllib_cases import counted, kill_at_checkpoint, make_config, proof, results, start
from ray.cluster_utils import Cluster

from masked_envs.rllib import count_invalid_actions

# Without the mask there is something to count, so a counter that is lost shows; with it the count must stay 0.
MASKS = ["off", pytest.param("on", marks=pytest.mark.long)]
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


@pytest.fixture
def cluster():
    """A head and two more nodes, each with one processor, so that no two workers share a node."""
    ray.shutdown()  # what other tests have started
    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    for _ in range(2):
        cluster.add_node(**NODE)
    ray.init(address=cluster.address, log_to_driver=False)
    cluster.wait_for_nodes()
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def of_remote(group, ask):
    """The answers of the remote env runners that are alive; `ask` goes to them by value, since they know no tests."""
    return set(group.foreach_env_runner(lambda _: ask(), local_env_runner=False))


def nodes_of(group):
    return of_remote(group, lambda: ray.get_runtime_context().get_node_id())


def train_until_replaced(algorithm, processes):
    """Train until one of the three processes is another, and once more; what the counters said each time.

    A process takes from seconds to minutes to start, by how much else the machine does, and training goes on
    meanwhile: no number of iterations would be enough everywhere.
    """
    group, counts, late = algorithm.env_runner_group, [], time.monotonic() + 600
    while len(now := of_remote(group, os.getpid)) < 3 or now == processes:
        assert time.monotonic() < late, f"not replaced after {len(counts)} iterations"
        counts.append(counted(algorithm.train()))
    assert len(now & processes) == 2
    return [*counts, counted(algorithm.train())]


@pytest.mark.parametrize("mask", MASKS)
def test_a_killed_env_runner_is_replaced_and_the_counters_go_on(cluster, mask):
    config = make_config("--num-env-runners", "3", "--num-envs-per-env-runner", "4", "--mask", mask)
    # Without learning, the policy is as random at the end as at the beginning: two thirds of its actions are invalid.
    config.training(train_batch_size_per_learner=600, minibatch_size=300, num_epochs=1, lr=0.0)
    config.env_runners(sample_timeout_s=600)
    algorithm = config.evaluation(evaluation_interval=None).build_algo()
    group = algorithm.env_runner_group
    assert len(nodes_of(group)) == 3
    before, processes = counted(algorithm.train()), of_remote(group, os.getpid)
    by_environments = sum(group.foreach_env_runner(count_invalid_actions))
    assert before.decisions >= 600 and before.invalid == by_environments
    ray.kill(group._worker_manager.actors()[1], no_restart=False)
    counts = train_until_replaced(algorithm, processes)
    assert len(nodes_of(group)) == 3
    after = counts[-1]
    # Sampling went on to the end, and nothing that was reported before is forgotten.
    assert all(a.decisions < b.decisions for a, b in itertools.pairwise([before, *counts]))
    if mask == "on":
        assert after.invalid == 0 == sum(group.foreach_env_runner(count_invalid_actions))
    else:
        assert after.invalid >= before.invalid and 0.5 < after.invalid / after.decisions < 0.8
        # The environments alone have forgotten: those of the killed worker were made anew.
        assert sum(group.foreach_env_runner(count_invalid_actions)) < after.invalid
    algorithm.stop()


@pytest.mark.parametrize("mask", MASKS)
def test_a_killed_driver_resumes_from_the_newest_checkpoint(cluster, tmp_path, mask):
    flags = ["--address", cluster.address, "--num-env-runners", "2", "--storage-path", tmp_path, "--mask", mask]
    flags += ["--total-steps", 30_000, "--name", "killed"]
    kill_at_checkpoint(start(*flags), 3)
    experiment = tmp_path / "killed"
    before = results(experiment)
    assert before[-1]["num_env_steps_sampled_lifetime"] < 30_000 and not before[-1]["done"]
    resumed = start(*flags, "--resume")
    output, _ = resumed.communicate()
    assert resumed.returncode == 0, output
    after = results(experiment)
    iterations = [result["training_iteration"] for result in after]
    again = [later for earlier, later in itertools.pairwise(iterations) if later != earlier + 1]
    # Tune goes on from the newest checkpoint it had noted when it died, and checkpoints are of even iterations.
    assert len(again) <= 1 and all(iteration % 2 == 1 and iteration >= 3 for iteration in again)
    assert iterations[-1] > before[-1]["training_iteration"]
    decisions, invalid, control = proof(output)
    assert decisions >= 30_000 and control > 0
    if mask == "on":
        assert invalid == 0
    else:  # the last result's counters hold what was counted before the driver died
        last = results(experiment)[-1]
        assert counted(last).invalid > counted(before[-1]).invalid > 0 and invalid >= counted(last).invalid
