"""`masked-envs list` and `show`: every environment, and one environment in full."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..cards import Card, constructor_calls, facts, parameter_rows, read_card
from ..catalogue import CATALOGUE
from ..core.declaration import Declaration
from ..registration import declaration, make, make_parallel
from .console import console, is_terminal, print_json, print_table, print_words
from .targets import environment_of

if TYPE_CHECKING:
    from ..conformance.report import Profile

PROFILE_STEPS = 300
HEADINGS = ("id", "play", "actions", "mask", "meaning", "what")
PARAMETER_HEADINGS = ("parameter", "value", "default", "allowed", "meaning")


def list_all(given: argparse.Namespace) -> int:
    """Print all ids: on a terminal in two lines each, in a pipe in one."""
    rows = []
    for env_id in CATALOGUE:
        declared = declaration(env_id)
        spec = declared.mask(declared.resolve({}))
        title = read_card(declared.rules).title
        rows.append([env_id, declared.play, str(spec.action_space), spec.kind, spec.meaning, title])
    if given.json:
        print_json([dict(zip(HEADINGS, row, strict=True)) for row in rows])
    elif is_terminal():
        _print_list(rows)
    else:
        print_table([HEADINGS, *rows])
    return 0


def run(given: argparse.Namespace) -> int:
    """Print the card, spaces, parameters and mask of one environment."""
    declared, values = environment_of(given)
    card, known = read_card(declared.rules), facts(declared, values)
    parameters = [[name, str(values[name]), *rest] for name, *rest in parameter_rows(declared)]
    calls, measured = constructor_calls(declared), mask_profile(declared, values)
    if given.json:
        print_json(_as_dict(declared, card, known, calls, parameters, measured))
        return 0
    print_words(f"{declared.id}\n{card.title}\n", {"^[^\n]*": "bold"})
    facts_and_calls = [*known.items(), *(("" if i else "Made by", call) for i, call in enumerate(calls))]
    if is_terminal():
        _print_facts(facts_and_calls)
    else:
        print("\n".join(f"{name:<18}  {words}" for name, words in facts_and_calls))
    print()
    print_table([PARAMETER_HEADINGS, *parameters])
    print()
    print_words(profile_words(measured))
    for heading, text in card.sections.items():
        _print_section(heading, text)
    return 0


def mask_profile(declared: Declaration, values: Mapping[str, Any]) -> Profile:
    """What the masks are like over some steps of random legal play."""
    from ..conformance.context import CheckContext
    from ..conformance.profile import profile

    maker = make_parallel if declared.play == "simultaneous" else make
    return profile(CheckContext(functools.partial(maker, declared.id, **values), seed=0, steps=PROFILE_STEPS))


def profile_words(found: Profile) -> str:
    """The same in words."""
    change = "never changed" if found.static else "changed"
    return (
        f"Over {found.states} decisions of random legal play, {found.legal_fraction:.1%} of the actions were legal on "
        f"average, {found.forced_rate:.1%} of the decisions had a single legal action, and the mask {change}."
    )


def _as_dict(
    declared: Declaration,
    card: Card,
    known: Mapping[str, str],
    calls: list[str],
    parameters: list[list[str]],
    measured: Profile,
) -> dict[str, Any]:
    return {
        "id": declared.id,
        "title": card.title,
        "facts": dict(known),
        "made_by": calls,
        "parameters": [dict(zip(PARAMETER_HEADINGS, row, strict=True)) for row in parameters],
        "mask": {
            "decisions": measured.states,
            "legal_fraction": measured.legal_fraction,
            "forced_rate": measured.forced_rate,
            "static": measured.static,
        },
        "card": dict(card.sections),
    }


def _print_list(rows: list[list[str]]) -> None:
    """Id, who acts, mask and actions in a line, and what it is in the lines below."""
    from rich.padding import Padding
    from rich.text import Text

    out = console()
    for env_id, play, actions, kind, meaning, title in rows:
        line = Text.assemble((f"{env_id:<26}", "bold cyan"), f"{play:<14}", (f"{kind}, {meaning}  ", "green"), actions)
        line.truncate(out.width, overflow="ellipsis")
        out.print(line, no_wrap=True)
        out.print(Padding(Text(title, "dim"), (0, 0, 0, 4)))


def _print_facts(rows: list[tuple[str, str]]) -> None:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    console().print(table)


def _print_section(heading: str, text: str) -> None:
    """A part of the card, which is Markdown: drawn on a terminal, as it is in a pipe."""
    if not is_terminal():
        print(f"\n{heading}")
        print("\n".join(f"    {line}".rstrip() for line in text.splitlines()))
        return
    from rich.markdown import Markdown
    from rich.padding import Padding

    out = console()
    out.print(f"\n{heading}", style="bold")
    out.print(Padding(Markdown(text), (0, 0, 0, 4)))
