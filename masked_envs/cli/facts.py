"""What the declaration of an environment says about it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.declaration import Declaration
from ..core.parameters import Parameter

PLAY = {
    "single": "one agent",
    "turns": "agents take turns",
    "simultaneous": "agents act at once",
}
MEANING = {
    "legal": "legal: the rules refuse what is forbidden",
    "useful": "useful: what is forbidden would change nothing",
    "safe": "safe: what is forbidden would break a declared safety limit",
}


def facts(declared: Declaration, values: Mapping[str, Any]) -> dict[str, str]:
    """Names and values of the specification table, but for `surfaces` and `parameter_rows`."""
    spec = declared.mask(values)
    agents = declared.agents(values)
    who = f": {', '.join(agents)}" if declared.play != "single" else ""
    return {
        "Play": f"{PLAY[declared.play]}{who}",
        "Action space": str(spec.action_space),
        "Mask kind": spec.kind,
        "Mask meaning": MEANING[spec.meaning],
        "Mask space": str(spec.space),
        "Observation space": str(declared.observation(values)),
    }


def surfaces(declared: Declaration) -> list[str]:
    """The calls that make the environment."""
    env_id = declared.id
    calls = [f'gymnasium.make("{env_id}")', f'gymnasium.make_vec("{env_id}", num_envs=...)']
    if declared.play != "single":
        calls.append(f'gymnasium.make("{env_id}", opponent="random")')
        calls.append(f'pettingzoo.make("aec", "{env_id}")')
    if declared.play == "simultaneous":
        calls.append(f'pettingzoo.make("parallel", "{env_id}")')
    return calls


def parameter_rows(declared: Declaration) -> list[list[str]]:
    """Name, default, values allowed, and meaning of each parameter."""
    rows = []
    for name, parameter in declared.all_parameters.items():
        allowed = ", ".join(parameter.choices) or type(parameter.default).__name__ + _bounds(parameter)
        rows.append([name, str(parameter.default), allowed, parameter.doc])
    return rows


def _bounds(parameter: Parameter) -> str:
    """The bounds of a number, in words."""
    low, high = parameter.low, parameter.high
    if low is not None and high is not None:
        return f", {low} to {high}"
    return f", at least {low}" if low is not None else f", at most {high}" if high is not None else ""
