"""Games of turns that are cut off by a time limit: whose turn it is has its true mask, others have nothing to choose.

By one law in all games (L6), whatever the rule of a game writes for an agent whose turn it is not.
"""

from __future__ import annotations

import numpy as np
import pytest
from streams import fingerprint, legal_action
from surfaces import TOYS, makers

from masked_envs import trees
from masked_envs.catalogue import CATALOGUE

TURNS = [
    *(name for name, toy in TOYS.items() if toy.play == "turns"),
    *(env_id for env_id, entry in CATALOGUE.items() if entry.play == "turns"),
]
LIMITS = (1, 2, 3)  # steps


def all_are(mask, value):
    return all((leaf == value).all() for leaf in trees.leaves(mask))


@pytest.mark.parametrize("env_id", TURNS)
def test_who_waits_when_a_game_is_cut_off_has_nothing_to_choose(env_id):
    cut_short = 0
    for limit in LIMITS:
        cut, whole = (makers(env_id)["aec"](backend="python", time_limit=steps) for steps in (limit, 0))
        cut.reset(seed=limit)
        whole.reset(seed=limit)
        for _ in range(limit):
            if any(cut.terminations.values()):
                break
            action = legal_action(cut, cut.action_mask, np.random.default_rng(limit))
            cut.step(action)
            whole.step(action)
        if not all(cut.truncations.values()):
            continue
        cut_short += 1
        for agent in cut.possible_agents:
            mask = cut.observe(agent)["action_mask"]
            assert fingerprint(mask) == fingerprint(whole.observe(agent)["action_mask"])
            assert fingerprint(mask) == fingerprint(cut.infos[agent]["action_mask"])
            assert all_are(mask, 0) == (agent != whole.agent_selection)
            if agent != whole.agent_selection:
                with pytest.raises(ValueError, match="does not act now"):
                    cut.sample_legal(agent)
    assert cut_short > 0


@pytest.mark.parametrize("env_id", TURNS)
def test_a_seat_that_waits_when_the_game_is_cut_off_is_forbidden_nothing(env_id):
    """The second agent, which waits after a limit of one step, unless its turn comes at once."""
    waited = 0
    for limit in LIMITS:
        make = makers(env_id)["env"]
        agents = makers(env_id)["aec"]().possible_agents
        for agent in agents:
            env = make(backend="python", time_limit=limit, opponent="random", agent=agent)
            observation, info = env.reset(seed=limit)
            state, over = env.unwrapped.get_state(), False
            while not (over or state.truncated or state.terminated):
                observation, _, terminated, truncated, info = env.step(env.unwrapped.sample_legal())
                state, over = env.unwrapped.get_state(), terminated or truncated
            if state.terminated:
                continue
            acting = agents[int(env.unwrapped._engine.acting[0])]
            mask = observation["action_mask"]
            assert fingerprint(mask) == fingerprint(info["action_mask"]) == fingerprint(env.unwrapped.action_mask)
            assert all_are(mask, 1) or agent == acting
            waited += agent != acting
            if agent != acting and env.unwrapped.mask_spec.needs_head_mask:
                assert all_are(env.unwrapped.head_mask(2, [0, 0]), 1)
    assert waited > 0
