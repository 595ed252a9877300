"""The names of the actions in a frame, for the mouse: `<title>` in SVG, the status line of a window."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .layout import Layout, StripLayout
from .mask_view import MaskView
from .places import Box, Path, mark_box

MOST_NAMED = 100
"""Names in a frame: of more actions only the legal ones are named, and of more legal ones none."""
WORDS = {True: "legal", False: "forbidden", None: ""}


def named_places(layout: Layout, view: MaskView) -> Iterator[tuple[Box, str]]:
    """The boxes in pixels where one action alone lives, each with its name and whether it is legal."""
    places = [(mark.agent, mark.path, mark_box(mark)) for mark in layout.scene.marks]
    if len(places) > MOST_NAMED:
        places = [place for place in places if view.legal(*place[:2])]
    for agent, path, box in places if len(places) <= MOST_NAMED else ():
        yield layout.to_pixels(box), words_of_action(layout, view, agent, path)
    for strip in layout.strips:
        if strip.compact and strip.per_cell == 1:
            for i in _few_legal(view, strip):
                agent, path = strip.strip.agent, strip.strip.path(i)
                yield strip.box(i), words_of_action(layout, view, agent, path)


def words_of_action(layout: Layout, view: MaskView, agent: int, path: Path) -> str:
    """Such as "drop off: forbidden"."""
    name = layout.scene.label(path, agent) or ",".join(map(str, path))
    return ": ".join(filter(None, (name, WORDS[view.legal(agent, path)])))


def _few_legal(view: MaskView, place: StripLayout) -> list[int]:
    row = view.legal_row(place.strip)
    legal = [] if row is None else np.flatnonzero(row).tolist()
    return legal if len(legal) <= MOST_NAMED else []
