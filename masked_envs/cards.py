"""The card of an environment: the docstring of its file, with fixed headings."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import NamedTuple

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
