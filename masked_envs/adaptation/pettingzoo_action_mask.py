"""`AECActionMask` and `ParallelActionMask`: third-party PettingZoo environments with masks that keep the laws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils import BaseParallelWrapper, BaseWrapper

from .. import trees
from ..mask_spec.checks import by_agent, describe, shown
from .agent_masks import AgentHeadMask, AgentMaskFn, AgentMasks, AgentSpec


class AECActionMask(AgentMasks, BaseWrapper):  # type: ignore[misc]
    """Adds to an AEC environment action masks, `on_invalid`, and a count of invalid actions.

    The mask of the acting agent is in `observe(agent)["action_mask"]`, in `infos[agent]["action_mask"]` and behind
    `action_mask`. It is all zeros for an agent that waits, and all ones for one that has ended, whose actions are not
    judged. Masks are asked for whenever they are read, and before each step.

    Args:
        env: the environment.
        mask_fn: (env, agent) -> the mask of an agent that is to act; or "module:function".
        mask_at: instead, where the mask is, as code: `observation["mask"]`, `info["legal"]`, `env.legal(agent)`.
            Without either, the mask is looked for in the observation and the info of each agent.
        mask_spec: of every agent, or by agent; or the kind, such as "joint". Without it, what the action spaces and
            (for MultiDiscrete) the first masks say.
        head_mask: of a conditional mask of more than two heads: (env, agent, k, prefix) -> what head k may take.
        on_invalid: "raise" an InvalidActionError, nothing having moved, or "resample" a legal action.
        mask_in: "observation", or "info" for the bare observations.

    Raises:
        TypeError: no mask is found, or both of `mask_fn` and `mask_at`. ValueError: an unknown value of an argument, or
        places that disagree. EmptyMaskError: in `reset` and `step`, nothing is allowed for the agent that is to act.
    """

    def __init__(
        self,
        env: Any,
        mask_fn: AgentMaskFn | None = None,
        *,
        mask_at: str | None = None,
        mask_spec: AgentSpec | None = None,
        head_mask: AgentHeadMask | None = None,
        on_invalid: str = "raise",
        mask_in: str = "observation",
    ) -> None:
        _require(self, env, AECEnv)
        BaseWrapper.__init__(self, env)
        self._begin(mask_fn, mask_at, mask_spec, head_mask, on_invalid, mask_in)
        self._infos: dict[str, Any] = {}
        env.reset()
        self._mask_of(env.agent_selection)  # where it is, and in which form

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """As in the environment; a seed also seeds `np_random`."""
        self._gate.seed(seed)
        self._was_invalid, self._infos = {}, {}
        self.env.reset(seed=seed, options=options)
        self._check_acting()

    def _check_acting(self) -> None:
        agent = self.env.agent_selection
        if self.env.agents and not self._has_ended(agent):
            self._refuse_empty(agent, self._mask_of(agent))

    def _has_ended(self, agent: str) -> bool:
        return bool(self.env.terminations.get(agent) or self.env.truncations.get(agent))

    def _mask_of(self, agent: str) -> Any:
        if self._has_ended(agent):
            return self.mask_spec(agent).full()
        if agent != self.env.agent_selection:
            return self.mask_spec(agent).empty()
        return self._read(agent, self.env.observe(agent), self.env.infos[agent])

    @property
    def action_mask(self) -> Any:
        """The canonical mask of the acting agent, a copy."""
        return self._mask_of(self.env.agent_selection)

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The mask of the acting agent in the form of sb3-contrib."""
        agent = self.env.agent_selection
        masks: npt.NDArray[np.bool_] = self.mask_spec(agent).convert(self._mask_of(agent), to="sb3")
        return masks

    def head_mask(self, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """For a conditional mask: what head k of the acting agent may take after the choices `prefix`."""
        agent = self.env.agent_selection
        return self.mask_spec(agent).head_mask(self._mask_of(agent), k, prefix, self._heads(agent))

    def sample_legal(self, agent: str, rng: np.random.Generator | None = None) -> Any:
        """A uniformly random legal action of the agent that is to act.

        Args:
            agent: who acts, `agent_selection`.
            rng: the random generator; by default `np_random`.

        Raises:
            ValueError: nothing is legal for this agent, as for one that waits.
        """
        return self._sample(agent, self._mask_of(agent), rng)

    @property
    def infos(self) -> dict[str, Any]:
        """The environment's, each with the canonical mask; the same objects until the position changes."""
        masks = {agent: self._mask_of(agent) for agent in self.env.infos}
        known = {agent: info["action_mask"] for agent, info in self._infos.items()}
        if not (masks.keys() == known.keys() and trees.equal(masks, known)):
            self._infos = {agent: self._info(agent, info, masks[agent]) for agent, info in self.env.infos.items()}
        return self._infos

    def observe(self, agent: str) -> Any:
        return self._with_mask(agent, self.env.observe(agent), self._mask_of(agent))

    def step(self, action: Any) -> None:
        """As the environment's; the action of an agent that has ended is passed on as it is.

        Raises:
            InvalidActionError: an invalid action, with on_invalid="raise"; nothing has moved.
        """
        agent, self._was_invalid = self.env.agent_selection, {}
        if not self._has_ended(agent):
            action = self._judge({agent: action}, {agent: self._mask_of(agent)})[agent].action
        self._carry_out(action)

    def step_unjudged(self, action: Any) -> None:
        """Step without checking the action: the environment itself responds to it."""
        self._was_invalid = {}
        self._carry_out(action)

    def _carry_out(self, action: Any) -> None:
        self.env.step(action)
        self._infos = {}
        self._check_acting()


class ParallelActionMask(AgentMasks, BaseParallelWrapper):  # type: ignore[misc]
    """Adds to a parallel environment action masks, `on_invalid`, and a count of invalid actions.

    The masks are in `observations[agent]["action_mask"]`, `infos[agent]["action_mask"]` and behind `action_mask`. The
    mask of an agent that has ended is all ones; actions for agents that have left are passed on and not judged. Masks
    that can be asked for (`mask_fn`, or `mask_at` with `env.`) are asked for again before each step and whenever they
    are read; those in observations and infos are those of the last reset or step.

    Arguments and errors are those of `AECActionMask`.
    """

    def __init__(
        self,
        env: Any,
        mask_fn: AgentMaskFn | None = None,
        *,
        mask_at: str | None = None,
        mask_spec: AgentSpec | None = None,
        head_mask: AgentHeadMask | None = None,
        on_invalid: str = "raise",
        mask_in: str = "observation",
    ) -> None:
        _require(self, env, ParallelEnv)
        BaseParallelWrapper.__init__(self, env)
        self._begin(mask_fn, mask_at, mask_spec, head_mask, on_invalid, mask_in)
        self._masks: dict[str, Any] | None = None
        observations, infos = env.reset()
        for agent, observation in observations.items():  # where the masks are, and in which form
            self._read(agent, observation, infos.get(agent, {}))

    def _current_masks(self) -> dict[str, Any]:
        if self._masks is None:
            raise gym.error.ResetNeeded("nothing has begun yet: call reset() first")
        if self._can_be_asked:
            self._masks |= {agent: self._read(agent, None, None) for agent in self.env.agents if agent in self._masks}
        return self._masks

    @property
    def action_mask(self) -> dict[str, Any]:
        """The canonical mask of each agent, copies."""
        return {agent: trees.copy(mask) for agent, mask in self._current_masks().items()}

    def action_masks(self) -> dict[str, npt.NDArray[np.bool_]]:
        """The mask of each agent in the form of sb3-contrib."""
        return {agent: self.mask_spec(agent).convert(mask, to="sb3") for agent, mask in self._current_masks().items()}

    def head_mask(self, agent: str, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """For a conditional mask: what head k of an agent may take after the choices `prefix`."""
        return self.mask_spec(agent).head_mask(self._current_masks()[agent], k, prefix, self._heads(agent))

    def sample_legal(self, agent: str, rng: np.random.Generator | None = None) -> Any:
        """A uniformly random legal action of an agent.

        Args:
            agent: the agent.
            rng: the random generator; by default `np_random`.

        Raises:
            ValueError: nothing is legal, or the agent has left.
        """
        masks, acting = self._current_masks(), self.env.agents
        if agent not in acting:
            raise ValueError(f"{shown(agent)} does not act; the agents that act are {', '.join(map(repr, acting))}")
        return self._sample(agent, masks[agent], rng)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """As in the environment; a seed also seeds `np_random`."""
        self._gate.seed(seed)
        self._was_invalid = {}
        observations, infos = self.env.reset(seed=seed, options=options)
        none = dict.fromkeys(observations, False)
        return self._look(observations, infos, none, none)

    def step(self, actions: dict[str, Any]) -> Any:
        """As the environment's.

        Raises:
            InvalidActionError: an invalid action, with on_invalid="raise"; nobody has moved. ValueError: no dict.
        """
        return self._step(actions, {})

    def step_unjudged(self, unjudged: dict[str, Any], actions: dict[str, Any]) -> Any:
        """A step in which only `actions` are checked: to the others the environment itself responds."""
        return self._step(actions, unjudged)

    def _step(self, actions: dict[str, Any], unjudged: dict[str, Any]) -> Any:
        masks, self._was_invalid = self._current_masks(), {}
        given = by_agent(actions)
        if given is None:
            raise ValueError(f"expected a dict of actions by agent, got {describe(actions)}")
        judged = {agent: action for agent, action in given.items() if agent in self.env.agents}
        allowed = {agent: verdict.action for agent, verdict in self._judge(judged, masks).items()}
        observations, rewards, terminated, truncated, infos = self.env.step({**unjudged, **given, **allowed})
        shown, infos = self._look(observations, infos, terminated, truncated)
        return shown, rewards, terminated, truncated, infos

    def _look(
        self, observations: Any, infos: Any, terminated: Mapping[str, bool], truncated: Mapping[str, bool]
    ) -> Any:
        self._masks = {}
        for agent, observation in observations.items():
            info = infos.get(agent, {})
            if terminated.get(agent):
                self._masks[agent] = self.mask_spec(agent).full()
                continue
            self._masks[agent] = self._read(agent, observation, info)
            if not truncated.get(agent):
                self._refuse_empty(agent, self._masks[agent])
        shown = {agent: self._with_mask(agent, seen, self._masks[agent]) for agent, seen in observations.items()}
        return shown, {agent: self._info(agent, infos.get(agent, {}), self._masks[agent]) for agent in observations}


def _require(wrapper: object, env: Any, kind: type) -> None:
    """Refuse what is no environment of this kind."""
    if not isinstance(env, kind):
        raise TypeError(f"{type(wrapper).__name__} takes a pettingzoo.{kind.__name__}, not {shown(env)}")
