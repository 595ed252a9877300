"""How an action looks: one piece of code for marks in the picture and for boxes in strips.

Legal is a green frame, light green inside where it hides nothing; forbidden is flat, grey and crossed out (hatched over
a part of the picture, a dot in cells too small for that). So the two differ in shape as well as in colour. Where
legality is not known, or after the end, there is neither. The action chosen has a black ring. A probability is a level
that rises in the box, and one above zero on a forbidden action is drawn in the colour of refusals: it is a bug in the
policy.
"""

from __future__ import annotations

from dataclasses import dataclass

from .canvas import text_width
from .contrast import legible
from .listing import percentage
from .painter import Painter
from .places import Box, Icon
from .shapes import Point
from .theme import RGB, Theme, mix

TINY = 13.0
"""Pixels: below this an action is a bare cell."""
VEIL = 120
"""Opacity (0 to 255) of what lies over the part of a picture that a forbidden action acts on."""
SMALL = 24.0
"""Pixels: below this there is no room for an icon and words together."""
ICON_EDGE = 5.0
"""Pixels by which the inside of a small arrow is smaller than the arrow."""


@dataclass(frozen=True)
class Look:
    """What there is to say about one action; None: not known."""

    legal: bool | None = None
    probability: float | None = None
    chosen: bool = False
    refused: bool = False
    label: str = ""
    icon: Icon = ""
    ink: str = "legal"


def paint_legal(
    canvas: Painter, theme: Theme, box: Box, *, radius: float = 0.0, edge: float = 2.0, fill: RGB | None = None
) -> None:
    """What every legal action has: a green frame around a light fill."""
    canvas.rect(box, theme["legal_fill"] if fill is None else fill, radius=radius)
    canvas.rect(box, theme["legal"], radius=radius, outline=edge)


def paint_button(canvas: Painter, theme: Theme, box: Box, look: Look) -> None:
    """An action as a widget of its own, inside `box`."""
    side = min(box[2], box[3])
    if side < TINY and not look.icon:
        paint_cell(canvas, theme, box, look)
    elif side < SMALL and look.icon:
        _paint_icon_button(canvas, theme, box, look)
    else:
        _paint_full_button(canvas, theme, box, look)


def paint_area(canvas: Painter, theme: Theme, box: Box, look: Look, ground: RGB) -> None:
    """An action over a part of the picture, inside `box`; where it is forbidden, `paint_veil` comes first.

    Its words stand on the colour `ground`.
    """
    side = min(box[2], box[3])
    radius = min(10.0, 0.12 * side)
    if look.legal:
        edge = min(3.0, max(1.5, 0.035 * side))
        canvas.rect(_inset(box, min(6.0, 0.06 * side)), theme["legal"], radius=radius, outline=edge)
    if look.probability is not None and (look.probability or look.legal is not False):
        _paint_meter(canvas, theme, _inset(box, min(16.0, 0.14 * side)), look, ground)
    elif look.label and look.legal is not False:
        ink = legible(theme["muted"], ground, theme)
        canvas.text(_center(box), look.label, min(15.0, 0.3 * side), ink, room=0.8 * box[2])
    _paint_rings(canvas, theme, box, look, radius)


def paint_veil(canvas: Painter, theme: Theme, box: Box) -> None:
    """Grey out a part of the picture that a forbidden action acts on."""
    canvas.veil(box, theme["background"], VEIL, hatch=theme["forbidden"])


def veiled_color(theme: Theme, color: RGB) -> RGB:
    """What a colour becomes under a veil, between its lines."""
    return mix(color, theme["background"], VEIL / 255)


def paint_reach(canvas: Painter, theme: Theme, box: Box, look: Look) -> None:
    """What an action acts on beside its own place: ringed like it while it is chosen."""
    if look.chosen:
        canvas.rect(box, theme["chosen"], outline=_ring_width(box))


def paint_cell(canvas: Painter, theme: Theme, box: Box, look: Look) -> None:
    """An action in a cell too small for words: a frame while legal, a dot while forbidden."""
    x, y, w, h = box
    if look.legal is False:
        dot = max(1.0, 0.3 * min(w, h))
        ink = "refused" if look.refused or (look.probability or 0) > 0 else "forbidden"
        canvas.rect((x + (w - dot) / 2, y + (h - dot) / 2, dot, dot), theme[ink])
    elif look.legal is None:
        canvas.rect(box, theme["muted"], outline=1)
    else:
        paint_legal(canvas, theme, box, edge=max(1.0, 0.25 * min(w, h)) if look.probability is None else 1.0)
        if look.probability:
            canvas.rect(_level(box, look.probability), theme[look.ink])
    _paint_rings(canvas, theme, box, look, 0.0)


def _paint_full_button(canvas: Painter, theme: Theme, box: Box, look: Look) -> None:
    radius = min(6.0, 0.2 * min(box[2], box[3]))
    fill, edge, words = _colors(theme, look)
    canvas.rect(box, fill, radius=radius)
    if look.probability:
        inner = _inset(box, 2)
        canvas.rect(_level(inner, look.probability), _level_color(theme, look), radius=min(3.0, radius))
    if look.legal is False:
        _cross(canvas, _inset(box, 4), edge, 1.5)
    canvas.rect(box, edge, radius=radius, outline=1 if look.legal is False else 2)
    _paint_content(canvas, theme, box, look, words, plate=fill)
    _paint_rings(canvas, theme, box, look, radius)


