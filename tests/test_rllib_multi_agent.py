"""Multi-agent runs of RLlib: who is asked to act, whose reward goes where, and no invalid action, counted."""

import logging
import pickle
import re

import numpy as np
import pytest

ray = pytest.importorskip("ray")
pytest.importorskip("ray.rllib")
torch = pytest.importorskip("torch")

from multi_agent_toys import AGENTS, LENGTH, Knockout, Leavers, Unequal  # noqa: E402
from ray.rllib.algorithms.appo import APPOConfig  # noqa: E402
from ray.rllib.algorithms.dqn import DQNConfig  # noqa: E402
from ray.rllib.algorithms.impala import IMPALAConfig  # noqa: E402
from ray.rllib.algorithms.ppo import PPOConfig  # noqa: E402
from ray.rllib.core.columns import Columns  # noqa: E402
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner  # noqa: E402
from ray.rllib.env.multi_agent_episode import MultiAgentEpisode  # noqa: E402
from ray.rllib.evaluation.postprocessing import Postprocessing  # noqa: E402

from masked_envs.rllib import MaskedMultiAgentEnv, configure, count_invalid_actions  # noqa: E402

FOUR, WAREHOUSE = "MaskedConnectFour-v0", "MaskedWarehouse-v0"
SMALL = {"fcnet_hiddens": [16]}


@pytest.fixture
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    yield
    ray.shutdown()


def runner_of(env, *, num_envs=1, seed=3, env_config=None, model_config=SMALL, **given):
    config = PPOConfig().env_runners(num_env_runners=0, num_envs_per_env_runner=num_envs).debugging(seed=seed)
    configure(config, env, env_config, model_config, **given)
    config.validate()
    return MultiAgentEnvRunner(config=config)


def game_of(runner):
    return runner.env.envs[0].unwrapped.game


def played(env, moves):
    """The episode that RLlib makes of these moves."""
    episode = MultiAgentEpisode(
        observation_space=env.observation_spaces,
        action_space=env.action_spaces,
        agent_to_module_mapping_fn=lambda agent, episode: agent,
    )
    observations, infos = env.reset(seed=0)
    episode.add_env_reset(observations=observations, infos=infos)
    for move in moves:
        (agent,) = observations
        observations, rewards, terminateds, truncateds, infos = env.step({agent: move})
        episode.add_env_step(
            observations, {agent: move}, rewards, infos, terminateds=terminateds, truncateds=truncateds
        )
    return episode


# --- who is asked ---------------------------------------------------------------------------------------------


def test_only_the_agent_to_move_is_observed_with_its_own_mask():
    env = MaskedMultiAgentEnv({"env": FOUR})
    observations, _ = env.reset(seed=0)
    for turn in range(6):  # column 0 holds six
        assert list(observations) == [f"player_{turn % 2}"]
        observations, *_ = env.step({f"player_{turn % 2}": 0})
    assert observations["player_0"]["action_mask"].tolist() == [0, 1, 1, 1, 1, 1, 1]
    assert env.agents == env.possible_agents == ["player_0", "player_1"]


def test_agents_that_act_at_once_are_observed_at_once():
    env = MaskedMultiAgentEnv({"env": WAREHOUSE})
    observations, _ = env.reset(seed=0)
    assert list(observations) == env.possible_agents and len(observations) > 1
    given, rewards, terminateds, truncateds, _ = env.step(
        {agent: int(np.argmax(seen["action_mask"])) for agent, seen in observations.items()}
    )
    assert list(given) == list(rewards) == env.possible_agents
    assert terminateds["__all__"] is truncateds["__all__"] is False


