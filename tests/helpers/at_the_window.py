"""A person at a window: real pygame events, placed where the frame that they see has what they look for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pygame

from masked_envs.play.game import Game
from masked_envs.play.partial_action import Choice
from masked_envs.play.table import Table
from masked_envs.render.layout import BarsLayout
from masked_envs.render.places import as_path
from masked_envs.render.pointing import Target, targets
from masked_envs.render.theme import LIGHT

RED = LIGHT["refused"]


def key(name: str) -> Any:
    number = getattr(pygame, f"K_{name.upper() if len(name) > 1 else name}")
    return pygame.event.Event(pygame.KEYDOWN, key=number)


def click(x: float, y: float) -> Any:
    return pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(x, y))


def move(x: float, y: float, held: bool = False) -> Any:
    return pygame.event.Event(pygame.MOUSEMOTION, pos=(x, y), rel=(0, 0), buttons=(int(held), 0, 0))


class Player:
    """A person in front of a game, who acts by events alone and knows what the last frame showed.

    Args:
        table: what is played, without a terminal and without waiting.
        seed: of the first episode, and of the choices.
    """

    def __init__(self, table: Table, seed: int = 0) -> None:
        self.game = Game(table, fps=0)
        self.frame = np.zeros((0, 0, 3), np.uint8)
        self.rng = np.random.default_rng(seed)
        self.game.start(seed)
        self.game.show()

    def does(self, *events: Any) -> None:
        """Let events happen, and look at the next frame."""
        for event in events:
            pygame.event.post(event)
        assert self.game.goes_on()
        self.game.show()

    def leaves(self) -> None:
        pygame.event.clear()
        self.game.renderer.close()
        self.game.table.close()

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel of the frame is in the window."""
        window = self.game.renderer._window
        assert window is not None
        return (x * window._scale + window._corner[0], y * window._scale + window._corner[1])

    def clicks(self, target: Target) -> None:
        x, y, w, h = target.box
        self.does(click(*self.place(x + w / 2, y + h / 2)))

    def sees(self, legal: bool, chosen: bool | None = None) -> list[Target]:
        """The person's own actions and choices that are drawn as legal or as forbidden, the box to confirm left out."""
        shown = self.game.renderer._shown
        assert shown is not None
        layout, view = shown
        return [
            target
            for target in targets(layout)
            if target.agent == self.game.table.view
            and not target.is_number
            and "" not in target.path
            and view.legal(target.agent, target.path) is legal
            and chosen in (None, view.chosen(target.agent, target.path))
        ]

    def bars(self) -> list[tuple[BarsLayout, np.ndarray[Any, Any]]]:
        """The range bars, with their legal bounds."""
        shown = self.game.renderer._shown
        assert shown is not None
        return [(place, bounds) for place in shown[0].ranges if (bounds := shown[1].bounds(place.bars)) is not None]

    def sets(self, place: BarsLayout, i: int, number: float) -> None:
        """Click a range bar where it means a number."""
        x, y, w, h = place.box(i)
        across = x + w * (number - place.bars.low[i]) / place.bars.reach(i)
        self.does(click(*self.place(across, y + h / 2)))

    def is_refused(self) -> bool:
        """Whether the frame says so, in words and in red."""
        shown = self.game.renderer._frame
        assert shown is not None
        return bool(self.game.refusal) and bool((shown == RED).all(axis=-1).any())

    def takes_a_step(self) -> None:
        """Carry out one legal action, by what the frame offers."""
        game, before = self.game, self.game.steps
        assert game.partial is not None
        for place, bounds in self.bars() if game.partial.needs_confirmation else ():
            i = int(self.rng.integers(place.shown))
            self.sets(place, i, float(bounds[:, i].mean()))
        if game.partial is not None and game.partial.needs_confirmation and (bits := self.sees(True, chosen=False)):
            self.clicks(bits[int(self.rng.integers(len(bits)))])
        for _ in range(10):
            if game.steps > before:
                return
            if game.partial.is_complete:
                self.does(key("return"))
            else:
                choices = self.sees(True, chosen=False)
                choices = [one for one in choices if str(one.path[0]).startswith("head ")] or choices  # what is next
                self.clicks(choices[int(self.rng.integers(len(choices)))])
        raise AssertionError(f"no action came of ten choices; the window says {game.refusal or game.words!r}")

    def tries_something_forbidden(self) -> bool:
        """Choose what the frame shows as forbidden, by mouse, or else by number; False where there is nothing."""
        if forbidden := self.sees(False):
            self.clicks(forbidden[int(self.rng.integers(len(forbidden)))])
            return True
        for place, (low, high) in self.bars():
            for i in range(place.shown):
                for end, bound in ((place.bars.low[i], low[i]), (place.bars.high[i], high[i])):
                    if abs(end - bound) > 0.06 * place.bars.reach(i):  # a click may miss by a little
                        self.sets(place, i, float(end + 0.4 * (bound - end)))
                        return True
        for number in map(str, range(10)):
            if all(map(self._forbids, meant := self.meant_by(number))) and meant:
                self.does(key(number))
                return True
        return False

    def meant_by(self, name: str) -> list[list[Choice]]:
        """What a key may stand for: actions that have it as their name, or the number of the next choice."""
        chooser = self.game.chooser
        assert chooser is not None
        named = chooser.scene.actions_for_key(name, self.game.table.view)
        numbered = [chooser.next_head(int(name))]
        return [chooser.choices_of(as_path(index)) or [] for index in named] or [one for one in numbered if one]

    def _forbids(self, choices: list[Choice]) -> bool:
        assert self.game.partial is not None
        return bool(self.game.partial.why_not(choices))
