"""Options of RLlib's configs that its new API stack accepts and nothing reads, or that fail later, refused by name.

tests/adapters/test_rllib_options.py holds the list of all options against the installed Ray.
"""

from __future__ import annotations

import functools
from typing import Any, cast

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig

MODEL = "give the network in configure(..., model_config={...})"
NORMALIZE = 'normalise in the environment (masked_envs.wrappers.Normalize), which leaves "action_mask" alone'
OFFLINE = "only BC and MARWIL learn from recorded episodes: configure(BCConfig(), ...)"
LEARNERS = "use learners(num_learners=..., num_gpus_per_learner=..., num_aggregator_actors_per_learner=...)"
SCHEDULE = "give the schedule itself: training(lr=[[0, 1e-3], [1_000_000, 0.0]])"
OTHER_OPTIMIZER = (
    "the optimizer is Adam; derive a learner with configure_optimizers_for_module, learners(learner_class=...)"
)
TF = "masked modules are of PyTorch"
EVALUATION = "evaluate in the environment: evaluation(evaluation_interval=...)"
LEAVE = "leave it out"

NOT_READ: dict[str, str] = {
    **dict.fromkeys(("observation_filter", "update_worker_filter_stats", "use_worker_filter_stats"), NORMALIZE),
    "sync_filters_on_rollout_workers_timeout_s": NORMALIZE,
    "action_mask_key": 'the key is "action_mask"; rename yours, or wrap with masked_envs.wrappers.ActionMask',
    "clip_rewards": "clip in the environment, with gymnasium.wrappers.TransformReward",
    "preprocessor_pref": "modules take observations as they are, pixels scaled",
    "compress_observations": "use offline_data(output_compress_columns=...) for what is recorded",
    **dict.fromkeys(("model", "hiddens", "vf_share_layers", "policy_model_config", "q_model_config"), MODEL),
    "optimization": "use training(actor_lr=..., critic_lr=..., alpha_lr=...)",
    **dict.fromkeys(("use_state_preprocessor", "worker_side_prioritization"), LEAVE),
    "exploration_config": "DQN explores by training(epsilon=...), others sample; or env_runners(explore=False)",
    "render_env": "render in a callback on_episode_step, with env_runner='rllib'",
    "remote_worker_envs": "use env_runners(num_env_runners=...), or gym_env_vectorize_mode='async'",
    "remote_env_batch_wait_ms": LEAVE,
    "observation_fn": "write the observations in the environment",
    **dict.fromkeys(("sample_collector", "sampler_perf_stats_ema_coef", "fake_sampler", "shuffle_buffer_size"), LEAVE),
    **dict.fromkeys(
        ("output_config", "output_max_file_size"), "use output_max_rows_per_file, output_filesystem_kwargs"
    ),
    "offline_sampling": OFFLINE,
    "input_": OFFLINE,
    "input_config": "use offline_data(input_read_method_kwargs=...)",
    **dict.fromkeys(("off_policy_estimation_methods", "ope_split_batch_by_episode"), EVALUATION),
    **dict.fromkeys(("keep_per_episode_custom_metrics", "metrics_episode_collection_timeout_s"), "log in a callback"),
    **dict.fromkeys(("policy_map_capacity", "policy_states_are_swappable"), LEAVE),
    "checkpoint_trainable_policies_only": LEAVE,
    "export_native_model_files": "export the module: see docs/rllib.md",
    **dict.fromkeys(
        ("extra_python_environs_for_driver", "extra_python_environs_for_worker"), "ray.init(runtime_env=...)"
    ),
    **dict.fromkeys(("optimizer", "adam_epsilon", "opt_type", "decay", "momentum", "epsilon"), OTHER_OPTIMIZER),
    **dict.fromkeys(("num_gpus", "_fake_gpus"), LEARNERS),
    **dict.fromkeys(("num_gpu_loader_threads", "num_multi_gpu_tower_stacks", "minibatch_buffer_size"), LEARNERS),
    "use_gae": "PPO's advantages are always those of GAE, and APPO's those of V-trace; leave it out",
    "replay_sequence_length": "use training(replay_buffer_config={...})",
    "num_aggregator_actors_per_learner": "aggregators are of IMPALA and APPO; leave it out",
    **dict.fromkeys(("num_aggregation_workers", "max_requests_in_flight_per_aggregator_worker"), LEARNERS),
    **dict.fromkeys(("learner_queue_timeout", "replay_proportion", "replay_buffer_num_slots"), LEAVE),
    **dict.fromkeys(("timeout_s_sampler_manager", "timeout_s_aggregator_manager", "target_worker_clipping"), LEAVE),
    **dict.fromkeys(("entropy_coeff_schedule", "lr_schedule"), SCHEDULE),
    **dict.fromkeys(("sgd_minibatch_size",), "use training(minibatch_size=...)"),
    **dict.fromkeys(("target_update_frequency",), "use training(target_network_update_freq=...)"),
    **dict.fromkeys(("eager_tracing", "eager_max_retraces", "tf_session_args", "local_tf_session_args"), TF),
    "enable_tf1_exec_eagerly": TF,
    **dict.fromkeys(("noisy", "sigma0"), "RLlib's DQN module has no noisy layers; explore by training(epsilon=...)"),
    **dict.fromkeys(("before_learn_on_batch", "postprocess_inputs"), "use training(learner_connector=...)"),
    "categorical_distribution_temperature": LEAVE,
    "log_sys_usage": LEAVE,
    "input_spaces_jsonable": LEAVE,
    "actions_in_input_normalized": LEAVE,
    "prelearner_module_synch_period": LEAVE,
    **dict.fromkeys(
        ("torch_compile_worker", "torch_compile_worker_dynamo_backend", "torch_compile_worker_dynamo_mode"),
        "env runners compile nothing; torch_compile_learner works",
    ),
}
"""Option -> what to do instead. Any value but RLlib's default is refused."""