@pytest.mark.parametrize("ends", ["truncated", "terminated"])
def test_an_agent_that_dies_before_the_others_have_moved_is_never_sampled_again(ends):
    """RLlib calls an episode over when all agents it knows are done, which here they are after the first move."""
    runner = runner_of(Knockout, env_config={"ends": ends})
    for _ in range(3):
        (episode,) = runner.sample(num_episodes=1)
        movers = [agent for agent, _ in game_of(runner).moves]
        assert movers == ["first", *["second", "third"] * 4] and len(movers) == LENGTH == episode.env_t
        lengths = {agent: len(part) for agent, part in episode.agent_episodes.items()}
        assert lengths == {"first": 1, "second": 4, "third": 4}
        ended = {agent: (part.is_terminated, part.is_truncated) for agent, part in episode.agent_episodes.items()}
        cut_off = (False, True) if ends == "truncated" else (True, False)
        assert ended == {"first": (True, False), "second": cut_off, "third": cut_off}
        assert episode.agent_episodes["first"].get_rewards().tolist() == [-5.0]
    assert game_of(runner).refused == count_invalid_actions(runner) == 0


def test_an_agent_that_leaves_a_simultaneous_game_is_never_sampled_again():
    runner = runner_of(Leavers)
    for _ in range(3):
        (episode,) = runner.sample(num_episodes=1)
        parts = episode.agent_episodes
        assert {agent: len(part) for agent, part in parts.items()} == {"first": 3, "second": 6, "third": 9}
        assert all(part.is_terminated and not part.is_truncated for part in parts.values())
    assert game_of(runner).refused == 0


@pytest.mark.parametrize(("env", "limit", "lengths"), [(FOUR, 3, [2, 1]), (FOUR, 1, [1]), (WAREHOUSE, 4, [4, 4, 4, 4])])
def test_a_game_cut_off_by_its_time_limit_is_truncated_for_everybody_and_not_terminated(env, limit, lengths):
    """A terminated episode would be learnt from without a value for what was to come."""
    (episode,) = runner_of(env, env_config={"time_limit": limit}).sample(num_episodes=1)
    parts = episode.agent_episodes.values()
    assert sorted(map(len, parts), reverse=True) == lengths
    assert episode.is_truncated and not episode.is_terminated
    assert all(part.is_truncated and not part.is_terminated for part in parts)


# --- rewards --------------------------------------------------------------------------------------------------


def test_the_loser_of_connect_four_learns_of_it_by_its_last_decision():
    """Columns 0 1 0 1 0 1 0: player_0 has four in a column, and each return follows by hand for gamma = 1/2."""
    config = PPOConfig().training(gamma=0.5, lambda_=1.0).learners(num_learners=0)
    configure(config, FOUR, model_config=SMALL, policies="separate")
    env = MaskedMultiAgentEnv({"env": FOUR})
    episode = played(env, [0, 1, 0, 1, 0, 1, 0])
    rewards = {agent: list(part.get_rewards()) for agent, part in episode.agent_episodes.items()}
    assert rewards == {"player_0": [0, 0, 0, 1], "player_1": [0, 0, -1]}
    spaces = {agent: (env.observation_spaces[agent], env.action_spaces[agent]) for agent in env.possible_agents}
    learner = config.build_learner(spaces=spaces)
    batch = learner._learner_connector(
        rl_module=learner.module, batch={}, episodes=[episode.to_numpy()], shared_data={}, metrics=learner.metrics
    )
    targets = {}
    for agent, part in batch.items():
        counts = part[Columns.LOSS_MASK].bool()
        targets[agent] = part[Postprocessing.VALUE_TARGETS][counts].tolist()
    assert targets["player_0"] == pytest.approx([1 / 8, 1 / 4, 1 / 2, 1])
    assert targets["player_1"] == pytest.approx([-1 / 4, -1 / 2, -1])


