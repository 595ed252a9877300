"""What a person can point at in a frame, with the mouse or with the arrow keys, and how that looks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .layout import Layout
from .mask_view import MaskView
from .naming import words_of_action
from .painter import Painter
from .places import Box, Path, as_path, mark_box
from .theme import Theme

HOVER = 70
"""Opacity (0 to 255) of what lies over an action under the mouse."""
ASIDE = 3.0
"""How much more a pixel to the side counts than one ahead, when an arrow key looks for the next action."""


@dataclass(frozen=True)
class Target:
    """An action, or the number of a range bar, in a frame: where it is, whose, and its entry in the mask."""

    box: Box
    agent: int
    path: Path
    is_number: bool = False

    def same(self, other: Target | None) -> bool:
        """Whether this is the same thing as in another frame."""
        return other is not None and (self.agent, self.path) == (other.agent, other.path)


def targets(layout: Layout) -> Iterator[Target]:
    """Everything in a frame that the arrow keys reach, except cells that several actions share."""
    for mark in layout.scene.marks:
        yield Target(layout.to_pixels(mark_box(mark)), mark.agent, mark.path)
    for place in layout.strips:
        for i in range(place.count if place.per_cell == 1 else 0):
            yield Target(place.box(i), place.strip.agent, place.strip.path(i))
    for bars in layout.ranges:
        for i in range(bars.shown):
            yield Target(bars.box(i), bars.bars.agent, (*bars.bars.key, i), True)


def target_at(layout: Layout, view: MaskView, x: float, y: float) -> Target | None:
    """What is at a pixel; of actions that share a cell the first legal one."""
    found = layout.actions_at(x, y)
    paths = [(agent, as_path(index)) for agent, index in found]
    first = next((pair for pair in paths if view.legal(*pair)), paths[0] if paths else None)
    if first is not None:
        return next((target for target in targets(layout) if (target.agent, target.path) == first), None)
    numbers = layout.numbers_at(x, y)
    if numbers is None or numbers.in_picture:
        return None
    bars, (i,) = numbers.bars, numbers.values
    return next(t for t in targets(layout) if t.is_number and (t.agent, t.path) == (bars.agent, (*bars.key, i)))


def next_target(layout: Layout, view: MaskView, agent: int, now: Target | None, way: tuple[int, int]) -> Target | None:
    """The nearest target of an agent in a direction of the arrow keys; the first legal one where none is pointed at."""
    own = [target for target in targets(layout) if target.agent == agent]
    if now is None or now not in own:  # the same frame: boxes and all
        return next((t for t in own if t.is_number or view.legal(t.agent, t.path)), own[0] if own else None)
    (x, y), nearest, least = _middle(now.box), now, float("inf")
    for target in own:
        across, down = (there - here for there, here in zip(_middle(target.box), (x, y), strict=True))
        ahead = across * way[0] + down * way[1]
        aside = abs(across * way[1]) + abs(down * way[0])
        if ahead > 1 and ahead + ASIDE * aside < least:
            nearest, least = target, ahead + ASIDE * aside
    return nearest


def nearest_path(layout: Layout, target: Target, paths: Sequence[Path], agent: int) -> Path | None:
    """Of an agent's actions the one that is drawn nearest to a target; None where none of them is drawn."""
    drawn = [other for other in targets(layout) if other.agent == agent and other.path in paths]
    here = _middle(target.box)
    nearest = min(drawn, key=lambda other: math.dist(here, _middle(other.box)), default=None)
    return None if nearest is None else nearest.path


def words_at(layout: Layout, view: MaskView, x: float, y: float) -> str:
    """What the mouse points at, in words: an action and whether it is legal, or numbers; "" for nothing."""
    target = target_at(layout, view, x, y)
    if target is not None and not target.is_number:
        return words_of_action(layout, view, target.agent, target.path)
    numbers = layout.numbers_at(x, y)
    if numbers is None:
        return ""
    bounds = view.bounds(numbers.bars)
    words = ", ".join(f"{numbers.bars.labels[i]} {value:.3g}" for i, value in numbers.values.items())
    if bounds is None:
        return words
    legal = all(bounds[0, i] <= value <= bounds[1, i] for i, value in numbers.values.items())
    return f"{words}: {'legal' if legal else 'forbidden'}"


def paint_target(canvas: Painter, layout: Layout, view: MaskView, theme: Theme, target: Target | None) -> None:
    """Lift what is pointed at from the others, and what else in the picture it acts on."""
    if target is None:
        return
    legal = target.is_number or view.legal(target.agent, target.path)
    color = theme["legal" if legal else "forbidden"]
    marks = (mark for mark in layout.scene.marks if (mark.agent, mark.path) == (target.agent, target.path))
    covered = [layout.to_pixels(mark.covers) for mark in marks if mark.covers is not None]
    for box in (target.box, *covered):
        canvas.veil(box, color, HOVER)
    x, y, w, h = target.box
    canvas.rect((x - 2, y - 2, w + 4, h + 4), theme["agent"], radius=4, outline=2)  # not as what is chosen


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2] / 2, box[1] + box[3] / 2)
