"""Scenes, and what their renderers make of them: pixels, words, windows and GIFs.

Where a mark lies in a frame is never taken from the layout under test: `pixels_of` paints the same box of the same
scene in a loud ink and looks for it.
"""

from __future__ import annotations

import dataclasses
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from masked_envs.render import (
    Event,
    Renderer,
    Scene,
    Status,
    UnknownInkError,
    WindowClosedError,
    agent_ink,
    poll,
    render_ansi,
    write_gif,
)
from masked_envs.render.theme import DARK, INKS, LIGHT

Frame = NDArray[np.uint8]
STATUS_ROWS = 34
"""Pixel rows above the picture: the status line counts legal actions, so it changes with every mask."""

DISCS = [(5, 0, 0), (5, 1, 1), (5, 2, 0), (4, 2, 1), (5, 4, 0), (5, 5, 1), (4, 4, 0), (4, 5, 1), (3, 2, 0)]


def connect_four() -> tuple[Scene, np.ndarray]:
    """A 7x6 rack whose columns 3 and 6 are full."""
    board = np.full((6, 7), -1)
    for row, column, player in DISCS:
        board[row, column] = player
    for row in range(6):
        board[row, 3], board[row, 6] = row // 2 % 2, (row + 1) // 2 % 2
    scene = Scene(7, 7)
    scene.rect(0, 1, 7, 6, "frame", radius=0.12)
    for row in range(6):
        for column in range(7):
            ink = {-1: "hole", 0: "player_0", 1: "player_1"}[int(board[row, column])]
            scene.disc(column + 0.5, row + 1.5, 0.4, ink)
    for column in range(7):
        scene.action(column, column + 0.04, 0.06, 0.92, 0.84, str(column), icon="down", covers=(column, 1, 1, 6))
    scene.glyph_rows = ["".join(".XO"[v + 1] for v in row) for row in board]
    return scene, (board[0] == -1).astype(np.int8)


def cart_pole(actions: int = 6, x: float = 0.4, angle: float = 0.12) -> Scene:
    """A cart, a pole, and a strip of actions."""
    scene = Scene(4.8, 2.2)
    scene.line([(0, 1.75), (4.8, 1.75)], 0.02, "track")
    centre = x + 2.4
    scene.rect(centre - 0.3, 1.5, 0.6, 0.34, "cart", radius=0.05)
    scene.line([(centre, 1.55), (centre + 1.1 * math.sin(angle), 1.55 - 1.1 * math.cos(angle))], 0.1, "pole")
    scene.disc(centre, 1.55, 0.06, "axle")
    names = [f"{'left' if i % 2 == 0 else 'right'} {i // 2}" for i in range(actions)] if actions <= 20 else actions
    scene.strip(names, title="push")
    scene.glyph_rows = [f"x {x:+.2f}  angle {angle:+.2f}"]
    return scene


def warehouse() -> tuple[Scene, np.ndarray]:
    """Three robots on a grid with walls; robots 0 and 1 are neighbours, robot 2 stands in a corner."""
    walls, robots, goals = (
        {(2, 1), (2, 2), (5, 3), (6, 3), (4, 1)},
        [(3, 2), (4, 2), (7, 4)],
        [(0, 0), (7, 0), (1, 4)],
    )
    scene = Scene(8, 5, agents=3, background="floor")
    for i in range(1, 8):
        scene.line([(i, 0), (i, 5)], 0.015, "grid")
    for i in range(1, 5):
        scene.line([(0, i), (8, i)], 0.015, "grid")
    for x, y in walls:
        scene.rect(x + 0.03, y + 0.03, 0.94, 0.94, "wall", radius=0.08)
    moves = [("stay", 0, 0), ("up", 0, -1), ("down", 0, 1), ("left", -1, 0), ("right", 1, 0)]
    mask = np.zeros((3, 5), np.int8)
    for k, (x, y) in enumerate(robots):
        gx, gy = goals[k]
        scene.rect(gx + 0.15, gy + 0.15, 0.7, 0.7, agent_ink(k), outline=0.06, radius=0.1)
        scene.text(gx + 0.5, gy + 0.5, str(k), 0.3, agent_ink(k))
        scene.disc(x + 0.5, y + 0.5, 0.23, agent_ink(k))
        scene.text(x + 0.5, y + 0.5, str(k), 0.3, "inverse")
        for a, (name, dx, dy) in enumerate(moves):
            corner = 0.37 if name == "stay" else 0.0
            cx, cy, size = x + 0.5 + 0.37 * dx + corner, y + 0.5 + 0.37 * dy + corner, 0.26
            scene.action(a, cx - size / 2, cy - size / 2, size, size, name, agent=k, icon=name, ink=agent_ink(k))
            to = (x + dx, y + dy)
            free = 0 <= to[0] < 8 and 0 <= to[1] < 5 and to not in walls and to not in robots
            mask[k, a] = free or name == "stay"
    scene.glyph_rows = ["." * 8 for _ in range(5)]
    return scene, mask


