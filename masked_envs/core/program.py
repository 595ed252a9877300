"""Which rules an engine runs: those of the environment, and those for its kind of play and its kind of mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium import spaces

from . import loop, mask_binding
from .binding import Rule
from .buffers import observation_dtype, wide
from .declaration import Declaration
from .law import check_rules

if TYPE_CHECKING:
    from ..mask_spec import MaskSpec

WRITTEN = ("reset", "action_mask", "step", "observe")
# The rules that depend on the kind of play: the number of views, the agent of a view, a step with the actions of all.
PLACEHOLDERS = (loop.num_views, loop.acting_agent, loop.advance)
PLAY = {
    "single": (loop.one_view, loop.single_agent, loop.advance_one),
    "turns": (loop.one_view, loop.agent_to_move, loop.advance_one),
    "simultaneous": (loop.views_of_agents, loop.agent_of_view, loop.advance_all),
}


def written_rules(declaration: Declaration, values: dict[str, Any]) -> dict[str, Rule]:
    """The rules of an environment by the names of the loop's placeholders."""
    rules, overrides = declaration.rules, declaration.rule_overrides(values)
    named = {name: getattr(rules, name) for name in WRITTEN}
    if declaration.play == "single" and "action_mask" not in overrides:
        named["update_mask"] = getattr(rules, "update_mask", rules.action_mask)
    if declaration.play != "single" and hasattr(rules, loop.has_left.__name__):
        named["has_left"] = rules.has_left
    named |= overrides
    return {"update_mask": named["action_mask"], **named}


def given_rules(declaration: Declaration, values: dict[str, Any], spec: MaskSpec) -> dict[Rule, Rule]:
    """The rule in the place of each placeholder of the loop."""
    written = {getattr(loop, name): rule for name, rule in written_rules(declaration, values).items()}
    supplied: dict[Rule, Rule] = dict(zip(PLACEHOLDERS, PLAY[declaration.play], strict=True))
    return {**written, **supplied, **mask_binding.rules_for(spec, declaration.rules)}


def row_bodies(given: dict[Rule, Rule]) -> tuple[Rule, ...]:
    """The row bodies that an engine with these rules launches."""
    return loop.LEAVING_BODIES if loop.has_left in given else loop.ROW_BODIES


def check(
    declaration: Declaration,
    values: dict[str, Any],
    spec: MaskSpec,
    observation: spaces.Space[Any],
    parameters: np.dtype[Any],
) -> None:
    """Check the rules of an environment; see `core.law`.

    Args:
        declaration, values: the environment and its resolved parameters.
        spec: its mask.
        observation: the space of its observations.
        parameters: the dtype of its record of parameters.

    Raises:
        RuleError: some rule breaks the law of rules. ValueError: an interval mask of float16.
    """
    mask_binding.check_precision(spec)
    rules = written_rules(declaration, values)
    if spec.needs_head_mask:
        rules["head_mask"] = declaration.rules.head_mask
    check_rules(
        declaration.id,
        rules,
        simultaneous=declaration.play == "simultaneous",
        state=declaration.state(values),
        parameters=parameters,
        mask=spec.mask_buffer,
        action=wide(spec.action_buffer),
        observation=observation_dtype(observation),
    )
