"""`Declaration`: all that the rest of the package reads about one environment."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from gymnasium import spaces

from .parameters import Parameter, Value, resolve

if TYPE_CHECKING:
    from types import ModuleType

    from ..mask_spec import MaskSpec

Play = Literal["single", "turns", "simultaneous"]
Values = Mapping[str, Any]

TIME_LIMIT = "time_limit"


@dataclass(frozen=True)
class Declaration:
    """Declares an environment, at the end of its file. Functions of `values` take the resolved parameters.

    Attributes:
        id: the Gymnasium id.
        module: `__name__` of the file. Its functions `reset(s, p)`, `action_mask(s, p, agent, out)`,
            `step(s, p, action, rewards)` and `observe(s, p, agent, out)` are the rules; a conditional mask of more than
            two heads also needs `head_mask(s, p, agent, k, prefix, out)`. `draw(s, p)` describes the picture. With one
            agent, `update_mask(s, p, agent, out)` is optional: `out` holds the previous mask; update only what changed.
            After a refused action only the clock has advanced. In a game, `has_left(s, p, agent)` is optional: whether
            an agent has terminated while the others play on. Nobody has left at the start, and nobody comes back. The
            mask of an agent that has left allows one action, which does nothing; it earns nothing more, and it is never
            its turn.
        state: values -> dtype from `state_record`.
        mask: values -> MaskSpec of one agent.
        observation: values -> space of one agent's observation, without the mask: Box, Discrete, MultiDiscrete,
            MultiBinary, or a Dict of Box.
        parameters: name -> Parameter.
        play: "single"; "turns", where s["to_move"] is the agent to act; "simultaneous".
        agents: values -> names of the agents.
        time_limit: steps after which an episode is truncated, the default of the parameter `time_limit`; None: never.
        validate: raises a ValueError for values that exclude each other.
        action_labels: values -> short names of the actions, for people.
        zero_sum: whether the rewards of every step add up to zero.
        rule_overrides: values -> rules of the file that replace `reset`, `action_mask`, `step` or `observe`, by these
            names: for a parameter that changes the form of actions or masks, since a rule is compiled for one form.
    """

    id: str
    module: str
    state: Callable[[Values], np.dtype[Any]]
    mask: Callable[[Values], MaskSpec]
    observation: Callable[[Values], spaces.Space[Any]]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    play: Play = "single"
    agents: Callable[[Values], tuple[str, ...]] = lambda values: ("agent",)
    time_limit: int | None = None
    validate: Callable[[Values], None] = lambda values: None
    action_labels: Callable[[Values], tuple[str, ...]] | None = None
    zero_sum: bool = False
    rule_overrides: Callable[[Values], Mapping[str, Callable[..., Any]]] = lambda values: {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by reference: another process imports the module."""
        return load_declaration, (self.module,)

    @property
    def rules(self) -> ModuleType:
        """The module of the environment file."""
        return importlib.import_module(self.module)

    @property
    def all_parameters(self) -> dict[str, Parameter]:
        """The declared parameters, and `time_limit`, which every environment takes; 0 means no limit."""
        limit = Parameter(self.time_limit or 0, "steps after which the episode is truncated; 0 for never", low=0)
        return {**self.parameters, TIME_LIMIT: limit}

    def resolve(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """The values of all parameters, checked one by one and together.

        Raises:
            TypeError: an unknown parameter or a value of the wrong type.
            ValueError: an impossible value.
        """
        values = resolve(self.id, self.all_parameters, given)
        try:
            self.validate(values)
        except ValueError as error:
            raise ValueError(f"{self.id}: {error}") from error
        return values


def load_declaration(module: str) -> Declaration:
    """The `ENV` of an environment file, by the module's full name."""
    declared: Declaration = importlib.import_module(module).ENV
    return declared
