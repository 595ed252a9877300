"""Write what the environments say about themselves: docs/envs/*.md with GIFs, docs/learning.md, the table in README.md;
and docs/field_report.md from the data in benchmarks/field.

    python docs/generate.py              write the pages, and the pictures that are missing
    python docs/generate.py --pictures   write the pages, and every picture anew
    python docs/generate.py --check      write nothing; exit status 1 if anything is stale or missing

Everything comes from the catalogue, the declarations, the cards, and what benchmarks/learning has measured (where it
has), so no environment is named here.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import api_pages
import episodes
import field_report
import learning
import learning_curves

from masked_envs.cards import constructor_calls, facts, parameter_rows, read_card
from masked_envs.catalogue import CATALOGUE
from masked_envs.core.declaration import Declaration
from masked_envs.registration import declaration

ROOT = Path(__file__).resolve().parent.parent
ENVS = ROOT / "docs" / "envs"
INDEX = ENVS / "index.md"
LEARNING = ROOT / "docs" / "learning.md"
FIELD_REPORT = ROOT / "docs" / "field_report.md"
IMAGES = ROOT / "docs" / "images"
OVERVIEW, PROGRESS, CURVES = IMAGES / "overview.gif", IMAGES / "learning.svg", IMAGES / "learning"
KINDS = ROOT / "docs" / "action_kinds.md"
README = ROOT / "README.md"

NOTICE = "<!-- Written by docs/generate.py from the environment's own file; do not edit. -->"
INDEX_HEAD = f"""{NOTICE}

# Environments

Every environment has action masks. The columns say who acts, what the actions are, and which
[kind of mask](../masks.md) says which of them are legal.

"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write what the environments say about themselves.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing; fail if anything is stale or missing")
    mode.add_argument("--pictures", action="store_true", help="write every picture anew")
    given = parser.parse_args(arguments)
    if given.check:
        stale = find_stale()
        for words in stale:
            print(words, file=sys.stderr)
        return 1 if stale else 0
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path, write in pictures().items():
        if given.pictures or not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path)
            print(path.relative_to(ROOT))
    for path, (draw, shown) in figures().items():
        if given.pictures or not learning_curves.shows(path, shown):
            draw(path)
            print(path.relative_to(ROOT))
    for path in strangers():
        path.unlink()
    return 0


def find_stale() -> list[str]:
    """A sentence for each file that is not what this script would write."""
    advice = "run python docs/generate.py"
    stale = []
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(f"{path.relative_to(ROOT)} is stale: {advice}")
    stale += [f"{path.relative_to(ROOT)} is missing: {advice}" for path in pictures() if not path.exists()]
    stale += [
        f"{path.relative_to(ROOT)} is stale: {advice}"
        for path, (_, shown) in figures().items()
        if not learning_curves.shows(path, shown)
    ]
    return stale + [f"{path.relative_to(ROOT)} is of no environment: {advice}" for path in strangers()]


def pages() -> dict[Path, str]:
    """What every written file must hold."""
    declared, measured = declarations(), learning.read_results()
    written = {ENVS / f"{name(one)}.md": page(one, measured.get(one.id)) for one in declared}
    written |= api_pages.pages()
    written[LEARNING] = learning.page(measured)
    written[FIELD_REPORT] = field_report.page()
    written[INDEX] = INDEX_HEAD + "\n".join(family_section(*each) for each in families(declared).items())
    text = README.read_text(encoding="utf-8")
    readme = between(README, text, "environments", family_table(declared, "docs/envs/"))
    written[README] = between(README, readme, "libraries", library_table("docs/"))
    written[KINDS] = between(KINDS, KINDS.read_text(encoding="utf-8"), "libraries", library_table(""))
    return written


def pictures() -> dict[Path, Callable[[Path], None]]:
    """Every picture, and what draws it."""

    def draw_page(declared: Declaration, path: Path) -> None:
        from pictures import write_page_picture  # needs Pillow, which --check does not

        write_page_picture(declared, path)

    def draw_overview(path: Path) -> None:
        from pictures import write_overview

        write_overview(path)

    drawn = {ENVS / f"{name(one)}.gif": functools.partial(draw_page, one) for one in declarations()}
    profiled = {
        ENVS / f"{name(one)}.profile.svg": functools.partial(episodes.write_profile, one) for one in declarations()
    }
    recorded = {episodes.path_of(name(one)): functools.partial(episodes.write_random, one) for one in declarations()}
    return {OVERVIEW: draw_overview, **drawn, **profiled, **recorded}


