"""What renderers do for a person who chooses: pictures of pixels, actions in the making, and what is pointed at."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np
import pytest

from masked_envs.mask_spec import MaskSpec
from masked_envs.render import Choosing, MaskView, Renderer, Scene, Status, render_svg
from masked_envs.render.entries import ENTRIES, choices_of_entry, entries_of_action
from masked_envs.render.layout import Layout
from masked_envs.render.pointing import next_target, target_at, targets, words_at
from masked_envs.render.theme import LIGHT

pytest.importorskip("pygame")

LEFT, RIGHT = (200, 30, 60), (20, 90, 180)


def pixels() -> np.ndarray[Any, Any]:
    picture = np.zeros((20, 40, 3), np.uint8)
    picture[:, :20], picture[:, 20:] = LEFT, RIGHT
    return picture


def test_a_picture_of_pixels_is_drawn_where_it_is_said() -> None:
    scene = Scene(4, 2)
    scene.pixels(0, 0, 4, 2, pixels())
    frame = Renderer(width=400).render(scene)
    assert frame is not None
    assert tuple(frame[100, 80]) == LEFT and tuple(frame[100, 320]) == RIGHT
    assert tuple(frame[10, 80]) == LIGHT["page"]


def test_svg_holds_the_pixels() -> None:
    image = pytest.importorskip("PIL.Image")
    scene = Scene(4, 2)
    scene.pixels(0, 0, 4, 2, pixels())
    (data,) = re.findall(r'href="data:image/png;base64,([^"]+)"', render_svg(scene))
    assert (np.asarray(image.open(io.BytesIO(base64.b64decode(data)))) == pixels()).all()


@pytest.mark.parametrize("wrong", [np.zeros((2, 2)), np.zeros((2, 2, 4), np.uint8), np.zeros((0, 2, 3), np.uint8), 3])
def test_what_is_no_picture_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"uint8 \(height, width, 3\), not"):
        Scene(1, 1).pixels(0, 0, 1, 1, wrong)


@pytest.mark.parametrize(
    "spec",
    [
        MaskSpec.flat(5),
        MaskSpec.candidates(5),
        MaskSpec.per_head((3, 1, 4)),
        MaskSpec.joint((2, 3, 2)),
        MaskSpec.conditional((2, 3)),
        MaskSpec.binary(3),
    ],
    ids=lambda spec: spec.kind,
)
def test_an_entry_of_a_mask_is_read_as_it_was_written(spec: Any) -> None:
    """The entries of an action stand for exactly the choices that the action is made of."""
    assert spec.kind in ENTRIES
    heads = tuple(spec.heads.tolist())
    for values in np.ndindex(*heads):
        entries = entries_of_action(spec.kind, heads, list(values), {})
        choices = [choice for path in entries for choice in choices_of_entry(spec.kind, heads, path)]
        assert sorted(choices) == list(enumerate(values))


def table() -> tuple[Layout, MaskView]:
    scene = Scene(4, 2, kind="dict")
    for i in range(8):
        scene.action(("place", i), i % 4, i // 4, 1, 1, name=f"place {i}")
    scene.range_bars([0, 0], [1, 2], ["pull", "push"], key="force", area=(0, 0, 4, 2))
    place = np.array([0, 1, 1, 0, 1, 1, 1, 1], np.int8)
    view = MaskView(scene, {"place": place, "force": np.array([[0.25, 0], [0.75, 2]], np.float32)})
    return Layout(scene, view.strips, view.ranges, 428, 300), view


def test_the_arrow_keys_lead_through_a_frame() -> None:
    layout, view = table()
    now = next_target(layout, view, 0, None, (1, 0))
    assert now is not None and now.path == ("place", 1)  # the first legal one
    for way, path in (
        ((1, 0), ("place", 2)),
        ((0, 1), ("place", 6)),
        ((-1, 0), ("place", 5)),
        ((0, 1), ("force", 0)),
        ((0, 1), ("force", 1)),
        ((0, 1), ("force", 1)),  # nothing is below
        ((0, -1), ("force", 0)),
    ):
        now = next_target(layout, view, 0, now, way)
        assert now is not None and now.path == path
    assert next_target(layout, view, 1, None, (1, 0)) is None  # there is no agent 1


def test_what_is_pointed_at_is_named() -> None:
    layout, view = table()
    (x, y, w, h), (left, top, wide, high) = layout.to_pixels((2, 1, 1, 1)), layout.ranges[0].box(0)
    assert words_at(layout, view, x + w / 2, y + h / 2) == "place 6: legal"
    assert words_at(layout, view, left + 0.5 * wide, top + high / 2) == "pull 0.5: legal"
    assert words_at(layout, view, left + 0.9 * wide, top + high / 2) == "pull 0.9: forbidden"
    assert words_at(layout, view, 1, 1) == "" and target_at(layout, view, 1, 1) is None
    target = target_at(layout, view, left + 1, top + 1)
    assert target is not None and target.is_number and target in list(targets(layout))


def test_a_click_below_a_table_of_boxes_means_nothing() -> None:
    """Of a table that is higher than wide, columns run down: a row too far was the next column."""
    scene = Scene(4, 1, kind="binary")
    scene.strip(6, shape=(3, 2))
    view = MaskView(scene, np.ones((3, 2), np.int8))
    layout = Layout(scene, view.strips, view.ranges, 400, 100)
    (strip,) = layout.strips
    x, y, w, h = strip.box(1)  # the lower box of the first column
    assert strip.cell_at(x + w / 2, y + h / 2) == 1
    assert strip.cell_at(x + w / 2, y + h / 2 + h + strip.gap) is None


def test_an_action_in_the_making_is_drawn() -> None:
    layout, _ = table()
    scene, mask = layout.scene, {"place": np.ones(8, np.int8), "force": np.array([[0, 0], [1, 2]], np.float32)}
    scene.strip(["a", "b"], key="more")
    choosing = Choosing(0, frozenset({("place", 3)}), {("force",): [0.5, 1.0]}, {("more",): np.array([1, 0], np.int8)})
    view = MaskView(scene, mask, choosing=choosing)
    assert view.chosen(0, ("place", 3)) and not view.chosen(0, ("place", 2))
    assert view.legal(0, ("more", 0)) and view.legal(0, ("more", 1)) is False
    taken = view.taken(scene.ranges[0])
    assert taken is not None and taken.tolist() == [0.5, 1.0]
    assert view.totals() == (8, 0)  # what the mask says; the strip beside it is not counted
    drawn, plain = (Renderer(width=400).render(scene, {**mask, "more": np.ones(2, np.int8)}, choosing=one)
                    for one in (choosing, None))  # fmt: skip
    assert drawn is not None and plain is not None and (drawn != plain).any()


def test_the_person_is_named_with_their_colour() -> None:
    scene = Scene(4, 1)
    frame = Renderer(width=400).render(scene, status=Status(3, turn="player_1", you="player_1", side="player_1"))
    assert frame is not None
    assert (frame[:34, :40] == LIGHT["player_1"]).all(axis=-1).sum() > 50
    assert Status(3, turn="player_1", you="player_1").parts() == ["step 3", "you are player_1"]
    assert Status(3, turn="player_1", side="player_1").parts() == ["player_1 to move", "step 3"]
    assert Status(3).parts() == ["step 3"]


def test_choices_fit_their_places() -> None:
    scene = Scene(2, 1)
    scene.glyph_rows = ["."]
    with pytest.raises(ValueError, match="1 boxes for 2 choices of head 1"):
        scene.choices(1, ["a", "b"], boxes=[(0, 0, 1, 1)])
    scene.choices(1, ["a", "b"], boxes=[(0, 0, 1, 1), (1, 0, 1, 1)])
    assert scene.problems() == []
    scene.choices(0, ["a"], boxes=[(1.5, 0, 1, 1)])
    assert scene.problems() == ["the place of choice 0 of head 0 leaves the frame of 2 by 1"]


def test_what_a_place_means_is_a_round_number() -> None:
    scene = Scene(1, 1, kind="interval")
    scene.range_bars([-1, 0, -1e-6], [1, 455, 1e-6])
    (bars,) = scene.ranges
    assert [str(bars.at(0, share)) for share in (0, 0.333333, 0.4999999, 1)] == ["-1.0", "-0.333", "0.0", "1.0"]
    assert [bars.at(1, share) for share in (0, 1 / 3, 1)] == [0, 151.7, 455]
    assert bars.at(2, 0.75) == pytest.approx(5e-7)


def on_a_screen(scene: Scene, mask: Any, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> Layout:
    from masked_envs.render.canvas import pygame

    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(pygame.display, "get_desktop_sizes", lambda: [size])
    renderer = Renderer("human", fps=None)
    renderer.render(scene, mask)
    assert renderer._shown is not None and renderer._window is not None
    window, layout = renderer._window._window.size, renderer._shown[0]
    renderer.close()
    assert all(side < most for side, most in zip(window, size, strict=True))
    return layout


def test_on_a_low_screen_boxes_and_bars_stand_beside_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Side by side, nothing overlaps, all is in the frame, and the picture is larger than over them it could be."""
    scene = Scene(10, 8, kind="dict")
    scene.strip(["on", "off", "as before"], key="switch")
    scene.range_bars([0] * 4, [1] * 4, key="power")
    mask = {"switch": np.ones(3, np.int8), "power": np.array([[0] * 4, [1] * 4], np.float32)}
    low, high = (on_a_screen(scene, mask, size, monkeypatch) for size in ((800, 500), (1400, 1000)))
    for layout, beside in ((low, True), (high, False)):
        left, top, wide, tall = layout.picture
        boxes = [target.box for target in targets(layout)]
        assert len(boxes) == 7
        for x, y, w, h in boxes:
            assert 0 <= x and x + w <= layout.width and 0 <= y and y + h <= layout.height
            assert x >= left + wide if beside else y >= top + tall
        assert all(
            a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]
            for i, a in enumerate(boxes)
            for b in boxes[:i]
        )
    assert low.picture[3] > 300 and high.width == 600


def test_a_picture_alone_has_nothing_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(4, 8)
    for i in range(4):
        scene.action(i, i, 0, 1, 1)
    layout = on_a_screen(scene, np.ones(4, np.int8), (800, 500), monkeypatch)
    assert layout.width == 600 and abs(layout.picture[0] + layout.picture[2] / 2 - 300) < 1
