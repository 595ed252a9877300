"""The card of an environment (its file's docstring, with fixed headings), and its declaration in words."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .core.declaration import Declaration
    from .core.parameters import Parameter

HEADINGS = (
    "Description",
    "Action space",
    "Mask",
    "Observation",
    "Rewards",
    "Start",
    "Episode end",
    "Arguments",
    "References",
    "Versions",
)
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


class Card(NamedTuple):
    """The first line, and the text under each heading, its lines as they were written."""

    title: str
    sections: dict[str, str]


def read_card(module: ModuleType) -> Card:
    """The card of an environment's module.

    Raises:
        ValueError: a heading of `HEADINGS` is missing, unknown, doubled or out of order.
    """
    title, *lines = inspect.cleandoc(module.__doc__ or "").splitlines() or [""]
    sections: list[tuple[str, list[str]]] = []
    for line in lines:
        if line and not line.startswith(" "):
            sections.append((line, []))
        elif sections:
            sections[-1][1].append(line)
    found = tuple(heading for heading, _ in sections)
    if not title or found != HEADINGS:
        raise ValueError(f"the card of {module.__name__} needs a title and the headings {HEADINGS}, not {found}")
    return Card(title, {heading: inspect.cleandoc("\n" + "\n".join(text)) for heading, text in sections})


def facts(declared: Declaration, values: Mapping[str, Any]) -> dict[str, str]:
    """Play, spaces and mask of an environment with these parameters, by name, for a specification table."""
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


def constructor_calls(declared: Declaration) -> list[str]:
    """The calls that make the environment, one for each interface."""
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
        rows.append([name, str(parameter.default), _allowed(parameter), parameter.doc])
    return rows


def _allowed(parameter: Parameter) -> str:
    names = ", ".join(parameter.names)
    if isinstance(parameter.default, str) and not parameter.choices:
        return f"{names}, the path of a file, or a dict of arrays"
    return names or type(parameter.default).__name__ + _bounds(parameter)


def _bounds(parameter: Parameter) -> str:
    """The bounds of a number, in words."""
    low, high = parameter.low, parameter.high
    if low is not None and high is not None:
        return f", {low} to {high}"
    return f", at least {low}" if low is not None else f", at most {high}" if high is not None else ""
