"""Games as people write them, and ways to break their masks: agents that leave one by one, a hidden card."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import gymnasium as gym
import numpy as np
from foreign_mutants import canonical
from gymnasium import spaces
from own_envs import Jobs
from pettingzoo import AECEnv, ParallelEnv

CHAIRS = 9
PASS = CHAIRS


class Chairs(AECEnv):
    """Players take chairs in turn, each but every third; some chairs are broken, and who takes one is out."""

    metadata = {"name": "chairs", "is_parallelizable": False}  # noqa: RUF012

    def __init__(self) -> None:
        self.possible_agents = ["a", "b", "c"]
        self.render_mode = None
        chairs, mask = spaces.MultiBinary(CHAIRS), spaces.Box(0, 1, (CHAIRS + 1,), np.int8)
        self.seen = {agent: spaces.Dict({"chairs": chairs, "action_mask": mask}) for agent in self.possible_agents}
        self.choices = {agent: spaces.Discrete(CHAIRS + 1) for agent in self.possible_agents}

    def observation_space(self, agent: str) -> Any:
        return self.seen[agent]

    def action_space(self, agent: str) -> Any:
        return self.choices[agent]

    def reset(self, seed: int | None = None, options: Any = None) -> None:
        if seed is not None or not hasattr(self, "rng"):
            self.rng = np.random.default_rng(seed)
        self.agents = self.possible_agents[:]
        self.free = np.ones(CHAIRS, np.int8)
        self.broken = self.rng.random(CHAIRS) < 0.3
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, Any] = {agent: {} for agent in self.agents}
        self.agent_selection = self.agents[0]
        self._skip_agent_selection = None

    def allowed(self, agent: str) -> Any:
        mask = np.append(self.free, 0).astype(np.int8)
        mask[self.possible_agents.index(agent) : CHAIRS : 3] = 0
        mask[PASS] = not mask.any()
        return mask

    def shown(self, agent: str) -> Any:
        if self.terminations.get(agent, True):
            return self.when_dead(agent)
        return self.allowed(agent) if agent == self.agent_selection else self.when_waiting(agent)

    def when_dead(self, agent: str) -> Any:
        return np.ones(CHAIRS + 1, np.int8)

    def when_waiting(self, agent: str) -> Any:
        return np.zeros(CHAIRS + 1, np.int8)

    def observe(self, agent: str) -> Any:
        return {"chairs": self.free.copy(), "action_mask": self.shown(agent)}

    def step(self, action: Any) -> None:
        agent = self.agent_selection
        if self.terminations[agent]:
            self._was_dead_step(action)
            return
        if not (isinstance(action, (int, np.integer)) and 0 <= action <= PASS and self.allowed(agent)[action]):
            raise ValueError(f"{agent} cannot take {action}")
        self._clear_rewards()
        self._cumulative_rewards[agent] = 0.0
        self.agent_selection = self._next(agent)
        if action != PASS:
            self.free[action] = 0
            self.rewards[agent] = -1.0 if self.broken[action] else 1.0
            self.terminations[agent] = bool(self.broken[action])
        living = [a for a in self.agents if not self.terminations[a]]
        if not self.free.any() or len(living) < 2:
            self.terminations = dict.fromkeys(self.agents, True)
        self._accumulate_rewards()
        self._deads_step_first()

    def _next(self, agent: str) -> str:
        order = self.agents[self.agents.index(agent) + 1 :] + self.agents
        return next(other for other in order if not self.terminations[other])


class BareChairs(Chairs):
    """Chairs that shows no mask; `allowed(agent)` knows it."""

    def observation_space(self, agent: str) -> Any:
        return self.seen[agent]["chairs"]

    def observe(self, agent: str) -> Any:
        return self.free.copy()


class OfTheNext(Chairs):
    """The mask of the wrong agent."""

    def shown(self, agent: str) -> Any:
        if self.terminations.get(agent, True) or agent != self.agent_selection:
            return super().shown(agent)
        return self.allowed(self._next(agent))


class WaitingMayMove(Chairs):
    def when_waiting(self, agent: str) -> Any:
        return self.allowed(agent)


class DeadMayMove(Chairs):
    def when_dead(self, agent: str) -> Any:
        return self.allowed(agent)


class LaxAfterADeath(Chairs):
    """Shows that everything may be taken, as soon as somebody is out."""

    def shown(self, agent: str) -> Any:
        mask = super().shown(agent)
        return np.ones_like(mask) if len(self.agents) == 2 and agent == self.agent_selection else mask


class Race(ParallelEnv):
    """All run at once, by 1 to 3 fields, but not by what they ran last; who lands on a hole is out."""

    metadata = {"name": "race"}  # noqa: RUF012
    LENGTH = 12

    def __init__(self) -> None:
        self.possible_agents = ["a", "b"]
        self.render_mode = None
        self.seen = {agent: spaces.MultiDiscrete([self.LENGTH + 4, 4]) for agent in self.possible_agents}
        self.choices = {agent: spaces.Discrete(3, start=1) for agent in self.possible_agents}

    def observation_space(self, agent: str) -> Any:
        return self.seen[agent]

    def action_space(self, agent: str) -> Any:
        return self.choices[agent]

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        if seed is not None or not hasattr(self, "rng"):
            self.rng = np.random.default_rng(seed)
        self.agents = self.possible_agents[:]
        self.holes = self.rng.random(self.LENGTH + 4) < 0.15
        self.at = {agent: np.array([0, 0]) for agent in self.agents}
        return {agent: self.at[agent].copy() for agent in self.agents}, self.told(self.agents, [])

    def allowed(self, agent: str) -> Any:
        return (np.arange(1, 4) != self.at[agent][1]).astype(np.int8)

    def told(self, agents: list[str], dead: list[str]) -> Any:
        return {a: {"action_mask": self.when_dead(a) if a in dead else self.shown(a)} for a in agents}

    def when_dead(self, agent: str) -> Any:
        return np.ones(3, np.int8)

    def shown(self, agent: str) -> Any:
        return self.allowed(agent)

    def step(self, actions: Any) -> Any:
        for agent, action in actions.items():
            if not (1 <= action <= 3 and self.allowed(agent)[action - 1]):
                raise ValueError(f"{agent} cannot run {action}")
        acted = self.agents
        for agent in acted:
            self.at[agent] = np.array([self.at[agent][0] + actions[agent], actions[agent]])
        out = [agent for agent in acted if self.holes[self.at[agent][0]] or self.at[agent][0] >= self.LENGTH]
        self.agents = [agent for agent in acted if agent not in out]
        ends = {agent: agent in out for agent in acted}
        seen = {agent: self.at[agent].copy() for agent in acted}
        rewards = {agent: float(self.at[agent][0] >= self.LENGTH) for agent in acted}
        return seen, rewards, ends, dict.fromkeys(acted, False), self.told(acted, out)


class BareRace(Race):
    """Race that shows no mask; `allowed(agent)` knows it."""

    def told(self, agents: list[str], dead: list[str]) -> Any:
        return {agent: {} for agent in agents}


class OfTheOther(Race):
    def shown(self, agent: str) -> Any:
        return self.allowed("b" if agent == "a" else "a")


class DeadMayRun(Race):
    def when_dead(self, agent: str) -> Any:
        return self.allowed(agent)


class Bluff(Jobs):
    """Bet or fold against a hidden card, three times; the card decides only who wins."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**{"jobs": 3, **arguments})
        self.observation_space = spaces.Box(0, 10, (2,), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        gym.Env.reset(self, seed=seed)
        self.own, self.hidden = self.np_random.integers(1, 4, size=2)
        self.rounds = 0
        return self.seen(), self.told()

    def seen(self) -> Any:
        return np.array([self.own, self.rounds], np.float32)

    def free(self) -> Any:
        return np.array([True, True, self.rounds > 0])

    def told(self) -> dict[str, Any]:
        return {"action_mask": canonical(self)}

    def step(self, choice: Any) -> Any:
        if not 0 <= choice < 3 or not self.free()[choice]:
            return self.wrong(choice)
        self.rounds += 1
        over = bool(choice == 1 or self.rounds == 3)
        return self.seen(), float(np.sign(self.own - self.hidden)) if over else 0.0, over, False, self.told()


class MaskTellsTheCard(Bluff):
    """Advises against bets that lose; the rules do not know of it."""

    def told(self) -> dict[str, Any]:
        mask = canonical(self)
        mask[2] &= self.hidden < 3
        return {"action_mask": mask}


class RulesTellTheCard(Bluff):
    """The same, and the rules follow the mask."""

    def free(self) -> Any:
        return np.array([True, True, self.rounds > 0 and self.hidden < 3])


class ByProcess(Jobs):
    """Leaves out one job, by the number of the process, as a mask that is drawn once per worker does."""

    def free(self) -> Any:
        allowed = self.left.copy()
        if allowed.sum() > 1:
            allowed[np.flatnonzero(allowed)[self.drawn() % int(allowed.sum())]] = False
        return allowed

    def drawn(self) -> int:
        return os.getpid()

    def told(self) -> dict[str, Any]:
        return {"action_mask": canonical(self)}

    def step(self, job: Any) -> Any:
        if not 0 <= job < self.jobs or not self.free()[job]:
            return self.wrong(job)
        return super().step(job)


class ByHash(ByProcess):
    """By the hash of a string, which Python seeds anew in every process."""

    def drawn(self) -> int:
        return hash(str(self.left.tolist()))


class ByDigest(ByProcess):
    """By a digest, which is the same everywhere."""

    def drawn(self) -> int:
        return hashlib.sha256(self.left.tobytes()).digest()[0]


HEALTHY_GAMES = {"chairs": Chairs, "race": Race, "bluff": Bluff, "by digest": ByDigest}
GAME_MUTANTS = {
    "everything may be taken after a death": (LaxAfterADeath, "L7"),
    "the mask of the next agent": (OfTheNext, "L7"),
    "waiting agents may move": (WaitingMayMove, "L6"),
    "dead agents may move": (DeadMayMove, "L6"),
    "the mask of the other agent": (OfTheOther, "L7"),
    "dead agents may run": (DeadMayRun, "L6"),
    "the mask tells a hidden card": (MaskTellsTheCard, "L7"),
    "by the process": (ByProcess, "L10"),
    "by the hash": (ByHash, "L10"),
}