def board() -> tuple[Scene, np.ndarray]:
    """Nine cells of a board, each an area one can play; four are taken."""
    scene = Scene(3, 3)
    for i, ink in ((0, "player_0"), (2, "player_1"), (4, "player_0"), (7, "player_1")):
        scene.disc(i % 3 + 0.5, i // 3 + 0.5, 0.35, ink)
    for i in range(9):
        scene.action(i, i % 3, i // 3, 1, 1, str(i), style="area")
    scene.glyph_rows = ["X.O", ".X.", ".O."]
    return scene, np.array([0, 1, 0, 1, 0, 1, 1, 0, 1], np.int8)


def draw(scene: Scene, mask: Any = None, *args: Any, theme: Any = "light", width: int = 480, **kwargs: Any) -> Frame:
    frame = Renderer("rgb_array", theme=theme, width=width).render(scene, mask, *args, **kwargs)
    assert frame is not None
    return frame


def changed(first: Frame, second: Frame) -> NDArray[np.bool_]:
    """bool (height, width): which pixels differ, the status line left out."""
    assert first.shape == second.shape
    different = (first != second).any(axis=2)
    different[:STATUS_ROWS] = False
    return np.asarray(different)


def bounding_box(pixels: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """left, top, right, bottom (exclusive) of the True ones."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def pixels_of(scene: Scene, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """bool (height, width): where a box of the scene lies in its frame, found by painting it."""
    blank = Scene(scene.width, scene.height)
    blank.strips, blank.ranges = scene.strips, scene.ranges
    loud = Scene(scene.width, scene.height)
    loud.strips, loud.ranges = scene.strips, scene.ranges
    loud.rect(*box, "refused")
    return changed(draw(blank), draw(loud))


def flipped(mask: np.ndarray, place: Any) -> np.ndarray:
    other = mask.copy()
    other[place] = 1 - other[place]
    return other


def test_the_examples_have_no_problems() -> None:
    for scene in (connect_four()[0], cart_pole(), cart_pole(2048), warehouse()[0], board()[0]):
        assert scene.problems() == []


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda s: s.rect(6.5, 0, 1, 1, "wall"), "Rect.* leaves the frame"),
        (lambda s: s.disc(0.2, 1, 0.3, "agent"), "Disc.* leaves the frame"),
        (lambda s: s.line([(0, 0), (3, 9)], 0.1, "path"), "Line.* leaves the frame"),
        (lambda s: s.polygon([(0, 0), (1, 0), (0, -1)], "goal"), "Polygon.* leaves the frame"),
        (lambda s: s.arrow(1, 1, 8, 1, 0.1, "path"), "Polygon.* leaves the frame"),
        (lambda s: s.text(6.5, 1, "far too many words", 0.5), "Text.* leaves the frame"),
        (lambda s: s.action(0, 6.5, 0, 1, 1), "mark of action 0 of agent 0 leaves the frame"),
        (lambda s: s.action(0, 0, 0, 1, 1, covers=(0, 1, 1, 7)), "action 0 of agent 0 covers leaves the frame"),
        (lambda s: s.action(0, 1, 1, 0, 1), "has no size"),
        (lambda s: (s.action(0, 0, 0, 1, 1), s.action(0, 3, 3, 1, 1)), "action 0 of agent 0 has two marks"),
        (lambda s: (s.action(0, 0, 0, 1, 1), s.action(1, 0.5, 0.5, 1, 1)), "action 0 .* action 1 .* overlap"),
        (lambda s: s.action(0, 0, 0, 1, 1, agent=1), "agent 1 does not exist"),
        (lambda s: s.strip(3, agent=-1), "agent -1 does not exist"),
        (lambda s: s.glyph_rows.clear(), "glyph_rows is empty"),
    ],
)
def test_a_problem_is_found_and_named(mistake: Any, words: str) -> None:
    scene = Scene(7, 7)
    scene.glyph_rows = ["."]
    assert scene.problems() == []
    mistake(scene)
    (problem,) = scene.problems()
    assert re.search(words, problem)


def test_an_unknown_ink_is_refused_where_it_is_named() -> None:
    scene = Scene(7, 7)
    for use in (
        lambda: scene.rect(0, 0, 1, 1, "plyer_0"),
        lambda: scene.disc(1, 1, 1, "plyer_0"),
        lambda: scene.text(1, 1, "a", 1, "plyer_0"),
        lambda: scene.action(0, 0, 0, 1, 1, ink="plyer_0"),
        lambda: Scene(1, 1, background="plyer_0"),
    ):
        with pytest.raises(UnknownInkError, match="'plyer_0'.*player_0"):
            use()
    assert scene.shapes == [] and scene.marks == []


@pytest.mark.parametrize(
    "use",
    [
        lambda s: s.rect(math.nan, 0, 1, 1, "wall"),
        lambda s: s.rect(0, 0, -1, 1, "wall"),
        lambda s: s.disc(0, math.inf, 1, "wall"),
        lambda s: s.rect(0, 0, 1, 1, "wall", fade=1.5),
        lambda s: s.line([(0, 0)], 1, "wall"),
        lambda s: s.arrow(1, 1, 1, 1, 0.1, "wall"),
        lambda s: s.text(0, 0, "a", 1, align="middle"),
        lambda s: s.action(0, 0, 0, 1, 1, style="circle"),
        lambda s: s.action(0, 0, 0, 1, 1, icon="north"),
        lambda s: s.strip(0),
        lambda s: s.strip(["a", "b"], shape=(3, 1)),
        lambda s: s.strip(3, offset=-1),
        lambda s: s.range_bars([0, 1], [1, 1]),
        lambda s: s.range_bars([0], [1], ["a", "b"]),
        lambda s: Scene(0, 1),
        lambda s: Scene(1, 1, agents=0),
        lambda s: Scene(1, 1, kind="round"),
        lambda s: Scene(1, 1, kind="per_head"),
    ],
)
def test_impossible_descriptions_are_refused(use: Any) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        use(Scene(7, 7))


def test_points_of_the_scene_map_to_actions() -> None:
    scene, _ = connect_four()
    assert scene.action_at(3.5, 0.5) == (0, 3)
    assert scene.action_at(6.5, 6.9) == (0, 6)  # the column it covers
    assert scene.action_at(0.01, 0.5) is None  # beside the mark
    assert scene.action_at(7.5, 3) is None and scene.action_at(-0.1, 3) is None
    robots, _ = warehouse()
    assert robots.action_at(3.5, 2.5 - 0.37) == (0, 1)
    assert robots.action_at(4.5 - 0.37, 2.5) == (1, 3)
    assert robots.action_at(4.5, 2.5) is None  # the robot itself


def test_keys_map_to_actions() -> None:
    robots, _ = warehouse()
    assert [robots.actions_for_key(k, 1) for k in ("space", "up", "down", "left", "right")] == [[0], [1], [2], [3], [4]]
    rack, _ = connect_four()
    assert rack.actions_for_key("4") == [4] and rack.actions_for_key("7") == [] == rack.actions_for_key("q")
    pole = cart_pole()
    pole.key("a", 2)
    assert pole.actions_for_key("a") == [2] and pole.actions_for_key("right 1") == [3]
    assert cart_pole(2048).actions_for_key("9") == [9]


def test_frames_keep_their_shape_and_repeat_exactly() -> None:
    rng, renderer = np.random.default_rng(0), Renderer()
    shapes = set()
    for step in range(6):
        mask = (rng.random(6) < 0.5).astype(np.int8)
        arguments = (cart_pole(x=0.1 * step), mask, None, 0, Status(step=step, reward=step * 1.5))
        frame, again, other = renderer.render(*arguments), renderer.render(*arguments), Renderer().render(*arguments)
        assert isinstance(frame, np.ndarray) and frame.dtype == np.uint8
        assert np.array_equal(frame, again) and np.array_equal(frame, other)
        shapes.add(frame.shape)
    ((height, width, channels),) = shapes
    assert (width, channels) == (600, 3) and height % 2 == 0
    assert draw(cart_pole(), width=600).shape == (height, width, 3)  # without a mask too
    assert changed(draw(cart_pole(x=0.1)), draw(cart_pole(x=0.2))).any()


def test_a_frame_is_a_copy() -> None:
    renderer, (scene, mask) = Renderer(), connect_four()
    first = renderer.render(scene, mask)
    assert first is not None
    kept = first.copy()
    second = renderer.render(scene, mask)
    first[:] = 0
    third = renderer.render(scene, mask)
    assert second is not None and not np.shares_memory(first, second)
    assert np.array_equal(second, kept) and np.array_equal(third, kept)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("example", [connect_four, warehouse, board])
def test_a_mark_changes_when_and_only_when_its_mask_entry_flips(example: Any, theme: str) -> None:
    scene, mask = example()
    before = draw(scene, mask, theme=theme)
    assert not changed(before, draw(scene, mask.astype(bool), theme=theme)).any()
    for mark in scene.marks:
        own = pixels_of(scene, (mark.x, mark.y, mark.w, mark.h))
        place = (mark.agent, *mark.path) if scene.agents else mark.path
        difference = changed(before, draw(scene, flipped(mask, place), theme=theme))
        assert (difference & own).sum() > 20
        if mark.covers is not None:
            covered = pixels_of(scene, mark.covers)
            assert (difference & covered).sum() > 0.5 * covered.sum()
            own |= covered
        assert not (difference & ~own).any()


def one_color() -> Any:
    """A theme in which what is legal and what is forbidden have the same colours."""
    inks = dict(LIGHT.inks)
    for name in [ink for ink in inks if ink.startswith(("legal", "forbidden", "agent_", "muted"))]:
        inks[name] = inks["background"] if name.endswith("fill") else (60, 60, 60)
    return dataclasses.replace(LIGHT, name="one colour", inks=inks)


@pytest.mark.parametrize("example", [connect_four, warehouse, board])
def test_legality_shows_without_colour(example: Any) -> None:
    scene, mask = example()
    theme = one_color()
    before = draw(scene, mask, theme=theme)
    for mark in scene.marks:
        place = (mark.agent, *mark.path) if scene.agents else mark.path
        own = pixels_of(scene, (mark.x, mark.y, mark.w, mark.h))
        assert (changed(before, draw(scene, flipped(mask, place), theme=theme)) & own).sum() > 20


STRIPS: dict[str, tuple[Any, Any]] = {
    "labelled": (lambda: cart_pole(6), np.array([0, 0, 1, 0, 0, 1], np.int8)),
    "two rows": (lambda: cart_pole(16), np.arange(16) % 3 == 0),
    "compact": (lambda: cart_pole(300), np.arange(300) % 7 == 0),
    "per_head": (lambda: Scene(6, 1, kind="per_head", heads=(4, 10)), np.arange(14) % 3 != 0),
    "joint": (lambda: Scene(6, 1, kind="joint"), np.arange(24).reshape(4, 6) % 5 < 2),
    "wide joint": (lambda: Scene(6, 1, kind="joint"), np.arange(162).reshape(9, 18) % 5 < 2),
    "three heads": (lambda: Scene(6, 1, kind="joint"), np.arange(24).reshape(2, 3, 4) % 5 < 2),
    "binary": (lambda: Scene(6, 1, kind="binary"), np.array([[1, 1], [1, 0], [0, 1], [1, 1]], np.int8)),
    "agents": (lambda: Scene(6, 1, agents=3), np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0]], np.int8)),
}


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """pygame on a screen that nobody sees."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    import pygame

    pygame.display.quit()
    yield pygame
    pygame.display.quit()


def click(pygame: Any, position: tuple[int, int], **extra: Any) -> None:
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=position, **extra))


@pytest.mark.parametrize("name", STRIPS)
def test_boxes_show_their_mask_entry_and_clicks_find_it(name: str, screen: Any) -> None:
    make, mask = STRIPS[name]
    mask = np.asarray(mask).astype(np.int8)
    scene, before = make(), draw(make(), mask)
    window = Renderer("human", width=480, fps=None)
    window.render(scene, mask)
    seen = np.zeros(before.shape[:2], bool)
    every = list(np.ndindex(mask.shape))
    for place in every[:: max(1, len(every) // 30)]:
        difference = changed(before, draw(scene, flipped(mask, place)))
        left, top, right, bottom = bounding_box(difference & ~title_rows(difference))
        own = np.zeros_like(seen)
        own[top:bottom, left:right] = True
        assert (difference & own).sum() >= 12 and not (seen & own).any()
        seen |= own
        click(screen, (int(left + right) // 2, int(top + bottom) // 2))
        (event,) = window.events()
        agent, path = (place[0], place[1:]) if scene.agents else (0, place)
        assert event.kind == "click" and event.action == (agent, path[0] if len(path) == 1 else path)
    window.close()


@pytest.mark.parametrize("name", ["labelled", "compact"])
def test_legality_shows_in_boxes_without_colour(name: str) -> None:
    make, mask = STRIPS[name]
    masks = (mask.astype(np.int8), flipped(mask.astype(np.int8), 2))
    coloured = changed(*(draw(make(), m) for m in masks))
    left, top, right, bottom = bounding_box(coloured & ~title_rows(coloured))
    assert changed(*(draw(make(), m, theme=one_color()) for m in masks))[top:bottom, left:right].sum() > 20


def test_a_forbidden_button_is_crossed_out() -> None:
    scene = Scene(1, 1)
    scene.action(0, 0.2, 0.2, 0.6, 0.6)
    left, top, right, bottom = bounding_box(pixels_of(scene, (0.3, 0.3, 0.4, 0.4)))
    legal, forbidden = (draw(scene, [entry])[top:bottom, left:right].reshape(-1, 3) for entry in (1, 0))
    assert len(np.unique(legal, axis=0)) == 1
    assert len(np.unique(forbidden, axis=0)) > 1


def title_rows(difference: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The rows of a compact grid's title, which counts the legal actions: those above the first gap of four rows."""
    rows = np.flatnonzero(difference.any(axis=1))
    gaps = np.flatnonzero(np.diff(rows) > 4)
    result = np.zeros_like(difference)
    if len(gaps):
        result[: rows[gaps[0]] + 1] = True
    return result


@pytest.mark.parametrize("example", [connect_four, warehouse, board])
def test_probabilities_show_inside_the_marks_of_legal_actions_only(example: Any) -> None:
    scene, mask = example()
    share = mask / mask.sum(axis=-1, keepdims=True)
    difference = changed(draw(scene, mask), draw(scene, mask, share))
    for mark in scene.marks:
        place = (mark.agent, *mark.path) if scene.agents else mark.path
        own = pixels_of(scene, (mark.x, mark.y, mark.w, mark.h))
        assert bool((difference & own).any()) == bool(mask[place])
        difference &= ~own
    assert not difference.any()


def test_a_larger_probability_is_a_higher_level() -> None:
    scene, mask = board()
    own = pixels_of(scene, (1, 0, 1, 1))
    legal = np.array(LIGHT["legal"])
    lit = []
    for p in (0.0, 0.3, 0.6, 0.9):
        frame = draw(scene, mask, np.array([0, p, 0, 1 - p, 0, 0, 0, 0, 0]))
        lit.append(int(((frame == legal).all(axis=2) & own).sum()))
    assert lit == sorted(lit) and len(set(lit)) == 4


def test_what_a_forbidden_area_covers_is_greyed() -> None:
    scene, mask = board()
    plain = Scene(3, 3)
    plain.shapes = scene.shapes
    ring = pixels_of(scene, (0.3, 0.3, 0.4, 0.4))  # inside the disc in the first cell
    pad = np.zeros((draw(scene).shape[0] - draw(plain).shape[0], 480, 3), np.uint8)
    disc = np.concatenate([draw(plain), pad])
    assert changed(disc, draw(scene, mask))[ring].mean() > 0.9
    assert changed(disc, draw(scene, flipped(mask, 0)))[ring].mean() < 0.1  # only the label


@pytest.mark.parametrize("example", [connect_four, warehouse, board])
def test_probability_on_a_forbidden_action_is_loud(example: Any) -> None:
    scene, mask = example()

    def loud(policy: np.ndarray) -> int:
        frame = draw(scene, mask, policy)[STATUS_ROWS:]
        return int((np.abs(frame.astype(int) - LIGHT["refused"]).sum(axis=2) < 60).sum())

    share = mask / mask.sum(axis=-1, keepdims=True)
    wrong = share.copy()
    wrong[np.unravel_index(np.argmin(mask), mask.shape)] = 0.1
    assert loud(share) == 0 and loud(wrong) > 5


def test_the_action_chosen_is_ringed_where_it_lives() -> None:
    scene, mask = connect_four()
    before = draw(scene, mask)
    for action in range(7):
        own = pixels_of(scene, (action, 0, 1, 7))  # with the column that it covers
        difference = changed(before, draw(scene, mask, None, action))
        assert difference.any() and not (difference & ~own).any()
    robots, mask = warehouse()
    difference = changed(draw(robots, mask), draw(robots, mask, None, [1, 0, 4]))
    for agent, action in enumerate((1, 0, 4)):
        mark = robots.marks[5 * agent + action]
        own = pixels_of(robots, (mark.x, mark.y, mark.w, mark.h))
        assert (difference & own).any()
        difference &= ~own
    assert not difference.any()


@pytest.mark.parametrize("action", [7, -1, 2.5, math.nan, "left", None, [], [[1, 2], [3]], {"a": 1}])
def test_an_action_that_is_none_highlights_nothing(action: Any) -> None:
    scene, mask = connect_four()
    assert not changed(draw(scene, mask), draw(scene, mask, None, action)).any()


@pytest.mark.parametrize(
    ("kind", "mask", "action", "chosen"),
    [
        ("per_head", np.ones(14, np.int8), [3, 7], [(3,), (11,)]),
        ("joint", np.ones((4, 6), np.int8), [2, 3], [(2, 3)]),
        ("conditional", np.ones((4, 6), np.int8), [2, 3, 7], [(2, 3)]),
        ("binary", np.ones((4, 2), np.int8), [1, 0, 0, 1], [(0, 1), (1, 0), (2, 0), (3, 1)]),
    ],
)
def test_the_action_chosen_of_other_kinds_is_ringed(kind: str, mask: Any, action: Any, chosen: Any) -> None:
    def scene() -> Scene:
        return Scene(6, 1, kind=kind, heads=(4, 10) if kind == "per_head" else None)

    ringed = changed(draw(scene(), mask), draw(scene(), mask, None, action))
    for place in np.ndindex(mask.shape):
        left, top, right, bottom = bounding_box(changed(draw(scene(), mask), draw(scene(), flipped(mask, place))))
        own = np.zeros_like(ringed)
        own[top:bottom, left:right] = True
        assert bool((ringed & own).any()) == (place in chosen)


@pytest.mark.parametrize("example", [connect_four, warehouse, board])
def test_after_the_end_the_mask_changes_nothing_but_the_layout_stays(example: Any) -> None:
    scene, mask = example()
    over = Status(message="terminated", over=True)
    frame = draw(scene, mask, None, None, over)
    share = mask / mask.sum(axis=-1, keepdims=True)
    assert frame.shape == draw(scene, mask).shape
    for other in (1 - mask, np.ones_like(mask)):
        assert np.array_equal(frame, draw(scene, other, None, None, over))
    action = mask.argmax(-1)
    assert np.array_equal(frame, draw(scene, mask, share, action if scene.agents else int(action), over))
    words = render_ansi(scene, mask, share, None, over)
    assert words.splitlines() == ["terminated", *scene.glyph_rows]


def test_after_the_end_bars_show_no_range() -> None:
    scene, over = Scene(6, 1, kind="interval"), Status(over=True)
    scene.range_bars([-2, -1], [2, 1])
    frames = [draw(scene, np.array(bounds), None, None, over) for bounds in ([[-2.0, -1], [2, 1]], [[0.0, 0], [1, 1]])]
    assert np.array_equal(*frames)
    green = (np.abs(frames[0].astype(int) - LIGHT["legal"]).sum(axis=2) < 60).sum()
    assert green == 0


def test_every_legal_action_has_the_green_frame_of_the_legend() -> None:
    """One style in buttons, areas, icons in an agent's colour, boxes and bars: seen by the colour of the frame."""

    def green(frame: Frame) -> NDArray[np.bool_]:
        return np.asarray(np.abs(frame.astype(int) - LIGHT["legal"]).sum(axis=2) < 60)

    for scene, mask in (connect_four(), board(), warehouse()):
        frame = green(draw(scene, mask))
        assert frame[:STATUS_ROWS].any()  # the legend
        for mark in scene.marks:
            place = (mark.agent, *mark.path) if scene.agents else mark.path
            own = pixels_of(scene, (mark.x, mark.y, mark.w, mark.h))
            assert bool((frame & own).any()) == bool(mask[place])
    compact = Scene(6, 1)
    assert green(draw(compact, np.ones(900, np.int8)))[STATUS_ROWS:].any()
    assert not green(draw(compact, np.zeros(900, np.int8)))[STATUS_ROWS:].any()
    bars = Scene(6, 1, kind="interval")
    bars.range_bars([-2], [2])
    frame = green(draw(bars, np.array([[-1.0], [1.0]])))
    assert frame[:STATUS_ROWS].any() and frame[STATUS_ROWS:].any()


def test_range_bars_show_bounds_and_the_action_chosen() -> None:
    def scene() -> Scene:
        scene = Scene(6, 1, kind="interval")
        scene.range_bars([-2, -1], [2, 1], ["torque", "steer"])
        return scene

    whole, half = np.array([[-2.0, -1], [2, 1]]), np.array([[-2.0, -1], [0, 1]])
    left, top, right, bottom = bounding_box(changed(draw(scene(), whole), draw(scene(), half)))
    bar = changed(draw(scene(), whole), draw(scene(), np.array([[2.0, -1], [2, 1]])))[:, : 480 - 110]
    first, _, last, _ = bounding_box(bar)
    assert abs(left - (first + last) / 2) < 4  # the right half of the first bar, and its number
    assert changed(draw(scene(), whole), draw(scene(), whole, None, [0.5, 0.5])).any()
    assert "legal: torque -2 to 0, steer -1 to 1" in render_ansi(scene(), half)


def test_dict_masks_have_a_group_for_each_part() -> None:
    scene = Scene(6, 1, kind="dict")
    mask = {"on": np.array([[1, 1], [1, 0]], np.int8), "power": np.array([[0, 0.0], [1, 0.5]])}
    before = draw(scene, mask)
    assert changed(before, draw(scene, {**mask, "on": np.ones((2, 2), np.int8)})).any()
    assert changed(before, draw(scene, {**mask, "power": np.array([[0, 0.0], [1, 1]])})).any()
    assert changed(before, draw(scene, mask, None, {"on": [1, 0], "power": [0.5, 0.2]})).any()
    words = render_ansi(scene, mask, None, {"on": [1, 0], "power": [0.5, 0.2]}).splitlines()
    assert words[0] == "on legal: 0,0 0,1 1,0 | forbidden: 1,1"
    assert "power legal: [0] 0 to 1, [1] 0 to 0.5" in words


@pytest.mark.parametrize(
    ("mask", "probabilities", "words"),
    [
        (np.ones(6, np.int8), None, "no such entry.*\\(6,\\)"),
        (np.ones((7, 1), np.int8), None, "no such entry"),
        (np.ones((1, 7), np.int8), None, "no such entry"),
        (np.int8(1), None, "int8 or bool"),
        (np.ones(7), None, "int8 or bool.*float64"),
        (np.full(7, 2), None, "0 and 1"),
        (np.full(7, -1), None, "0 and 1"),
        (np.array(["1"] * 7), None, "int8 or bool"),
        (np.ones(7, np.int8), np.ones(6), "expected the mask's, \\(7,\\)"),
        (np.ones(7, np.int8), np.full(7, math.nan), "from 0 to 1"),
        (np.ones(7, np.int8), np.full(7, -0.1), "from 0 to 1"),
        (np.ones(7, np.int8), np.full(7, 1.1), "from 0 to 1"),
        ({"a": np.ones(7, np.int8)}, None, "no such entry"),
    ],
)
def test_masks_of_the_wrong_form_are_refused(mask: Any, probabilities: Any, words: str) -> None:
    scene, _ = connect_four()
    for use in (lambda: draw(scene, mask, probabilities), lambda: render_ansi(scene, mask, probabilities)):
        with pytest.raises(ValueError, match=words):
            use()


@pytest.mark.parametrize("mask", [np.ones(5, np.int8), np.ones((2, 5), np.int8), np.ones((3, 4), np.int8), np.int8(1)])
def test_simultaneous_masks_need_an_axis_of_agents(mask: Any) -> None:
    with pytest.raises(ValueError, match=r"leading axis of 3|no such entry"):
        draw(warehouse()[0], mask)


def test_one_robot_needs_no_axis_of_agents() -> None:
    alone, named = Scene(4, 4), Scene(4, 4, agents=1)
    for scene in (alone, named):
        scene.action(1, 1, 1, 1, 1, "go")
    mask = np.array([1, 0], np.int8)
    assert np.array_equal(draw(alone, mask), draw(named, mask))
    assert render_ansi(alone, mask) == render_ansi(named, mask) == "legal: 0 | forbidden: 1 go"


def listed(words: str) -> set[int]:
    """The numbers of "0-5 17 20", read back."""
    numbers: set[int] = set()
    for word in [] if words == "none" else words.split():
        first, _, last = word.partition("-")
        numbers |= set(range(int(first), int(last or first) + 1))
    return numbers


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_ansi_lists_exactly_the_legal_actions(bits: list[bool]) -> None:
    scene = Scene(1, 1)
    scene.glyph_rows = ["picture"]
    picture, line = render_ansi(scene, np.array(bits)).splitlines()
    legal, forbidden = re.fullmatch(r"legal: (.*) \| forbidden: (.*)", line).groups()  # type: ignore[union-attr]
    assert picture == "picture"
    assert listed(legal) == {i for i, bit in enumerate(bits) if bit}
    assert listed(forbidden) == {i for i, bit in enumerate(bits) if not bit}


def test_ansi_names_actions_agents_and_status() -> None:
    scene, mask = warehouse()
    lines = render_ansi(scene, mask, None, [1, 0, 4], Status(step=3, reward=-1.5, turn="all")).splitlines()
    assert lines[0] == "step 3   reward -1.5   all to move"
    assert lines[1:6] == scene.glyph_rows
    assert lines[6:8] == ["agent 0 legal: 0 stay, 1 up, 2 down | forbidden: 3 left, 4 right", "agent 0 chosen: 1 up"]
    share = np.array([0, 0, 0.25, 0, 0, 0.75])
    assert "legal: 2 left 1 25%, 5 right 2 75% |" in render_ansi(cart_pole(), share > 0, share)
    mask = np.arange(2048) % 2
    assert re.search(r"legal: 1 3 .* 79 \.\.\. \(1024 in all\)", render_ansi(cart_pole(2048), mask))
    assert "legal: 0 1 3 4 5 | forbidden: 2 6-29" in render_ansi(Scene(1, 1), np.isin(np.arange(30), [0, 1, 3, 4, 5]))
    assert "legal: 0-16 | forbidden: 17 18 19" in render_ansi(Scene(1, 1), np.arange(20) < 17)
    rows, columns = np.indices((9, 9))
    assert "(40 in all)" not in render_ansi(Scene(1, 1, kind="joint"), (rows + columns) % 2)
    assert "(41 in all)" in render_ansi(Scene(1, 1, kind="joint"), (rows + columns) % 2 == 0)


@pytest.mark.parametrize(
    ("example", "index", "agent"), [(connect_four, 3, 0), (warehouse, 3, 0), (warehouse, 2, 2), (board, 4, 0)]
)
def test_a_refused_action_flashes_and_stops(example: Any, index: int, agent: int) -> None:
    scene, mask = example()
    renderer = Renderer(width=480)
    before = renderer.render(scene, mask)
    assert before is not None
    renderer.flash(index, agent, frames=2)
    (mark,) = [m for m in scene.marks if (m.agent, m.index) == (agent, index)]
    own = pixels_of(scene, (mark.x, mark.y, mark.w, mark.h))
    for _ in range(2):
        frame = renderer.render(scene, mask)
        assert frame is not None
        difference = changed(before, frame)
        assert difference.any() and not (difference & ~own).any()
    after = renderer.render(scene, mask)
    assert after is not None and np.array_equal(before, after)


def test_a_refusal_is_readable_in_a_crowded_status_line() -> None:
    scene, mask = warehouse()
    crowded = dict(step=123456, reward=-1234.5, turn="robot_with_a_long_name")
    refusal = Status(**crowded, message="illegal: a wall is there", refused=True)  # type: ignore[arg-type]
    status_line = draw(scene, mask, None, None, refusal)[:STATUS_ROWS]
    alone = draw(scene, mask, None, None, Status(message="illegal: a wall is there", refused=True))[:STATUS_ROWS]
    assert np.array_equal(status_line[:, :200], alone[:, :200])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_themes_define_every_ink_and_words_stand_out(theme: Any) -> None:
    def luminance(ink: str) -> float:
        # WCAG 2.2, relative luminance and contrast ratio.
        parts = [c / 255 for c in theme[ink]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert set(theme.inks) == INKS
    pairs = [("text", "page", 7), ("legal_text", "legal_fill", 7), ("legal_text", "legal_level", 4)]
    pairs += [("muted", "page", 4), ("refused", "page", 4.5), ("legal", "background", 3), ("forbidden_text", "page", 4)]
    for words, ground, least in pairs:
        low, high = sorted((luminance(words), luminance(ground)))
        assert (high + 0.05) / (low + 0.05) >= least, (words, ground)


@pytest.mark.parametrize(
    "arguments",
    [{"mode": "ansi"}, {"theme": "sepia"}, {"width": 10}, {"picture_height": 0}, {"fps": -1}, {"fps": math.nan},
     {"theme": dataclasses.replace(LIGHT, inks={"text": (0, 0, 0)})}],
)  # fmt: skip
def test_a_renderer_refuses_what_makes_no_sense(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|expected|lacks"):
        Renderer(**arguments)


def test_a_window_reports_clicks_keys_and_its_end(screen: Any) -> None:
    scene, mask = connect_four()
    window = Renderer("human", width=480, fps=None)
    assert window.events() == []
    assert window.render(scene, mask) is None
    left, top, right, bottom = bounding_box(pixels_of(scene, (3, 2, 1, 1)))
    middle = ((left + right) // 2, (top + bottom) // 2)
    click(screen, middle)
    screen.event.post(screen.event.Event(screen.MOUSEBUTTONDOWN, button=3, pos=middle))
    screen.event.post(screen.event.Event(screen.KEYDOWN, key=screen.K_5))
    screen.event.post(screen.event.Event(screen.KEYDOWN, key=screen.K_q))
    click(screen, (1, 1))
    first, *others = poll(window)
    assert first.kind == "click" and first.action == (0, 3)  # forbidden, and still reported
    assert first.position == (pytest.approx(3.5, abs=0.05), pytest.approx(2.5, abs=0.05))
    assert others[0] == Event("key", (0, 5), key="5") and others[1] == Event("key", None, key="q")
    assert others[2].kind == "click" and others[2].action is None and len(others) == 3
    assert window.events() == []
    screen.event.post(screen.event.Event(screen.QUIT))
    assert window.events() == [Event("quit")]
    for _ in range(2):
        with pytest.raises(WindowClosedError, match="close"):
            window.render(scene, mask)
    window.close()
    window.close()
    window.render(scene, mask)
    assert window.events() == []
    window.close()


def test_windows_keep_their_events_apart_and_survive_each_other(screen: Any) -> None:
    scene, mask = connect_four()
    first, second = (Renderer("human", width=480, fps=None, title=name) for name in ("one", "two"))
    plain = Renderer(width=480)
    first.render(scene, mask), second.render(cart_pole(), np.ones(6, np.int8))
    expected = plain.render(scene, mask)
    native = second._window._window  # type: ignore[union-attr]
    click(screen, (100, 60), window=native)
    assert first.events() == [] and len(second.events()) == 1
    screen.event.post(screen.event.Event(screen.WINDOWCLOSE, window=native))
    assert first.events() == [] and second.events() == [Event("quit")]
    first.render(scene, mask)
    with pytest.raises(WindowClosedError):
        second.render(scene, mask)
    screen.quit()  # as other environments do in their close()
    again = plain.render(scene, mask)
    assert expected is not None and again is not None and np.array_equal(expected, again)
    first.render(scene, mask)
    first.render(cart_pole(), np.ones(6, np.int8))  # another size
    assert first._window._window.size == draw(cart_pole(), np.ones(6, np.int8)).shape[1::-1]  # type: ignore[union-attr]
    screen.quit()
    screen.init()
    assert np.array_equal(expected, plain.render(scene, mask))  # type: ignore[arg-type]
    for renderer in (first, second, plain):
        renderer.close()
        renderer.close()
    screen.quit()


def test_a_window_paces_itself_and_arrays_need_no_display(screen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    class Clock:
        def tick(self, fps: float) -> int:
            asked.append(fps)
            return 0

    monkeypatch.setattr(screen.time, "Clock", Clock)
    Renderer("rgb_array", fps=7).render(*connect_four())
    assert asked == [] and not screen.display.get_init()
    window = Renderer("human", fps=7)
    window.render(*connect_four())
    assert asked == [7] and screen.display.get_init()
    window.close()
    assert not screen.display.get_init()


def test_actions_that_share_a_cell_are_found_by_the_legal_one(screen: Any) -> None:
    mask = np.zeros(1_000_000, np.int8)
    dark = draw(Scene(6, 1), mask)
    mask[777_777] = 1
    scene, window = Scene(6, 1), Renderer("human", width=480, fps=None)
    lit = (np.abs(draw(scene, mask).astype(int) - LIGHT["legal"]).sum(axis=2) < 9) & changed(dark, draw(scene, mask))
    left, top, right, bottom = bounding_box(lit)
    assert right - left < 10 and bottom - top < 10
    window.render(scene, mask)
    click(screen, ((left + right) // 2, (top + bottom) // 2))
    assert [event.action for event in window.events()] == [(0, 777_777)]
    assert "777777 | forbidden: 0-777776 777778-999999" in render_ansi(scene, mask)
    window.close()


def run_python(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def test_describing_a_scene_imports_neither_pygame_nor_pillow() -> None:
    code = "import sys; from masked_envs.render import Scene, render_ansi; render_ansi(Scene(1, 1), [True, False])"
    assert run_python(code + "; print({'pygame', 'PIL', 'imageio'} & set(sys.modules))") == "set()\n"
    greeting = run_python("from masked_envs.render import Renderer, Scene; Renderer().render(Scene(1, 1))")
    assert greeting == ""


def test_missing_libraries_are_named_with_the_command_that_brings_them() -> None:
    block = "import sys; sys.modules[{0!r}] = None\nimport masked_envs.render as r\ntry:\n    {1}\n"
    block += "except ImportError as e: print(type(e).__name__, e)"
    words = run_python(block.format("pygame", "r.Renderer"))
    assert words.startswith("RenderDependencyError") and "pip install pygame-ce" in words
    words = run_python(block.format("PIL", "r.write_gif([], 'a.gif')"))
    assert "pip install pillow" in words


def test_a_gif_holds_the_frames(tmp_path: Any) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow reads and writes GIFs")
    frames = [draw(cart_pole(x=0.3 * i), np.eye(6, dtype=np.int8)[i]) for i in range(5)]
    write_gif(iter([*frames, frames[-1], frames[-1]]), tmp_path / "a.gif", fps=10)
    with image.open(tmp_path / "a.gif") as gif:
        assert (gif.n_frames, gif.size, gif.info["loop"]) == (5, frames[0].shape[1::-1], 0)
        for i, frame in enumerate(frames):
            gif.seek(i)
            assert gif.info["duration"] == (100 if i < 4 else 300)
            error = np.abs(np.asarray(gif.convert("RGB")).astype(int) - frame)
            assert error.max() < 24 and (error == 0).all(axis=2).mean() > 0.98
    assert (tmp_path / "a.gif").stat().st_size < 30_000


def test_a_gif_of_two_colours_is_exact(tmp_path: Any) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow reads and writes GIFs")
    rng = np.random.default_rng(0)
    frames = [np.array([[3, 200, 7], [4, 200, 7]], np.uint8)[rng.integers(0, 2, (9, 13))] for _ in range(4)]
    write_gif(frames, tmp_path / "a.gif", colors=2)
    with image.open(tmp_path / "a.gif") as gif:
        for i, frame in enumerate(frames):
            gif.seek(i)
            assert np.array_equal(np.asarray(gif.convert("RGB")), frame)


@pytest.mark.parametrize(
    ("frames", "arguments"),
    [
        ([], {}),
        ([np.zeros((4, 4, 3))], {}),
        ([np.zeros((4, 4), np.uint8)], {}),
        ([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)], {}),
        ([np.zeros((4, 4, 3), np.uint8)], {"fps": 0}),
        ([np.zeros((4, 4, 3), np.uint8)], {"fps": 51}),
        ([np.zeros((4, 4, 3), np.uint8)], {"fps": math.nan}),
        ([np.zeros((4, 4, 3), np.uint8)], {"colors": 256}),
    ],
)
def test_a_gif_of_something_else_is_refused(frames: Any, arguments: Any, tmp_path: Any) -> None:
    pytest.importorskip("PIL", reason="Pillow writes GIFs")
    with pytest.raises(ValueError, match=r"at least one|expected|must"):
        write_gif(frames, tmp_path / "a.gif", **arguments)
    assert not (tmp_path / "a.gif").exists()
