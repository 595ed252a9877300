"""What an environment under test returned: per agent, for one time step, and as the result of a tried action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..adaptation.find import NAMES
from ..mask_spec import MaskSpec
from .values import digest


@dataclass(frozen=True)
class AgentStep:
    """What one agent received at one time step.

    Attributes:
        observation, info, reward, terminated, truncated: as the environment returned them; a multi-objective reward is
            an array.
        masks: canonical masks by the place where each was found.
        sb3_mask: the result of `action_masks()`; None without that method.
        acting: whether the next step executes an action of this agent.
        returned: what was in these places, before it was read into the canonical form.
    """

    observation: Any
    info: Mapping[str, Any]
    masks: Mapping[str, Any]
    sb3_mask: Any = None
    acting: bool = True
    reward: Any = 0.0
    terminated: bool = False
    truncated: bool = False
    returned: Mapping[str, Any] = field(default_factory=dict)

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
    """

    error: Exception | None
    after: TimeStep | None
    counted: Mapping[str, int] | None
    before: TimeStep | None = None

    def flagged(self, name: str) -> bool | None:
        """The value of an agent's `info["invalid_action"]`; None without that key."""
        agent = self.agent(name)
        return bool(agent.info["invalid_action"]) if agent is not None and "invalid_action" in agent.info else None

    def refused(self, name: str) -> bool | None:
        """Whether this agent's action was refused, by an exception, the flag in info or the counter; None without."""
        if self.error is not None:
            return True
        signs = [self.flagged(name), None if self.counted is None else self.counted[name] > 0]
        said = [sign for sign in signs if sign is not None]
        return any(said) if said else None

    def agent(self, name: str) -> AgentStep | None:
        """The agent after the step; if its episode ended in the step, the last time step of that episode."""
        return None if self.after is None else self.after.everyone.get(name)


def bare(observation: Any) -> Any:
    """The observation without the mask in it."""
    if not isinstance(observation, Mapping):
        return observation
    return {key: part for key, part in observation.items() if key not in NAMES}


def parts_of_step(step: TimeStep | None) -> dict[str, bytes]:
    """Digests of what L4 and L10 are about, by its name: observation, reward, flags and mask of every agent.

    Info is not among them: it may hold wall-clock times, counters and object ids that nobody acts on.
    """
    parts: dict[str, bytes] = {} if step is not None else {"refusal": b""}
    for who, agent in _named(step):
        _add(parts, f"{who}observation", agent.observation)
        parts[f"{who}reward"] = digest(agent.reward)
        parts[f"{who}terminated"], parts[f"{who}truncated"] = digest(agent.terminated), digest(agent.truncated)
        for place, mask in agent.masks.items():
            parts[f"{who}the mask in {place}"] = digest(mask)
        if agent.sb3_mask is not None:
            parts[f"{who}action_masks()"] = digest(agent.sb3_mask)
    return parts


def info_of_step(step: TimeStep | None) -> dict[str, bytes]:
    """Digests of every agent's info, by key."""
    parts: dict[str, bytes] = {}
    for who, agent in _named(step):
        _add(parts, f"{who}info", agent.info)
    return parts


def handed_out(step: TimeStep) -> dict[str, bytes]:
    """Digests of the observation and of the mask as it was returned, before it was read into its canonical form."""
    parts: dict[str, bytes] = {}
    for who, agent in _named(step):
        _add(parts, f"{who}observation", agent.observation)
        for place, value in agent.returned.items():
            if not callable(value):
                parts[f"{who}the mask in {place}"] = digest(value)
    return parts


def differing(first: Mapping[str, bytes], second: Mapping[str, bytes]) -> tuple[str, ...]:
    """The names of the parts that are not equal."""
    return tuple(name for name in {**first, **second} if first.get(name) != second.get(name))


def _named(step: TimeStep | None) -> Iterator[tuple[str, AgentStep]]:
    if step is not None:
        for ending, agents in (("", step.agents), (" at its end", step.final)):
            for name, agent in agents.items():
                yield f"{name}{ending}: " if name or ending else "", agent


def _add(parts: dict[str, bytes], name: str, value: Any) -> None:
    """The digests of a value, of a mapping key by key."""
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            _add(parts, f"{name}[{key!r}]", part)
    else:
        parts[name] = digest(value)


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