@pytest.mark.parametrize("chunk", [1, 2, 5])
def test_no_decision_and_no_reward_is_lost_where_rllib_cuts_episodes(chunk):
    """By hand: `second` and `third` move four times each, in turn after `first`, so each earns 4 and pays a quarter for
    each move of the other that came after its own first: four for `second`, three for `third`."""
    runner = runner_of(Knockout)
    earned, moved, done = dict.fromkeys(AGENTS, 0.0), dict.fromkeys(AGENTS, 0), False
    while not done:
        episode = runner.sample(num_timesteps=chunk)[0]
        for agent, part in episode.agent_episodes.items():
            earned[agent] += sum(part.get_rewards())
            moved[agent] += len(part)
        done = episode.is_done
    assert moved == {"first": 1, "second": 4, "third": 4}
    assert earned == {"first": -5.0, "second": 3.0, "third": 3.25}


# --- seeds, counters ------------------------------------------------------------------------------------------


def test_seeds_reach_every_copy_of_the_environment():
    def positions(seed):
        runner = runner_of(WAREHOUSE, num_envs=2, seed=seed)
        runner.sample(num_timesteps=0, force_reset=True)
        return [env.unwrapped.game.get_state() for env in runner.env.envs]

    first, again, other = positions(1), positions(1), positions(7)
    assert first == again and first[0] != first[1] and first[0] != other[0]


@pytest.mark.parametrize("env", [FOUR, WAREHOUSE, Knockout, Leavers])
def test_the_counter_counts_what_a_module_blind_to_masks_does(env):
    blind, seeing = (runner_of(env, model_config=SMALL | more) for more in ({"mask_actions": False}, {}))
    for runner in (blind, seeing):
        runner.sample(num_timesteps=150)
    assert count_invalid_actions(blind) > 0 == count_invalid_actions(seeing)
    if env in (Knockout, Leavers):
        assert count_invalid_actions(blind) == game_of(blind).refused


def test_rllib_makes_the_environment_without_an_action_of_its_own():
    """Its check of multi-agent environments, which `configure` switches off, steps an action without the mask."""
    config = configure(PPOConfig(), Knockout).env_runners(num_env_runners=0)
    assert game_of(MultiAgentEnvRunner(config=config)).moves == []
    config = configure(PPOConfig(), Knockout).environment(disable_env_checking=False).env_runners(num_env_runners=0)
    assert len(game_of(MultiAgentEnvRunner(config=config)).moves) == 1


# --- configure ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        (None, ["shared"]),
        ("shared", ["shared"]),
        ("separate", ["player_0", "player_1"]),
        ({"player_0": "hero", "player_1": "villain"}, ["hero", "villain"]),
    ],
)
def test_policies_are_those_asked_for(policies, expected):
    config = configure(PPOConfig(), FOUR, policies=policies)
    assert sorted(config.policies) == expected == sorted(config.rl_module_spec.rl_module_specs)
    mapping = pickle.loads(pickle.dumps(config.policy_mapping_fn))
    assert sorted({mapping(agent, None) for agent in ("player_0", "player_1")}) == expected
    assert config.env_config["on_invalid"] == "noop" and config.is_multi_agent


def test_a_game_with_an_opponent_is_single_agent():
    config = configure(PPOConfig(), FOUR, {"opponent": "random"})
    assert not config.is_multi_agent


@pytest.mark.parametrize(
    ("env", "given", "error", "words"),
    [
        (FOUR, {"policies": "selfplay"}, ValueError, "'shared', 'separate' or a mapping"),
        (FOUR, {"policies": 2}, TypeError, "'shared', 'separate' or a mapping"),
        (FOUR, {"policies": {"player_0": "a"}}, ValueError, "missing ['player_1']"),
        (FOUR, {"policies": {"player_0": "a", "player_1": "a", "player_2": "b"}}, ValueError, "unknown ['player_2']"),
        (FOUR, {"policies": {"player_0": "a", "player_1": 1}}, TypeError, "names, as strings"),
        (FOUR, {"policies": {"player_0": "a", "player_1": "default_policy"}}, ValueError, "'default_policy'"),
        (FOUR, {"policies": {"player_0": "a", "player_1": "b/c"}}, ValueError, "b/c"),
        (FOUR, {"policies": "shared", "env_config": {"opponent": "random"}}, TypeError, "without opponent="),
        ("MaskedCartPole-v0", {"policies": "shared"}, TypeError, "one learning agent"),
        (FOUR, {"env_config": {"mask_in": "info"}}, ValueError, "'action_mask'"),
        (FOUR, {"env_config": {"no_such": 1}}, TypeError, "no_such"),
        (Unequal, {}, ValueError, "same spaces"),
        (dict, {}, TypeError, "PettingZoo"),
    ],
)
def test_what_makes_no_multi_agent_run_is_refused_before_the_config_changes(env, given, error, words):
    config = PPOConfig()
    with pytest.raises(error, match=re.escape(words)):
        configure(config, env, **given)
    assert config.env is None and not config.is_multi_agent and config.rl_module_spec.module_class is not None


