"""PettingZoo games in which an agent leaves early, written as PettingZoo's own are and not by this package."""

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete
from pettingzoo import AECEnv, ParallelEnv

AGENTS = ("first", "second", "third")
NUM_ACTIONS = 4
LENGTH = 9  # moves of Knockout, rounds of Leavers


def space():
    return Dict(observation=Box(0, 1, (2,), np.float32), action_mask=Box(0, 1, (NUM_ACTIONS,), np.int8))


def mask_at(time, agent):
    """Two of the four actions, others for every agent and time."""
    mask = np.zeros(NUM_ACTIONS, np.int8)
    mask[[(time + AGENTS.index(agent)) % NUM_ACTIONS, (time + AGENTS.index(agent) + 1) % NUM_ACTIONS]] = 1
    return mask


class Knockout(AECEnv):
    """Turn by turn; `first` is out by its own first move, at -5, before anybody else has moved.

    A move pays its mover 1 and each other living agent -0.25; after LENGTH moves the rest are cut off (`ends` is
    "truncated") or done ("terminated"). `moves` are those of this game, as (agent, action); `refused` of all games.
    """

    metadata = {"name": "knockout", "render_modes": []}

    def __init__(self, ends="truncated"):
        super().__init__()
        self.ends, self.possible_agents, self.render_mode = ends, list(AGENTS), None
        self.moves, self.refused = [], 0

    def observation_space(self, agent):
        return space()

    def action_space(self, agent):
        return Discrete(NUM_ACTIONS)

    def reset(self, seed=None, options=None):
        self.agents, self.moves = list(AGENTS), []
        self.rewards = dict.fromkeys(AGENTS, 0.0)
        self._cumulative_rewards = dict.fromkeys(AGENTS, 0.0)
        self.terminations, self.truncations = dict.fromkeys(AGENTS, False), dict.fromkeys(AGENTS, False)
        self.infos = {agent: {} for agent in AGENTS}
        self.agent_selection, self._skip_agent_selection = AGENTS[0], None

    def observe(self, agent):
        seen = np.array([len(self.moves) / LENGTH, AGENTS.index(agent) / 2], np.float32)
        return {"observation": seen, "action_mask": mask_at(len(self.moves), agent)}

    def step(self, action):
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        self.refused += not mask_at(len(self.moves), agent)[action]
        self.moves.append((agent, int(action)))
        self._cumulative_rewards[agent] = 0.0
        self.rewards = {other: 1.0 if other == agent else -0.25 for other in self.agents}
        living = [other for other in AGENTS if other in self.agents and other != "first"]
        if agent == "first":
            self.rewards["first"], self.terminations["first"] = -5.0, True
        if len(self.moves) == LENGTH:
            ended = self.truncations if self.ends == "truncated" else self.terminations
            ended.update(dict.fromkeys(living, True))
        self._accumulate_rewards()
        self.agent_selection = living[0] if agent == "first" else living[1 - living.index(agent)]
        self._deads_step_first()


class Leavers(ParallelEnv):
    """All at once; agent k of AGENTS leaves after 3 (k + 1) rounds. Every round pays 1. `refused` as in Knockout."""

    metadata = {"name": "leavers", "render_modes": []}

    def __init__(self):
        self.possible_agents, self.render_mode, self.refused = list(AGENTS), None, 0

    def observation_space(self, agent):
        return space()

    def action_space(self, agent):
        return Discrete(NUM_ACTIONS)

    def _observations(self):
        return {
            agent: {
                "observation": np.full(2, self.round / LENGTH, np.float32),
                "action_mask": mask_at(self.round, agent),
            }
            for agent in self.agents
        }

    def reset(self, seed=None, options=None):
        self.agents, self.round = list(AGENTS), 0
        return self._observations(), {agent: {} for agent in AGENTS}

    def step(self, actions):
        if set(actions) != set(self.agents):
            raise ValueError(f"actions for {sorted(actions)}, and {self.agents} live")
        self.refused += sum(not mask_at(self.round, agent)[action] for agent, action in actions.items())
        self.round += 1
        acted, seen = self.agents, self._observations()
        over = {agent: self.round == 3 * (AGENTS.index(agent) + 1) for agent in acted}
        self.agents = [agent for agent in acted if not over[agent]]
        return seen, dict.fromkeys(acted, 1.0), over, dict.fromkeys(acted, False), {agent: {} for agent in acted}


class Unequal(Knockout):
    """Knockout in which `third` has more actions than the others."""

    def observation_space(self, agent):
        return space() if agent != "third" else Dict(space().spaces | {"action_mask": Box(0, 1, (5,), np.int8)})

    def action_space(self, agent):
        return Discrete(NUM_ACTIONS + (agent == "third"))
