"""All options of RLlib's configs that `configure` takes, but those that it refuses."""

SERVED = set(
    """
    action_space actor_lr add_default_connectors_to_env_to_module_pipeline
    add_default_connectors_to_learner_pipeline add_default_connectors_to_module_to_env_pipeline algo_class
    algorithm_config_overrides_per_module alpha_lr batch_mode beta broadcast_env_runner_states
    broadcast_interval broadcast_offline_eval_runner_states burn_in_len callbacks_class
    callbacks_on_algorithm_init callbacks_on_checkpoint_loaded callbacks_on_env_runners_recreated
    callbacks_on_environment_created callbacks_on_episode_created callbacks_on_episode_end
    callbacks_on_episode_start callbacks_on_episode_step callbacks_on_evaluate_end
    callbacks_on_evaluate_offline_end callbacks_on_evaluate_offline_start callbacks_on_evaluate_start
    callbacks_on_offline_eval_runners_recreated callbacks_on_sample_end callbacks_on_train_result
    circular_buffer_iterations_per_batch circular_buffer_num_batches clip_actions clip_param count_steps_by
    create_env_on_local_worker create_local_env_runner critic_lr custom_evaluation_function
    custom_resources_for_main_process custom_resources_per_env_runner custom_resources_per_learner
    custom_resources_per_offline_eval_runner dataset_num_iters_per_eval_runner dataset_num_iters_per_learner
    delay_between_env_runner_restarts_s disable_env_checking double_q dueling enable_env_runner_and_connector_v2
    enable_rl_module_and_learner entropy_coeff env env_config env_runner_cls env_runner_health_probe_timeout_s
    env_runner_restore_timeout_s env_runner_state_server_max_concurrency episode_lookback_horizon
    episodes_to_numpy evaluation_auto_duration_max_env_steps_per_sample
    evaluation_auto_duration_min_env_steps_per_sample evaluation_config evaluation_duration
    evaluation_duration_unit evaluation_error_after_n_consecutive_skips
    evaluation_force_reset_envs_before_iteration evaluation_interval evaluation_num_env_runners
    evaluation_parallel_to_training evaluation_sample_timeout_s evaluation_unhealthy_workers_timeout_s explore
    framework_str gamma grad_clip grad_clip_by gym_env_vectorize_mode ignore_env_runner_failures
    ignore_final_observation ignore_offline_eval_runner_failures in_evaluation initial_alpha
    input_compress_columns input_filesystem input_filesystem_kwargs input_read_batch_size input_read_episodes
    input_read_method input_read_method_kwargs input_read_sample_batches input_read_schema iter_batches_kwargs
    kl_coeff kl_target lambda_ learner_config_dict learner_queue_size local_gpu_idx log_gradients log_level lr
    map_batches_kwargs materialize_data materialize_mapped_data max_num_env_runner_restarts
    max_num_offline_eval_runner_restarts max_requests_in_flight_per_aggregator_actor
    max_requests_in_flight_per_env_runner max_requests_in_flight_per_learner
    max_requests_in_flight_per_offline_eval_runner merge_env_runner_states metrics_num_episodes_for_smoothing
    min_sample_timesteps_per_iteration min_time_s_per_iteration min_train_timesteps_per_iteration minibatch_size
    moving_average_sqd_adv_norm_start moving_average_sqd_adv_norm_update_rate n_step normalize_actions
    num_atoms num_consecutive_env_runner_failures_tolerance
    num_cpus_for_main_process num_cpus_per_env_runner num_cpus_per_learner num_cpus_per_offline_eval_runner
    num_env_runners num_envs_per_env_runner num_epochs num_gpus_per_env_runner num_gpus_per_learner
    num_gpus_per_offline_eval_runner num_learners num_offline_eval_runners
    num_steps_sampled_before_learning_starts observation_space offline_data_class
    offline_eval_batch_size_per_runner offline_eval_rl_module_inference_only offline_eval_runner_class
    offline_eval_runner_health_probe_timeout_s offline_eval_runner_restore_timeout_s offline_evaluation_duration
    offline_evaluation_interval offline_evaluation_parallel_to_training offline_evaluation_timeout_s
    offline_loss_for_module_fn output output_compress_columns output_filesystem
    output_filesystem_kwargs output_max_rows_per_file output_write_episodes output_write_method
    output_write_method_kwargs output_write_remaining_data placement_strategy policies policies_to_train
    policy_mapping_fn prelearner_buffer_class prelearner_buffer_kwargs prelearner_class
    prelearner_use_recorded_module_states replay_buffer_config restart_failed_env_runners
    restart_failed_offline_eval_runners restart_failed_sub_environments rollout_fragment_length sample_timeout_s
    seed shuffle_batch_per_epoch simple_queue_size stats_cls_lookup store_buffer_in_checkpoints target_entropy
    target_network_update_freq tau td_error_loss_fn torch_compile_learner torch_compile_learner_dynamo_backend
    torch_compile_learner_dynamo_mode torch_compile_learner_what_to_compile torch_ddp_kwargs
    torch_skip_nan_gradients train_batch_size training_intensity twin_q use_circular_buffer
    use_env_runner_state_server use_kl_loss v_max v_min validate_env_runners_after_construction
    validate_offline_eval_runners_after_construction vf_clip_param vf_coeff vf_loss_coeff vtrace
    vtrace_clip_pg_rho_threshold vtrace_clip_rho_threshold
    """.split()
)
"""Read by RLlib's new API stack, which goes on as ever, or by `configure`."""

DEPRECATED = set(
    """
    _disable_execution_plan_api _enable_rl_module_api always_attach_evaluation_results auto_wrap_old_gym_envs
    buffer_size collect_metrics_timeout custom_async_evaluation_function enable_async_evaluation enable_connectors
    env_task_fn evaluation_num_episodes input_evaluation learning_starts metrics_smoothing_episodes
    min_iter_time_s min_sample_timesteps_per_reporting min_time_s_per_reporting min_train_timesteps_per_reporting
    monitor policy_map_cache prioritized_replay prioritized_replay_alpha prioritized_replay_beta
    prioritized_replay_eps replay_batch_size replay_mode simple_optimizer synchronize_filters
    timesteps_per_iteration use_critic worker_cls
    """.split()
)
"""Former names, for which RLlib itself names the new ones."""

PRIVATE = set(
    """
    _deterministic_loss _disable_action_flattening _disable_initialize_loss_from_dummy_batch
    _disable_preprocessor_api _dont_auto_sync_env_runner_states _env_runners_only _env_to_module_connector
    _is_atari _is_frozen _is_online _learner_class _learner_connector _lr_vf _model_config
    _module_to_env_connector _per_module_overrides _prior_exploration_config _rl_module_spec
    _separate_vf_optimizer _set_off_policy_estimation_methods _skip_learners _tf_policy_handles_more_than_one_loss
    _torch_grad_scaler_class _torch_lr_scheduler_classes _train_batch_size_per_learner _use_beta_distribution
    _use_msgpack_checkpoints _validate_config
    """.split()
)
"""Not for users."""
