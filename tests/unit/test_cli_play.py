"""A person at the window of `masked-envs play` and `masked-envs demo --window`: real pygame events, no screen."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.cli import main
from masked_envs.render.theme import LIGHT

pygame = pytest.importorskip("pygame")


CARTPOLE, CONNECT_FOUR, WAREHOUSE = "MaskedCartPole-v0", "MaskedConnectFour-v0", "MaskedWarehouse-v0"
Capture = pytest.CaptureFixture[str]
Frame = np.ndarray[Any, Any]
RED = LIGHT["refused"]


class Person:
    """Does one thing after each frame they see, and leaves when they have nothing more to do."""

    def __init__(self) -> None:
        self.plan: list[Any] = []
        self.frames: list[Frame] = []

    def see(self, frame: Frame) -> None:
        self.frames.append(np.array(frame))
        assert len(self.frames) < 1000, "the window does not close"
        if pygame.display.get_init():  # the window is still there
            pygame.event.post(self.plan.pop(0) if self.plan else key("escape"))

    def red(self) -> list[bool]:
        """In which frames something was refused."""
        return [bool((frame == RED).all(axis=-1).any()) for frame in self.frames]


def key(name: str) -> Any:
    number = getattr(pygame, f"K_{name.upper() if len(name) > 1 else name}")
    return pygame.event.Event(pygame.KEYDOWN, key=number)


def click(x: float, y: float) -> Any:
    return pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(x, y))


NOTHING = pygame.event.Event(pygame.USEREVENT)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    from masked_envs.render import window

    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr("masked_envs.cli.targets.driver_without_screen", lambda: "")
    someone, show = Person(), window.Window.show

    def seen(self: Any, frame: Frame, fps: float) -> None:
        show(self, frame, 0)  # without waiting for the next frame to be due
        someone.see(frame)

    monkeypatch.setattr(window.Window, "show", seen)
    yield someone
    pygame.event.clear() if pygame.display.get_init() else None


def played(capsys: Capture) -> tuple[int, int]:
    """Steps and refusals, from the last line."""
    words = capsys.readouterr().out.splitlines()[-1].replace(",", "").split()
    assert words[0::2] == ["steps", "refused"]
    return int(words[1]), int(words[3])


def legal_and_forbidden(env_id: str) -> tuple[int, int]:
    mask = masked_envs.make(env_id).reset(seed=0)[1]["action_mask"]
    return int(mask.argmax()), int(mask.argmin())


def test_a_key_plays_a_legal_action(person: Person, capsys: Capture) -> None:
    legal, _ = legal_and_forbidden(CARTPOLE)
    person.plan = [key(str(legal))] * 3
    assert main(["play", CARTPOLE, "--seed", "0"]) == 0
    assert played(capsys) == (3, 0)
    assert not any(person.red())
    assert any((a != b).any() for a, b in zip(person.frames, person.frames[1:], strict=False))


def test_a_forbidden_key_is_refused_in_red_and_moves_nothing(person: Person, capsys: Capture) -> None:
    _, forbidden = legal_and_forbidden(CARTPOLE)
    person.plan = [key(str(forbidden)), *[NOTHING] * 30]
    assert main(["play", CARTPOLE, "--seed", "0"]) == 0
    assert played(capsys) == (0, 1)
    red = person.red()
    assert not red[0] and red[1]
    rows = np.flatnonzero((person.frames[1] == RED).all(axis=-1).any(axis=1))
    height = len(person.frames[1])
    assert rows.min() < 0.1 * height and rows.max() > 0.8 * height  # the words above, and the action below


def test_a_click_plays_where_it_falls(person: Person, capsys: Capture) -> None:
    """The same column clicked seven times, both sides played by the person: six discs fit."""
    person.plan = [click(300, 300)] * 7 + [NOTHING] * 3
    assert main(["play", CONNECT_FOUR, "--opponent", "none"]) == 0
    assert played(capsys) == (6, 1)
    assert any(person.red()) and not any(person.red()[:7])


def test_a_click_beside_every_action_does_nothing(person: Person, capsys: Capture) -> None:
    person.plan = [click(1, 1), key("z")]
    assert main(["play", CONNECT_FOUR]) == 0
    assert played(capsys) == (0, 0) and not any(person.red())


def test_an_episode_ends_and_another_begins(person: Person, capsys: Capture) -> None:
    """Left for ever lets the pole fall in a few steps; what is pressed then counts for nothing, until Enter."""
    legal, _ = legal_and_forbidden(CARTPOLE)
    person.plan = [key(str(legal))] * 50
    assert main(["play", CARTPOLE, "--seed", "0"]) == 0
    steps, refused = played(capsys)
    assert 5 < steps < 40 and refused == 0
    person.plan = [key(str(legal))] * 50 + [key("return"), key(str(legal)), key(str(legal))]
    assert main(["play", CARTPOLE, "--seed", "0"]) == 0
    assert played(capsys) == (steps + 2, 0)


@pytest.mark.parametrize("event", [lambda: pygame.event.Event(pygame.QUIT), lambda: key("escape")])
def test_closing_the_window_ends_it(event: Callable[[], Any], person: Person, capsys: Capture) -> None:
    person.plan = [event(), key("0"), key("0")]
    assert main(["play", CONNECT_FOUR]) == 0
    assert played(capsys) == (0, 0) and len(person.plan) == 2


def test_the_person_plays_one_agent_among_many(person: Person, capsys: Capture) -> None:
    """In a simultaneous game a key means the person's own agent, and the others move with it."""
    person.plan = [key("space")] * 4
    assert main(["play", WAREHOUSE, "--agent", "1", "--seed", "2"]) == 0
    said = capsys.readouterr()
    second = masked_envs.make_parallel(WAREHOUSE).possible_agents[1]
    assert "steps 4, refused 0" in said.out and f"you are {second}" in said.out


