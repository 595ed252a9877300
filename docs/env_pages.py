"""The page of an environment: its card, a loop to copy, tables of its parameters, and one mask as an example.

docs/generate.py writes what `page` returns. The example is a state of the recorded episode (episodes.py).
"""

from __future__ import annotations

import functools
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import episodes
import learning
import numpy as np
from tables import markdown_table

from masked_envs.cards import constructor_calls, facts, parameter_rows, read_card
from masked_envs.core.declaration import Declaration
from masked_envs.files import atomic_write
from masked_envs.registration import declaration

NOTICE = "<!-- Written by docs/generate.py from the environment's own file; do not edit. -->"
USED = 0.5  # the legal fraction that an example should have
MOST_LINES, WIDTH = 3, 100  # of what is legal or forbidden in an example
MOST_ENTRIES = 64  # of a mask that is printed

SINGLE = """\
import gymnasium as gym

import masked_envs  # registers the environments

env = gym.make("{id}")
obs, info = env.reset(seed=0)
for _ in range(20):
    print(obs["action_mask"])  # {entries}
    action = env.unwrapped.sample_legal()  # uniformly random; or your policy
    obs, reward, terminated, truncated, info = env.step(action)
    if terminated or truncated:
        obs, info = env.reset()
print(env.unwrapped.invalid_actions)  # 0
"""
TURNS = """\
import pettingzoo

import masked_envs  # registers the environments

env = pettingzoo.make("aec", "{id}")
env.reset(seed=0)
for agent in env.agent_iter(max_iter=20):
    obs, reward, terminated, truncated, info = env.last()
    print(agent, obs["action_mask"])  # {entries}
    action = None
    if not (terminated or truncated):
        action = env.unwrapped.sample_legal(agent)  # uniformly random; or your policy
    env.step(action)
print(env.unwrapped.invalid_actions)  # 0
"""
SIMULTANEOUS = """\
import pettingzoo

import masked_envs  # registers the environments

env = pettingzoo.make("parallel", "{id}")
obs, infos = env.reset(seed=0)
for _ in range(20):
    print(obs["{agent}"]["action_mask"])  # {entries}
    # uniformly random; or your policy
    actions = {{agent: env.unwrapped.sample_legal(agent) for agent in env.agents}}
    obs, rewards, terminated, truncated, infos = env.step(actions)
    if not env.agents:
        obs, infos = env.reset()
print(env.unwrapped.invalid_actions)  # 0
"""
LOOPS = {"single": SINGLE, "turns": TURNS, "simultaneous": SIMULTANEOUS}
ENTRIES = {"interval": "the lowest and the highest legal number", "dict": "a mask for each part of the action"}


class Example(NamedTuple):
    """A state of the recorded episode, and its mask.

    Attributes:
        step: of the episode.
        picture: an SVG.
        text: the state and its mask in words.
    """

    step: int
    picture: str
    text: str


def name(declared: Declaration) -> str:
    """MaskedCartPole of MaskedCartPole-v0."""
    return declared.id.rpartition("-")[0]


def page(declared: Declaration, measured: learning.Results | None = None) -> str:
    """The page of one environment, with what the reference agent learns in it where that was measured."""
    card, title = read_card(declared.rules), name(declared)
    parts = [
        NOTICE,
        f"# {title}",
        card.title,
        f"![Random legal play of {title}, its mask in the picture]({title}.gif)",
        fact_table(declared),
    ]
    for heading, text in card.sections.items():
        parts += [f"## {heading}", text]
        if heading == "Description":
            parts += ["## Use", f"```python\n{loop(declared)}```"]
        if heading == "Mask":
            parts.append(example_section(declared))
        if heading == "Arguments":
            parts.append(markdown_table(["name", "default", "allowed", "meaning"], parameter_rows(declared)))
    if measured is not None:
        parts += ["## What the reference agent learns", learning.section(measured)]
    parts += [
        "## The mask over an episode",
        f"![The mask of {title} over an episode of random legal play, and the fraction of legal actions]"
        f"({title}.profile.svg)",
        "## An episode",
        episodes.player(title),
        "## See it",
        f"```\nmasked-envs demo {declared.id}\nmasked-envs play {declared.id}\nmasked-envs profile {declared.id}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def fact_table(declared: Declaration) -> str:
    rows = [
        [key, f"`{' '.join(words.split())}`" if key.endswith("space") else words]
        for key, words in facts(declared, declared.resolve({})).items()
    ]
    rows.append(["Made by", "<br>".join(f"`{call}`" for call in constructor_calls(declared))])
    return markdown_table(["", f"`{declared.id}`"], rows)


def loop(declared: Declaration) -> str:
    """A program that plays, in the interface of the environment's kind of play."""
    values = declared.resolve({})
    entries = ENTRIES.get(declared.mask(values).kind, "1: legal, 0: forbidden")
    return LOOPS[declared.play].format(id=declared.id, entries=entries, agent=declared.agents(values)[0])


@functools.cache
def example(env_id: str) -> Example:
    """The state of the recorded episode in which most nearly half of the actions are legal, the earliest of several.

    Raises:
        ValueError: in no state anything is forbidden.
    """
    declared, distance, found = declaration(env_id), 1.0, None
    for step, env in enumerate(episodes.played(declared)):
        legal = env.picture.legal_fraction(0)
        if legal is not None and legal < 1 and abs(legal - USED) < distance:
            distance, found = abs(legal - USED), Example(step, env.render(), words_of(declared, env))
    if found is None:
        raise ValueError(f"{env_id}: nothing is forbidden in its recorded episode")
    return found


def words_of(declared: Declaration, env: Any) -> str:
    """The state of an environment and its mask, in lines that fit a page."""
    lines = []
    for line in in_words(env.picture).splitlines():
        if "chosen: " not in line:
            parts = line.split(" | ") if "legal: " in line else [line]
            lines += [wrapped for part in parts for wrapped in shortened(part.rstrip())]
    mask = env.action_mask
    if declared.play != "simultaneous" and isinstance(mask, np.ndarray) and mask.size <= MOST_ENTRIES:
        lines += ["", *f"action_mask: {np.array2string(mask, max_line_width=WIDTH)}".splitlines()]
    return "\n".join(lines)


def in_words(picture: Any) -> str:
    """What an environment whose pictures are SVG would show in a terminal."""
    picture.render_mode, kept = "ansi", picture.render_mode
    words: str = picture.render(0)
    picture.render_mode = kept
    return words


def shortened(line: str) -> list[str]:
    """A line in several, the last of them ending in "..." where that is too many."""
    indent = " " * (line.index(": ") + 2) if "legal: " in line or "forbidden: " in line else ""
    lines = textwrap.wrap(line, WIDTH, subsequent_indent=indent, drop_whitespace=False) if indent else [line]
    lines = [each.rstrip() for each in lines]
    return (
        lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1][: WIDTH - 4]} ..."]
    )


def example_section(declared: Declaration) -> str:
    found, title = example(declared.id), name(declared)
    return (
        f"For example, step {found.step} of the episode below. Green is legal, crossed out is forbidden.\n\n"
        f"![{title} in that step, its mask in the picture]({title}.svg){{ width=420 }}\n\n```text\n{found.text}\n```"
    )


def write_still(declared: Declaration, path: Path) -> None:
    """The picture of the example, which stands for the environment in the gallery too."""
    with atomic_write(path) as file:
        file.write(example(declared.id).picture.encode())