ALSO_READ_BY: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("input_", "postprocess_inputs"), ("BC", "MARWIL")),
    "num_aggregator_actors_per_learner": ("IMPALA", "APPO"),
    "epsilon": ("DQN",),  # of exploration; that of IMPALA and APPO is RMSProp's
}
"""Option -> algorithms for which it does something."""

FAILS: dict[str, str] = {
    "bc_logstd_coeff": "the distributions of actions have no log_std, here as in RLlib's own of Discrete; leave it out",
    "burnin_len": "MARWIL's loss becomes nan where a sequence is no longer, and without an LSTM it fails; leave it out",
    "offline_evaluation_type": f"importance sampling misses the probabilities that it replays; {EVALUATION}",
}
"""Option -> why training with another value than RLlib's fails (ray 2.60), and what to do instead."""


@functools.cache
def defaults(config_class: Any) -> dict[str, Any]:
    """All options of a class with RLlib's default values."""
    return dict(vars(config_class()))


def is_default(config: AlgorithmConfig, name: str) -> bool:
    """Whether an option has RLlib's own value; an option that the class does not have counts as one."""
    missing = object()
    ours, theirs = getattr(config, name, missing), defaults(cast(Any, type(config))).get(name, missing)
    return bool(ours is theirs or ours == theirs)


def check_options(config: AlgorithmConfig) -> None:
    """Refuse options that would do nothing, or fail later: by `configure`, and when the algorithm is built.

    Raises:
        ValueError: naming each, with what to do instead.
    """
    algorithm = type(config).__name__.removesuffix("Config")
    unread = {name: instead for name, instead in NOT_READ.items() if algorithm not in ALSO_READ_BY.get(name, ())}
    _refuse(config, unread, "RLlib's new API stack reads none of these options, so they would do nothing.")
    _refuse(config, FAILS, "Training fails with these options.")


def _refuse(config: AlgorithmConfig, reasons: dict[str, str], because: str) -> None:
    """Raise a ValueError for those of these options that are set."""
    given = [
        f"{name}={getattr(config, name)!r}: {why}" for name, why in reasons.items() if not is_default(config, name)
    ]
    if given:
        raise ValueError(f"{because} {'; '.join(given)}")