def figures() -> dict[Path, tuple[Callable[[Path], None], Mapping[str, learning.Results]]]:
    """Every figure of results, what draws it, and the results that it shows."""
    measured = learning.read_results()
    curves = {
        CURVES / f"{learning.name(each)}.svg": (functools.partial(learning_curves.draw_curves, each), {env_id: each})
        for env_id, each in measured.items()
    }
    return {PROGRESS: (functools.partial(learning_curves.draw_overview, measured), measured), **curves}


def strangers() -> list[Path]:
    """Pages and pictures of environments that are no more."""
    known = {*pages(), *pictures(), *figures()}
    known |= {episodes.path_of(name(one), play) for one in declarations() for play in episodes.PLAYS}
    folders = (ENVS, episodes.FOLDER, api_pages.FOLDER, CURVES)
    return sorted(path for folder in folders for path in folder.glob("*") if path not in known)


def declarations() -> list[Declaration]:
    return [declaration(env_id) for env_id in CATALOGUE]


def name(declared: Declaration) -> str:
    """MaskedCartPole of MaskedCartPole-v0."""
    return declared.id.rpartition("-")[0]


def page(declared: Declaration, measured: learning.Results | None = None) -> str:
    """The page of one environment, with what the reference agent learns in it where that was measured."""
    card = read_card(declared.rules)
    title = name(declared)
    rows = [
        [key, f"`{words}`" if key.endswith("space") else words]
        for key, words in facts(declared, declared.resolve({})).items()
    ]
    rows.append(["Made by", "<br>".join(f"`{call}`" for call in constructor_calls(declared))])
    parts = [
        NOTICE,
        f"# {title}",
        card.title,
        f"![Random legal play of {title}, its mask in the picture]({title}.gif)",
        markdown_table(["", f"`{declared.id}`"], rows),
    ]
    for heading, text in card.sections.items():
        parts += [f"## {heading}", text]
        if heading == "Arguments":
            parts.append(markdown_table(["name", "default", "allowed", "meaning"], parameter_rows(declared)))
    if measured is not None:
        parts += ["## What the reference agent learns", learning.section(measured)]
    parts += [
        "## The mask over an episode",
        f"![The mask of {title} over an episode of random legal play, and the share of legal actions]"
        f"({title}.profile.svg)",
        "## An episode",
        episodes.player(title),
        "## See it",
        f"```\nmasked-envs demo {declared.id}\nmasked-envs play {declared.id}\nmasked-envs profile {declared.id}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def families(declared: Iterable[Declaration]) -> dict[str, list[Declaration]]:
    """The environments by their folders: "Classic control" is envs/classic_control."""
    found: dict[str, list[Declaration]] = {}
    for one in declared:
        family = CATALOGUE[one.id].module.partition(".")[0].replace("_", " ").capitalize()
        found.setdefault(family, []).append(one)
    return dict(sorted(found.items()))


def family_table(declared: Iterable[Declaration], folder: str) -> str:
    """One line for each family, with links to its environments."""
    rows = []
    for family, members in families(declared).items():
        kinds = sorted({one.mask(one.resolve({})).kind for one in members})
        rows.append([family, ", ".join(f"[{one.id}]({folder}{name(one)}.md)" for one in members), ", ".join(kinds)])
    return markdown_table(["family", "environments", "kinds of mask"], rows) + "\n"


def family_section(family: str, members: list[Declaration]) -> str:
    """A family in the index: its pictures, and a line for each environment."""
    shown = "\n".join(f"[![{name(one)}]({name(one)}.gif){{ width=180 }}]({name(one)}.md)" for one in members)
    return f"## {family}\n\n{shown}\n\n{environment_table(members, '')}"


def environment_table(declared: Iterable[Declaration], folder: str) -> str:
    rows = []
    for one in declared:
        spec = one.mask(one.resolve({}))
        link = f"[{one.id}]({folder}{name(one)}.md)"
        rows.append(
            [link, one.play, f"`{spec.action_space}`", f"{spec.kind}, {spec.meaning}", read_card(one.rules).title]
        )
    return markdown_table(["id", "play", "actions", "mask", "what"], rows) + "\n"


def library_table(folder: str) -> str:
    """Which training library serves which kind of mask: what tests/adapters/test_contract.py holds the adapters to."""
    sys.path.insert(0, str(ROOT))
    from tests.adapters.contract import table

    return markdown_table(*table(folder)) + "\n"


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def between(path: Path, text: str, what: str, table: str) -> str:
    """The text of a page with the table between its markers."""
    first, last = f"<!-- {what}:start -->", f"<!-- {what}:end -->"
    head, start, rest = text.partition(first)
    _, end, tail = rest.partition(last)
    if not start or not end:
        raise ValueError(f"{path.name} needs the lines {first} and {last}")
    return f"{head}{start}\n{table}{end}{tail}"


if __name__ == "__main__":
    sys.exit(main())
