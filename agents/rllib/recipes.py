"""RLlib's configs of the four algorithms, with the settings that learn MaskedCartPole-v0 and ParametricCartPole-v0."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.appo import APPOConfig
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.impala import IMPALAConfig
from ray.rllib.algorithms.ppo import PPOConfig

from masked_envs.rllib import configure

MODEL = {"fcnet_hiddens": [64, 64], "fcnet_activation": "tanh", "vf_share_layers": False}


@dataclass(frozen=True)
class Recipe:
    """What is not RLlib's default.

    Args:
        training: arguments of `config.training`.
        decaying: more of them, which fall linearly from these values to 0 over the run.
        sampling: arguments of `config.env_runners`.
        model: entries of the model config.
        total_steps: environment steps of a run, unless the flags say so.
    """

    config: type[AlgorithmConfig]
    training: dict[str, Any]
    decaying: dict[str, float] = field(default_factory=dict)
    sampling: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=lambda: MODEL)
    total_steps: int = 400_000


RECIPES = {
    "PPO": Recipe(
        PPOConfig,
        training={
            "lr": 1e-3,
            "train_batch_size_per_learner": 2048,
            "minibatch_size": 256,
            "num_epochs": 8,
            "lambda_": 0.95,
            "entropy_coeff": 0.01,
            "vf_clip_param": float("inf"),  # returns reach 500, and RLlib's default cuts a squared error off at 10
            "grad_clip": 0.5,
        },
    ),
    "APPO": Recipe(
        APPOConfig,
        training={
            "train_batch_size_per_learner": 512,
            "minibatch_size": 256,
            "num_epochs": 2,
            "entropy_coeff": 0.01,
            "vf_loss_coeff": 0.05,
            "grad_clip": 20.0,
            # A batch is learned from once, while it is new. RLlib counts the target network's age in batches times
            # the two numbers of the circular buffer, even where it uses none.
            "use_circular_buffer": False,
            "circular_buffer_num_batches": 1,
            "circular_buffer_iterations_per_batch": 1,
            "simple_queue_size": 1,
            "target_network_update_freq": 4,
        },
        decaying={"lr": 1e-3},
        # What 32 environments sample in one request is one batch. Sampling is fast here, and with longer fragments
        # most batches come from a policy that the learner has left far behind.
        sampling={"rollout_fragment_length": 16},
    ),
    "IMPALA": Recipe(
        IMPALAConfig,
        training={
            "train_batch_size_per_learner": 512,
            "minibatch_size": 256,
            "num_epochs": 2,
            "vf_loss_coeff": 0.05,
            "grad_clip": 20.0,
            "learner_queue_size": 1,
        },
        # Advantages are not standardised here, and reach 100 before the critic has caught up; with a small entropy
        # coefficient the policy is certain of something before that, and nothing in IMPALA takes it back.
        decaying={"lr": 1e-3, "entropy_coeff": 0.5},
        sampling={"rollout_fragment_length": 16},  # as above
        total_steps=800_000,
    ),
    "DQN": Recipe(
        DQNConfig,
        training={
            # RLlib's buffers draw their items in Python loops, and an update has a price of its own, so that few
            # large updates cost least: a quarter of one for each step.
            "lr": 1e-3,
            "train_batch_size_per_learner": 128,
            # Transitions learned from for each one sampled, if one process samples and another learns, where RLlib
            # makes it twice as many (ray 2.60, `calculate_rr_weights` in dqn.py).
            "training_intensity": 16,
            "num_steps_sampled_before_learning_starts": 1000,
            "target_network_update_freq": 200,
            "epsilon": [(0, 1.0), (6_000, 0.04)],
            "n_step": 3,
            "double_q": True,
            "dueling": True,
            # The prioritised buffer takes several times as long.
            "replay_buffer_config": {"type": "EpisodeReplayBuffer", "capacity": 50_000},
        },
        sampling={"num_envs_per_env_runner": 8},
        model={
            "fcnet_hiddens": [256],
            "fcnet_activation": "tanh",
            "head_fcnet_hiddens": [256],
            "head_fcnet_activation": "tanh",
        },
        total_steps=60_000,
    ),
}


def make_config(given: argparse.Namespace, *, masked: bool) -> AlgorithmConfig:
    """RLlib's config of a run, or, not `masked`, of its negative control.

    Args:
        given: the flags of the command line.
    """
    recipe = RECIPES[given.algo]
    config = configure(
        recipe.config(),
        given.env,
        dict(given.env_arg),
        recipe.model | {"mask_actions": masked},
        policies=given.policies,
        env_runner=given.env_runner,
    )
    decaying = {name: [[0, value], [given.total_steps, 0.0]] for name, value in recipe.decaying.items()}
    config.training(**recipe.training, **decaying)
    sampling = {"num_envs_per_env_runner": 32} | recipe.sampling
    if given.num_envs_per_env_runner is not None:
        sampling["num_envs_per_env_runner"] = given.num_envs_per_env_runner
    config.env_runners(num_env_runners=given.num_env_runners, **sampling)
    config.learners(num_learners=given.num_learners).debugging(seed=given.seed, log_level="ERROR")
    config.fault_tolerance(restart_failed_env_runners=True)
    return config.evaluation(
        evaluation_interval=given.evaluation_interval,
        evaluation_duration=given.evaluation_duration,
        evaluation_duration_unit="episodes",
        evaluation_config={"explore": False},  # RLlib evaluates a sampling policy unless it is told not to
    )