def test_other_agents_cannot_be_moved(person: Person, capsys: Capture) -> None:
    """A click on another agent's action is refused, and no step is taken."""
    from masked_envs.render.pygame_renderer import Renderer

    places: list[tuple[float, float]] = []
    events = Renderer.events

    def find_places(self: Any) -> Any:
        layout, view = self._shown
        for mark in layout.scene.marks if not places else ():
            x, y, w, h = layout.to_pixels((mark.x, mark.y, mark.w, mark.h))
            if mark.agent == 1:
                places.append((x + w / 2, y + h / 2))
                person.plan = [click(*places[0]), NOTHING]
                break
        return events(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Renderer, "events", find_places)
        person.plan = [NOTHING, NOTHING]
        assert main(["play", WAREHOUSE, "--seed", "2"]) == 0
    assert places and played(capsys) == (0, 0)
    assert any(person.red())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([CARTPOLE, "--opponent", "random"], "takes neither --opponent nor --agent"),
        ([CARTPOLE, "--agent", "0"], "takes neither --opponent nor --agent"),
        ([CONNECT_FOUR, "--agent", "player_7"], "'player_0', 'player_1'"),
        ([CONNECT_FOUR, "--agent", "2"], "'player_0', 'player_1'"),
        ([CONNECT_FOUR, "--agent", "1", "--opponent", "none"], "you play every side"),
        ([WAREHOUSE, "--opponent", "none"], "several agents at once"),
    ],
)
def test_a_seat_that_does_not_exist(words: list[str], expected: str, capsys: Capture) -> None:
    assert main(["play", *words]) == 2
    said = capsys.readouterr()
    assert expected in said.err and said.out == "" and "Traceback" not in said.err


