"""SVG pictures: what is painted is what is painted in pixels, and each element says it rightly."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import masked_envs
from masked_envs.render import Scene, canvas, frame, render_svg, svg
from masked_envs.render.theme import DARK, LIGHT

SPACE = "{http://www.w3.org/2000/svg}"
pytestmark = pytest.mark.core


def scene_with(words: str = "hello") -> Scene:
    scene = Scene(4, 3)
    scene.rect(0, 0, 4, 2, "frame", radius=0.2)
    scene.disc(2, 1, 0.5, "player_0", outline=0.1)
    scene.line([(0, 0), (1, 2), (4, 2)], 0.1, "track")
    scene.arrow(0, 2, 4, 2, 0.1, "agent")
    scene.text(2, 1, words, 0.4)
    scene.action(0, 0, 2, 2, 1, "yes", covers=(0, 0, 2, 2))
    scene.action(1, 2, 2, 2, 1, "no", style="area")
    return scene


class Recorder:
    """A painter that notes what it is told."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.said = inner, []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def told(*arguments: Any, **options: Any) -> Any:
            self.said.append((name, arguments, options))
            return found(*arguments, **options)

        return told


def test_the_same_is_painted_as_in_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    recorders: list[Recorder] = []
    real = frame.paint_frame

    def recorded(painter: Any, *arguments: Any) -> None:
        recorders.append(Recorder(painter))
        real(recorders[-1], *arguments)

    for module in (frame, svg):
        monkeypatch.setattr(module, "paint_frame", recorded)
    render_svg(scene_with(), np.array([1, 0]), np.array([1.0, 0.0]), 0, "a message")
    pixels = masked_envs.render.Renderer("rgb_array")
    pixels.render(scene_with(), np.array([1, 0]), np.array([1.0, 0.0]), 0, "a message")
    assert recorders[0].said == recorders[1].said and len(recorders[0].said) > 20


def elements(picture: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(picture).iter(SPACE + tag))


def painted() -> svg.SvgCanvas:
    return svg.SvgCanvas(200, 100, (255, 255, 255))


def test_outlines_lie_inside_their_box() -> None:
    surface = painted()
    surface.rect((10, 20, 30, 40), (1, 2, 3), outline=4, radius=5)
    surface.disc((50, 50), 10, (1, 2, 3), outline=4)
    (box,) = elements(surface.finish(), "rect")
    (ring,) = elements(surface.finish(), "circle")
    assert [box.get(name) for name in ("x", "y", "width", "height", "rx", "stroke-width")] == [
        "12",
        "22",
        "26",
        "36",
        "3",
        "4",
    ]
    assert (ring.get("r"), ring.get("stroke-width"), ring.get("fill"), ring.get("stroke")) == (
        "8",
        "4",
        "none",
        "#010203",
    )


@given(st.floats(0, 300), st.floats(0, 300), st.floats(2, 50))
def test_hatching_stays_in_its_box_and_fills_it(w: float, h: float, spacing: float) -> None:
    surface = painted()
    surface.veil((7, 9, w, h), (0, 0, 0), 0, hatch=(9, 9, 9), spacing=spacing)
    paths = [path for path in elements(surface.finish(), "path") if path.get("stroke")]
    if w + h <= 0:
        return
    places = [tuple(map(float, pair)) for pair in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", paths[0].get("d") or "")]
    assert all(7 - 0.06 <= x <= 7 + w + 0.06 and 9 - 0.06 <= y <= 9 + h + 0.06 for x, y in places)
    for (x0, y0), (x1, y1) in zip(places[::2], places[1::2], strict=True):
        assert x0 - x1 == pytest.approx(y1 - y0, abs=0.21)  # slanted by 45 degrees
    assert len(places) // 2 == len(np.arange(0, w + h, spacing))


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12))
def test_words_are_words_and_never_markup(words: str) -> None:
    surface = painted()
    surface.text((100, 50), words, 12, (0, 0, 0))
    (text,) = elements(surface.finish(), "text")
    assert text.text == words and text.get("text-anchor") == "middle"
    assert float(text.get("textLength") or 0) == pytest.approx(canvas.text_width(words, 12), abs=0.06)


def test_words_without_room_shrink_and_are_cut_as_in_pixels() -> None:
    surface = painted()
    surface.text((0, 0), "a long sentence in a narrow place", 14, (0, 0, 0), align="left", room=60)
    (text,) = elements(surface.finish(), "text")
    assert (text.text or "").endswith("..") and float(text.get("font-size") or 0) == canvas.SMALLEST_TEXT
    assert float(text.get("textLength") or 0) <= 60


def test_plain_boxes_of_one_colour_are_one_path_and_keep_their_order() -> None:
    surface = painted()
    for x in range(0, 250, 10):
        surface.rect((x, 0, 5, 5), (1, 1, 1))
    surface.rect((0, 0, 5, 5), (2, 2, 2))
    surface.disc((0, 0), 5, (1, 1, 1))
    surface.rect((0, 0, 5, 5), (2, 2, 2))
    assert [element[:5] for element in surface.elements] == ["<path"] * 3 + ["<circ", "<path"]
    page, many, one, _, again = surface.elements
    assert 'fill="#ffffff"' in page and many.count("h5v5h-5z") == 25 and one == again and "#020202" in one


def test_what_lies_outside_is_cut() -> None:
    surface = painted()
    with surface.clipped((0, 0, 100, 100)), surface.clipped((50, 50, 100, 100)):
        surface.rect((0, 0, 200, 200), (1, 1, 1))
    surface.rect((0, 0, 1, 1), (1, 1, 1))
    (group,) = elements(surface.finish(), "g")
    assert "polygon(50px 50px,100px 50px,100px 100px,50px 100px)" in (group.get("style") or "")
    assert svg.intersection((0, 0, 1, 1), (5, 5, 1, 1))[2:] == (0, 0)


@pytest.mark.parametrize(("number", "words"), [(0.04, "0"), (-0.04, "0"), (3.0, "3"), (2.25, "2.2"), (-1.5, "-1.5")])
def test_numbers_are_short(number: float, words: str) -> None:
    assert svg.short(number) == words


def test_themes_and_widths() -> None:
    light, dark = render_svg(scene_with()), render_svg(scene_with(), theme="dark", width=300)
    assert svg.code(LIGHT["page"]) in light and svg.code(DARK["page"]) in dark
    assert 'width="600"' in light and 'width="300"' in dark
    with pytest.raises(ValueError, match="unknown theme"):
        render_svg(scene_with(), theme="sepia")


def test_environments_give_it_and_notebooks_show_it() -> None:
    env = masked_envs.make("MaskedTaxi-v0", render_mode="svg")
    assert env.unwrapped._repr_html_() is None  # nothing to see yet
    env.reset(seed=0)
    picture = env.render()
    assert picture == env.unwrapped._repr_html_() and "drop off" in picture
    envs = masked_envs.make_vec("MaskedTaxi-v0", 2, render_mode="svg")
    envs.reset(seed=0)
    first, second = envs.render()
    assert first == picture != second
