"""A person at a table: keys and clicks become choices, choices actions, and refusals words."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..errors import InvalidActionError
from ..render import Scene, WindowClosedError
from ..render.layout import Numbers
from ..render.places import Path, as_index, as_path
from ..render.shapes import CHARACTER_WIDTH
from .chooser import CONFIRM, Chooser
from .partial_action import Choice, NumbersPart, PartialAction
from .table import GoBack, Look, Table

ANEW, LEAVE, UNDO, HELP = "f2", "escape", ("u", "backspace"), ("f1", "?")
ENTER, CHOOSE = ("return", "enter"), "space"
WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
STEPS = 20
"""Presses of an arrow key from one end of a range bar to the other."""
OVER = "over: Enter plays again, U takes the last step back, Escape ends"
HOW_TO_PLAY = """\
  click a legal action, or press its key: an arrow, the space bar, or what it is labelled with
  green is legal; grey and crossed out is forbidden, and is refused with the reason
  arrow keys without an action of their own lead to the next one, and Space chooses it
  where several choices make one action, make them in turn; digits choose by number
  numbers: drag a bar, click the picture, or press left, right, Home and End; Enter carries out
  U takes a choice or a step back, F2 starts a new episode, F1 shows this, Escape ends"""


class Game:
    """A table played in a window.

    Args:
        table: what is played.
        fps: frames per second of the window.

    Attributes:
        steps: carried out and not taken back.
        refused: how many choices or actions were refused because the mask forbids them.
    """

    def __init__(self, table: Table, fps: int = 30) -> None:
        from ..render import Renderer

        self.table, self.over, self.helps = table, False, False
        self.steps, self.refused = 0, 0
        self.renderer = Renderer("human", title=table.title, fps=fps)
        self.past: list[GoBack | str] = []
        self.words, self.refusal = "", ""
        self._drawn: Any = None  # what the last frame was drawn from
        self._changes = 0

    def how_to_play(self) -> str:
        """What to press."""
        return f"{self.table.title}: {self.table.who}\n{HOW_TO_PLAY}"

    def play(self, seed: int | None = None) -> None:
        """Play until the window is closed or Escape is pressed."""
        try:
            self.start(seed)
            self.show()
            while self.goes_on():
                self.show()
        except WindowClosedError:
            pass
        finally:
            self.renderer.close()
            self.table.close()

    def start(self, seed: int | None = None) -> None:
        """Begin an episode."""
        self.past.clear()
        self.table.begin(seed)
        self.partial: PartialAction | None = None
        self._arrive(False, "click an action, or press its key; F1 helps")

    def goes_on(self) -> bool:
        """Handle the person's events; False when they want to leave."""
        for event in self.renderer.events():
            self._changes += 1
            if event.kind == "quit" or event.key == LEAVE:
                return False
            if self.helps or event.key in HELP:  # any key leaves the help
                self.helps = not self.helps if event.kind in ("key", "click") else self.helps
            elif event.key == ANEW or (self.over and event.key in ENTER):
                self.start()
            elif event.key in UNDO:
                self.undo()
            elif self.over:
                self._say(OVER)
            elif event.kind == "key":
                self._press(event.key)
            elif event.action is not None:
                self._point(event.action[0], as_path(event.action[1]))
            elif event.numbers is not None:
                self._set(event.numbers, dragged=event.kind == "drag")
        return True

    def show(self) -> None:
        """Draw the position with the choices made, or the help; the last frame again where nothing has changed."""
        content = (self._changes, self.helps, self.renderer.hovered, self.renderer.target)
        if content == self._drawn and not self.renderer.is_flashing:
            self.renderer.show_again()
            return
        self._drawn = content
        if self.helps:
            scene = help_scene(self.how_to_play(), self.renderer.picture_shape)
            self.renderer.render(scene, None, None, None, "any key goes on")
            return
        prompt = "" if self.chooser is None else self.chooser.prompt
        words = self.refusal or self.renderer.hovered or self.words or prompt or self.look.status.message
        status = dataclasses.replace(self.look.status, message=words, refused=bool(self.refusal))
        chooser = self.chooser
        scene, choosing = (self.look.scene, None) if chooser is None else (chooser.scene, chooser.choosing)
        self.renderer.render(scene, self.look.mask, None, None, status, choosing)

    def undo(self) -> None:
        """Take back the last choice of an action that is not complete, or else the last step."""
        if self.partial is not None and self.partial.take_back():
            self._choices_changed("a choice taken back")
            return
        if not self.past:
            self._refuse("there is no step to take back")
            return
        go_back = self.past[-1]
        if isinstance(go_back, str):
            self._refuse(go_back)
            return
        self.past.pop()
        self.steps -= 1
        different = go_back()
        self._arrive(False, "a step taken back")
        if different:
            self._refuse(different)

    # --- positions ------------------------------------------------------------------------------------------

    def _arrive(self, over: bool, words: str) -> None:
        """Look at a position that is new, and begin an action."""
        self.over = over
        before = None if self.partial is None else self.partial.preset
        self.partial = None if over else PartialAction(self.table.spec, self.table.mask, self.table.head_mask, before)
        self.look: Look = self.table.look()
        self._choices_changed(OVER if over else words)

    def _choices_changed(self, words: str) -> None:
        self.chooser = None if self.partial is None else Chooser(self.look.scene, self.partial, self.table.view)
        self._say(words)

    def _carry_out(self) -> None:
        assert self.partial is not None
        if not self.partial.is_complete:
            self._refuse("something is still to be chosen", CONFIRM)
            return
        kept = self.table.keep()
        try:
            over = self.table.step(self.partial.action)
        except InvalidActionError:  # of an environment that does not keep to its own mask
            self.refused += 1
            self._refuse("the environment refuses this action")
            return
        self.past.append(kept)
        self.steps += 1
        self._arrive(over, "")

    # --- what the person does -------------------------------------------------------------------------------

    def _press(self, key: str) -> None:
        """A key that is no command: an action's own, else one that points, chooses, or names a choice by number."""
        assert self.partial is not None and self.chooser is not None
        view = self.table.view
        meant = [as_path(index) for index in self.chooser.scene.actions_for_key(key, view)]
        legal = [path for path in meant if not self._why_not(path)]
        if meant:
            self._point(view, self.renderer.nearest(meant, view) or (legal or meant)[0])
        elif key in ENTER and self.partial.needs_confirmation:
            self._carry_out()
        elif key in (*ENTER, CHOOSE):
            target = self.renderer.target
            if target is not None and not target.is_number:
                self._point(target.agent, target.path)
        elif not self._turn(key) and key in WAYS:
            self.renderer.move_target(WAYS[key], view)
        elif key.isdecimal():
            self._choose(self.chooser.next_head(int(key)), f"number {key}", None)

    def _turn(self, key: str) -> bool:
        """Change the number that is pointed at; False where the key or the target is another one."""
        assert self.partial is not None
        target = self.renderer.target
        if target is None or not target.is_number or key not in ("left", "right", "home", "end"):
            return False
        owner, i = target.path[:-1], int(target.path[-1])
        part = self.partial.parts[owner]
        assert isinstance(part, NumbersPart)
        low, high, now = float(part.low[i]), float(part.high[i]), part.values[i]
        step = (part.spec.high[i] - part.spec.low[i]) / STEPS
        number = {"left": now - step, "right": now + step, "home": low, "end": high}[key]
        self._choose([Choice(owner, i, part.nearest(i, number))], "", target.path)
        return True

    def _point(self, agent: int, path: Path) -> None:
        """Make the choices of an entry of an agent's mask, or show why not."""
        if agent != self.table.view:
            names = self.table.names
            self._refuse(f"that is {names[agent]}'s; you are {names[self.table.view]}", path, agent)
            return
        assert self.chooser is not None
        choices = self.chooser.choices_of(path)
        if choices is None:
            self._carry_out()
        else:
            self._choose(choices, self.chooser.scene.label(path, agent) or ", ".join(map(str, path)), path)

    def _set(self, numbers: Numbers, dragged: bool) -> None:
        """Set numbers by their bar; by their place in the picture, carry them out if nothing else is to choose."""
        assert self.chooser is not None and self.partial is not None
        if numbers.bars.agent != self.table.view:
            return
        choices = self.chooser.choices_of_numbers(numbers, nearest=dragged)
        words = ", ".join(f"{numbers.bars.labels[i]} {value:.3g}" for i, value in numbers.values.items())
        done = self._choose(choices, words, (*numbers.bars.key, choices[0].head))
        if done and numbers.in_picture and len(numbers.values) == len(self.table.spec.heads):
            self._carry_out()

    def _why_not(self, path: Path) -> str:
        assert self.partial is not None and self.chooser is not None
        choices = self.chooser.choices_of(path)
        return "" if choices is None else self.partial.why_not(choices)

    def _choose(self, choices: list[Choice], words: str, path: Path | None) -> bool:
        """Make choices, and carry the action out where they complete it; whether they are legal."""
        assert self.partial is not None
        if not choices:
            return False
        reason = self.partial.why_not(choices)
        if reason:
            self.refused += 1
            self._refuse(f"{words} is forbidden: {reason}", path)
            return False
        self.partial.choose(choices)
        if self.partial.is_complete and not self.partial.needs_confirmation:
            self._carry_out()
        else:
            self._choices_changed("")
        return True

    def _refuse(self, words: str, path: Path | None = None, agent: int | None = None) -> None:
        """Show a refusal, in red words and at the place that was chosen."""
        if path is not None:
            self.renderer.flash(as_index(path), self.table.view if agent is None else agent)
        self._say("", words)

    def _say(self, words: str, refusal: str = "") -> None:
        self.words, self.refusal = words, refusal
        self._changes += 1


def help_scene(words: str, shape: float) -> Scene:
    """The help as a picture; its height is `shape` of its width, or more if the words need it."""
    lines = words.splitlines()
    width = CHARACTER_WIDTH * max(map(len, lines)) + 2
    scene = Scene(width, max(2 * len(lines) + 1, shape * width))
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        scene.text(1 + indent / 2, 1.5 + 2 * i, line.strip(), 1.0, align="left")
    scene.glyph_rows = lines
    return scene
