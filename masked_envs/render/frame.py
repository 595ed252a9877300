"""One frame: the scene's shapes, the mask over them, the strips under them and the status line above."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas, text_width
from .contrast import color_at, ground_of, legible, words_in
from .layout import MARGIN, STATUS_HEIGHT, TITLE_HEIGHT, BarsLayout, Layout, StripLayout
from .listing import runs
from .marks import Look, paint_area, paint_button, paint_cell, paint_legal, paint_reach, paint_veil, veiled_color
from .mask_view import MaskView
from .naming import named_places
from .painter import Painter
from .places import ActionMark, Box, Path, mark_box
from .pointing import Target, paint_target
from .scene import Scene
from .shapes import Disc, Line, Pixels, Polygon, Rect, Shape, Text
from .status import LAST, Status
from .theme import RGB, Theme, mix

STATUS_TEXT = 14.0
STATUS_GAP = 15
LEGEND_BOX = 14
SIDE_DISC = 8.0
TITLE_TEXT = 13.0
SPARSE = 0.1
"""Below this share of legal actions those of a compact grid are drawn larger than their cells."""
LISTED = 12
"""Legal actions named beside the title of a compact grid."""

Refused = Collection[tuple[int, Path]]


def draw_frame(
    layout: Layout, view: MaskView, theme: Theme, status: Status, refused: Refused = (), target: Target | None = None
) -> NDArray[np.uint8]:
    """The finished frame, uint8 (height, width, 3).

    Args:
        layout, view, theme, status: what is drawn.
        refused: (agent, path) of the actions to flash.
        target: what the person points at.
    """
    canvas = Canvas(layout.width, layout.height, theme["page"])
    paint_frame(canvas, layout, view, theme, status, refused)
    paint_target(canvas, layout, view, theme, target)
    return canvas.finish()


def paint_frame(
    canvas: Painter, layout: Layout, view: MaskView, theme: Theme, status: Status, refused: Refused = ()
) -> None:
    """Paint the scene, the actions and the status line on an empty canvas."""
    with canvas.clipped(layout.picture):
        _draw_picture(canvas, layout, view, theme)
        for mark in layout.scene.marks:
            _draw_mark(canvas, layout, view, theme, mark, (mark.agent, mark.path) in refused)
        _draw_seat(canvas, layout, view, theme)
    for strip in layout.strips:
        _draw_strip(canvas, view, theme, strip, refused)
    for bars in layout.ranges:
        _draw_bars(canvas, view, theme, bars, refused)
        _draw_point(canvas, layout, view, theme, bars)
    _draw_status(canvas, layout, view, theme, status)
    for box, words in named_places(layout, view):
        canvas.name(box, words)


def _draw_picture(canvas: Painter, layout: Layout, view: MaskView, theme: Theme) -> None:
    """The shapes, veils where forbidden actions act, and the words under a veil once more over it."""
    ground = theme[layout.scene.background]
    canvas.rect(layout.picture, ground)
    shapes = layout.scene.shapes
    colors = [mix(theme[shape.ink], ground, shape.fade) for shape in shapes]
    for i, shape in enumerate(shapes):
        color = colors[i]
        if isinstance(shape, Text):
            color = legible(color, ground_of(layout.scene, i, theme), theme)
        _draw_shape(canvas, layout, shape, color)
    veiled = [box for mark in layout.scene.marks for box in _veiled_boxes(mark, view)]
    for box in veiled:
        paint_veil(canvas, theme, layout.to_pixels(box))
    for i in words_in(layout.scene, veiled):
        under = veiled_color(theme, ground_of(layout.scene, i, theme))
        _draw_shape(canvas, layout, shapes[i], legible(colors[i], under, theme))


def _veiled_boxes(mark: ActionMark, view: MaskView) -> Iterator[Box]:
    if view.legal(mark.agent, mark.path) is not False:
        return
    if mark.covers is not None:
        yield mark.covers
    if mark.style == "area":
        yield mark_box(mark)


def _draw_shape(canvas: Painter, layout: Layout, shape: Shape, color: RGB) -> None:
    scale = layout.scale
    match shape:
        case Rect(x, y, w, h):
            box = layout.to_pixels((x, y, w, h))
            canvas.rect(box, color, radius=shape.radius * scale, outline=shape.outline * scale)
        case Disc(x, y, r):
            left, top, _, _ = layout.to_pixels((x, y, 0, 0))
            canvas.disc((left, top), r * scale, color, outline=shape.outline * scale)
        case Line(points, width):
            canvas.line([layout.to_pixels((x, y, 0, 0))[:2] for x, y in points], width * scale, color)
        case Polygon(points):
            canvas.polygon([layout.to_pixels((x, y, 0, 0))[:2] for x, y in points], color)
        case Pixels(x, y, w, h, pixels):
            canvas.image(layout.to_pixels((x, y, w, h)), pixels)
        case Text(x, y, string, size):
            left, top, _, _ = layout.to_pixels((x, y, 0, 0))
            canvas.text((left, top), string, size * scale, color, align=shape.align)


def _draw_mark(canvas: Painter, layout: Layout, view: MaskView, theme: Theme, mark: ActionMark, refused: bool) -> None:
    look = Look(
        view.legal(mark.agent, mark.path),
        view.probability(mark.agent, mark.path),
        view.chosen(mark.agent, mark.path),
        refused,
        mark.label,
        mark.icon,
        mark.ink,
    )
    x, y, w, h = layout.to_pixels(mark_box(mark))
    box = (x + 1, y + 1, w - 2, h - 2)
    if mark.style == "area":
        paint_area(canvas, theme, box, look, _ground_of_mark(layout.scene, mark, look, theme))
    else:
        paint_button(canvas, theme, box, look)
    if mark.covers is not None:
        paint_reach(canvas, theme, layout.to_pixels(mark.covers), look)


def _ground_of_mark(scene: Scene, mark: ActionMark, look: Look, theme: Theme) -> RGB:
    """The colour on which the words of an area stand."""
    if not look.label and look.probability is None:
        return theme["background"]  # there are none
    color = color_at(scene, scene.shapes, (mark.x + mark.w / 2, mark.y + mark.h / 2), theme)
    return veiled_color(theme, color) if look.legal is False else color


def _draw_seat(canvas: Painter, layout: Layout, view: MaskView, theme: Theme) -> None:
    """A ring around the agent that chooses while the others wait."""
    seat = None if view.chooser is None else layout.scene.seats.get(view.chooser)
    if seat is not None:
        x, y, w, h = layout.to_pixels(seat)
        canvas.disc((x + w / 2, y + h / 2), max(w, h) / 2, theme["chosen"], outline=3.0)


def _draw_strip(canvas: Painter, view: MaskView, theme: Theme, place: StripLayout, refused: Refused) -> None:
    strip = place.strip
    legal, probabilities = view.legal_row(strip), view.probability_row(strip)
    if place.per_cell > 1:
        starts = np.arange(0, strip.size, place.per_cell)
        legal = None if legal is None else np.logical_or.reduceat(legal, starts)
        probabilities = None if probabilities is None else np.add.reduceat(probabilities, starts)
    chosen = {i // place.per_cell for i in view.chosen_boxes(strip)}
    boxes = (strip.box(path) for agent, path in refused if agent == strip.agent)
    flashed = {i // place.per_cell for i in boxes if i is not None}
    paint = paint_cell if place.compact else paint_button
    sparse = place.compact and legal is not None and np.count_nonzero(legal) < SPARSE * len(legal)
    for i in range(place.count):
        label = "" if place.compact else strip.label(i)
        look = Look(
            None if legal is None else bool(legal[i]),
            None if probabilities is None else float(probabilities[i]),
            i in chosen,
            i in flashed,
            label,
            "",
            strip.ink,
        )
        x, y, w, h = place.box(i)
        grow = 1.5 if sparse and look.legal else 0.0
        paint(canvas, theme, (x - grow, y - grow, w + 2 * grow, h + 2 * grow), look)
    _draw_strip_title(canvas, view, theme, place)


def _draw_strip_title(canvas: Painter, view: MaskView, theme: Theme, place: StripLayout) -> None:
    strip, middle = place.strip, place.top + TITLE_HEIGHT / 2 - 1
    left, inner = place.column
    right = left + inner
    title = strip.title or "actions"
    if place.per_cell > 1:
        title += f" ({place.per_cell} to a cell)"
    row = view.legal_row(strip) if place.compact else None
    room = (1.0 if row is None else 0.5) * inner
    canvas.text((left, middle), title, TITLE_TEXT, theme["muted"], align="left", room=room)
    if row is None:
        return
    places = np.flatnonzero(row)
    words = f"legal {len(places)} of {strip.size}"
    if len(strip.shape) == 1 and len(places):
        listed = runs(places[: 4 * LISTED].tolist())
        cut = len(listed) > LISTED or len(places) > 4 * LISTED
        words += f": {' '.join(listed[:LISTED])}{' ...' if cut else ''}"
    room = inner - text_width(title, TITLE_TEXT) - 20
    canvas.text((right, middle), words, TITLE_TEXT, theme["text"], align="right", room=room)


def _draw_bars(canvas: Painter, view: MaskView, theme: Theme, place: BarsLayout, refused: Refused) -> None:
    bars = place.bars
    hidden = len(bars.labels) - place.shown
    title = (bars.title or "actions") + (f" (first {place.shown} of {len(bars.labels)})" if hidden else "")
    middle = place.top + TITLE_HEIGHT / 2 - 1
    canvas.text((place.left, middle), title, TITLE_TEXT, theme["muted"], align="left", room=place.width)
    bounds, taken = view.bounds(bars), view.taken(bars)
    for i, label, low, high in list(bars.rows())[: place.shown]:
        x, y, w, h = box = place.box(i)
        words = (place.left, y + h / 2)
        canvas.text(words, label, TITLE_TEXT, theme["text"], align="left", room=x - place.left - 8)
        canvas.rect(box, theme["background"], radius=4)
        if bounds is not None:
            canvas.rect(box, theme["forbidden_fill"], radius=4)
            canvas.veil(box, theme["forbidden_fill"], 0, hatch=theme["forbidden"])
            first, last = (x + w * (min(max(float(b), low), high) - low) / (high - low) for b in bounds[:, i])
            lit = (first, y, max(2.0, last - first), h)
            paint_legal(canvas, theme, lit)
            numbers = f"{bounds[0, i]:.3g} to {bounds[1, i]:.3g}"
            if view.choosing is not None and taken is not None:
                numbers = f"{taken[i]:.3g}  in {numbers}"
            right = place.left + place.width
            canvas.text((right, words[1]), numbers, TITLE_TEXT, theme["text"], align="right", room=right - x - w - 8)
        is_refused = (bars.agent, (*bars.key, i)) in refused
        canvas.rect(box, theme["refused" if is_refused else "forbidden"], radius=4, outline=3 if is_refused else 1)
        if taken is not None:
            at = x + w * (min(max(float(taken[i]), low), high) - low) / (high - low)
            canvas.line(((at, y - 2), (at, y + h + 2)), 3, theme["chosen"])
            if view.choosing is not None:  # a handle to drag
                canvas.disc((at, y + h / 2), h / 2 - 1, theme["chosen"])


def _draw_point(canvas: Painter, layout: Layout, view: MaskView, theme: Theme, place: BarsLayout) -> None:
    """The numbers that a person has chosen, where the picture has a place for them."""
    bars, taken = place.bars, view.taken(place.bars)
    if view.choosing is None or taken is None or bars.area is None:
        return
    left, top, w, h = bars.area
    shares = [(number - bars.low[i]) / bars.reach(i) for i, number in enumerate(taken[:2].tolist())]
    down = 1 - shares[1] if len(shares) > 1 else 0.5
    x, y, _, _ = layout.to_pixels((left + w * shares[0], top + h * down, 0, 0))
    canvas.disc((x, y), 7, theme["chosen"], outline=2.5)


def _draw_status(canvas: Painter, layout: Layout, view: MaskView, theme: Theme, status: Status) -> None:
    middle, left, right = STATUS_HEIGHT / 2, float(MARGIN), float(layout.width - MARGIN)
    if status.side:
        canvas.disc((left + SIDE_DISC, middle), SIDE_DISC, theme["outline"])
        canvas.disc((left + SIDE_DISC, middle), SIDE_DISC - 1.5, theme[status.side])
        left += 2 * SIDE_DISC + 6
    legend = _legend(view)
    words = [(part, "muted") for part in status.parts()]
    if status.message:
        words.append((status.message, "refused" if status.refused else "text"))
    # What matters least goes first where the line is too short: a refusal must be seen.
    if status.last and _width(words) + _legend_width(legend) > right - left:
        words = [part for part in words if not part[0].startswith(LAST)]
    while legend and _width(words) + _legend_width(legend) > right - left:
        if status.message and len(words) > 1:
            words = words[1:]
        else:
            legend.pop(0 if len(legend) == 2 else -1)
    for look, word in legend:
        canvas.text((right, middle), word, STATUS_TEXT, theme["text"], align="right")
        right -= text_width(word, STATUS_TEXT) + LEGEND_BOX + 5
        paint_button(canvas, theme, (right, middle - LEGEND_BOX / 2, LEGEND_BOX, LEGEND_BOX), look)
        right -= STATUS_GAP
    for part, ink in words:
        room = max(1.0, right - left)
        canvas.text((left, middle), part, STATUS_TEXT, theme[ink], align="left", room=room)
        left += text_width(part, STATUS_TEXT) + STATUS_GAP


def _legend(view: MaskView) -> list[tuple[Look, str]]:
    """Samples and words of what the frame shows of the mask, from the right; empty after the end."""
    legend = []
    if (totals := view.totals()) is not None:
        legend = [(Look(legal=False), f"{totals[1]} forbidden"), (Look(legal=True), f"{totals[0]} legal")]
    elif any(view.bounds(bars) is not None for bars in view.ranges):
        legend = [(Look(legal=False), "forbidden"), (Look(legal=True), "legal")]
    if view.has_chosen():
        legend.append((Look(chosen=True), "chosen"))
    return legend


def _width(words: list[tuple[str, str]]) -> float:
    return sum(text_width(part, STATUS_TEXT) + STATUS_GAP for part, _ in words)


def _legend_width(legend: list[tuple[Look, str]]) -> float:
    return sum(text_width(word, STATUS_TEXT) + LEGEND_BOX + 5 + STATUS_GAP for _, word in legend)
