"""PettingZoo environments with masks of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from pettingzoo.utils import BaseParallelWrapper, BaseWrapper

from .. import trees
from ..api.invalid_action import invalid_action_error
from ..mask_spec import MaskSpec
from .adapt import readable
from .find import Found, find_masks
from .found_action_mask import value_at
from .read import read_mask

ANSWERS = ("raise", "resample")


class _ActionMasks:
    """What both interfaces share: where each agent's mask is, and what an invalid action brings."""

    env: Any

    def _begin(self, mask_spec: MaskSpec | None, on_invalid: str) -> None:
        if on_invalid not in ANSWERS:
            raise ValueError(f"on_invalid must be one of {', '.join(map(repr, ANSWERS))}, not {on_invalid!r}")
        self._given_spec, self.on_invalid = mask_spec, on_invalid
        self.invalid_actions = 0
        self._was_invalid: dict[str, bool] = {}  # whether an agent's action in the last step was replaced
        self._spaces: dict[str, spaces.Dict] = {}
        self._found: dict[str, tuple[Found, MaskSpec]] = {}
        self._rng = np.random.default_rng()

    def mask_spec(self, agent: str) -> MaskSpec:
        """The form of an agent's mask."""
        return self._found[agent][1] if agent in self._found else MaskSpec.from_space(self.env.action_space(agent))

    def _mask(self, agent: str, observation: Any, info: Any) -> Any:
        """The canonical mask where an agent's own is, for an agent that acts."""
        if agent not in self._found:
            places = find_masks(observation, info, lambda name: None)
            space = self.env.action_space(agent)
            self._found[agent] = readable(space, places, self._given_spec, f"{self.env}, {agent}")
        found, spec = self._found[agent]
        value = value_at(found, observation, info, lambda name: None)
        if value is None:
            raise ValueError(f"{self.env}, {agent}: there is no mask in {found.place} any more")
        return trees.copy(read_mask(spec, value, found.name))

    def _parts(self, observation: Any) -> dict[str, Any]:
        parts = observation.spaces if isinstance(observation, spaces.Dict) else observation
        if not isinstance(parts, Mapping):
            return {"observation": observation}
        names = {found.name for found, _ in self._found.values() if found.place.startswith("observation")}
        return {key: part for key, part in parts.items() if key not in names | {"action_mask"}}

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """The observation's parts and the canonical mask; the same object every time."""
        if agent not in self._spaces:
            parts = self._parts(self.env.observation_space(agent))
            self._spaces[agent] = spaces.Dict({**parts, "action_mask": self.mask_spec(agent).space})
        return self._spaces[agent]

    def _info(self, agent: str, info: Mapping[str, Any], mask: Any) -> dict[str, Any]:
        """An agent's info with the mask and, where actions are replaced, whether its own was."""
        flag = {"invalid_action": self._was_invalid.get(agent, False)} if self.on_invalid == "resample" else {}
        return {**info, "action_mask": mask, **flag}

    def _judged(self, agent: str, action: Any, mask: Any) -> Any:
        """The action that is carried out: the given one if it is legal."""
        spec = self.mask_spec(agent)
        if spec.allows(mask, action):
            return action
        self.invalid_actions += 1
        if self.on_invalid == "resample":
            self._was_invalid[agent] = True
            return spec.sample(mask, self._rng)
        how = "env.mask_spec(agent).sample(mask, rng)"
        raise invalid_action_error(str(self.env), spec, action, mask, f", {agent}", how)


