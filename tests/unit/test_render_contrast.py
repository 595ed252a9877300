"""Words on every ground, names under the mouse, and a person's seat: what pictures of any environment can rely on."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from sheet import PICTURE_HEIGHT, WIDTH, Wordless

from masked_envs.render import MaskView, Scene, Status, render_ansi, render_svg
from masked_envs.render.contrast import contrast
from masked_envs.render.frame import paint_frame
from masked_envs.render.layout import Layout
from masked_envs.render.theme import DARK, INKS, LIGHT, Theme

pytestmark = pytest.mark.core
TITLE = "{http://www.w3.org/2000/svg}title"


def test_contrast_is_that_of_the_standard() -> None:
    """Published examples: black on white, #777777 on white, and a colour on itself."""
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x77,) * 3, (255, 255, 255)) == pytest.approx(4.48, abs=0.005)  # one short of the 4.5 of level AA
    assert contrast((9, 80, 70), (9, 80, 70)) == 1


def grounds(scene: Scene, theme: Theme, mask: Any, policy: Any) -> list[tuple[str, float]]:
    view = MaskView(scene, mask, policy)
    layout = Layout(scene, view.strips, view.ranges, WIDTH, PICTURE_HEIGHT)
    canvas = Wordless(layout.width, layout.height, theme["page"])
    paint_frame(canvas, layout, view, theme, Status())
    return [(word.words, contrast(word.color, tuple(ground))) for word, ground in canvas.grounds()]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_words_and_shares_can_be_read_on_every_ink(theme: Theme) -> None:
    inks = sorted(INKS)
    scene = Scene(8, len(inks) / 2 + 1)
    for i, ink in enumerate(inks):
        x, y = 4 * (i % 2), i // 2
        scene.rect(x, y, 4, 1, ink)
        scene.polygon([(x + 1, y), (x + 2, y), (x + 2, y + 1), (x + 1, y + 1)], ink)
        scene.text(x + 0.5, y + 0.5, "ab", 0.5, "muted")
        scene.text(x + 1.5, y + 0.5, "cd", 0.5, "inverse")
        scene.action(2 * i, x + 2, y, 1, 1, "ef", style="area")
        scene.action(2 * i + 1, x + 3, y, 1, 1, "gh", style="area")
    for policy in (None, np.full(2 * len(inks), 1 / (2 * len(inks)))):
        for mask in (np.ones(2 * len(inks), np.int8), np.zeros(2 * len(inks), np.int8)):
            found = grounds(scene, theme, mask, policy)
            assert len(found) > 2 * len(inks) and min(share for _, share in found) >= 3, min(found, key=lambda f: f[1])


def test_words_stand_over_a_veil_and_hidden_ones_stay_hidden() -> None:
    scene = Scene(2, 1)
    scene.rect(0, 0, 1, 1, "highlight")
    scene.text(0.5, 0.5, "ab", 0.5, "text")
    scene.text(1.5, 0.5, "hidden", 0.1, "text")
    scene.rect(1, 0, 1, 1, "cell")
    scene.action(0, 0, 0, 1, 1, style="area")
    scene.action(1, 1, 0, 1, 1, style="area")
    words = "".join(render_svg(scene, [False, False]).split("<title>")[0])
    assert (
        words.count(">ab<") == 2
        and words.count(">hidden<") == 1
        and words.rindex(">ab<") > words.rindex("stroke-opacity")
    )
    assert render_svg(scene, [True, True]).count(">ab<") == 1


def titles(picture: str) -> list[str | None]:
    return [element.text for element in ElementTree.fromstring(picture).iter(TITLE)]


def test_actions_have_names_for_the_mouse() -> None:
    scene = Scene(3, 1)
    scene.action(0, 0, 0, 1, 1, "a", name="to the <left>")
    scene.action(1, 1, 0, 1, 1, "b")
    scene.action(2, 2, 0, 1, 1)
    assert titles(render_svg(scene, [True, False, True])) == ["to the <left>: legal", "b: forbidden", "2: legal"]
    assert titles(render_svg(scene)) == ["to the <left>", "b", "2"]
    scene.glyph_rows = ["."]
    assert "legal: 0 to the <left>, 2 | forbidden: 1 b" in render_ansi(scene, [True, False, True])


def test_of_many_actions_the_legal_ones_have_names_and_of_very_many_none() -> None:
    scene, mask = Scene(1, 1), np.zeros(500, np.int8)
    mask[[7, 490]] = 1
    assert titles(render_svg(scene, mask)) == ["7: legal", "490: legal"]
    assert titles(render_svg(scene, np.ones(500, np.int8))) == []


def crew() -> Scene:
    scene = Scene(2, 1, agents=2)
    for agent in range(2):
        scene.seat(agent, agent + 0.3, 0.3, 0.4, 0.4)
        scene.action(0, agent, 0, 0.2, 0.2, "a", agent=agent)
        scene.action(1, agent, 0.8, 0.2, 0.2, "b", agent=agent)
    scene.glyph_rows = [".."]
    return scene


def test_one_agent_that_chooses_is_alone_in_what_is_said_of_the_mask() -> None:
    mask = np.array([[1, 0], [1, 1]], np.int8)
    both, one = MaskView(crew(), mask), MaskView(crew(), mask, chooser=0)
    assert both.totals() == (3, 1) and one.totals() == (1, 1)
    assert [one.legal(agent, (action,)) for agent in (0, 1) for action in (0, 1)] == [True, False, None, None]
    words = render_ansi(crew(), mask, None, None, Status(agent=1))
    assert "agent 1 legal: 0 a, 1 b" in words and "agent 0 legal" not in words
    ring = f'stroke="#{"".join(f"{part:02x}" for part in LIGHT["chosen"])}"'
    circles = [
        part for part in render_svg(crew(), mask, None, None, Status(agent=1)).split("<circle")[1:] if ring in part
    ]
    assert len(circles) == 1 and render_svg(crew(), mask).count("<circle") == 0


@pytest.mark.parametrize(
    ("agent", "x", "problem"), [(2, 0.0, "agent 2 does not exist"), (1, 1.9, "the seat of agent 1")]
)
def test_a_wrong_seat_is_a_problem(agent: int, x: float, problem: str) -> None:
    scene = crew()
    scene.seat(agent, x, 0.1, 0.4, 0.4)
    assert [problem in words for words in scene.problems()] == [True]


def test_a_picture_of_places_gets_no_strip_where_there_is_none_left() -> None:
    mask = np.zeros(9, np.int8)
    assert MaskView(Scene(3, 3), mask).strips and not MaskView(Scene(3, 3, in_picture=True), mask).strips