@pytest.mark.parametrize("words", [["play", CARTPOLE], ["demo", CARTPOLE, "--window"]])
def test_without_a_display_no_invisible_window_opens(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    assert main(words) == 1
    said = capsys.readouterr()
    assert "no display" in said.err and said.out == ""


@pytest.mark.parametrize("words", [["play", CARTPOLE], ["demo", CARTPOLE, "--window"]])
@pytest.mark.parametrize("variables", [{"SDL_VIDEODRIVER": "dummy"}, {"DISPLAY": ":99999"}], ids=["dummy", "no server"])
def test_a_display_that_nobody_sees_is_none(words: list[str], variables: dict[str, str]) -> None:
    """In a process of its own, which must end by itself: SDL chooses its driver once."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    environment = {name: value for name, value in os.environ.items() if name not in names} | variables
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(masked_envs.__file__).parent.parent)])
    done = subprocess.run(
        [sys.executable, "-m", "masked_envs", *words], env=environment, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout) == (1, "") and "no display" in done.stderr


def test_steps_are_taken_back(person: Person, capsys: Capture) -> None:
    legal, _ = legal_and_forbidden(CARTPOLE)
    one, back = key(str(legal)), key("u")
    person.plan = [one, one, one, back, back, back, NOTHING, back, NOTHING]
    assert main(["play", CARTPOLE, "--seed", "0"]) == 0
    assert played(capsys) == (0, 0)
    picture = slice(34, None)  # below the status line
    first, *others = [frame[picture] for frame in person.frames[:7]]
    same = [bool((first == other).all()) for other in others]
    assert same == [False, False, False, False, False, True]
    assert any(person.red()[8:]) and not any(person.red()[:8])  # nothing is left to take back


def test_a_step_that_ended_the_episode_is_taken_back(person: Person, capsys: Capture) -> None:
    legal, _ = legal_and_forbidden(CARTPOLE)
    person.plan = [key(str(legal))] * 50
    assert main(["play", CARTPOLE, "--seed", "0"]) == 0
    steps, _ = played(capsys)
    person.plan = [key(str(legal))] * 50 + [key("backspace"), NOTHING, key(str(legal))]
    assert main(["play", CARTPOLE, "--seed", "0"]) == 0
    assert played(capsys) == (steps, 0)


def test_the_opponent_takes_its_step_back_too(person: Person, capsys: Capture) -> None:
    """A position holds the random stream: the same move is answered in the same way."""
    person.plan = [click(300, 300), NOTHING, key("u"), NOTHING, click(300, 300), NOTHING]
    assert main(["play", CONNECT_FOUR, "--seed", "3"]) == 0
    assert played(capsys) == (1, 0)
    before, after, taken_back, again = (person.frames[i][34:] for i in (0, 2, 4, 6))
    assert (before == taken_back).all() and (after == again).all() and (before != after).any()


def test_f1_shows_the_help_and_any_key_goes_on(person: Person, capsys: Capture) -> None:
    legal, _ = legal_and_forbidden(CARTPOLE)
    person.plan = [
        pygame.event.Event(pygame.KEYDOWN, key=pygame.K_F1),
        NOTHING,
        key(str(legal)),
        NOTHING,
        key(str(legal)),
    ]
    assert main(["play", CARTPOLE, "--seed", "0"]) == 0
    assert played(capsys) == (1, 0)  # the key that left the help played nothing
    before, help_, again = person.frames[0], person.frames[2], person.frames[4]
    assert (before[34:] == again[34:]).all() and (help_.shape != before.shape or (help_[34:] != before[34:]).any())


def test_what_is_under_the_mouse_is_named(person: Person) -> None:
    from masked_envs.render import Status
    from masked_envs.render.status import as_status

    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        from masked_envs.render import pygame_renderer

        def noted(status: Status | str | None) -> Status:
            said.append(as_status(status).message)
            return as_status(status)

        patch.setattr(pygame_renderer, "as_status", noted)
        move = pygame.event.Event(pygame.MOUSEMOTION, pos=(300, 60), rel=(0, 0), buttons=(0, 0, 0))
        person.plan = [NOTHING, move, NOTHING, NOTHING]
        assert main(["play", CONNECT_FOUR, "--seed", "0"]) == 0
    assert "click an action" in said[0] and said[-1] == "3: legal"


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_windows_fit_a_small_screen_and_clicks_fall_where_they_are_seen(
    env_id: str, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from masked_envs.cli.demo import RandomPlayer
    from masked_envs.registration import declaration
    from masked_envs.render import Renderer, window

    monkeypatch.setattr(pygame.display, "get_desktop_sizes", lambda: [(800, 500)])
    played = RandomPlayer(declaration(env_id), declaration(env_id).resolve({}), 0, "human")
    next(iter(played.play(1, 1)))
    picture = played.env.picture
    picture.render(0)
    renderer: Renderer = picture.renderer
    assert renderer._window is not None and renderer._shown is not None
    size, (layout, view) = renderer._window._window.size, renderer._shown
    assert size[0] <= window.room()[0] < 800 and size[1] <= window.room()[1] < 500
    for mark in [mark for mark in layout.scene.marks if view.legal(mark.agent, mark.path)][:3]:
        x, y, w, h = layout.to_pixels((mark.x, mark.y, mark.w, mark.h))
        place = ((x + w / 2) * size[0] / layout.width, (y + h / 2) * size[1] / layout.height)
        pygame.event.clear()
        pygame.event.post(click(*place))
        assert [event.action for event in renderer.events() if event.kind == "click"] == [(mark.agent, mark.index)]
    played.env.close()


def test_a_window_that_is_made_larger_shows_the_frame_larger_and_in_the_middle(person: Person) -> None:
    from masked_envs.render import Renderer, Scene

    scene = Scene(2, 1)
    scene.action(0, 0, 0, 1, 1)
    scene.action(1, 1, 0, 1, 1)
    renderer = Renderer("human", width=200, fps=None)
    renderer.render(scene, np.ones(2, np.int8))
    assert renderer._window is not None and renderer._shown is not None
    height = renderer._shown[0].height
    renderer._window._window.size = (600, 2 * height)
    renderer.render(scene, np.ones(2, np.int8))
    assert renderer._window._window.size == (600, 2 * height)  # the person's choice stays
    for x, action in ((100 + 2 * 60, 0), (100 + 2 * 140, 1)):  # twice as large, 100 pixels free on each side
        pygame.event.clear()
        pygame.event.post(click(x, 2 * (34 + 40)))
        assert [event.action for event in renderer.events() if event.kind == "click"] == [(0, action)]
    renderer.close()


def test_demo_in_a_window(person: Person, capsys: Capture) -> None:
    person.plan = [NOTHING] * 500
    assert main(["demo", WAREHOUSE, "--window", "--steps", "3", "--fps", "30", "--seed", "0"]) == 0
    different = sum(bool((a != b).any()) for a, b in zip(person.frames, person.frames[1:], strict=False))
    assert different == 6  # of each step the choice and what comes of it
    assert capsys.readouterr() == ("", "")


def test_demo_ends_when_its_window_is_closed(person: Person) -> None:
    person.plan = [NOTHING, pygame.event.Event(pygame.QUIT), *[NOTHING] * 500]
    assert main(["demo", CONNECT_FOUR, "--window"]) == 0
    assert len(person.frames) < 5