class AECActionMask(_ActionMasks, BaseWrapper):  # type: ignore[misc]
    """An AEC environment with canonical masks in `observation["action_mask"]` and `infos[agent]["action_mask"]`.

    All zeros for an agent that waits, all ones for one that has ended; `action_mask` is that of the acting agent.

    Args:
        env: the environment, which has masks in a usual place.
        mask_spec: of every agent; without it, what the action spaces and first masks say.
        on_invalid: "raise" an InvalidActionError, nothing having moved, or "resample" a legal action.
    """

    def __init__(self, env: Any, mask_spec: MaskSpec | None = None, on_invalid: str = "raise") -> None:
        BaseWrapper.__init__(self, env)
        self._infos: dict[str, Any] | None = None
        self._begin(mask_spec, on_invalid)
        env.reset()
        self._mask(env.agent_selection, env.observe(env.agent_selection), env.infos[env.agent_selection])
        for agent in env.possible_agents:
            self._found.setdefault(agent, self._found[env.agent_selection])

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        if seed is not None:
            self._rng = np.random.default_rng([seed, 0x6D61736B])
        self._was_invalid, self._infos = {}, None
        self.env.reset(seed=seed, options=options)

    def _mask_of(self, agent: str) -> Any:
        spec = self.mask_spec(agent)
        if self.env.terminations.get(agent) or self.env.truncations.get(agent):
            return spec.full()
        if agent != self.env.agent_selection:
            return spec.empty()
        return self._mask(agent, self.env.observe(agent), self.env.infos[agent])

    @property
    def action_mask(self) -> Any:
        """The canonical mask of the acting agent, a copy."""
        return self._mask_of(self.env.agent_selection)

    @property
    def infos(self) -> dict[str, Any]:
        """The environment's, each with the canonical mask; the same until the next step."""
        if self._infos is None:
            found = self.env.infos.items()
            self._infos = {agent: self._info(agent, info, self._mask_of(agent)) for agent, info in found}
        return self._infos

    def observe(self, agent: str) -> Any:
        return {**self._parts(self.env.observe(agent)), "action_mask": self._mask_of(agent)}

    def step(self, action: Any) -> None:
        agent, self._was_invalid = self.env.agent_selection, {}
        if not (self.env.terminations[agent] or self.env.truncations[agent]):
            action = self._judged(agent, action, self.action_mask)
        self._infos = None
        self.env.step(action)


class ParallelActionMask(_ActionMasks, BaseParallelWrapper):  # type: ignore[misc]
    """A parallel environment with canonical masks in `observation["action_mask"]` and `infos[agent]["action_mask"]`.

    All ones for an agent that has ended. Arguments as `AECActionMask`; with "raise", no agent has moved.
    """

    def __init__(self, env: Any, mask_spec: MaskSpec | None = None, on_invalid: str = "raise") -> None:
        BaseParallelWrapper.__init__(self, env)
        self._begin(mask_spec, on_invalid)
        observations, infos = env.reset()
        self._masks = {agent: self._mask(agent, observations[agent], infos[agent]) for agent in observations}

    @property
    def action_mask(self) -> dict[str, Any]:
        """The canonical mask of each agent, copies."""
        return {agent: trees.copy(mask) for agent, mask in self._masks.items()}

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        if seed is not None:
            self._rng = np.random.default_rng([seed, 0x6D61736B])
        self._was_invalid = {}
        observations, infos = self.env.reset(seed=seed, options=options)
        return self._look(observations, infos, dict.fromkeys(observations, False))

    def step(self, actions: dict[str, Any]) -> Any:
        self._was_invalid = {}
        actions = {agent: self._judged(agent, action, self._masks[agent]) for agent, action in actions.items()}
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        shown, infos = self._look(observations, infos, {a: terminated[a] for a in observations})
        return shown, rewards, terminated, truncated, infos

    def _look(self, observations: Any, infos: Any, ended: Mapping[str, bool]) -> Any:
        self._masks = {
            agent: self.mask_spec(agent).full() if ended[agent] else self._mask(agent, seen, infos[agent])
            for agent, seen in observations.items()
        }
        shown = {
            a: {**self._parts(seen), "action_mask": trees.copy(self._masks[a])} for a, seen in observations.items()
        }
        return shown, {a: self._info(a, infos[a], trees.copy(self._masks[a])) for a in observations}