def test_agents_of_different_spaces_play_under_policies_of_their_own():
    runner = runner_of(Unequal, policies={"first": "small", "second": "small", "third": "large"})
    assert runner.module["large"].action_space.n == 5 and runner.module["small"].action_space.n == 4


# --- training -------------------------------------------------------------------------------------------------


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
    (PPOConfig, FOUR, "separate"),
    (PPOConfig, WAREHOUSE, "shared"),
    (PPOConfig, Knockout, "separate"),
    (APPOConfig, FOUR, "shared"),
    (IMPALAConfig, WAREHOUSE, "separate"),
    (DQNConfig, FOUR, "separate"),
]


@pytest.mark.parametrize(("config_class", "env", "policies"), RUNS)
def test_training_and_evaluation_without_an_invalid_action(cluster, config_class, env, policies):
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


def test_with_two_policies_one_can_learn_while_the_other_stays_as_it_was(cluster):
    config = configure(small(PPOConfig), FOUR, model_config=SMALL, policies="separate")
    algorithm = config.multi_agent(policies_to_train=["player_1"]).build_algo()
    before = {module: weights_of(algorithm, module) for module in config.policies}
    algorithm.train()
    changed = {module for module in before if not np.array_equal(before[module], weights_of(algorithm, module))}
    assert changed == {"player_1"}
    algorithm.stop()


@pytest.mark.parametrize(("config_class", "env"), [(PPOConfig, FOUR), (DQNConfig, FOUR), (PPOConfig, WAREHOUSE)])
def test_the_same_run_blind_to_masks_counts_some(cluster, config_class, env):
    config = configure(small(config_class), env, model_config=SMALL | {"mask_actions": False})
    algorithm = config.build_algo()
    result = algorithm.train()
    training, _ = counted(algorithm)
    assert 0 < training == result["env_runners"]["num_invalid_actions_lifetime"]
    algorithm.stop()


def test_remote_workers_play_and_count(cluster):
    config = configure(small(PPOConfig), FOUR, model_config=SMALL, policies="separate")
    algorithm = config.env_runners(num_env_runners=1).evaluation(evaluation_interval=None).build_algo()
    result = algorithm.train()
    assert result["env_runners"]["num_invalid_actions_lifetime"] == 0
    remote = algorithm.env_runner_group.foreach_env_runner(count_invalid_actions, local_env_runner=False)
    assert remote == [0]
    algorithm.stop()


def test_a_recurrent_policy_plays_games_in_which_agents_die(cluster):
    model = SMALL | {"use_lstm": True, "lstm_cell_size": 8, "max_seq_len": 4}
    algorithm = configure(small(PPOConfig), Knockout, model_config=model, policies="separate").build_algo()
    learners = algorithm.train()["learners"]
    assert counted(algorithm) == [0, 0]
    assert all(np.isfinite(learners[agent]["total_loss"]) for agent in AGENTS)
    algorithm.stop()


def test_replay_holds_each_decision_of_each_agent_with_its_reward(cluster):
    """Every episode of Knockout is 9 decisions; those of finished episodes earn -5, 3 and 3.25 (see above)."""
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
def test_self_play_learns_to_beat_random_legal_play(cluster):
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
