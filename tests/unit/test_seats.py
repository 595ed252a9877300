"""The agents of a game as its Gymnasium form tells them, held against its PettingZoo form; and keys of infos."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import SyncVectorEnv
from streams import legal_action
from surfaces import TOYS, in_one_action, makers

from masked_envs.wrappers import ActionMask, VectorActionMask

pytestmark = pytest.mark.core

GAMES = [name for name, toy in TOYS.items() if toy.play != "single" and in_one_action(toy)]


@pytest.mark.parametrize("name", GAMES)
def test_agents_are_those_of_the_pettingzoo_form(name):
    pytest.importorskip("pettingzoo", reason="games need PettingZoo")
    aec, env, envs = (makers(name)[kind]() for kind in ("aec", "env", "vector"))
    aec.reset(seed=0)
    env.reset(seed=0)
    envs.reset(seed=0)
    assert env.agents == envs.agents == aec.possible_agents and env.num_agents == envs.num_agents == len(env.agents)
    if TOYS[name].play == "simultaneous":
        assert env.agent_selection is None and envs.agent_selection is None
        return
    rng, seen = np.random.default_rng(0), set()
    for _ in range(6):
        assert env.agent_selection == aec.agent_selection == envs.agent_selection[0]
        seen.add(env.agent_selection)
        action = legal_action(env, env.action_mask, rng)
        *_, terminated, truncated, info = env.step(action)
        aec.step(action)
        actions = envs.sample_legal()
        actions[0] = action
        envs.step(actions)
        if terminated or truncated:
            break
        assert env.agents[info["agent"]] == env.agent_selection
    assert len(seen) > 1


@pytest.mark.parametrize("name", [name for name in GAMES if TOYS[name].play == "turns"])
def test_with_an_opponent_the_selection_is_ones_own_seat(name):
    agent = TOYS[name].agents({})[-1]
    env = makers(name)["env"](opponent="random", agent=agent)
    env.reset(seed=0)
    assert env.agent_selection == agent and makers(name)["vector"](opponent="random", agent=agent).agents == env.agents


@pytest.mark.parametrize("kind", ["env", "vector"])
def test_an_environment_of_one_agent_has_no_agents(kind):
    env = makers("ToyJoint-v0")[kind]()
    env.reset(seed=0)
    for name in ("agents", "num_agents", "agent_selection"):
        assert not hasattr(env, name)
        with pytest.raises(AttributeError, match="ToyJoint-v0 has one agent"):
            getattr(env, name)


@pytest.mark.parametrize("on_invalid", ["raise", "resample"])
def test_reset_and_step_give_infos_with_the_same_keys(on_invalid):
    single = ActionMask(gym.make("CartPole-v1"), lambda env: np.ones(2, np.int8), on_invalid=on_invalid)
    vector = VectorActionMask(
        SyncVectorEnv([lambda: gym.make("CartPole-v1")] * 2),
        lambda envs: np.ones((2, 2), np.int8),
        on_invalid=on_invalid,
    )
    made = [makers(name)[kind](on_invalid=on_invalid) for name in GAMES for kind in ("env", "vector")]
    for env in (single, vector, *made):
        _, first = env.reset(seed=0)
        action = env.sample_legal()
        assert set(first) == set(env.step(action)[-1])
        assert ("invalid_action" in first) == (on_invalid != "raise") and not np.any(first.get("invalid_action"))
