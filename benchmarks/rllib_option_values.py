"""What `rllib_options.py` sets each option of RLlib's configs to, and what must be set beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.connectors.common import (
    AddObservationsFromEpisodesToBatch,
    AddStatesFromEpisodesToBatch,
    AddTimeDimToBatchAndZeroPad,
    BatchIndividualItems,
    NumpyToTensor,
)
from ray.rllib.connectors.learner import (
    AddColumnsFromEpisodesToTrainBatch,
    AddOneTsToEpisodesAndTruncate,
    GeneralAdvantageEstimation,
)
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner
from ray.rllib.offline.offline_data import OfflineData
from ray.rllib.offline.offline_evaluation_runner import OfflineEvaluationRunner
from ray.rllib.offline.offline_prelearner import OfflinePreLearner
from ray.rllib.utils.replay_buffers.episode_replay_buffer import EpisodeReplayBuffer

CART, FOUR = "MaskedCartPole-v0", "MaskedConnectFour-v0"
OFFLINE = ("BC", "MARWIL")

NOT_TRIED = {
    "algo_class": "RLlib's own mark of the algorithm",
    "in_evaluation": "RLlib's own mark of the configs of evaluation workers",
    **dict.fromkeys(("num_gpus_per_env_runner", "num_gpus_per_learner", "local_gpu_idx"), "needs a GPU"),
    "num_gpus_per_offline_eval_runner": "needs a GPU",
    "stats_cls_lookup": "RLlib's own table of metrics",
    **dict.fromkeys(("input_filesystem", "output_filesystem"), "needs an account of a cloud"),
    "output_write_method": "another one writes data in another form than RLlib reads",
    "input_read_method": "another one reads data in another form than RLlib records",
}
"""Option -> why."""


class Callback(RLlibCallback):
    pass


class Runner(SingleAgentEnvRunner):
    pass


class Recorded(OfflineData):
    pass


class Learned(OfflinePreLearner):
    pass


class Evaluated(OfflineEvaluationRunner):
    pass


def noted(**kwargs: Any) -> None:
    """A callback."""


def evaluated(algorithm: Any, group: Any) -> Any:
    """A `custom_evaluation_function`."""
    return {"mine": 1}, 10, 10


def offline_loss(runner: Any, module_id: str, config: Any, batch: Any, fwd_out: Any) -> Any:
    return fwd_out["action_dist_inputs"].sum()


def mapping(agent: str, episode: Any, **kwargs: Any) -> str:
    return "a"


def learner_pipeline(*spaces_of_it: Any) -> list[Any]:
    """What RLlib puts there by default."""
    return [
        AddObservationsFromEpisodesToBatch(as_learner_connector=True),
        AddColumnsFromEpisodesToTrainBatch(),
        AddTimeDimToBatchAndZeroPad(as_learner_connector=True),
        AddStatesFromEpisodesToBatch(as_learner_connector=True),
        BatchIndividualItems(),
        NumpyToTensor(as_learner_connector=True),
    ]


def ppo_learner_pipeline(*spaces_of_it: Any) -> list[Any]:
    """What PPO adds to it."""
    first, last = AddOneTsToEpisodesAndTruncate(), GeneralAdvantageEstimation(gamma=0.99, lambda_=1.0)
    return [first, *learner_pipeline(), last]


OBSERVED = spaces.Dict(
    action_mask=spaces.Box(0, 1, (6,), np.int8),
    observation=spaces.Box(-np.inf, np.inf, (4,), np.float32),
)


def values(place: Path) -> dict[str, Any]:
    """Option -> a value that is not RLlib's default; of others, integers rise by 1, other numbers are halved.

    Args:
        place: a folder to record into.
    """
    functions = [name for name in vars(AlgorithmConfig()) if name.startswith("callbacks_on_")]
    return {
        **dict.fromkeys(functions, noted),
        "action_space": spaces.Discrete(6),
        "observation_space": OBSERVED,
        "algorithm_config_overrides_per_module": {"default_policy": {"gamma": 0.5}},
        "batch_mode": "complete_episodes",
        "callbacks_class": Callback,
        "count_steps_by": "agent_steps",
        "custom_evaluation_function": evaluated,
        **dict.fromkeys(
            ("custom_resources_for_main_process", "custom_resources_per_env_runner", "custom_resources_per_learner"),
            {"mine": 0.5},
        ),
        "custom_resources_per_offline_eval_runner": {"mine": 0.5},
        "dataset_num_iters_per_learner": 1,
        "dataset_num_iters_per_eval_runner": 2,
        "env": "masked_envs:MaskedTaxi-v0",
        "env_config": {"num_actions": 8},
        "env_runner_cls": Runner,
        "episode_lookback_horizon": 3,
        "epsilon": [(0, 1.0), (100, 0.1)],
        "evaluation_config": {"explore": False},
        "evaluation_duration": 2,
        "evaluation_duration_unit": "timesteps",
        "evaluation_error_after_n_consecutive_skips": 5,
        "evaluation_interval": 1,
        "evaluation_num_env_runners": 1,
        "framework_str": "tf2",
        "grad_clip": 0.5,
        "grad_clip_by": "value",
        "gym_env_vectorize_mode": "async",
        "input_compress_columns": ["obs"],
        "input_filesystem_kwargs": {"region": "none"},
        "input_read_batch_size": 2,
        "input_read_method_kwargs": {"override_num_blocks": 2},
        "input_read_schema": {"obs": "obs"},
        "iter_batches_kwargs": {"prefetch_batches": 1},
        "learner_config_dict": {"mine": 1},
        "log_level": "ERROR",
        "map_batches_kwargs": {"concurrency": 1},
        "merge_env_runner_states": True,
        "minibatch_size": 16,
        "min_time_s_per_iteration": 0.1,
        "num_cpus_per_learner": 0.5,
        "num_env_runners": 1,
        "num_epochs": 2,
        "num_learners": 1,
        "num_aggregator_actors_per_learner": 1,
        "num_offline_eval_runners": 1,
        "offline_data_class": Recorded,
        "offline_eval_runner_class": Evaluated,
        "offline_evaluation_duration": 2,
        "offline_evaluation_interval": 1,
        "offline_evaluation_type": "is",
        "offline_loss_for_module_fn": offline_loss,
        "output": str(place),
        "output_compress_columns": ["obs"],
        "output_filesystem_kwargs": {"region": "none"},
        "output_max_rows_per_file": 5,
        "output_write_method_kwargs": {"min_rows_per_file": 3},
        "placement_strategy": "SPREAD",
        "policies": {"a", "b"},
        "policies_to_train": ["a"],
        "policy_mapping_fn": mapping,
        "prelearner_buffer_class": EpisodeReplayBuffer,
        "prelearner_buffer_kwargs": {"capacity": 90},
        "prelearner_class": Learned,
        "replay_buffer_config": {"type": "EpisodeReplayBuffer", "capacity": 300},
        "rollout_fragment_length": 10,
        "seed": 3,
        "target_entropy": 0.3,
        "td_error_loss_fn": "mse",
        "torch_compile_learner_dynamo_backend": "eager",
        "torch_compile_learner_dynamo_mode": "reduce-overhead",
        "torch_compile_learner_what_to_compile": "complete_update",
        "torch_ddp_kwargs": {"find_unused_parameters": True},
        "train_batch_size": 24,
        "training_intensity": 2,
        **dict.fromkeys(("burn_in_len", "burnin_len", "max_requests_in_flight_per_env_runner"), 2),
        **dict.fromkeys(("tau", "n_step", "num_atoms", "target_network_update_freq", "num_envs_per_env_runner"), 3),
        "tau": 0.5,
    }


EVALUATING = {"evaluation_interval": 1, "evaluation_duration": 1}
AUTO = {
    "evaluation_interval": 1,
    "evaluation_duration": "auto",
    "evaluation_parallel_to_training": True,
    "evaluation_num_env_runners": 1,
}
OFFLINE_EVALUATING = {"offline_evaluation_interval": 1, "offline_evaluation_duration": 1}
COMPILING = {"torch_compile_learner": True, "torch_compile_learner_dynamo_backend": "eager"}
REMOTE = {"num_env_runners": 1}

BESIDE: dict[str, dict[str, Any]] = {
    "add_default_connectors_to_learner_pipeline": {"_learner_connector": learner_pipeline},
    "create_local_env_runner": REMOTE,
    "create_env_on_local_worker": REMOTE,
    "use_env_runner_state_server": REMOTE,
    "evaluation_parallel_to_training": EVALUATING | REMOTE | {"evaluation_num_env_runners": 1},
    "evaluation_duration_unit": {"evaluation_interval": 1, "evaluation_duration": 20},
    "grad_clip_by": {"grad_clip": 0.5},
    "policies": {"policy_mapping_fn": mapping},
    "policies_to_train": {"policies": {"a", "b"}, "policy_mapping_fn": mapping},
    "policy_mapping_fn": {"policies": {"a", "b"}},
    "torch_compile_learner": COMPILING,
    "beta": {"postprocess_inputs": True},
    "v_max": {"num_atoms": 3},
    "v_min": {"num_atoms": 3},
    "n_step": {"rollout_fragment_length": 10},
}


def beside(algorithm: str, option: str, place: Path) -> dict[str, Any]:
    """What is set with an option, so that there is something for it to do."""
    if option == "add_default_connectors_to_learner_pipeline" and algorithm == "PPO":
        return {"_learner_connector": ppo_learner_pipeline}
    if option in BESIDE:
        return BESIDE[option]
    if option.startswith("evaluation_auto_duration"):
        return AUTO
    if option.startswith(("offline_eval", "num_cpus_per_offline", "callbacks_on_evaluate_offline", "num_offline_eval")):
        return OFFLINE_EVALUATING
    if option.startswith(("evaluation_", "callbacks_on_evaluate", "custom_evaluation")):
        return EVALUATING
    if option.startswith("output"):
        return {"output": str(place), "batch_mode": "complete_episodes"}
    return COMPILING if option.startswith("torch_compile_learner_") else {}


def environment_of(option: str) -> str | None:
    """None where the option names it."""
    return None if option == "env" else FOUR if option.startswith("polic") else CART
