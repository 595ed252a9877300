"""The views of PettingZoo's AEC and parallel environments."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from gymnasium import spaces

from ...mask_spec import MaskSpec
from ..masks import HeadMask
from ..time_step import AgentStep, TimeStep, masks_in
from .base import EnvView, ask_sb3, reward_of


def _is_a(env: Any, name: str) -> bool:
    """Whether this is one of PettingZoo's environments; nobody has one without having imported PettingZoo."""
    module = sys.modules.get("pettingzoo")
    return module is not None and isinstance(env, getattr(module, name))


class PettingZooView(EnvView):
    """What both interfaces of PettingZoo share."""

    agents_leave = True

    def attribute(self, name: str) -> Any:
        return getattr(self.env, name, None)

    def spec(self, name: str) -> MaskSpec:
        declared = self.attribute("mask_spec")
        if callable(declared):
            return declared(name)  # type: ignore[no-any-return]
        return self.reader.spec(self.env.action_space(name), name)

    def _masks(self, agent: str, observation: Any, info: Any, asked: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """An agent's masks; `asked` is the value of the environment's `action_mask` for it."""
        if self.declares:
            masks = masks_in(self.spec(agent), observation, info, asked)
            return masks, masks
        by_name = isinstance(self.options.mask_fn, str) or self.options.mask_at is not None
        return self.third_party_masks(observation, info, self.attribute if by_name else lambda name: None, agent)

    def observation_space(self, name: str) -> spaces.Space[Any]:
        return self.env.observation_space(name)  # type: ignore[no-any-return]


class AECEnvView(PettingZooView):
    """A `pettingzoo.AECEnv`; only the agent of `agent_selection` acts."""

    interface = "pettingzoo.AECEnv"

    @staticmethod
    def fits(env: Any) -> bool:
        return _is_a(env, "AECEnv")

    @property
    def acts_at_once(self) -> bool:
        return not self.env.metadata.get("is_parallelizable", False)

    def head_mask(self, name: str) -> HeadMask | None:
        return self.declared("head_mask")  # type: ignore[no-any-return]

    def ask(self) -> TimeStep:
        return self._look()

    def _reset(self, seed: int | None) -> TimeStep:
        self.env.reset(seed=seed)
        self.dead_steps = 0
        return self._look()

    def _step(self, actions: Mapping[str, Any]) -> TimeStep:
        env = self.env
        env.step(actions[env.agent_selection])
        rewards, left = dict(env.rewards), {}
        while not self._all_dead() and self._is_dead(env.agent_selection):
            left[env.agent_selection] = self._agent_step(env.agent_selection, rewards, acting=False)
            env.step(None)  # PettingZoo's step that removes a dead agent from a running game
            self.dead_steps += 1
        return self._look(rewards, left)

    def _look(
        self, rewards: Mapping[str, float] | None = None, left: Mapping[str, AgentStep] | None = None
    ) -> TimeStep:
        env, over = self.env, self._all_dead()
        agents = {
            agent: self._agent_step(agent, rewards or env.rewards, agent == env.agent_selection and not over)
            for agent in env.agents
        }
        return TimeStep(agents, left or {}, over=over)

    def _agent_step(self, agent: str, rewards: Mapping[str, float], acting: bool) -> AgentStep:
        env, selected = self.env, agent == self.env.agent_selection
        observation, info = env.observe(agent), env.infos[agent]
        masks, returned = self._masks(agent, observation, info, self.declared("action_mask") if selected else None)
        sb3 = ask_sb3(self, self.spec(agent)) if selected and self.declares else None
        ends = (bool(env.terminations[agent]), bool(env.truncations[agent]))
        return AgentStep(observation, info, masks, sb3, acting, reward_of(rewards[agent]), *ends, returned)

    def _is_dead(self, agent: str) -> bool:
        return bool(self.env.terminations[agent] or self.env.truncations[agent])

    def _all_dead(self) -> bool:
        return all(map(self._is_dead, self.env.agents))


class ParallelEnvView(PettingZooView):
    """A `pettingzoo.ParallelEnv`; all agents act."""

    interface = "pettingzoo.ParallelEnv"

    @staticmethod
    def fits(env: Any) -> bool:
        return _is_a(env, "ParallelEnv")

    def head_mask(self, name: str) -> HeadMask | None:
        asked = self.declared("head_mask")
        return None if asked is None else lambda k, prefix: asked(name, k, prefix)

    def ask(self) -> TimeStep:
        return self._time_step(*self._returned)

    def _reset(self, seed: int | None) -> TimeStep:
        observations, infos = self.env.reset(seed=seed)
        none = dict.fromkeys(observations, False)
        self._returned = (observations, dict.fromkeys(observations, 0.0), none, none, infos)
        return self._time_step(*self._returned)

    def _step(self, actions: Mapping[str, Any]) -> TimeStep:
        self._returned = self.env.step(dict(actions))
        return self._time_step(*self._returned)

    def _time_step(self, observations: Any, rewards: Any, terminated: Any, truncated: Any, infos: Any) -> TimeStep:
        asked = self.declared("action_mask") or {}
        sb3_masks = (ask_sb3(self, self.spec(next(iter(observations)))) if self.declares and observations else {}) or {}
        agents = {}
        for agent, observation in observations.items():
            masks, returned = self._masks(agent, observation, infos[agent], asked.get(agent))
            ends = (bool(terminated[agent]), bool(truncated[agent]))
            reward, sb3 = reward_of(rewards[agent]), sb3_masks.get(agent)
            agents[agent] = AgentStep(observation, infos[agent], masks, sb3, not any(ends), reward, *ends, returned)
        return TimeStep(agents, over=all(agent.ended for agent in agents.values()))
