"""What can be wrong with a scene that its methods could not refuse while it was being described."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .places import ActionMark
from .shapes import Bounds

if TYPE_CHECKING:
    from .scene import Scene

TOLERANCE = 1e-6
"""In scene units: how far rounding may carry a shape over the frame."""


def find_problems(scene: Scene) -> list[str]:
    """See `Scene.problems`."""
    found = [*_outside(scene), *_bad_marks(scene), *_bad_agents(scene)]
    if not scene.glyph_rows:
        found.append("glyph_rows is empty, so ansi has no picture")
    return found


def _outside(scene: Scene) -> Iterator[str]:
    frame = f"the frame of {scene.width:g} by {scene.height:g}"
    for shape in scene.shapes:
        if _leaves_frame(scene, shape.bounds):
            yield f"{shape} leaves {frame}"
    for mark in scene.marks:
        if _leaves_frame(scene, _bounds(mark)):
            yield f"the mark of action {mark.index} of agent {mark.agent} leaves {frame}"
        if mark.covers is not None:
            x, y, w, h = mark.covers
            if _leaves_frame(scene, (x, y, x + w, y + h)):
                yield f"the area that action {mark.index} of agent {mark.agent} covers leaves {frame}"
    for (_, head), places in scene.heads_at.items():
        for i, (x, y, w, h) in enumerate(places.boxes):
            if _leaves_frame(scene, (x, y, x + w, y + h)):
                yield f"the place of choice {i} of head {head} leaves {frame}"
    for agent, (x, y, w, h) in scene.seats.items():
        if _leaves_frame(scene, (x, y, x + w, y + h)):
            yield f"the seat of agent {agent} leaves {frame}"


def _bad_marks(scene: Scene) -> Iterator[str]:
    for i, mark in enumerate(scene.marks):
        if mark.w == 0 or mark.h == 0:
            yield f"the mark of action {mark.index} of agent {mark.agent} has no size"
        for other in scene.marks[:i]:
            if (mark.agent, mark.path) == (other.agent, other.path):
                yield f"action {mark.index} of agent {mark.agent} has two marks"
            elif _overlap(_bounds(mark), _bounds(other)):
                yield (
                    f"the marks of action {other.index} of agent {other.agent} and "
                    f"action {mark.index} of agent {mark.agent} overlap"
                )


def _bad_agents(scene: Scene) -> Iterator[str]:
    agents = {place.agent for places in (scene.marks, scene.strips, scene.ranges) for place in places}
    agents |= set(scene.seats)
    for agent in sorted(agents):
        if not 0 <= agent < (scene.agents or 1):
            yield f"agent {agent} does not exist: the scene has {scene.agents or 1} acting at once"


def _bounds(mark: ActionMark) -> Bounds:
    return (mark.x, mark.y, mark.x + mark.w, mark.y + mark.h)


def _leaves_frame(scene: Scene, bounds: Bounds) -> bool:
    left, top, right, bottom = bounds
    low, wide, high = -TOLERANCE, scene.width + TOLERANCE, scene.height + TOLERANCE
    return left < low or top < low or right > wide or bottom > high


def _overlap(a: Bounds, b: Bounds) -> bool:
    return (
        min(a[2], b[2]) - max(a[0], b[0]) > TOLERANCE  # horizontally
        and min(a[3], b[3]) - max(a[1], b[1]) > TOLERANCE
    )
