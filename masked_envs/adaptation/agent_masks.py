"""What `AECActionMask` and `ParallelActionMask` share: the masks of the agents, and the gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from .. import trees
from ..api.fixed import Fixed
from ..api.observations import check_mask_in
from ..errors import EmptyMaskError
from ..mask_spec import MaskSpec
from ..mask_spec.checks import HeadMask
from .adapt import source_of
from .find import find_masks
from .gate import Gate, GivenAction, Verdict, refusal
from .place import Place
from .read import as_choices, read_mask, spec_for
from .recorded import from_reference
from .source import Kind, mask_source

KNOWN = ("raise", "resample")  # one agent cannot be held back while the others move
AgentMaskFn = Callable[[Any, str], Any] | str
AgentHeadMask = Callable[[Any, str, int, Sequence[int]], Any] | str
AgentSpec = MaskSpec | Kind | Mapping[str, MaskSpec]


class AgentMasks:
    """The masks of a PettingZoo environment, agent by agent, and the gate for their actions."""

    env: Any
    step_unjudged: Callable[..., Any]
    on_invalid, mask_in = Fixed(), Fixed()

    def _begin(
        self,
        mask_fn: AgentMaskFn | None,
        mask_at: str | None,
        mask_spec: AgentSpec | None,
        head_mask: AgentHeadMask | None,
        on_invalid: str,
        mask_in: str,
    ) -> None:
        check_mask_in(mask_in)
        self._gate = Gate(on_invalid, known=KNOWN)
        self.on_invalid, self.mask_in = on_invalid, mask_in
        self._mask_fn: Any = None
        self._places: dict[str, Place] = {}  # of each agent, where masks are looked for
        self._given_place: Place | None = None
        if mask_fn is not None or mask_at is not None:
            self._mask_fn, self._given_place = mask_source(None, mask_fn, mask_at, "(env, agent) -> mask")
        self._given_spec, self._head_mask = mask_spec, from_reference(head_mask)
        self._specs: dict[str, MaskSpec] = {}
        self._spaces: dict[str, spaces.Space[Any]] = {}
        self._was_invalid: dict[str, bool] = {}  # whether an agent's action in the last step was replaced

    # --- the form of the masks --------------------------------------------------------------------------------

    def mask_spec(self, agent: str) -> MaskSpec:
        """The form of an agent's mask."""
        if agent not in self._specs:
            self._settle(agent, self._spec_without_mask(agent))
        return self._specs[agent]

    def _settle(self, agent: str, spec: MaskSpec) -> None:
        space = as_choices(self.env.action_space(agent))
        if spec.action_space != space:
            raise ValueError(f"{agent}: a mask of {spec.action_space} does not fit {self.env.action_space(agent)}")
        if spec.needs_head_mask and self._head_mask is None:
            raise ValueError(
                "a conditional mask of more than two heads needs head_mask=, a function (env, agent, k, prefix)"
            )
        self._specs[agent] = spec

    def _declared_spec(self, agent: str) -> MaskSpec | None:
        """What the caller said of an agent's mask."""
        given = self._given_spec
        if isinstance(given, Mapping) and agent in given:
            given = given[agent]
        if given is None or isinstance(given, MaskSpec):
            return given
        return MaskSpec.from_space(as_choices(self.env.action_space(agent)), given)

    def _spec_without_mask(self, agent: str) -> MaskSpec:
        """The spec of an agent whose mask was not seen yet: of MultiDiscrete, as that of another agent."""
        declared = self._declared_spec(agent)
        if declared is not None:
            return declared
        space = as_choices(self.env.action_space(agent))
        kinds = [spec.kind for spec in self._specs.values()]
        is_choice = isinstance(space, spaces.MultiDiscrete) and kinds
        return MaskSpec.from_space(space, kinds[0] if is_choice else None)

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """The observation's parts and the canonical mask; the same object every time."""
        if agent not in self._spaces:
            space = self.env.observation_space(agent)
            if self.mask_in == "observation":
                space = spaces.Dict({**self._parts(agent, space), "action_mask": self.mask_spec(agent).space})
            self._spaces[agent] = space
        return self._spaces[agent]

    def _parts(self, agent: str, observation: Any) -> dict[str, Any]:
        """An observation, or a space of such, as the parts beside which the mask is laid."""
        parts = observation.spaces if isinstance(observation, spaces.Dict) else observation
        if not isinstance(parts, Mapping):
            return {"observation": observation}
        place = self._place_of(agent)
        taken = ("action_mask", None if place is None else place.observation_key)
        return {key: part for key, part in parts.items() if key not in taken}

    def _with_mask(self, agent: str, observation: Any, mask: Any) -> Any:
        if self.mask_in == "info":
            return observation
        return {**self._parts(agent, observation), "action_mask": trees.copy(mask)}

    def _info(self, agent: str, info: Mapping[str, Any], mask: Any) -> dict[str, Any]:
        """An agent's info with its mask and, where actions are replaced, whether its own was."""
        return {**info, "action_mask": trees.copy(mask), **self._gate.flag(self._was_invalid.get(agent, False))}

    # --- the masks --------------------------------------------------------------------------------------------

    def _place_of(self, agent: str) -> Place | None:
        """Where an agent's mask is; of an agent that was not seen yet, where another's is."""
        if self._given_place is not None:
            return self._given_place
        return self._places.get(agent) or next(iter(self._places.values()), None)

    @property
    def _can_be_asked(self) -> bool:
        """Whether the environment can be asked for masks at any time."""
        if self._given_place is not None:
            return self._given_place.can_be_asked
        return self._mask_fn is not None

    def _read(self, agent: str, observation: Any, info: Any) -> Any:
        """The canonical mask of an agent that acts, as the environment has it."""
        value, name = self._found(agent, observation, info)
        if agent not in self._specs:
            space = self.env.action_space(agent)
            self._settle(agent, self._declared_spec(agent) or spec_for(space, value, name))
        return trees.copy(read_mask(self._specs[agent], value, name))

    def _found(self, agent: str, observation: Any, info: Any) -> tuple[Any, str]:
        """The mask as the environment writes it, and its name."""
        if self._mask_fn is not None and self._given_place is None:
            return self._mask_fn(self.env, agent), ""
        place = self._given_place or self._place_for(agent, observation, info)
        value = place.value(observation, info, self._attribute, agent)
        if value is None:
            raise ValueError(f"{self.env}, {agent}: there is no mask in {place.code}")
        return value, place.name

    def _place_for(self, agent: str, observation: Any, info: Any) -> Place:
        """Where an agent's mask is, chosen when the agent is first seen: where another's is, if there is one."""
        if agent not in self._places:
            known = self._place_of(agent)
            if known is None or known.value(observation, info, self._attribute, agent) is None:
                found = find_masks(observation, info, lambda name: None)
                space, declared = self.env.action_space(agent), self._declared_spec(agent)
                known = source_of(f"{self.env}, {agent}", space, found, declared, observation, info).place
            self._places[agent] = known
        return self._places[agent]

    def _attribute(self, name: str) -> Any:
        return getattr(self.env, name, None)

    def _heads(self, agent: str) -> HeadMask | None:
        function = self._head_mask
        return None if function is None else lambda k, prefix: function(self.env, agent, k, prefix)

    def _refuse_empty(self, agent: str, mask: Any) -> None:
        if self.mask_spec(agent).is_empty(mask, self._heads(agent)):
            raise EmptyMaskError(f"{self.env}, {agent}: the agent is to act and its mask allows nothing")

    def _sample(self, agent: str, mask: Any, rng: np.random.Generator | None) -> Any:
        return self.mask_spec(agent).sample(mask, self.np_random if rng is None else rng, self._heads(agent))

    @property
    def np_random(self) -> np.random.Generator:
        """The wrapper's own generator, of `sample_legal()` and "resample", which `reset(seed=...)` seeds."""
        return self._gate.rng

    @property
    def invalid_actions(self) -> int:
        """How many invalid actions were ever given, by all agents together."""
        return int(self._gate.counts[0])

    def _judge(self, actions: Mapping[str, Any], masks: Mapping[str, Any]) -> dict[str, Verdict]:
        """Judge the actions of agents that are to act, before anybody moves."""
        given = [
            GivenAction(action, self.mask_spec(agent), masks[agent], self._heads(agent), 0, f", {agent}")
            for agent, action in actions.items()
        ]
        verdicts = dict(zip(actions, self._gate.judge(given, self._refusal), strict=True))
        self._was_invalid = {agent: verdict.invalid for agent, verdict in verdicts.items()}
        return verdicts

    def _refusal(self, given: GivenAction) -> Exception:
        return refusal(str(self.env), given, "env.sample_legal(agent)")
