"""A person at the window of `masked-envs play` and `masked-envs demo --window`: real pygame events, no screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import masked_envs
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
