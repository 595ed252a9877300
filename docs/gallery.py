"""The gallery of the environments, docs/envs/index.md: a picture of each, by family, with filters (gallery.js)."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

from env_pages import NOTICE, name
from gymnasium import spaces
from tables import markdown_table

from masked_envs.cards import PLAY, read_card
from masked_envs.catalogue import CATALOGUE
from masked_envs.core.declaration import Declaration

HEAD = f"""{NOTICE}

# Environments

Every environment has action masks. Each picture shows a state of random legal play: green actions are legal, those that
are crossed out are forbidden. The filters choose by the [kind of mask](../masks.md), by what the mask means, by the
number of actions and by who acts.

<div class="gallery-filters"></div>

"""
SIZES = ((10, "up to 10"), (100, "11 to 100"), (1000, "101 to 1,000"), (math.inf, "more than 1,000"))
CONTINUOUS = "continuous"


def page(declared: Iterable[Declaration]) -> str:
    return HEAD + "\n".join(section(*each) for each in families(declared).items())


def families(declared: Iterable[Declaration]) -> dict[str, list[Declaration]]:
    """The environments by their folders: "Classic control" is envs/classic_control."""
    found: dict[str, list[Declaration]] = {}
    for one in declared:
        family = CATALOGUE[one.id].module.partition(".")[0].replace("_", " ").capitalize()
        found.setdefault(family, []).append(one)
    return dict(sorted(found.items()))


def family_table(declared: Iterable[Declaration], folder: str) -> str:
    """One line for each family: a picture of its first environment, and links to all of them.

    The picture is HTML, since Markdown has no size for it that both README and the site understand.
    """
    rows = []
    for family, members in families(declared).items():
        kinds = sorted({one.mask(one.resolve({})).kind for one in members})
        first = name(members[0])
        picture = f'<img src="{folder}{first}.svg" alt="{first}, its mask in the picture" width="120">'
        rows.append(
            [picture, family, ", ".join(f"[{one.id}]({folder}{name(one)}.md)" for one in members), ", ".join(kinds)]
        )
    return markdown_table(["", "family", "environments", "kinds of mask"], rows) + "\n"


def section(family: str, members: Sequence[Declaration]) -> str:
    tiles = "\n".join(map(tile, members))
    return f'## {family}\n\n<div class="gallery" markdown>\n\n{tiles}\n\n</div>\n'


def tile(declared: Declaration) -> str:
    """An environment's picture and what the filters ask for; the link is Markdown, so that mkdocs checks it."""
    spec = declared.mask(declared.resolve({}))
    title = name(declared)
    sorts = {
        "kind": spec.kind,
        "meaning": spec.meaning,
        "actions": size(spec.action_space),
        "play": PLAY[declared.play],
    }
    attributes = " ".join(f'data-{key}="{html.escape(value)}"' for key, value in sorts.items())
    return (
        f"[![{title}]({title}.svg){{ loading=lazy }} **{declared.id}** "
        f"<small>{spec.kind}, {spec.meaning}; {words_of_size(spec.action_space)}</small> "
        f"<small>{summary(declared)}</small>]({title}.md){{ .gallery-tile {attributes} }}"
    )


def summary(declared: Declaration) -> str:
    """The first line of the card without the words that all have in common."""
    words = read_card(declared.rules).title.removeprefix("Action-masked ")
    return words[0].upper() + words[1:]


def number_of_actions(space: spaces.Space[Any]) -> float:
    """How many actions a space has; infinity if it has a continuous part."""
    if isinstance(space, spaces.Discrete):
        return int(space.n)
    if isinstance(space, spaces.MultiDiscrete):
        return math.prod(space.nvec.tolist())
    if isinstance(space, spaces.MultiBinary):
        return 2 ** math.prod(space.shape)
    if isinstance(space, spaces.Dict):
        return math.prod(map(number_of_actions, space.values()))
    return math.inf


def size(space: spaces.Space[Any]) -> str:
    """The group of sizes that a space is in."""
    number = number_of_actions(space)
    return CONTINUOUS if number == math.inf else next(words for most, words in SIZES if number <= most)


def words_of_size(space: spaces.Space[Any]) -> str:
    number = number_of_actions(space)
    return f"{CONTINUOUS} actions" if number == math.inf else f"{number:,} actions"