def _paint_content(canvas: Painter, theme: Theme, box: Box, look: Look, color: RGB, plate: RGB) -> None:
    """Icon, label and percentage, one under the other, as far as they fit; words on a cross get a plate."""
    x, y, w, h = box
    forbidden, wrong = look.legal is False, look.legal is False and bool(look.probability)
    rows = [("icon", "")] if look.icon and not forbidden else []
    rows += [("label", look.label)] if look.label else []
    rows += (
        [("percent", percentage(look.probability))] if look.probability is not None and (wrong or not forbidden) else []
    )
    rows = rows[-max(1, int(h // 15)) :]
    height = min(24.0, (h - 4) / max(1, len(rows)))
    top = y + (h - height * len(rows)) / 2
    for i, (what, words) in enumerate(rows):
        middle, size = (x + w / 2, top + (i + 0.5) * height), min(14.0, 0.8 * height)
        if what == "icon":
            paint_icon(canvas, middle, min(0.66 * height, 0.4 * w), look.icon, color)
            continue
        if forbidden:
            wide = min(w - 6, text_width(words, size) + 8)
            canvas.rect((middle[0] - wide / 2, middle[1] - size / 2 - 1, wide, size + 2), plate, radius=3)
        ink = theme["refused"] if wrong and what == "percent" else color
        canvas.text(middle, words, size, ink, room=w - 6)


def _paint_icon_button(canvas: Painter, theme: Theme, box: Box, look: Look) -> None:
    """A small arrow without a box around it, filled as far as it is probable; a cross while forbidden.

    Legal ones have the green edge and the light fill of every legal action.
    """
    side = min(box[2], box[3])
    center, size = _center(box), 0.8 * side
    if look.legal is False:
        wrong = look.refused or bool(look.probability)
        arm = 0.26 * side
        cross = (center[0] - arm, center[1] - arm, 2 * arm, 2 * arm)
        _cross(canvas, cross, theme["refused" if wrong else "forbidden"], max(1.6, 0.13 * side))
    else:
        fill, edge, _ = _colors(theme, look)
        paint_icon(canvas, center, size, look.icon, edge)
        paint_icon(canvas, center, size - ICON_EDGE, look.icon, fill)
        if look.legal and look.probability:
            middle = (center[0] - size / 2, center[1] - size / 2, size, size)
            with canvas.clipped(_level(middle, look.probability)):
                paint_icon(canvas, center, size - ICON_EDGE, look.icon, theme[look.ink])
    _paint_rings(canvas, theme, box, look, 3.0)


def paint_icon(canvas: Painter, center: Point, size: float, icon: Icon, color: RGB) -> None:
    """A triangle that points the way, or a square for "stay"."""
    x, y = center
    half, back = size / 2, 0.4 * size
    corners: dict[str, tuple[Point, ...]] = {
        "up": ((x, y - back), (x + half, y + back), (x - half, y + back)),
        "down": ((x, y + back), (x - half, y - back), (x + half, y - back)),
        "left": ((x - back, y), (x + back, y - half), (x + back, y + half)),
        "right": ((x + back, y), (x - back, y + half), (x - back, y - half)),
        "stay": ((x - back, y - back), (x + back, y - back), (x + back, y + back), (x - back, y + back)),
    }
    canvas.polygon(corners[icon or "stay"], color)


def _paint_meter(canvas: Painter, theme: Theme, box: Box, look: Look, ground: RGB) -> None:
    x, y, w, h = box
    probability = min(1.0, look.probability or 0.0)
    thick = min(8.0, max(3.0, 0.16 * h))
    color = theme["refused" if look.legal is False else look.ink]
    bar = (x, y + h - thick, w, thick)
    canvas.rect(bar, theme["shadow"], radius=thick / 2)
    with canvas.clipped((x, y, probability * w, h)):
        canvas.rect(bar, color, radius=thick / 2)
    if h > 24:
        ink = legible(theme["text"], ground, theme)
        canvas.text((x + w / 2, y + 0.42 * h), percentage(probability), min(20.0, 0.34 * h), ink, room=w)


def _paint_rings(canvas: Painter, theme: Theme, box: Box, look: Look, radius: float) -> None:
    if look.chosen:
        canvas.rect(box, theme["chosen"], radius=radius, outline=_ring_width(box))
    if look.refused:
        canvas.rect(box, theme["refused"], radius=radius, outline=_ring_width(box))


def _ring_width(box: Box) -> float:
    side = min(box[2], box[3])
    return 3.0 if side >= SMALL else 2.0 if side >= TINY else 1.5


def _colors(theme: Theme, look: Look) -> tuple[RGB, RGB, RGB]:
    """Fill, edge and words."""
    if look.refused:
        return theme["refused_fill"], theme["refused"], theme["refused"]
    if look.legal is None:
        return theme["background"], theme["muted"], theme["muted"]
    if look.legal:
        fill = theme["legal_fill"] if look.ink == "legal" else mix(theme["background"], theme[look.ink], 0.25)
        return fill, theme["legal"], theme["legal_text"] if look.ink == "legal" else theme["text"]
    return theme["forbidden_fill"], theme["forbidden"], theme["forbidden_text"]


def _level_color(theme: Theme, look: Look) -> RGB:
    if look.legal is False:
        return theme["refused_fill"]
    return theme["legal_level"] if look.ink == "legal" else mix(theme["background"], theme[look.ink], 0.55)


def _level(box: Box, probability: float) -> Box:
    x, y, w, h = box
    height = min(1.0, probability) * h
    return (x, y + h - height, w, height)


def _cross(canvas: Painter, box: Box, color: RGB, width: float) -> None:
    x, y, w, h = box
    canvas.line(((x, y), (x + w, y + h)), width, color)
    canvas.line(((x + w, y), (x, y + h)), width, color)


def _inset(box: Box, by: float) -> Box:
    x, y, w, h = box
    by = min(by, w / 2, h / 2)
    return (x + by, y + by, w - 2 * by, h - 2 * by)


def _center(box: Box) -> Point:
    return (box[0] + box[2] / 2, box[1] + box[3] / 2)
