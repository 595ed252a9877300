"""Games under RLlib: who is asked to act, whose reward goes where, what is counted and what is refused."""

import pickle
import re

import numpy as np
import pytest

pytest.importorskip("ray")
pytest.importorskip("ray.rllib")
pytest.importorskip("torch")

from multi_agent_toys import AGENTS, LENGTH, Knockout, Leavers, Unequal  # noqa: E402
from ray.rllib.algorithms.ppo import PPOConfig  # noqa: E402
from ray.rllib.core.columns import Columns  # noqa: E402
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner  # noqa: E402
from ray.rllib.env.multi_agent_episode import MultiAgentEpisode  # noqa: E402
from ray.rllib.evaluation.postprocessing import Postprocessing  # noqa: E402

from masked_envs.rllib import MaskedMultiAgentEnv, configure, count_invalid_actions  # noqa: E402

FOUR, WAREHOUSE = "MaskedConnectFour-v0", "MaskedWarehouse-v0"
SMALL = {"fcnet_hiddens": [16]}


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
