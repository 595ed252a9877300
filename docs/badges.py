"""The badges of README.md: facts that the repository itself holds, so that nothing is loaded from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import strongest_facts

from masked_envs.catalogue import CATALOGUE

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "images" / "badges"
PYTHON = re.compile(r'"Programming Language :: Python :: (3\.\d+)"')
LICENSE = re.compile(r'^license = "(.*)"$', re.MULTILINE)
LETTER, EDGE, HEIGHT = 6.6, 12, 20  # pixels: mean width of a letter, space beside the words, height
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img">
<title>{label}: {value}</title>
<rect width="{width}" height="{height}" rx="3" fill="#4a5058"/>
<rect x="{left}" width="{right}" height="{height}" rx="3" fill="#00695c"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana, 'DejaVu Sans', sans-serif" font-size="11">
<text x="{label_at}" y="14">{label}</text><text x="{value_at}" y="14">{value}</text></g></svg>
"""


def pages() -> dict[Path, str]:
    """Every badge by its path."""
    return {FOLDER / f"{label.replace(' ', '_')}.svg": badge(label, value) for label, value in facts().items()}


def facts() -> dict[str, str]:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    versions = PYTHON.findall(project)
    (terms,) = LICENSE.findall(project)
    invalid, decisions = strongest_facts.invalid_of_all()
    return {
        "python": f"{versions[0]} to {versions[-1]}",
        "license": terms,
        "environments": str(len(CATALOGUE)),
        "invalid actions": f"{invalid:,} in {decisions:,}",
    }


def badge(label: str, value: str) -> str:
    """An SVG with a label and a value beside it."""
    left, right = (round(LETTER * len(words) + EDGE) for words in (label, value))
    return SVG.format(
        width=left + right, height=HEIGHT, left=left, right=right, label=label, value=value,
        label_at=left / 2, value_at=left + right / 2,
    )  # fmt: skip
