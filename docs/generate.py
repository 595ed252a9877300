"""Write the pages that come from the code and from results, and the generated parts of the others.

These are docs/envs (a page and pictures for each environment, and the gallery), docs/reference, docs/learning.md,
docs/field_report.md, docs/speed.md, and what stands between markers in README.md, docs/index.md and
docs/action_kinds.md.

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
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import api_pages
import badges
import env_pages
import episodes
import field_report
import gallery
import learning
import learning_curves
import speed
import strongest_facts
from env_pages import name
from tables import between, markdown_table

from masked_envs.catalogue import CATALOGUE
from masked_envs.core.declaration import Declaration
from masked_envs.registration import declaration

ROOT = Path(__file__).resolve().parent.parent
ENVS = ROOT / "docs" / "envs"
GALLERY = ENVS / "index.md"
HOME, SPEED = ROOT / "docs" / "index.md", ROOT / "docs" / "speed.md"
LEARNING = ROOT / "docs" / "learning.md"
FIELD_REPORT = ROOT / "docs" / "field_report.md"
IMAGES = ROOT / "docs" / "images"
OVERVIEW, PROGRESS, CURVES = IMAGES / "overview.gif", IMAGES / "learning.svg", IMAGES / "learning"
KINDS = ROOT / "docs" / "action_kinds.md"
README = ROOT / "README.md"


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
    written = {ENVS / f"{name(one)}.md": env_pages.page(one, measured.get(one.id)) for one in declared}
    written |= api_pages.pages() | badges.pages()
    written[LEARNING] = learning.page(measured)
    written[FIELD_REPORT] = field_report.page()
    written[GALLERY] = gallery.page(declared)
    written[SPEED] = speed.page()
    text = README.read_text(encoding="utf-8")
    for what, block in {
        "facts": strongest_facts.block("docs/", "#speed"),
        "environments": gallery.family_table(declared, "docs/envs/"),
        "libraries": library_table("docs/"),
    }.items():
        text = between(README, text, what, block)
    written[README] = text
    home = between(HOME, HOME.read_text(encoding="utf-8"), "facts", strongest_facts.block("", "speed.md"))
    written[HOME] = between(HOME, home, "environments", gallery.family_table(declared, "envs/"))
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
    stills = {ENVS / f"{name(one)}.svg": functools.partial(env_pages.write_still, one) for one in declarations()}
    profiled = {
        ENVS / f"{name(one)}.profile.svg": functools.partial(episodes.write_profile, one) for one in declarations()
    }
    recorded = {episodes.path_of(name(one)): functools.partial(episodes.write_random, one) for one in declarations()}
    return {OVERVIEW: draw_overview, **drawn, **stills, **profiled, **recorded}


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


def library_table(folder: str) -> str:
    """Which training library serves which kind of mask: what tests/adapters/test_contract.py holds the adapters to."""
    sys.path.insert(0, str(ROOT))
    from tests.adapters.contract import table

    return markdown_table(*table(folder)) + "\n"


if __name__ == "__main__":
    sys.exit(main())
