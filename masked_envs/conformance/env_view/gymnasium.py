"""The view of a single-agent `gymnasium.Env`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
from gymnasium import spaces

from ...mask_spec import MaskSpec
from ..masks import HeadMask
from ..time_step import AgentStep, TimeStep, masks_in
from .base import EnvView, ask_sb3, reward_of

ONLY = ""  # the name of the only agent


class SingleEnvView(EnvView):
    """A `gymnasium.Env`: one agent."""

    interface = "gymnasium.Env"

    @staticmethod
    def fits(env: Any) -> bool:
        return isinstance(env, gym.Env)

    def attribute(self, name: str) -> Any:
        return self.env.get_wrapper_attr(name) if self.env.has_wrapper_attr(name) else None

    def spec(self, name: str) -> MaskSpec:
        return self.attribute("mask_spec") if self.declares else self.reader.spec(self.env.action_space)

    def observation_space(self, name: str) -> spaces.Space[Any]:
        return self.env.observation_space  # type: ignore[no-any-return]

    def head_mask(self, name: str) -> HeadMask | None:
        asked, env = self.options.head_mask, self.env
        return self.declared("head_mask") if asked is None else lambda k, prefix: asked(env, k, prefix)

    def ask(self) -> TimeStep:
        assert self.time_step is not None
        agent = self.time_step.agents[ONLY]
        return self._time_step(agent.observation, agent.info, agent.reward, agent.terminated, agent.truncated)

    def _reset(self, seed: int | None) -> TimeStep:
        return self._time_step(*self.env.reset(seed=seed))

    def _step(self, actions: Mapping[str, Any]) -> TimeStep:
        observation, reward, terminated, truncated, info = self.env.step(actions[ONLY])
        return self._time_step(observation, info, reward, terminated, truncated)

    def _time_step(
        self, observation: Any, info: Any, reward: Any = 0.0, terminated: bool = False, truncated: bool = False
    ) -> TimeStep:
        sb3 = None
        if self.declares:
            sb3 = ask_sb3(self, self.spec(ONLY))
            masks = returned = masks_in(self.spec(ONLY), observation, info, self.declared("action_mask"), sb3)
        else:
            masks, returned = self.third_party_masks(observation, info, self.attribute)
        ends = (bool(terminated), bool(truncated))
        agent = AgentStep(observation, info, masks, sb3, not any(ends), reward_of(reward), *ends, returned)
        return TimeStep({ONLY: agent}, over=any(ends))
