"""What an environment under test returned: per agent, for one time step, and as the result of a tried action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..adaptation.find import NAMES
from ..mask_spec import MaskSpec
from .values import fingerprint


@dataclass(frozen=True)
class AgentStep:
    """What one agent received at one time step.

    Attributes:
        observation, info, reward, terminated, truncated: as the environment returned them.
        masks: canonical masks by the place where each was found.
        sb3_mask: the result of `action_masks()`; None without that method.
        acting: whether the next step executes an action of this agent.
    """

    observation: Any
    info: Mapping[str, Any]
    masks: Mapping[str, Any]
    sb3_mask: Any = None
    acting: bool = True
    reward: float = 0.0
    terminated: bool = False
    truncated: bool = False

    @property
    def ended(self) -> bool:
        """Whether this is the last time step of the episode."""
        return self.terminated or self.truncated

    @property
    def mask(self) -> Any:
        """The mask from the first place that has one."""
        return next(iter(self.masks.values()), None)


@dataclass(frozen=True)
class TimeStep:
    """One time step of all agents.

    Attributes:
        agents: by name; the only agent of a single-agent environment is "", row i of a vector environment "row i".
        final: last time steps of episodes that ended and were reset in the same step (SAME_STEP autoreset).
        over: whether only reset() can continue.
    """

    agents: Mapping[str, AgentStep]
    final: Mapping[str, AgentStep] = field(default_factory=dict)
    over: bool = False

    @property
    def acting(self) -> dict[str, AgentStep]:
        """The agents whose action the next step executes."""
        return {name: agent for name, agent in self.agents.items() if agent.acting}

    @property
    def everyone(self) -> dict[str, AgentStep]:
        """All agents; of one whose episode ended in this step, the last time step of that episode."""
        return {**self.agents, **self.final}


@dataclass(frozen=True)
class StepResult:
    """The result of trying an action.

    Attributes:
        error: the exception of `step`, or None.
        after: the next time step, None where `step` raised.
        counted: by how much each agent's invalid-action counter changed; None without a counter.
        before: the time step in which the action was tried.
        behaviour: what the environment does with invalid actions, where that was found by trying some.
    """

    error: Exception | None
    after: TimeStep | None
    counted: Mapping[str, int] | None
    before: TimeStep | None = None
    behaviour: Behaviour | None = None

    def flagged(self, name: str) -> bool | None:
        """The value of an agent's `info["invalid_action"]`; None without that key."""
        agent = self.agent(name)
        return bool(agent.info["invalid_action"]) if agent is not None and "invalid_action" in agent.info else None

    def refused(self, name: str) -> bool | None:
        """Whether the environment refused this agent's action; None where that cannot be determined."""
        if self.error is not None:
            return True
        signs = self._explicit(name)
        if not signs and self.behaviour is not None:
            return self.behaviour.refused(self, name)
        return any(signs) if signs else None

    def is_explicit(self, name: str) -> bool:
        """Whether an exception, the flag in info or the counter tells whether the action was refused."""
        return self.error is not None or bool(self._explicit(name))

    def _explicit(self, name: str) -> list[bool]:
        """What the flag in info and the counter say, where these exist."""
        signs = [self.flagged(name), None if self.counted is None else self.counted[name] > 0]
        return [sign for sign in signs if sign is not None]

    def agent(self, name: str) -> AgentStep | None:
        """The agent after the step; if its episode ended in the step, the last time step of that episode."""
        return None if self.after is None else self.after.everyone.get(name)


class Behaviour(Protocol):
    """What an environment does with invalid actions."""

    def refused(self, result: StepResult, name: str) -> bool | None:
        """Whether an agent's action was refused; None where that cannot be determined."""


def bare(observation: Any) -> Any:
    """The observation without the mask in it."""
    if not isinstance(observation, Mapping):
        return observation
    return {key: part for key, part in observation.items() if key not in NAMES}


def is_still(before: AgentStep, after: AgentStep) -> bool:
    """Whether the observation, apart from a mask in it, did not change."""
    return fingerprint(bare(before.observation)) == fingerprint(bare(after.observation))


def step_digest(step: TimeStep | None) -> bytes:
    """A time step as bytes; equal bytes mean that every agent received the same."""
    if step is None:
        return b"refused"
    return b";".join(
        fingerprint([name, a.observation, a.info, a.masks, a.sb3_mask, float(a.reward), a.terminated, a.truncated])
        for agents in (step.agents, step.final)
        for name, a in agents.items()
    )


def masks_in(spec: MaskSpec, observation: Any, info: Mapping[str, Any], asked: Any, sb3: Any = None) -> dict[str, Any]:
    """An agent's canonical masks by place; that of `action_masks()` only where there is no other."""
    masks = {}
    if isinstance(observation, Mapping) and "action_mask" in observation:
        masks['observation["action_mask"]'] = observation["action_mask"]
    if "action_mask" in info:
        masks['info["action_mask"]'] = info["action_mask"]
    if asked is not None:
        masks["env.action_mask"] = asked
    if not masks and sb3 is not None:
        masks["action_masks()"] = spec.parse(np.asarray(sb3), from_="sb3")
    return masks
