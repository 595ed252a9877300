"""Scenes as words: the environment's own glyphs, then the mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from .listing import percentage, runs, shorten
from .mask_form import Leaf
from .mask_view import MaskView
from .places import Path
from .scene import Scene
from .status import Status, as_status

MOST_LABELS = 16
"""More actions than this are listed by number, runs joined, without labels."""
MOST_WORDS = 40


def render_ansi(
    scene: Scene,
    mask: Any = None,
    probabilities: Any = None,
    action: Any = None,
    status: Status | str | None = None,
) -> str:
    """The scene as plain text, the arguments as in `Renderer.render`.

    The status line, `scene.glyph_rows`, and for each acting agent a line like
    ``legal: 0 left, 1 right | forbidden: 2 up, 3 down``. More than 16 actions are listed by number,
    ``legal: 0-5 17 2047 | forbidden: 6-16 18-2046``; a list of more than 40 numbers or runs is cut and
    counted. After the end (`status.over`) the actions are left out.

    Raises:
        ValueError: a mask or probabilities that do not fit the scene.
    """
    line = as_status(status)
    view = MaskView(scene, mask, probabilities, action, line.over, line.agent)
    words = "   ".join(filter(None, (*line.parts(), line.message)))
    lines = [words, *scene.glyph_rows] if words else list(scene.glyph_rows)
    for agent in range(view.agents):
        name = f"agent {agent} " if scene.agents is not None else ""
        for key, leaf in view.entries(agent):
            title = " ".join(filter(None, (name.strip(), *map(str, key))))
            lines.append(f"{title} {_sets(scene, view, agent, key, leaf)}".strip())
        chosen = [_name(scene, agent, path) for path in sorted(view.chosen_paths(agent), key=repr)]
        if chosen:
            lines.append(f"{name}chosen: {', '.join(chosen)}")
    for bars in view.ranges:
        bounds = view.bounds(bars)
        if bounds is not None:
            spans = ", ".join(f"{label} {bounds[0, i]:.4g} to {bounds[1, i]:.4g}" for i, label, _, _ in bars.rows())
            lines.append(" ".join(filter(None, (bars.title, f"legal: {spans}"))))
    return "\n".join(lines)


def _sets(scene: Scene, view: MaskView, agent: int, key: Path, leaf: Leaf) -> str:
    legal = leaf != 0
    return " | ".join(
        f"{word}: {_listed(scene, view, agent, key, chosen)}"
        for word, chosen in (("legal", legal), ("forbidden", ~legal))
    )


def _listed(scene: Scene, view: MaskView, agent: int, key: Path, chosen: Leaf) -> str:
    total = int(np.count_nonzero(chosen))
    if total > MOST_LABELS and chosen.ndim == 1:
        return shorten(runs(np.flatnonzero(chosen).tolist()), MOST_WORDS, total)
    paths = [(*key, *place) for place in np.argwhere(chosen)[:MOST_WORDS].tolist()]
    if total > MOST_LABELS:
        words = [_number(path) for path in paths]
    else:
        words = [f"{_name(scene, agent, path)} {percentage(view.probability(agent, path))}".strip() for path in paths]
    if any(" " in word for word in words):
        return ("; " if any("," in word for word in words) else ", ").join(words)
    return " ".join(words + [f"... ({total} in all)"] * (total > len(words))) or "none"


def _name(scene: Scene, agent: int, path: Path) -> str:
    number, label = _number(path), scene.label(path, agent)
    return number if label in ("", number) else f"{number} {label}"


def _number(path: Path) -> str:
    return ",".join(str(part) for part in path if isinstance(part, int))
