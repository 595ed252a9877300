"""docs/rllib_after_training.md: its simulator and its server, with their negative controls."""

import asyncio
import re
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ray")
pytest.importorskip("msgpack_numpy", reason="RLlib's messages need msgpack-numpy")
import gymnasium as gym
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.env.external.env_runner_server_for_external_inference import EnvRunnerServerForExternalInference
from rllib_policies import observations_of, policy_of

from masked_envs.rllib import configure

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rllib_after_training.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python[^\n]*\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def block_with(text):
    (block,) = [block for block in BLOCKS if text in block]
    return block


def run(text, **namespace):
    """The names that a block of the page defines."""
    exec(compile(block_with(text), "rllib_after_training.md", "exec"), namespace)
    return namespace


@pytest.mark.parametrize("options", [{}, {"use_lstm": True, "max_seq_len": 10}, {"mask_actions": False}], ids=str)
def test_an_external_simulator_trains_by_the_mask(options, local_ray):
    """Without the mask in the module, the negative control, some of the actions are invalid."""
    play = run("def play(")["play"]
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    env = gym.make("MaskedCartPole-v0", on_invalid="noop")
    config = configure(PPOConfig(), "MaskedCartPole-v0", model_config={"fcnet_hiddens": [16], **options})
    config.environment(
        None, observation_space=env.observation_space, action_space=env.action_space, env_config={"port": port}
    )
    config.env_runners(env_runner_cls=EnvRunnerServerForExternalInference, num_env_runners=0)
    config.training(train_batch_size_per_learner=100, minibatch_size=50, num_epochs=1)
    algorithm = config.build_algo()
    before = algorithm.get_weights()["default_policy"]
    results = []

    def train():
        try:
            results.extend(algorithm.train() for _ in range(2))
        except BaseException:
            algorithm.stop()  # closes the connection, for which the client waits
            raise

    # The client runs in this thread: RLlib's server waits forever for one that has failed.
    training = threading.Thread(target=train, daemon=True)
    training.start()
    play(port, env, 2)
    training.join()
    result = results[-1]
    after = algorithm.get_weights()["default_policy"]
    algorithm.stop()
    assert any((before[name] != after[name]).any() for name in before)
    assert result["env_runners"]["num_env_steps_sampled_lifetime"] >= 200
    learnt = result["learners"]["default_policy"]
    assert np.isfinite(learnt["total_loss"])
    assert (env.unwrapped.invalid_actions == 0) == options.get("mask_actions", True)


class Request:
    def __init__(self, body):
        self.body = body

    async def json(self):
        return self.body


def test_the_server_answers_json():
    policy = policy_of("MaskedCartPole-v0")
    server = run("class PolicyServer", load=lambda checkpoint: policy)["PolicyServer"]("anything")
    for observation in observations_of("MaskedCartPole-v0", 5):
        body = {name: part.tolist() for name, part in observation.items()}
        answer = asyncio.run(server(Request(body)))
        assert answer == {"action": int(policy.act(observation))} and observation["action_mask"][answer["action"]]
    assert "must have the parts" in asyncio.run(server(Request({"observation": [0, 0, 0, 0]})))["error"]
